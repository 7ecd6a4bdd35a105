"""Fractional differencing: as little differencing as makes a series stationary, so that memory is kept."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_at_least, check_between, check_integer, check_positive
from finml_core.errors import DataError
from finml_core.features.unit_root import adf_test
from finml_core.typing import FloatArray

MOST_WEIGHTS = 10_000
LEAST_ROWS = 50  # differenced values that a unit-root test should see


def fractional_weights(d: float, *, threshold: float = 1e-4, width: int | None = None) -> FloatArray:
    """Weights of the present and of each bar before it in (1 - L)^d: 1, -d, -d (1 - d) / 2, ...

    They end before the first that is below `threshold` in size, or after `width` of them where that is given.

    References
    ----------
    Hosking (1981), Biometrika 68(1), 165-176; López de Prado (2018), AFML, snippets 5.1 and 5.3.
    """
    check_at_least("d", d, 0)
    check_positive("threshold", threshold)
    if width is not None:
        check_integer("width", width, 1)
    most = MOST_WEIGHTS if width is None else width
    steps = np.arange(1, most)
    weights = np.r_[1.0, np.cumprod((steps - 1 - d) / steps)]
    small = np.abs(weights) < threshold
    return weights[: np.argmax(small)] if width is None and small.any() else weights


def fractional_difference(
    x: pd.Series | pd.DataFrame | ArrayLike, d: float = 0.4, *, threshold: float = 1e-4, width: int | None = None
) -> pd.Series | pd.DataFrame | FloatArray:
    """Difference of order `d` in a window of fixed width, each symbol by itself.

    Parameters
    ----------
    x : Series, DataFrame or array of shape (n_bars,) or (n_bars, n_columns)
        In order of time; with a `symbol` level in its index, of each symbol.
    d : float
        At least 0: 0 changes nothing, 1 is the first difference.
    threshold : float
        The window ends before the first weight below this size.
    width : int, optional
        Number of weights instead.

    Returns
    -------
    The same shape and index. Missing in the first `len(fractional_weights(...)) - 1` rows of each symbol, and wherever
    the window holds a missing value.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 5.5 (fixed-width window).
    """
    weights = fractional_weights(d, threshold=threshold, width=width)
    values = np.asarray(x, dtype=float)
    columns = values.reshape(len(values), -1)
    out = np.full(columns.shape, np.nan)
    for rows in symbol_rows(x):
        for column in range(columns.shape[1]):
            out[rows, column] = _convolved(columns[rows, column], weights)
    return like(x, out.reshape(values.shape))


@dataclass(frozen=True)
class DifferencingSearch:
    """The smallest order that passes, and what was found at each."""

    d: float  # missing where none passes
    table: pd.DataFrame  # d, width, adf (median), rejecting (share of series), correlation (with the series itself)


def smallest_passing_d(
    train: pd.Series, *, alpha: float = 0.05, share: float = 0.9, step: float = 0.05, threshold: float = 1e-4
) -> DifferencingSearch:
    """The smallest d in 0, `step`, ..., 1 whose fractional difference has no unit root, on training rows only.

    Call it inside a training fold with that fold's rows: the order is fitted, and must not have seen the test rows.

    Parameters
    ----------
    train : Series, as for `fractional_difference`
        For instance log prices.
    alpha : level of the augmented Dickey-Fuller test (lags by AIC, constant)
    share : of the symbols that must reject a unit root
    threshold : of the weights

    Raises
    ------
    DataError
        If no symbol has enough rows for the widest window.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 5.6.
    """
    check_between("alpha", alpha, 0.0001, 0.5)
    check_between("share", share, 0, 1)
    check_between("step", step, 0.001, 1)
    orders = np.round(np.arange(0, 1 + step / 2, step), 10)
    widest = max(len(fractional_weights(float(d), threshold=threshold)) for d in orders)
    series = [known for rows in symbol_rows(train) if len(known := _known(train, rows)) >= widest + LEAST_ROWS]
    if not series:
        raise DataError(
            f"no symbol has the {widest + LEAST_ROWS} training rows that a window of {widest} weights needs; "
            f"give more history or a threshold above {threshold:g}."
        )
    table = pd.DataFrame([_passing(series, float(d), threshold, alpha) for d in orders])
    passing = table.loc[table["rejecting"] >= share, "d"]
    return DifferencingSearch(float(passing.iloc[0]) if len(passing) else np.nan, table)


def symbol_rows(x: object) -> list[np.ndarray]:
    """Row numbers of each symbol, in the rows' order; all rows where there is no `symbol` level."""
    index = getattr(x, "index", None)
    if index is None or "symbol" not in index.names:
        return [np.arange(len(x))]  # type: ignore[arg-type]
    code = pd.factorize(index.get_level_values("symbol"))[0]
    order = np.argsort(code, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1) if len(order) else []


def like(x: object, values: FloatArray) -> pd.Series | pd.DataFrame | FloatArray:
    """`values` with the index and names of `x`."""
    if isinstance(x, pd.DataFrame):
        return pd.DataFrame(values, index=x.index, columns=x.columns)
    return pd.Series(values, index=x.index, name=x.name) if isinstance(x, pd.Series) else values


def _convolved(x: FloatArray, weights: FloatArray) -> FloatArray:
    out = np.full(len(x), np.nan)
    if len(x) >= len(weights):
        out[len(weights) - 1 :] = np.convolve(x, weights, mode="valid")
    return out


def _known(train: pd.Series, rows: np.ndarray) -> FloatArray:
    values = train.to_numpy(dtype=float)[rows]
    return values[np.isfinite(values)]


def _passing(series: list[FloatArray], d: float, threshold: float, alpha: float) -> dict[str, float]:
    weights = fractional_weights(d, threshold=threshold)
    tests, alike = [], []
    for values in series:
        differenced = _convolved(values, weights)[len(weights) - 1 :]
        tests.append(adf_test(differenced))
        alike.append(np.corrcoef(differenced, values[len(weights) - 1 :])[0, 1])
    p = np.array([test.p_value for test in tests])
    return {
        "d": d,
        "width": len(weights),
        "adf": float(np.median([test.statistic for test in tests])),
        "rejecting": float((p < alpha).mean()),
        "correlation": float(np.median(alike)),
    }
