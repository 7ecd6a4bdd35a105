"""Shape, tails, ranks, entropy and fixed filters over windows; the compiled loops are loaded at the first call.

Arrays hold one symbol, shape (n_rows,), or several side by side, shape (n_rows, n_lanes), time downwards.
"""

from collections.abc import Callable
from functools import cache
from types import ModuleType

import numpy as np

from finml_core.typing import FloatArray


def skew_and_kurtosis(x: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Sample skewness G1 and excess kurtosis G2 of the last `window` values; both 0 where these are constant.

    References
    ----------
    Joanes and Gill (1998), The Statistician 47(1), 183-189.
    """
    second, third, fourth = _kernels().rolling_shape(_lanes(x), window).reshape((3, -1))
    skew, kurtosis = _kernels().skew_and_kurtosis(second, third, fourth, window)
    return skew.reshape(x.shape), kurtosis.reshape(x.shape)


def rolling_quantile(x: FloatArray, window: int, share: float) -> FloatArray:
    """Value that `share` of the last `window` values lie below, on the line between the two nearest of them.

    References
    ----------
    Hyndman and Fan (1996), The American Statistician 50(4), 361-365, type 7.
    """
    place = min(share, 1 - share) * (window - 1)
    rank = min(int(place), window - 2)
    return _on_lanes(_kernels().rolling_low, x, window, rank, place - rank, -1.0 if share > 0.5 else 1.0)


def rolling_rank(x: FloatArray, window: int) -> FloatArray:
    """Share of the last `window` values below the last of them; equal ones, itself included, count half."""
    return _on_lanes(_kernels().rolling_rank, x, window)


def rolling_entropy(x: FloatArray, edges: FloatArray, window: int) -> FloatArray:
    """Shannon's entropy of the bins between `edges` that the last `window` values fall into, as a share of its most."""
    codes = _kernels().bin_codes(_lanes(x), edges)
    entropy = _kernels().rolling_entropy(codes, window, edges.size + 1)
    return entropy.reshape(x.shape) / np.log(edges.size + 1)


def weighted_sum(x: FloatArray, weights: FloatArray) -> FloatArray:
    """Sum of weights[j] times the value j rows earlier; missing in the first len(weights) - 1 rows."""
    return _on_lanes(_kernels().weighted_sum, x, weights)


def _on_lanes(kernel: Callable[..., FloatArray], x: FloatArray, *arguments: object) -> FloatArray:
    return kernel(_lanes(x), *arguments).reshape(x.shape)


def _lanes(x: FloatArray) -> FloatArray:
    return np.ascontiguousarray(x).reshape(len(x), -1) if len(x) else x.reshape(0, 1)


@cache
def _kernels() -> ModuleType:
    from finml_core.features import kernels_statistical

    return kernels_statistical
