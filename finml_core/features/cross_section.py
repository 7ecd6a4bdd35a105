"""Symbols compared with each other at the same time, and each with the mean of all."""

from functools import lru_cache, partial
from itertools import pairwise

import numpy as np

from finml_core.features.expression import column
from finml_core.features.panel import Panel, Rule, in_threads, shared
from finml_core.features.program import Program, make_program
from finml_core.features.rolling import ratio, rolling_comoments
from finml_core.typing import Columns, IntArray

Sectors = tuple[tuple[str, str], ...]  # (symbol, sector) pairs
Arguments = tuple[tuple[str, int], ...]  # of a rule, by name
PARTS = 8  # of the groups, for as many threads as there are


PARTS_OF_PLACE = ("rank", "percentile", "demeaned")


def compare(
    panel: Panel,
    columns: Columns,
    rule: Rule,
    arguments: Arguments,
    sectors: Sectors = (),
) -> None:
    """Place of each symbol's value of a rule among those of the same time, and of the same sector if there are any.

    Written into those of `columns` (each of shape (n_bars,), missing where the value itself is) that are given: `rank`,
    1 for the least, equal values share their mean rank; `percentile`, (rank - 1/2) / number of symbols, 0.5 for a
    symbol that is alone; `demeaned`, the value less the mean. Missing before the first time that the panel is asked
    for.
    """
    from finml_core.features import kernels_panel

    values = panel.passing(rule, **dict(arguments))
    rows, offsets = groups(panel, sectors)
    n_groups = len(offsets) - 1
    first = panel.asked * (n_groups // max(len(panel.moments[1]), 1))  # as many groups a time as there are sectors
    if first:
        for given in columns.values():
            given[:] = np.nan
    edges = np.linspace(first, n_groups, PARTS + 1).astype(np.int64)
    none = np.empty(0, next(iter(columns.values())).dtype)
    out = [columns.get(part, none) for part in PARTS_OF_PLACE]
    in_threads(
        [partial(kernels_panel.compare, values, rows, offsets[a : b + 1], *out) for a, b in pairwise(edges.tolist())]
    )


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


def to_market(panel: Panel, columns: Columns, rule: Rule, arguments: Arguments, window: int) -> None:
    """Each symbol's value of a rule against the mean over all symbols of the same time, over the last `window` bars.

    Written into those of `columns` that are given: `beta`, slope on the mean, 1 where that is constant; `residual`, the
    value less beta times the mean; `deviation` of the values around their line, with window - 2 degrees of freedom.
    """
    from finml_core.features import kernels_panel

    values = panel.passing(rule, **dict(arguments))
    means = kernels_panel.group_means(values, *groups(panel))
    market = means.take(panel.moments[0], mode="clip")  # places are right; "raise" would make a copy to be sure
    out = np.empty((len(columns), len(panel)), next(iter(columns.values())).dtype)
    panel.run(_line(window, tuple(columns)), [values, market], out)
    for given, made in zip(columns.values(), out, strict=True):
        given[:] = made


@lru_cache(maxsize=16)
def _line(window: int, parts: tuple[str, ...]) -> Program:
    own, market = column(0), column(1)
    xx, xy, yy = rolling_comoments(market, own, window)
    beta, unexplained = ratio(xy, xx, empty=1.0), yy - ratio(xy * xy, xx, empty=0.0)
    made = {
        "beta": beta,
        "residual": own - beta * market,
        "deviation": np.sqrt(np.maximum(unexplained, 0) / (window - 2)),
    }
    return make_program([made[part] for part in parts])
