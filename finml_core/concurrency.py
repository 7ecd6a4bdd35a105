"""How many labels are open at each bar, and how much of its own each label therefore tells (AFML chapter 4)."""

import numpy as np
import pandas as pd

from finml_core.errors import DataError
from finml_core.typing import BoolArray, FloatArray, IntArray


def open_labels(first: IntArray, last: IntArray, n_bars: int) -> IntArray:
    """Number of labels open at each of `n_bars` bars; a label is open at bars first .. last, both included."""
    change = np.bincount(first, minlength=n_bars + 1) - np.bincount(last + 1, minlength=n_bars + 1)
    return np.cumsum(change)[:n_bars]


def span_uniqueness(first: IntArray, last: IntArray, n_bars: int) -> FloatArray:
    """Mean over a label's bars of 1 / (labels open there); 1 for a label that shares no bar."""
    shared = open_labels(first, last, n_bars)
    share = np.divide(1.0, shared, out=np.zeros(n_bars), where=shared > 0)
    total = np.r_[0.0, np.cumsum(share)]
    return (total[last + 1] - total[first]) / (last + 1 - first)


def average_uniqueness(label_end: pd.Series) -> pd.Series:
    """Average uniqueness of each label, from the number of labels of its symbol that are open at the same bars.

    Parameters
    ----------
    label_end : Series of timestamps, indexed by (symbol, ts) or by ts
        One row a bar: the index gives the bars of each symbol. A bar without a label has a missing end. Rows in any
        order. A label spans the closed [ts, label_end]; bars after the symbol's last row are not counted.

    Returns
    -------
    Series on the same index, named `uniqueness`
        In (0, 1]; missing where there is no label. Its sum is the effective number of independent labels.

    Raises
    ------
    DataError
        If a label ends before its own bar.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, sections 4.3 and 4.4.
    """
    uniqueness = np.full(len(label_end), np.nan)
    has_label = label_end.notna().to_numpy()
    if has_label.any():
        _, first, last = bar_spans(label_end, has_label)
        uniqueness[has_label] = span_uniqueness(first, last, len(label_end))
    return pd.Series(uniqueness, index=label_end.index, name="uniqueness")


def bar_spans(label_end: pd.Series, has_label: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """The bars in order of symbol and time, and the first and last of them that each label covers.

    Parameters
    ----------
    label_end : Series of timestamps, indexed by (symbol, ts) or by ts
        One row a bar, in any order.
    has_label : array of booleans
        The rows whose labels are meant; their ends are known.

    Returns
    -------
    order : row of `label_end` of each bar
    first, last : of each label, as places in that order

    Raises
    ------
    DataError
        If a label ends before its own bar.
    """
    ts, symbol = _keys(label_end.index)
    stamps = np.unique(ts)
    base = len(stamps) + 1
    bar = symbol * base + np.searchsorted(stamps, ts)
    ends = pd.DatetimeIndex(label_end[has_label]).as_unit("us").asi8
    end_bar = symbol[has_label] * base + np.searchsorted(stamps, ends, side="right") - 1
    order = np.argsort(bar, kind="stable")
    in_order = bar[order]
    first = np.searchsorted(in_order, bar[has_label])
    last = np.searchsorted(in_order, end_bar, side="right") - 1
    if (last < first).any():
        raise DataError(f"{int((last < first).sum())} labels end before their own bar; a label ends at or after it.")
    return order, first, last


def _keys(index: pd.Index) -> tuple[IntArray, IntArray]:
    stamps = index.get_level_values("ts") if "ts" in index.names else index
    ts = pd.DatetimeIndex(stamps).as_unit("us").asi8
    if "symbol" not in index.names:
        return ts, np.zeros(len(ts), dtype=np.int64)
    return ts, pd.factorize(index.get_level_values("symbol"))[0].astype(np.int64)
