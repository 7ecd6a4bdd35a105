"""Features made stationary without a look ahead: each value from its own past only."""

from collections.abc import Callable
from inspect import signature
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from finml_core.checks import check_choice, check_integer
from finml_core.errors import DataError
from finml_core.features.fractional import fractional_difference, like, symbol_rows
from finml_core.typing import FloatArray, IntArray

Method = Literal["difference", "normalize", "quantile", "neutralize", "fracdiff"]


def make_stationary(features: pd.DataFrame | pd.Series, method: Method = "normalize", **settings: Any) -> Any:
    """Treat every column alike; the row at t uses nothing after t.

    Parameters
    ----------
    features : DataFrame or Series
        Indexed by (symbol, ts), or one asset's rows in order of time. Missing values stay missing.
    method : how, with its settings
        `difference`: change over `lag=1` bars. `normalize`: z-score within the last `window=252` bars. `quantile`: rank
        within the last `window=252` bars, in (0, 1), ties counting half. `neutralize`: z-scores by all earlier rows,
        less their leading `n_components=1` principal components, fitted anew every `refit=63` timestamps on the
        timestamps before, from `min_history=252` on. `fracdiff`: fractional difference of order `d=0.4`,
        `threshold=1e-4` or `width`.

    Returns
    -------
    The same type, index and columns
        Missing at each symbol's start: `lag`, `window - 1` or `len(weights) - 1` rows; with `neutralize` the first
        `min_history` timestamps of the panel, and rows that lack any feature. Where a window does not vary its z-score
        is 0.

    Raises
    ------
    ConfigError
        For an unknown method, an unknown setting, or one out of range.

    References
    ----------
    `fracdiff`: López de Prado (2018), AFML, chapter 5. `neutralize`: Connor & Korajczyk (1988), JFE 21(2), 255-289.
    """
    check_choice("method", method, METHODS)
    known = list(signature(METHODS[method]).parameters)[1:]
    for setting in settings:
        check_choice(f"a setting of {method}", setting, known)
    return METHODS[method](features, **settings)


def difference(features: Any, *, lag: int = 1) -> Any:
    """Change over `lag` bars."""
    check_integer("lag", lag, 1)

    def change(x: FloatArray) -> FloatArray:
        out = np.full(len(x), np.nan)
        out[lag:] = x[lag:] - x[:-lag]
        return out

    return _each_series(features, change)


def normalize(features: Any, *, window: int = 252) -> Any:
    """z-score within the last `window` bars; 0 where they do not vary."""
    from finml_core.features.stationary_kernels import rolling_zscore

    check_integer("window", window, 2)
    return _each_series(features, lambda x: _filled(rolling_zscore, x, window))


def quantile(features: Any, *, window: int = 252) -> Any:
    """Rank within the last `window` bars, in (0, 1)."""
    from finml_core.features.stationary_kernels import rolling_rank

    check_integer("window", window, 2)
    return _each_series(features, lambda x: _filled(rolling_rank, x, window))


def neutralize(features: Any, *, n_components: int = 1, refit: int = 63, min_history: int = 252) -> Any:
    """z-scores by all earlier rows less their leading principal components, fitted on earlier timestamps only."""
    check_integer("n_components", n_components, 0)
    check_integer("refit", refit, 1)
    check_integer("min_history", min_history, 2)
    values = np.asarray(features, dtype=float)
    columns = values.reshape(len(values), -1)
    if n_components > columns.shape[1]:
        raise DataError(f"n_components is {n_components}, but there are {columns.shape[1]} features.")
    order, offset = _by_time(features)
    out, past = np.full(columns.shape, np.nan), _Moments(columns.shape[1])
    n_stamps = len(offset) - 1
    borders = [0, *range(min_history, n_stamps, refit), n_stamps]
    for start, stop in pairwise(borders):
        rows = order[offset[start] : offset[stop]]
        if start:
            out[rows] = past.neutralized(columns[rows], n_components)
        past.add(columns[rows])
    return like(features, out.reshape(values.shape))


METHODS: dict[str, Callable[..., Any]] = {
    "difference": difference,
    "normalize": normalize,
    "quantile": quantile,
    "neutralize": neutralize,
    "fracdiff": fractional_difference,
}


class _Moments:
    """Mean and cross-products of complete rows, block by block (Chan, Golub & LeVeque, 1983)."""

    def __init__(self, width: int):
        self.n = 0
        self.mean, self.products = np.zeros(width), np.zeros((width, width))

    def add(self, rows: FloatArray) -> None:
        rows = rows[np.isfinite(rows).all(axis=1)]
        if len(rows) == 0:
            return
        mean = rows.mean(axis=0)
        centred, shift, n = rows - mean, mean - self.mean, self.n + len(rows)
        self.products += centred.T @ centred + np.outer(shift, shift) * (self.n * len(rows) / n)
        self.mean = self.mean + shift * (len(rows) / n)
        self.n = n

    def neutralized(self, rows: FloatArray, n_components: int) -> FloatArray:
        if self.n < 2:
            return np.full(rows.shape, np.nan)
        deviation = np.sqrt(np.diag(self.products) / (self.n - 1))
        varies = deviation > 1e-14 * np.abs(self.mean)
        scale = np.where(varies, deviation, 1.0)
        z = np.where(varies, (rows - self.mean) / scale, 0.0)
        z[~np.isfinite(rows).all(axis=1)] = np.nan
        correlation = np.where(np.outer(varies, varies), self.products / np.outer(scale, scale), 0.0)
        _, vectors = np.linalg.eigh(correlation)
        leading = vectors[:, ::-1][:, :n_components]
        return z - (z @ leading) @ leading.T


def _each_series(features: Any, treat: Callable[[FloatArray], FloatArray]) -> Any:
    """The treatment of each column of each symbol."""
    values = np.asarray(features, dtype=float)
    columns = values.reshape(len(values), -1)
    out = np.empty(columns.shape)
    for rows in symbol_rows(features):
        for column in range(columns.shape[1]):
            out[rows, column] = treat(np.ascontiguousarray(columns[rows, column]))
    return like(features, out.reshape(values.shape))


def _filled(kernel: Callable[..., None], x: FloatArray, window: int) -> FloatArray:
    out = np.empty(len(x))
    kernel(x, window, out)
    return out


def _by_time(features: Any) -> tuple[IntArray, IntArray]:
    """Rows in order of time, and where each distinct timestamp starts among them (and the end)."""
    index = getattr(features, "index", None)
    stamps = index.get_level_values("ts") if index is not None and "ts" in index.names else np.arange(len(features))
    position = pd.factorize(stamps, sort=True)[0]
    order = np.argsort(position, kind="stable")
    return order, np.r_[np.flatnonzero(np.diff(position[order], prepend=-1)), len(order)]
