"""Augmented Dickey-Fuller and KPSS tests, fast enough for thousands of series.

statsmodels has both, at some 15 ms a series with lags by AIC. Here the regressions of all lag lengths come from one
Cholesky factor: the sum of squares that is left after the first k regressors is the target's less the squares of its
first k entries.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from finml_core.checks import check_integer
from finml_core.typing import FloatArray

LEAST_ROWS = 20
# MacKinnon (1994, 2010), one series, constant: the p-value's normal quantile as a polynomial of the statistic
MOST, LEAST, BORDER = 2.74, -18.83, -1.61
BELOW = (2.1659, 1.4412, 0.038269)
ABOVE = (1.7339, 0.93202, -0.12745, -0.010368)
# Kwiatkowski et al. (1992), table 1, level stationarity
KPSS_VALUES, KPSS_P = (0.347, 0.463, 0.574, 0.739), (0.10, 0.05, 0.025, 0.01)


class UnitRootTest(NamedTuple):
    """A statistic, its p-value and the lags it used; missing for a series that is too short or does not vary."""

    statistic: float
    p_value: float
    lags: int


UNKNOWN = UnitRootTest(np.nan, np.nan, 0)


def adf_test(x: ArrayLike, *, max_lags: int | None = None) -> UnitRootTest:
    """Augmented Dickey-Fuller test with a constant, lags by AIC; a small p-value speaks against a unit root.

    Parameters
    ----------
    x : array of shape (n_bars,), nothing missing
    max_lags : int, optional
        None: 12 (n / 100)^(1/4), rounded up (Schwert, 1989), at most half of the series.

    References
    ----------
    Said & Dickey (1984), Biometrika 71(3); p-values by MacKinnon (1994), JBES 12(2), and (2010), Queen's WP 1227.
    """
    x = np.asarray(x, dtype=float)
    if max_lags is not None:
        check_integer("max_lags", max_lags, 0)
    if len(x) < LEAST_ROWS or not _varies(x):
        return UNKNOWN
    most = int(np.ceil(12 * (len(x) / 100) ** 0.25)) if max_lags is None else max_lags
    most = min(most, len(x) // 2 - 2)
    step = np.diff(x)
    lags = _best_lags(*_regression(x, step, most))
    statistic = _level_t(*_regression(x, step, lags))
    return UnitRootTest(statistic, mackinnon_p(statistic), lags)


def kpss_test(x: ArrayLike) -> UnitRootTest:
    """KPSS test of stationarity around a level; a small p-value speaks against stationarity.

    Lags as in Hobijn, Franses & Ooms (1998). The table ends at 0.01 and 0.10: p-values beyond are given as those.

    References
    ----------
    Kwiatkowski, Phillips, Schmidt & Shin (1992), Journal of Econometrics 54, 159-178.
    """
    x = np.asarray(x, dtype=float)
    n = len(x)
    if n < LEAST_ROWS or not _varies(x):
        return UNKNOWN
    rest = x - x.mean()
    lags = min(_kpss_lags(rest), n - 1)
    variance = rest @ rest
    for lag in range(1, lags + 1):
        variance += 2 * (rest[lag:] @ rest[:-lag]) * (1 - lag / (lags + 1))
    statistic = float((np.cumsum(rest) ** 2).sum() / n / variance)
    return UnitRootTest(statistic, float(np.interp(statistic, KPSS_VALUES, KPSS_P)), lags)


def unit_root_tests(features: pd.DataFrame, *, max_bars: int = 2520) -> pd.DataFrame:
    """Both tests of every feature of every symbol.

    Parameters
    ----------
    features : DataFrame indexed by (symbol, ts), or by time for one asset
        Missing rows are left out.
    max_bars : int
        The last bars of each symbol that are tested.

    Returns
    -------
    DataFrame
        name, symbol, n, adf, adf_p, lags, kpss, kpss_p.
    """
    check_integer("max_bars", max_bars, LEAST_ROWS)
    by_symbol = features.groupby(level="symbol") if "symbol" in features.index.names else [("", features)]
    rows = []
    with threadpool_limits(1, "blas"):  # small products, of which more threads would only be in each other's way
        for symbol, table in by_symbol:
            for name, column in zip(features.columns, table.to_numpy(dtype=float).T, strict=True):
                known = column[np.isfinite(column)][-max_bars:]
                adf, kpss = adf_test(known), kpss_test(known)
                rows.append((name, symbol, len(known), *adf[:2], adf.lags, *kpss[:2]))
    return pd.DataFrame(rows, columns=["name", "symbol", "n", "adf", "adf_p", "lags", "kpss", "kpss_p"])


def stationarity_table(tests: pd.DataFrame, *, alpha: float = 0.05) -> pd.DataFrame:
    """`unit_root_tests` by feature.

    Returns
    -------
    DataFrame
        name, n_series, adf and kpss (medians), adf_p (median), adf_rejects (share of symbols without a unit root at
        `alpha`), kpss_rejects (share of symbols that are not stationary at it), verdict: `stationary` where most
        reject a unit root and most do not reject stationarity, `unit root` where it is the other way round, else
        `unclear`; missing where no series could be tested.
    """
    known = tests.assign(
        adf_rejects=(tests["adf_p"] < alpha).where(tests["adf_p"].notna()).astype(float),
        kpss_rejects=(tests["kpss_p"] < alpha).where(tests["kpss_p"].notna()).astype(float),
    )
    by_name = known.groupby("name", sort=False)
    table = by_name[["adf", "adf_p", "kpss"]].median()
    table.insert(0, "n_series", by_name["adf"].count())
    table[["adf_rejects", "kpss_rejects"]] = by_name[["adf_rejects", "kpss_rejects"]].mean()
    no_root, moves = table["adf_rejects"] > 0.5, table["kpss_rejects"] > 0.5
    verdict = np.select([no_root & ~moves, ~no_root & moves], ["stationary", "unit root"], "unclear")
    table["verdict"] = pd.Series(verdict, index=table.index).where(table["n_series"] > 0)
    return table.reset_index()


def mackinnon_p(statistic: float) -> float:
    """Approximate p-value of a Dickey-Fuller t-value with a constant."""
    if statistic > MOST:
        return 1.0
    if statistic < LEAST:
        return 0.0
    return float(ndtr(np.polyval((BELOW if statistic <= BORDER else ABOVE)[::-1], statistic)))


def _varies(x: FloatArray) -> bool:
    return bool(np.ptp(x) > 1e-12 * max(float(np.abs(x).max()), 1e-300))


def _regression(x: FloatArray, step: FloatArray, lags: int) -> tuple[FloatArray, FloatArray]:
    """The level before, then the last `lags` steps, each around its mean and of size 1; and the step to be told."""
    n = len(step) - lags
    columns = np.empty((n, lags + 1))
    columns[:, 0] = x[lags:-1]
    for lag in range(1, lags + 1):
        columns[:, lag] = step[lags - lag : len(step) - lag]
    columns -= columns.mean(axis=0)
    size = np.sqrt((columns**2).sum(axis=0))
    columns /= np.where(size > 0, size, 1.0)
    target = step[lags:]
    return columns, target - target.mean()


def _factor(columns: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray, int]:
    """Triangular factor of the columns, the target's entries in it, and how many columns are independent."""
    gram = columns.T @ columns
    width = len(gram)
    lower = np.zeros_like(gram)
    for j in range(width):  # stops at the first column that those before it already tell
        row = lower[j, :j]
        rest = gram[j, j] - row @ row
        if rest < 1e-12:
            width = j
            break
        lower[j, j] = np.sqrt(rest)
        lower[j + 1 :, j] = (gram[j + 1 :, j] - lower[j + 1 :, :j] @ row) / lower[j, j]
    entries = np.zeros(width)
    moved = columns.T @ target
    for j in range(width):
        entries[j] = (moved[j] - lower[j, :j] @ entries[:j]) / lower[j, j]
    return lower[:width, :width], entries, width


def _best_lags(columns: FloatArray, target: FloatArray) -> int:
    """The number of lags with the least AIC; all lengths on the same rows."""
    _, entries, width = _factor(columns, target)
    left = float(target @ target) - np.cumsum(entries**2)
    n = len(target)
    left = np.maximum(left, 1e-14 * max(float(target @ target), 1e-300))
    return int(np.argmin(n * np.log(left / n) + 2 * np.arange(2, width + 2))) if width else 0


def _level_t(columns: FloatArray, target: FloatArray) -> float:
    """t-value of the level, which comes last here so that its entry alone decides it."""
    columns = np.column_stack([columns[:, 1:], columns[:, :1]])
    _, entries, width = _factor(columns, target)
    if width < columns.shape[1]:
        return np.nan
    freedom = len(target) - width - 1
    whole = float(target @ target)
    left = whole - float(entries @ entries)
    return float(entries[-1] / np.sqrt(left / freedom)) if left > 1e-12 * whole and freedom > 0 else np.nan


def _kpss_lags(rest: FloatArray) -> int:
    n = len(rest)
    s0, s1 = rest @ rest / n, 0.0
    for lag in range(1, int(n ** (2 / 9)) + 1):
        product = rest[lag:] @ rest[:-lag] / (n / 2)
        s0 += product
        s1 += lag * product
    return int(1.1447 * ((s1 / s0) ** 2) ** (1 / 3) * n ** (1 / 3))
