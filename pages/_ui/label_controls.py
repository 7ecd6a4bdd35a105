"""What is predicted, of which bars, on whose side, with which weights: controls that Models and Validation share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import streamlit as st

from finml_core.experiments import PrimaryConfig
from finml_core.labels import LabelConfig
from pages._ui import text

Number = TypeVar("Number", int, float)
SAMPLINGS = {"every_bar": "Every bar", "cusum": "Events (CUSUM)"}
RULES = {
    "none": "The models themselves",
    "moving_average_cross": "Moving-average cross",
    "momentum": "Momentum",
    "zscore_reversion": "Z-score reversion",
}
WEIGHTS = {
    "none": "All alike",
    "uniqueness": "By uniqueness",
    "return_attribution": "By return",
    "uniqueness_return": "By uniqueness and return",
}
SIDED = ("direction", "return", "triple_barrier")  # kinds that have an outcome for a side


@dataclass(frozen=True, kw_only=True)
class Asked(LabelConfig):
    """A label, and the primary strategy whose bets it judges."""

    primary: PrimaryConfig = field(default_factory=PrimaryConfig)

    @property
    def is_sparse(self) -> bool:
        """Whether only some bars have a label."""
        return self.primary.is_there or self.sampling != "every_bar"

    @property
    def label(self) -> LabelConfig:
        """The label alone."""
        names = LabelConfig.__dataclass_fields__
        return LabelConfig(**{name: getattr(self, name) for name in names})


def asked(label: LabelConfig, primary: PrimaryConfig) -> Asked:
    """Both in one."""
    return Asked(**{name: getattr(label, name) for name in LabelConfig.__dataclass_fields__}, primary=primary)


def label_controls(own: Asked, kind: str, horizon: int, prefix: str) -> Asked:
    """A popover with all about the label beyond its kind and horizon; it starts at the run's own settings.

    Every control is kept in the address, under names that begin with `prefix`.
    """
    horizon = max(horizon, 2) if kind == "trend_scanning" else horizon  # a line needs three closes
    with (
        st.popover("Events, side and weights", icon=":material/tune:", width="stretch"),
        st.grid(3, min_column_width=200),
    ):
        chosen = replace(own, kind=kind, horizon=horizon, shortest_trend=max(2, min(own.shortest_trend, horizon)))
        chosen = _shape(chosen, prefix)
        chosen = _events(chosen, prefix)
        if kind in SIDED:
            chosen = replace(chosen, primary=_primary(chosen.primary, prefix))
        else:
            chosen = replace(chosen, primary=PrimaryConfig())
            st.caption("This kind of label has no outcome for a side, so no primary strategy can choose it.")
        if chosen.sampling == "cusum" or kind == "triple_barrier":
            span = _slider(
                "Volatility span, bars", 20, 250, chosen.volatility_span, 5, f"{prefix}_span",
                "Of the exponential weights of the volatility that barriers and events are measured in.",
            )  # fmt: skip
            chosen = replace(chosen, volatility_span=span)
        return _weights(chosen, prefix)


def in_words(label: Asked) -> str:
    """One sentence on what is asked, of which bars."""
    when = (
        "At every bar"
        if label.sampling == "every_bar"
        else f"At each event (a move of {text.number(label.event_width, 1)} deviations since the last)"
    )
    bars = text.counted(label.horizon, "bar")
    if label.primary.is_there:
        paid = f"more than {text.percent(label.primary.min_return, 2)}" if label.primary.min_return else "anything"
        ends = "its first barrier within" if label.kind == "triple_barrier" else "the end of"
        return (
            f"{when} where {RULES[label.primary.rule].lower()} bets: does the bet earn {paid} by {ends} "
            f"{bars}? The models say whether to act, never which way."
        )
    asks = {
        "direction": f"is the close higher {bars} on",
        "return": f"how far is the close {bars} on",
        "quantile": f"which quantile is the return over {bars} in",
        "triple_barrier": f"is it a gain at the first of profit, stop and {bars}",
        "trend_scanning": f"does the clearest line of up to {bars} rise",
    }
    return f"{when}: {asks[label.kind]}?"


def _shape(own: Asked, prefix: str) -> Asked:
    if own.kind == "triple_barrier":
        profit = _slider(
            "Profit barrier", 0.5, 10.0, own.take_profit, 0.25, f"{prefix}_profit",
            "In multiples of the volatility per bar known at the entry.",
        )  # fmt: skip
        stop = _slider(
            "Stop barrier",
            0.5,
            10.0,
            own.stop_loss,
            0.25,
            f"{prefix}_stop",
            "In the same multiples, on the other side.",
        )
        return replace(own, take_profit=profit, stop_loss=stop)
    if own.kind == "trend_scanning" and own.horizon > 2:
        shortest = _slider(
            "Shortest line, bars", 2, own.horizon, own.shortest_trend, 1, f"{prefix}_trend",
            "Of lines from this length to the horizon the one of the largest |t| is taken.",
        )  # fmt: skip
        return replace(own, shortest_trend=shortest)
    return own


def _events(own: Asked, prefix: str) -> Asked:
    sampling = _choice(
        "Bars asked about", SAMPLINGS, own.sampling, f"{prefix}_sampling",
        "Events: bars at which the price has moved far since the last event. Fewer rows, which overlap less; networks "
        "still see every bar before them.",
    )  # fmt: skip
    if sampling == "every_bar":
        return replace(own, sampling=sampling)
    width = _slider(
        "Size of an event", 0.5, 15.0, own.event_width, 0.5, f"{prefix}_width",
        "Cumulated move since the last event, in multiples of the volatility per bar (AFML 2.5.2).",
    )  # fmt: skip
    return replace(own, sampling=sampling, event_width=width)


def _primary(own: PrimaryConfig, prefix: str) -> PrimaryConfig:
    rule = _choice(
        "Side chosen by", RULES, own.rule, f"{prefix}_primary",
        "A primary strategy: models then learn whether its bet pays (meta-labels, AFML 3.6) and size it by that "
        "probability; the strategy alone stands beside them.",
    )  # fmt: skip
    own = replace(own, rule=rule)
    if rule == "none":
        return own
    if rule == "moving_average_cross":
        slow = _slider(
            "Slow average, bars", 10, 250, own.slow, 5, f"{prefix}_slow", "The side is long while fast is above."
        )
        fast = _slider(
            "Fast average, bars", 1, slow - 1, min(own.fast, slow - 1), 1, f"{prefix}_fast", "Below the slow one."
        )
        own = replace(own, fast=fast, slow=slow)
    elif rule == "momentum":
        lookback = _slider(
            "Look back, bars", 5, 250, own.lookback, 5, f"{prefix}_lookback", "Long after a rise over these."
        )
        own = replace(own, lookback=lookback)
    else:
        window = _slider("Mean over bars", 5, 120, own.window, 5, f"{prefix}_window", "Bets go back towards this mean.")
        entry = _slider(
            "Departure", 0.0, 4.0, own.entry, 0.25, f"{prefix}_entry", "Deviations from it before a bet begins."
        )
        own = replace(own, window=window, entry=entry)
    basis_points = _slider(
        "A bet must earn, bp", 0.0, 100.0, own.min_return * 1e4, 1.0, f"{prefix}_earn",
        "More than this to count as paid: the costs of a round trip.",
    )  # fmt: skip
    return replace(own, min_return=basis_points / 1e4)


def _weights(own: Asked, prefix: str) -> Asked:
    named = "uniqueness" if own.weights == "time_decay" else own.weights
    weights = _choice(
        "Weight of rows", WEIGHTS, named, f"{prefix}_weights",
        "Uniqueness: labels that overlap count less. Return: labels count by the return they had to themselves "
        "(AFML 4.4, 4.6).",
    )  # fmt: skip
    decay = st.toggle(
        "Older rows count less", own.is_decayed, key=f"{prefix}_decay", bind="query-params",
        help="Linear in what has been told since, not by the calendar (AFML 4.7).",
    )  # fmt: skip
    own = replace(own, weights=weights, decay=decay)
    if not decay:
        return own
    oldest = _slider(
        "Weight of the oldest", -0.5, 1.0, own.oldest_weight, 0.05, f"{prefix}_oldest",
        "Of the newest; below 0 that share of the oldest has none.",
    )  # fmt: skip
    return replace(own, oldest_weight=oldest)


def _choice(label: str, options: Mapping[str, str], own: str, key: str, help: str) -> str:
    names = list(options)
    return st.selectbox(label, names, names.index(own), options.get, key=key, help=help, bind="query-params")


def _slider(label: str, low: Number, high: Number, own: Number, step: Number, key: str, help: str) -> Number:
    """A bound slider that always reaches the run's own setting."""
    if min(low, own) == max(high, own):
        return own
    return st.slider(label, min(low, own), max(high, own), own, step, key=key, help=help, bind="query-params")
