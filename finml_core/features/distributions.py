"""Shape, tails, ranks, entropy and fixed filters over windows, as expressions."""

import math
from collections.abc import Sequence

import numpy as np

from finml_core.features.expression import Expression, where


def skew_and_kurtosis(x: Expression, window: int) -> tuple[Expression, Expression]:
    """Sample skewness G1 and excess kurtosis G2 of the last `window` values; both 0 where these are constant.

    References
    ----------
    Joanes and Gill (1998), The Statistician 47(1), 183-189.
    """
    n = window
    second, third, fourth = (Expression("shape", x, numbers=(window,), part=part) / n for part in range(3))
    moves = second > 0
    safe, flat = where(moves, second, 1), 0 * second  # flat is 0, or missing
    skew = math.sqrt(n * (n - 1)) / (n - 2) * third / (safe * np.sqrt(safe))
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (fourth / (safe * safe) - 3) + 6)
    return where(moves, skew, flat), where(moves, kurtosis, flat)


def rolling_quantile(x: Expression, window: int, share: float) -> Expression:
    """Value that `share` of the last `window` values lie below, on the line between the two nearest of them.

    References
    ----------
    Hyndman and Fan (1996), The American Statistician 50(4), 361-365, type 7.
    """
    place = min(share, 1 - share) * (window - 1)
    rank = min(int(place), window - 2)
    return Expression("low", x, numbers=(window, rank, place - rank, -1.0 if share > 0.5 else 1.0))


def rolling_rank(x: Expression, window: int) -> Expression:
    """Share of the last `window` values below the last of them; equal ones, itself included, count half."""
    return Expression("rank", x, numbers=(window,))


def rolling_entropy(x: Expression, edges: Sequence[float], window: int) -> Expression:
    """Shannon's entropy of the bins between `edges` that the last `window` values fall into, as a share of its most."""
    codes = Expression("bin", x, numbers=tuple(edges))
    return Expression("entropy", codes, numbers=(window, len(edges) + 1)) / math.log(len(edges) + 1)


def weighted_sum(x: Expression, weights: Sequence[float]) -> Expression:
    """Sum of weights[j] times the value j rows earlier; missing in the first len(weights) - 1 rows."""
    return Expression("weighted_sum", x, numbers=tuple(weights))
