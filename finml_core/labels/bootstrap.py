"""Drawing labels so that those which tell something new come more often."""

import numpy as np
import pandas as pd

from finml_core.checks import check_integer
from finml_core.concurrency import bar_spans
from finml_core.errors import DataError
from finml_core.typing import FloatArray, IntArray


def sequential_bootstrap(label_end: pd.Series, *, n_draws: int | None = None, seed: int = 0) -> IntArray:
    """Rows drawn with replacement, each draw favouring labels that overlap little with those drawn before.

    Parameters
    ----------
    label_end : Series of timestamps, indexed by (symbol, ts) or by ts
        One row a bar; missing where a bar has no label. Labels of different symbols share nothing.
    n_draws : int, optional
        As many as there are labels by default.
    seed : int

    Returns
    -------
    int64 array of shape (n_draws,)
        Row numbers of `label_end`, in the order drawn.

    Raises
    ------
    DataError
        If there is no label.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 4.5.
    """
    has_label = label_end.notna().to_numpy()
    if not has_label.any():
        raise DataError("there is no label to draw from.")
    n_draws = int(has_label.sum()) if n_draws is None else n_draws
    check_integer("n_draws", n_draws, 1)
    from finml_core.sequential import draw_sequentially

    _, first, last = bar_spans(label_end, has_label)
    return np.flatnonzero(has_label)[draw_sequentially(first, last, len(label_end), n_draws, seed)]


def draw_chances(first: IntArray, last: IntArray, drawn_open: FloatArray) -> FloatArray:
    """Chance of each label to be drawn next, when `drawn_open` drawn labels are open at each bar.

    In proportion to the average uniqueness that it would have among them; labels cover bars first .. last.
    """
    share = np.r_[0.0, np.cumsum(1 / (drawn_open + 1))]
    uniqueness = (share[last + 1] - share[first]) / (last + 1 - first)
    return uniqueness / uniqueness.sum()
