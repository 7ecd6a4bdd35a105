"""How alike trials are: correlation of return series that need not cover the same time, and which are mere copies."""

import numpy as np
from numpy.typing import ArrayLike

from finml_core.checks import check_between, check_integer
from finml_core.errors import DataError
from finml_core.numerics import divide
from finml_core.typing import FloatArray, IntArray

MIN_OVERLAP = 30  # observations that two series share before their correlation is believed
MIN_SHARE = 0.5  # of the shorter series that must be shared
COPY = 0.95  # correlation from which a trial is called a copy of another


def cross_correlation(first: ArrayLike, second: ArrayLike, *, min_overlap: int = MIN_OVERLAP) -> FloatArray:
    """Correlation of every column of `first` with every column of `second`, each over the rows that both know.

    Parameters
    ----------
    first, second : shapes (n_obs, n) and (n_obs, m)
        Returns at the same timestamps; missing where a series does not reach.
    min_overlap : int
        Two series that share fewer rows, or less than half of the shorter one, count as unrelated.

    Returns
    -------
    array of shape (n, m)
        In [-1, 1]; 0 where unrelated or where a series does not vary.
    """
    check_integer("min_overlap", min_overlap, 2)
    a, b = (np.asarray(side, dtype=float) for side in (first, second))
    if a.ndim != 2 or b.ndim != 2 or len(a) != len(b):
        raise DataError(f"returns have shapes {a.shape} and {b.shape}; give columns over the same rows.")
    is_a, is_b = np.isfinite(a), np.isfinite(b)
    if is_a.all() and is_b.all():
        if len(a) < min_overlap:
            return np.zeros((a.shape[1], b.shape[1]))
        return np.clip(_standard(a).T @ _standard(b), -1.0, 1.0)
    return _masked(a, b, is_a, is_b, min_overlap)


def correlation_matrix(returns: ArrayLike, *, min_overlap: int = MIN_OVERLAP) -> FloatArray:
    """`cross_correlation` of the columns with one another, with a diagonal of 1."""
    matrix = cross_correlation(returns, returns, min_overlap=min_overlap)
    matrix = (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 1.0)
    return matrix


def find_copies(returns: ArrayLike, *, threshold: float = COPY, min_overlap: int = MIN_OVERLAP) -> IntArray:
    """For each column the first column that it is a copy of: itself, if it resembles none that stands for itself.

    Columns are taken in their order. A column joins the earlier original that it correlates with most, if by
    `threshold` or more; otherwise it is an original. Later columns never change what earlier ones are.

    Returns
    -------
    array of shape (n,)
        Column numbers; column j is an original where the answer is j.
    """
    check_between("threshold", threshold, 0.0, 1.0)
    values = np.asarray(returns, dtype=float)
    matrix = correlation_matrix(values, min_overlap=min_overlap)
    original = np.arange(values.shape[1])
    chosen: list[int] = []
    for column in range(values.shape[1]):
        if chosen:
            near = matrix[column, chosen]
            best = int(near.argmax())
            if near[best] >= threshold:
                original[column] = chosen[best]
                continue
        chosen.append(column)
    return original


def _standard(values: FloatArray) -> FloatArray:
    """Columns of mean 0 and length 1; a column that does not vary is 0."""
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    length = np.where(length > 1e-13 * np.sqrt(len(values)) * np.abs(values).max(axis=0, initial=0), length, 0.0)
    return divide(centred, length, empty=0.0)


def _masked(a: FloatArray, b: FloatArray, is_a: np.ndarray, is_b: np.ndarray, min_overlap: int) -> FloatArray:
    mask_a, mask_b = is_a.astype(float), is_b.astype(float)
    a, b = _centred(a, is_a), _centred(b, is_b)  # a level far from 0 would cost digits
    n = mask_a.T @ mask_b
    sum_a, sum_b = a.T @ mask_b, mask_a.T @ b
    spread_a = (a**2).T @ mask_b - divide(sum_a**2, n, empty=0.0)
    spread_b = mask_a.T @ b**2 - divide(sum_b**2, n, empty=0.0)
    shared = a.T @ b - divide(sum_a * sum_b, n, empty=0.0)
    own_a, own_b = (a**2).sum(axis=0)[:, None], (b**2).sum(axis=0)[None, :]
    varies = (spread_a > 1e-12 * own_a) & (spread_b > 1e-12 * own_b)
    scale = np.sqrt(np.where(varies, spread_a * spread_b, 0.0))
    shorter = np.minimum(mask_a.sum(axis=0)[:, None], mask_b.sum(axis=0)[None, :])
    enough = (n >= min_overlap) & (n >= MIN_SHARE * shorter)
    return np.where(enough, np.clip(divide(shared, scale, empty=0.0), -1.0, 1.0), 0.0)


def _centred(values: FloatArray, known: np.ndarray) -> FloatArray:
    count = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    return np.where(known, filled - divide(filled.sum(axis=0), count, empty=0.0), 0.0)
