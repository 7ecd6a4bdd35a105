"""Symbols compared with each other at the same time, and each with the mean of all."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from finml_core.features.panel import Panel, in_threads
from finml_core.features.rolling import ratio, rolling_comoments
from finml_core.features.segment import shared
from finml_core.typing import FloatArray, IntArray

Sectors = tuple[tuple[str, str], ...]  # (symbol, sector) pairs
Arguments = tuple[tuple[str, int], ...]  # of a rule, by name
PARTS = 8  # of the groups, for as many threads as there are


class Compared(NamedTuple):
    """Columns of shape (n_bars,), missing where the value itself is."""

    rank: FloatArray  # 1 for the least; equal values share their mean rank
    percentile: FloatArray  # (rank - 1/2) / number of symbols: 0.5 for a symbol that is alone
    demeaned: FloatArray  # value less the mean


@shared
def compare(
    panel: Panel, rule: Callable[..., FloatArray], arguments: Arguments, sectors: Sectors = (), first: int = 0
) -> Compared:
    """Place of each symbol's value of a rule among those of the same time, and of the same sector if there are any.

    Missing before the `first` of the panel's distinct times.
    """
    from finml_core.features import kernels_panel

    column = panel.of(rule, **dict(arguments))
    rows, offsets = groups(panel, sectors)
    out = np.full((3, len(panel)), np.nan)
    n_groups = len(offsets) - 1
    a_time = n_groups // max(len(panel.moments[1]), 1)  # sectors
    edges = np.linspace(first * a_time, n_groups, PARTS + 1).astype(np.int64)
    in_threads(
        lambda part: kernels_panel.compare(column, rows, offsets[edges[part] : edges[part + 1] + 1], out), range(PARTS)
    )
    return Compared(*out)


@shared
def groups(panel: Panel, sectors: Sectors = ()) -> tuple[IntArray, IntArray]:
    """Rows in order of their groups, and offsets: group k has rows[offsets[k]:offsets[k+1]].

    Symbols that `sectors` does not name are a sector of their own.
    """
    from finml_core.features import kernels_panel

    codes, distinct = panel.moments
    if not sectors:
        return kernels_panel.list_rows(codes, len(distinct))
    sector_of = dict(sectors)
    names = sorted(set(sector_of.values()))
    starts = panel.offsets[:-1]
    place = [names.index(sector_of[s]) if s in sector_of else len(names) for s in panel.bars["symbol"].iloc[starts]]
    sector = np.repeat(np.array(place, dtype=np.int64), np.diff(panel.offsets))
    return kernels_panel.list_rows(codes * (len(names) + 1) + sector, len(distinct) * (len(names) + 1))


@shared
def market(panel: Panel, rule: Callable[..., FloatArray], arguments: Arguments) -> FloatArray:
    """Mean of the values of all symbols at the time of each bar that has a value of its own."""
    from finml_core.features import kernels_panel

    return kernels_panel.group_mean(panel.of(rule, **dict(arguments)), *groups(panel))


def slope(y: FloatArray, x: FloatArray, window: int) -> FloatArray:
    """Slope of `y` on `x` over the last `window` rows of lanes; 1 where x is constant."""
    xx, xy, _ = rolling_comoments(x, y, window)
    return ratio(xy, xx, empty=1.0)


def residual_deviation(y: FloatArray, x: FloatArray, window: int) -> FloatArray:
    """Standard deviation of `y` around its line on `x`, with window - 2 degrees of freedom."""
    xx, xy, yy = rolling_comoments(x, y, window)
    unexplained = yy - ratio(xy * xy, xx, empty=0.0)
    return np.sqrt(np.maximum(unexplained, 0) / (window - 2))
