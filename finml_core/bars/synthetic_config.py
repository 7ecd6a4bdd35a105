"""What a synthetic market is made of: its size, its risk, its regimes and what each does to returns."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from finml_core.checks import check_at_least, check_between, check_choice, check_integer, check_positive
from finml_core.errors import ConfigError
from finml_core.vocabulary import RegimeType


@dataclass(frozen=True, kw_only=True)
class RegimeTraits:
    """What a regime does to the returns of the bars that follow."""

    tilt: float = 0.0  # drift, in units of volatility at full strength
    volatility: float = 1.0  # multiple of the usual volatility
    momentum: float = 0.0  # weight of the last 20 bars' direction
    reversal: float = 0.0  # weight against the last 5 bars' direction


BAR_MINUTES: Mapping[str, int | None] = {"1min": 1, "5min": 5, "15min": 15, "30min": 30, "1d": None}
REGIME_TRAITS: Mapping[RegimeType, RegimeTraits] = {
    RegimeType.BULL_TREND: RegimeTraits(tilt=0.2, volatility=0.8, momentum=1.0),
    RegimeType.BEAR_TREND: RegimeTraits(tilt=-0.2, volatility=1.2, momentum=1.0),
    RegimeType.TRENDING: RegimeTraits(momentum=1.0),
    RegimeType.RANGING: RegimeTraits(volatility=0.7, reversal=1.0),
    RegimeType.HIGH_VOLATILITY: RegimeTraits(volatility=1.8, reversal=0.5),
    RegimeType.LOW_VOLATILITY: RegimeTraits(volatility=0.5, reversal=1.0),
    RegimeType.CRISIS: RegimeTraits(tilt=-0.5, volatility=2.5, momentum=1.0),
}


@dataclass(frozen=True, kw_only=True)
class SyntheticConfig:
    """A market of daily bars on business days, or of shorter ones in sessions from 14:30 to 21:00 UTC."""

    n_symbols: int = 50
    n_bars: int = 1500
    seed: int = 7
    start: str = "2010-01-04"
    bar_size: str = "1d"  # or minutes that divide a session of 390: "1min", "5min", "15min", "30min"
    prefix: str = "SYN"  # symbols are SYN00, SYN01, ...
    signal_strength: float = 0.3  # drift at full signal, in units of volatility per bar; 0: nothing to find
    regimes: tuple[str, ...] = ("BULL_TREND", "BEAR_TREND", "RANGING", "HIGH_VOLATILITY")
    regime_duration: float = 40.0  # bars, on average
    volatility: float = 0.015  # per bar, in an ordinary regime
    volatility_shock: float = 0.08  # weight of the last squared return in the variance (GARCH alpha)
    volatility_persistence: float = 0.88  # weight of the last variance (GARCH beta)
    cross_correlation: float = 0.3  # of two symbols' shocks
    jump_probability: float = 0.0  # of a jump in a bar of a symbol
    jump_size: float = 5.0  # standard deviation of a jump, in multiples of the bar's volatility
    signal_half_life: float | None = None  # bars until half of the planted signal is gone; None: it stays

    def __post_init__(self) -> None:
        check_integer("n_symbols", self.n_symbols, 1)
        check_integer("n_bars", self.n_bars, 2)
        check_integer("seed", self.seed, 0)
        check_choice("bar_size", self.bar_size, tuple(BAR_MINUTES))
        check_between("signal_strength", self.signal_strength, 0, 1)
        check_at_least("regime_duration", self.regime_duration, 1)
        check_positive("volatility", self.volatility)
        check_between("volatility", self.volatility, 0, 0.2)
        check_between("volatility_shock", self.volatility_shock, 0, 1)
        check_between("volatility_persistence", self.volatility_persistence, 0, 1)
        check_between("cross_correlation", self.cross_correlation, 0, 1)
        check_between("jump_probability", self.jump_probability, 0, 0.5)
        check_positive("jump_size", self.jump_size)
        check_between("jump_size", self.jump_size, 0, 10)
        if self.signal_half_life is not None:
            check_positive("signal_half_life", self.signal_half_life)
        if self.volatility_shock + self.volatility_persistence >= 1:
            raise ConfigError(
                f"volatility_shock {self.volatility_shock} and volatility_persistence {self.volatility_persistence} "
                "add up to 1 or more, so the variance would grow without bound; lower one."
            )
        if not self.regimes:
            raise ConfigError("regimes is empty; name at least one.")
        for regime in self.regimes:
            check_choice("regime", str(regime), tuple(str(known) for known in RegimeType))
        try:
            pd.Timestamp(self.start)
        except ValueError as error:
            raise ConfigError(f"start is {self.start!r}, which is no date.") from error
