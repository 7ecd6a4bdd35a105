"""Limits on weights, and the average over positions that are still open."""

import numpy as np
import pandas as pd

from finml_core.checks import check_integer, check_positive


def average_active(weight: pd.Series, horizon: int) -> pd.Series:
    """Mean of the last `horizon` bars' weights of each symbol: the net of bets that are each held so long.

    Each bar's bet is one of `horizon` equal tranches; a missing weight, and the bars before a symbol's first, are
    tranches that stay in cash. So nothing is missing in the result, and positions build up over `horizon` bars.

    Parameters
    ----------
    weight : Series on (symbol, ts), sorted
    horizon : int
        Bars that each bet stays open.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 10.3; there the mean is over open bets
    only, here over all tranches, so that a lone bet is never a full position.
    """
    check_integer("horizon", horizon, 1)
    symbol = pd.factorize(weight.index.get_level_values("symbol"))[0]
    values = np.nan_to_num(weight.to_numpy(dtype=float), nan=0.0)
    total = values.copy()
    for lag in range(1, min(horizon, len(values))):
        total[lag:] += np.where(symbol[lag:] == symbol[:-lag], values[:-lag], 0.0)
    return pd.Series(total / horizon, index=weight.index, name=weight.name)


def cap_weight(weight: pd.Series, cap: float) -> pd.Series:
    """Weights held inside [-cap, cap]; missing stays missing."""
    check_positive("cap", cap)
    return weight.clip(-cap, cap)


def limit_gross(weight: pd.Series, max_leverage: float) -> pd.Series:
    """Weights of each ts scaled down together where their sizes add up to more than `max_leverage`."""
    check_positive("max_leverage", max_leverage)
    gross = weight.abs().groupby(level="ts").transform("sum")
    return weight * (max_leverage / gross.clip(lower=max_leverage))
