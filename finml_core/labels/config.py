"""What is predicted, and how rows are weighted."""

from dataclasses import dataclass
from typing import Literal

from finml_core.checks import check_between, check_choice, check_integer, check_positive
from finml_core.errors import ConfigError

KINDS = ("direction", "return", "quantile", "triple_barrier", "trend_scanning")
SAMPLINGS = ("every_bar", "cusum")
WEIGHTS = ("none", "uniqueness", "return_attribution", "uniqueness_return", "time_decay")


@dataclass(frozen=True, kw_only=True)
class LabelConfig:
    """The outcome over the `horizon` bars after each bar."""

    kind: Literal["direction", "return", "quantile", "triple_barrier", "trend_scanning"] = "direction"
    horizon: int = 5  # bars until the outcome is known at the latest
    weights: Literal["none", "uniqueness", "return_attribution", "uniqueness_return", "time_decay"] = "none"
    n_quantiles: int = 5  # classes of quantile
    quantile_window: int = 252  # known outcomes that the class limits are taken from
    take_profit: float = 2.0  # upper barrier in multiples of volatility per bar
    stop_loss: float = 2.0  # lower barrier in multiples of volatility per bar
    volatility_span: int = 100  # bars, span of the exponential weights of the volatility of barriers and events
    shortest_trend: int = 3  # bars ahead of the shortest trend of trend_scanning
    oldest_weight: float = 0.5  # decay: factor of the oldest label, 1 for none; below 0 that share has no weight
    decay: bool = False  # weights fall with age besides; time_decay is uniqueness with it
    sampling: Literal["every_bar", "cusum"] = "every_bar"  # which bars get a label at all
    event_width: float = 3.0  # cusum: move since the last event that makes one, in multiples of volatility per bar

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        check_integer("horizon", self.horizon, 1)
        check_choice("weights", self.weights, WEIGHTS)
        check_integer("n_quantiles", self.n_quantiles, 2)
        check_integer("quantile_window", self.quantile_window, 2)
        check_positive("take_profit", self.take_profit)
        check_positive("stop_loss", self.stop_loss)
        check_integer("volatility_span", self.volatility_span, 2)
        check_integer("shortest_trend", self.shortest_trend, 2)
        check_between("oldest_weight", self.oldest_weight, -0.99, 1.0)
        check_choice("sampling", self.sampling, SAMPLINGS)
        check_positive("event_width", self.event_width)
        if self.kind == "trend_scanning" and self.shortest_trend > self.horizon:
            raise ConfigError(
                f"shortest_trend is {self.shortest_trend}, above horizon, which is {self.horizon}; a trend of that "
                "length would never be looked at. Use a longer horizon."
            )

    @property
    def is_decayed(self) -> bool:
        """Whether older labels weigh less."""
        return self.decay or self.weights == "time_decay"

    @property
    def is_relative(self) -> bool:
        """Whether a label's weight depends on which others it stands beside, so that each training fold has its own."""
        return self.is_decayed or self.weights in ("return_attribution", "uniqueness_return")
