"""The primary strategy whose side the models judge: they then say whether to act, not which way."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from finml_core.arbitration import momentum, moving_average_cross, zscore_reversion
from finml_core.checks import check_at_least, check_between, check_choice, check_integer
from finml_core.errors import ConfigError

RULES = {
    "moving_average_cross": lambda bars, primary: moving_average_cross(bars, fast=primary.fast, slow=primary.slow),
    "momentum": lambda bars, primary: momentum(bars, window=primary.lookback),
    "zscore_reversion": lambda bars, primary: zscore_reversion(bars, window=primary.window, entry=primary.entry),
}
SETTINGS = {
    "moving_average_cross": ("fast", "slow"),
    "momentum": ("lookback",),
    "zscore_reversion": ("window", "entry"),
}
SIDE, CONFIDENCE, BY_SIDE = "primary_side", "primary_confidence", "_by_side"


@dataclass(frozen=True, kw_only=True)
class PrimaryConfig:
    """Who chooses the side; `none` leaves it to the models, which then predict up or down."""

    rule: Literal["none", "moving_average_cross", "momentum", "zscore_reversion"] = "none"
    fast: int = 20  # bars, moving-average cross
    slow: int = 100  # bars, moving-average cross
    lookback: int = 60  # bars, momentum
    window: int = 20  # bars, z-score reversion
    entry: float = 1.0  # deviations from the mean, z-score reversion
    min_return: float = 0.0  # what a bet must earn to have paid, a fraction: the round trip's costs

    def __post_init__(self) -> None:
        check_choice("rule", self.rule, ("none", *RULES))
        check_integer("fast", self.fast, 1)
        check_integer("slow", self.slow, 3)
        check_integer("lookback", self.lookback, 2)
        check_integer("window", self.window, 2)
        check_at_least("entry", self.entry, 0.0)
        check_between("min_return", self.min_return, 0.0, 0.5)
        if self.fast >= self.slow:
            raise ConfigError(f"fast is {self.fast}, but must be below slow, which is {self.slow}.")

    @property
    def is_there(self) -> bool:
        """Whether anybody but the models chooses the side."""
        return self.rule != "none"

    @property
    def warm_up(self) -> int:
        """Bars before the first side."""
        lengths = {"moving_average_cross": self.slow, "momentum": self.lookback, "zscore_reversion": self.window}
        return lengths.get(self.rule, 0)


def primary_opinion(primary: PrimaryConfig, bars: pd.DataFrame) -> pd.DataFrame:
    """The primary's `signal` (-1, 0, 1) and `confidence` on the sorted bars' (symbol, ts), known at each close.

    Raises
    ------
    ConfigError
        If there is no primary strategy.
    """
    if not primary.is_there:
        raise ConfigError(f"there is no primary strategy; choose one of: {', '.join(RULES)}.")
    return RULES[primary.rule](bars, primary)


def with_side(features: pd.DataFrame, opinion: pd.DataFrame) -> pd.DataFrame:
    """Features that know which bet is judged: side, its confidence, and every feature times the side.

    Whether a bet pays depends on what a feature says for its side, which a sum of features cannot know without the
    products. Missing where the side is.
    """
    side = opinion["signal"]
    products = features.mul(side, axis=0).add_suffix(BY_SIDE)
    own = pd.DataFrame({SIDE: side, CONFIDENCE: opinion["confidence"]}, index=features.index)
    return pd.concat([features, products, own], axis=1)


def plain_feature(column: str) -> str:
    """The feature that a column is made of."""
    return column.removesuffix(BY_SIDE)
