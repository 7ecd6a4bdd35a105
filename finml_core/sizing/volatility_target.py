"""Positions scaled so that they are expected to swing by a chosen amount a year."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_integer, check_positive
from finml_core.numerics import divide
from finml_core.schemas import adjusted, as_bars, bars_per_year, key_index
from finml_core.typing import FloatArray


@dataclass(frozen=True)
class VolatilityTargetSizing:
    """Scale opinions by target over realised volatility.

    Parameters
    ----------
    target_annual : float
        Volatility a year that a full opinion (weight 1) should have.
    window : int
        Bars of the realised volatility; the first `window` bars of a symbol have none.
    cap : float
        Largest size of a weight.
    """

    target_annual: float = 0.1
    window: int = 20
    cap: float = 1.0

    def __post_init__(self) -> None:
        check_positive("target_annual", self.target_annual)
        check_integer("window", self.window, 2)
        check_positive("cap", self.cap)

    def target_weight(self, bars: pd.DataFrame, opinion: pd.Series | float = 1.0) -> pd.Series:
        """Weight on (symbol, ts): `opinion` times target over realised volatility, from bars up to ts.

        Missing in the warm-up and where a price has not moved in the whole window.
        """
        bars = adjusted(as_bars(bars))
        log_return = np.log(bars["close"]).groupby(bars["symbol"]).diff()
        rolling = log_return.groupby(bars["symbol"]).rolling(self.window)
        per_bar = rolling.std(ddof=1).reset_index(level=0, drop=True).sort_index()
        annual = per_bar.to_numpy() * np.sqrt(bars_per_year(bars["ts"]))
        index = key_index(bars)
        if isinstance(opinion, pd.Series):
            opinion = opinion.reindex(index).to_numpy()
        weight = volatility_target_weight(opinion, annual, target_annual=self.target_annual, cap=self.cap)
        return pd.Series(weight, index=index, name="target_weight")


def volatility_target_weight(
    opinion: ArrayLike, volatility_annual: ArrayLike, *, target_annual: float, cap: float = 1.0
) -> FloatArray:
    """opinion x target / volatility in [-cap, cap]; missing where either is missing or the volatility is 0."""
    ratio = divide(target_annual, volatility_annual)
    return np.clip(np.asarray(opinion, dtype=float) * ratio, -cap, cap)
