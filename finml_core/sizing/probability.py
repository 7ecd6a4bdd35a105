"""From the probability of a rise to a target weight: nothing without an edge, more with a larger one."""

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
from scipy.special import erf

from finml_core.checks import check_between, check_choice, check_positive
from finml_core.errors import DataError
from finml_core.typing import FloatArray

Probability = TypeVar("Probability", float, FloatArray, pd.Series)
CURVES = {
    "linear": lambda p, neutral: (p - neutral) / np.where(p >= neutral, 1 - neutral, neutral),
    "normal": lambda p, neutral: erf((p - neutral) / np.sqrt(2 * np.maximum(p * (1 - p), 1e-12))),
}


@dataclass(frozen=True)
class ProbabilityAwareSizing:
    """Positions from calibrated probabilities; those of less than `min_probability` for their side stay flat."""

    min_probability: float = 0.5
    scale: float = 1.0
    cap: float = 1.0
    curve: Literal["linear", "normal"] = "linear"
    allow_short: bool = True

    def __post_init__(self) -> None:
        check_between("min_probability", self.min_probability, 0.5, 1.0)
        check_positive("scale", self.scale)
        check_positive("cap", self.cap)
        check_choice("curve", self.curve, CURVES)

    def target_weight(self, p: Probability) -> Probability:
        """Share of capital for each probability of a rise; see `probability_weight`."""
        weight = probability_weight(
            p, scale=self.scale, cap=self.cap, min_edge=2 * self.min_probability - 1, curve=self.curve
        )
        return weight if self.allow_short else weight * (weight >= 0)


def probability_weight(
    p: Probability,
    *,
    scale: float = 1.0,
    cap: float = 1.0,
    min_edge: float = 0.0,
    neutral: float = 0.5,
    curve: Literal["linear", "normal"] = "linear",
) -> Probability:
    """Target weight in [-cap, cap] from the probability of a rise.

    Parameters
    ----------
    p : float, array or Series
        Probability of a rise, 0 to 1; missing stays missing, and a Series keeps its index.
    scale : float
        Weight for each unit of edge, before the cap. The edge is -1 at p 0, 0 at `neutral`, 1 at p 1.
    cap : float
        Largest size.
    min_edge : float
        Edges (on the linear scale) of at most this size mean flat.
    neutral : float
        The probability without an edge: 0.5, or the base rate.
    curve : {"linear", "normal"}
        "linear": at `neutral` 0.5 the edge is 2p - 1, Kelly's bet at even odds. "normal": 2 Phi(z) - 1 with
        z = (p - neutral) / sqrt(p (1 - p)) (López de Prado, 2018, section 10.3).

    Returns
    -------
    the type of `p`
        Monotone in p; 0 at `neutral` and inside the dead band.

    Raises
    ------
    DataError
        For a probability outside [0, 1].
    """
    check_choice("curve", curve, CURVES)
    check_between("neutral", neutral, 0.01, 0.99)
    values = np.asarray(p, dtype=float)
    if ((values < 0) | (values > 1)).any():
        raise DataError(f"p ranges from {np.nanmin(values)} to {np.nanmax(values)}, but must lie between 0 and 1.")
    is_dead = np.abs(CURVES["linear"](values, neutral)) <= min_edge
    weight = np.where(is_dead, 0.0, np.clip(scale * CURVES[curve](values, neutral), -cap, cap))
    if isinstance(p, pd.Series):
        return pd.Series(weight, index=p.index, name="target_weight")
    return float(weight) if weight.ndim == 0 else weight
