"""Windows and thresholds of the rules."""

from dataclasses import dataclass

from finml_core.checks import check_at_least, check_between, check_integer, check_positive
from finml_core.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class RuleConfig:
    """Windows in bars, and the thresholds at which a rule begins to speak."""

    trend_window: int = 60  # bars of the trend that makes a bull or bear market
    short_window: int = 20  # bars of a trend that the longer one does not show yet
    volatility_window: int = 20  # bars of realised volatility
    percentile_window: int = 252  # bars among which today's volatility is ranked
    percentile_min_bars: int = 63  # fewer volatilities have no ranks
    drawdown_window: int = 252  # bars of the running maximum
    smoothing: int = 5  # bars over which scores are averaged
    trend_threshold: float = 1.0  # t-value of the long trend
    short_threshold: float = 1.5  # t-value of the short trend
    high_percentile: float = 0.8  # of volatility
    low_percentile: float = 0.2  # of volatility
    crisis_percentile: float = 0.9  # of volatility, together with the drawdown
    crisis_drawdown: float = 0.15  # below the running maximum
    temperature: float = 0.5  # of the softmax over scores: small is sure of itself

    def __post_init__(self) -> None:
        for name, least in (("trend_window", 5), ("short_window", 5), ("volatility_window", 2), ("smoothing", 1)):
            check_integer(name, getattr(self, name), least)
        check_integer("percentile_min_bars", self.percentile_min_bars, 2)
        check_integer("percentile_window", self.percentile_window, 2)
        check_integer("drawdown_window", self.drawdown_window, 2)
        check_at_least("trend_threshold", self.trend_threshold, 0.0)
        check_at_least("short_threshold", self.short_threshold, 0.0)
        check_between("high_percentile", self.high_percentile, 0.0, 1.0)
        check_between("low_percentile", self.low_percentile, 0.0, 1.0)
        check_between("crisis_percentile", self.crisis_percentile, 0.0, 1.0)
        check_between("crisis_drawdown", self.crisis_drawdown, 0.001, 1.0)
        check_positive("temperature", self.temperature)
        if self.low_percentile >= self.high_percentile:
            raise ConfigError(
                f"low_percentile is {self.low_percentile}, but must be below high_percentile, {self.high_percentile}."
            )
        if self.percentile_min_bars > self.percentile_window:
            raise ConfigError(
                f"percentile_min_bars is {self.percentile_min_bars}, "
                f"but must be at most percentile_window, {self.percentile_window}."
            )

    @property
    def warm_up(self) -> int:
        """Bars of a symbol without probabilities."""
        measures = max(
            self.trend_window - 1, self.short_window - 1, self.volatility_window + self.percentile_min_bars - 1
        )
        return measures + self.smoothing - 1
