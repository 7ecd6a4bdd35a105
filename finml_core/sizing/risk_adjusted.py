"""Kelly bets cut back to what the tail of past returns and the present drawdown allow."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from finml_core.checks import check_between, check_positive
from finml_core.errors import DataError
from finml_core.metrics import conditional_value_at_risk, value_at_risk
from finml_core.sizing.kelly import KellySizing

MIN_RETURNS = 20  # fewer past returns have no tail to speak of


@dataclass(frozen=True, kw_only=True)
class RiskAdjustedSize:
    """A size with the limits it was held against."""

    fraction: float  # share of capital after every limit
    kelly: float  # the bet before them, fractional and capped
    limits: Mapping[str, float]  # largest size that each limit allows
    binding: str | None  # the limit that decided, None where the Kelly bet stood


@dataclass(frozen=True)
class RiskAdjustedKelly(KellySizing):
    """Kelly sizing under limits on value at risk, expected shortfall and drawdown.

    Parameters
    ----------
    var_threshold, cvar_threshold : float
        Largest loss a bar, as a fraction of capital, at `confidence`: quantile, and mean beyond it.
    max_drawdown_limit : float
        Drawdown at which nothing is bet any more; before it, the bet shrinks in line with what is left of it
        (Grossman and Zhou, 1993, Mathematical Finance 3(3), 241-276).
    confidence : float
        Level of both tail measures.
    """

    var_threshold: float = 0.02
    cvar_threshold: float = 0.03
    max_drawdown_limit: float = 0.2
    confidence: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("var_threshold", self.var_threshold)
        check_positive("cvar_threshold", self.cvar_threshold)
        check_between("max_drawdown_limit", self.max_drawdown_limit, 1e-6, 1.0)
        check_between("confidence", self.confidence, 0.5, 0.9999)

    def size(
        self,
        win_prob: float,
        win_return: float,
        loss_return: float,
        *,
        past_returns: ArrayLike,
        current_drawdown: float = 0.0,
    ) -> RiskAdjustedSize:
        """Size of one bet.

        Parameters
        ----------
        win_prob, win_return, loss_return : float
            As in `kelly_fraction`.
        past_returns : array
            Returns a bar of the asset, known now; their losses, times the size, are held against the thresholds.
        current_drawdown : float
            Of the account, at most 0; a positive number is read as its size.
        """
        bet = float(self.calculate_kelly_fraction(win_prob, win_return, loss_return))
        returns = (np.sign(bet) or 1.0) * _known(past_returns)
        left = max(0.0, 1 - abs(current_drawdown) / self.max_drawdown_limit)
        limits = {
            "var": _largest(self.var_threshold, value_at_risk(returns, self.confidence)),
            "cvar": _largest(self.cvar_threshold, conditional_value_at_risk(returns, self.confidence)),
            "drawdown": abs(bet) * left,
        }
        strictest = min(limits, key=limits.__getitem__)
        binds = limits[strictest] < abs(bet)
        fraction = float(np.sign(bet) * min(abs(bet), limits[strictest]))
        return RiskAdjustedSize(fraction=fraction, kelly=bet, limits=limits, binding=strictest if binds else None)


def _known(returns: ArrayLike) -> np.ndarray:
    returns = np.asarray(returns, dtype=float)
    known = returns[np.isfinite(returns)]
    if len(known) < MIN_RETURNS:
        raise DataError(f"{len(known)} past returns have no tail to measure; give at least {MIN_RETURNS}.")
    return known


def _largest(threshold: float, loss: float) -> float:
    """Size at which `loss` reaches the threshold; a tail that gains sets no limit."""
    return threshold / loss if loss > 0 else np.inf
