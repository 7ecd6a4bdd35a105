"""What is predicted, and how rows are weighted."""

from dataclasses import dataclass
from typing import Literal

from finml_core.checks import check_choice, check_integer, check_positive

KINDS = ("direction", "return", "quantile", "triple_barrier")
WEIGHTS = ("none", "uniqueness")


@dataclass(frozen=True, kw_only=True)
class LabelConfig:
    """The outcome over the `horizon` bars after each bar."""

    kind: Literal["direction", "return", "quantile", "triple_barrier"] = "direction"
    horizon: int = 5  # bars until the outcome is known; the vertical barrier of triple_barrier
    weights: Literal["none", "uniqueness"] = "none"
    n_quantiles: int = 5  # classes of quantile
    quantile_window: int = 252  # known outcomes that the class limits are taken from
    take_profit: float = 2.0  # upper barrier in multiples of volatility per bar
    stop_loss: float = 2.0  # lower barrier in multiples of volatility per bar
    volatility_span: int = 100  # bars, span of the exponential weights of the barriers' volatility

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        check_integer("horizon", self.horizon, 1)
        check_choice("weights", self.weights, WEIGHTS)
        check_integer("n_quantiles", self.n_quantiles, 2)
        check_integer("quantile_window", self.quantile_window, 2)
        check_positive("take_profit", self.take_profit)
        check_positive("stop_loss", self.stop_loss)
        check_integer("volatility_span", self.volatility_span, 2)
