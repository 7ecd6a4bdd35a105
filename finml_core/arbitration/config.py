"""How strategies are scored, weighed and silenced."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from finml_core.arbitration.scores import METRICS
from finml_core.arbitration.styles import MULTIPLIERS, STYLES
from finml_core.checks import check_at_least, check_between, check_choice, check_integer, check_positive
from finml_core.errors import ConfigError
from finml_core.vocabulary import RegimeType


def _default_multipliers() -> dict[str, dict[str, float]]:
    return {style: dict(table) for style, table in MULTIPLIERS.items()}


@dataclass(frozen=True, kw_only=True)
class ArbitratorConfig:
    """Settings of the arbitrator; scores are annual and shrunk, so thresholds on them are as well."""

    lookback_window: int = 63  # bars of returns behind a score
    performance_metric: str = "sharpe"  # one of arbitration.scores.METRICS
    shrinkage: float = 252.0  # returns of the prior: a score from n of them is multiplied by n / (n + shrinkage)
    temperature: float = 1.0  # of the softmax: large listens to all alike
    neutral_threshold: float = 0.1  # a weighted signal smaller than this is NEUTRAL
    silence_threshold: float = -0.4  # score below which a strategy is on its way to silence
    silence_patience: int = 21  # bars in a row below the threshold that silence it
    silence_hysteresis: float = 0.2  # it speaks again at threshold + hysteresis
    periods_per_year: float = 252.0  # bars a year, where the caller does not say
    multipliers: Mapping[str, Mapping[str, float]] = field(default_factory=_default_multipliers, hash=False)

    def __post_init__(self) -> None:
        check_integer("lookback_window", self.lookback_window, 2)
        check_choice("performance_metric", self.performance_metric, METRICS)
        check_at_least("shrinkage", self.shrinkage, 0.0)
        check_positive("temperature", self.temperature)
        check_between("neutral_threshold", self.neutral_threshold, 0.0, 1.0)
        check_between("silence_threshold", self.silence_threshold, -1e6, 1e6)
        check_integer("silence_patience", self.silence_patience, 1)
        check_at_least("silence_hysteresis", self.silence_hysteresis, 0.0)
        check_positive("periods_per_year", self.periods_per_year)
        _check_multipliers(self.multipliers)


def _check_multipliers(multipliers: Mapping[str, Mapping[str, float]]) -> None:
    for style, table in multipliers.items():
        check_choice("style in multipliers", style, STYLES)
        if not isinstance(table, Mapping):
            raise ConfigError(f"multipliers.{style} is {table!r}, but must map regimes to numbers.")
        for regime, factor in table.items():
            check_choice(f"regime in multipliers.{style}", str(regime), tuple(map(str, RegimeType)))
            check_positive(f"multipliers.{style}.{regime}", factor)
