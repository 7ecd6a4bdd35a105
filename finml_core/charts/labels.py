"""Labels over time: how their classes are balanced, and how many are open at once."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import color_scale, hover, legend, level, thin, time_axis, time_format
from finml_core.charts.theme import DOWN, MODELS, SECONDARY, UP, themed
from finml_core.checks import check_columns


def class_balance(
    balance: pd.DataFrame, *, two: tuple[str, str] = ("Down", "Up"), height: int = SECONDARY
) -> alt.LayerChart:
    """Shares of the classes in each period, stacked to one; `balance` has ts, until, y, n, share.

    Classes 0 and 1 alone are named by `two`; others are numbered, 0 the lowest.
    """
    check_columns(balance, ("ts", "until", "y", "n", "share"), what="the frame of class shares")
    classes = sorted(balance["y"].dropna().unique())
    has_two = set(classes) <= {0.0, 1.0}
    names = {0.0: two[0], 1.0: two[1]} if has_two else {one: f"Class {one:.0f}" for one in classes}
    colors = {
        names[one]: (DOWN, UP)[int(one)] if has_two else MODELS[place % len(MODELS)]
        for place, one in enumerate(classes)
    }
    ordered = balance.sort_values(["ts", "y"]).astype({"share": "float64"})
    high = ordered.groupby("ts")["share"].cumsum()
    shown = ordered.assign(named=ordered["y"].map(names), high=high, low=high - ordered["share"])
    y = alt.Y(
        "low:Q",
        title="Share of labels",
        axis=alt.Axis(format=".0%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    areas = (
        alt.Chart(shown)
        .mark_rect(xOffset=1, x2Offset=-1)
        .encode(
            **time_axis(shown, to="until"),
            y=y,
            y2="high:Q",
            color=alt.Color("named:N", scale=color_scale(colors), legend=legend(len(colors))),
            tooltip=[
                alt.Tooltip("ts:T", title="From", format=time_format(shown)),
                alt.Tooltip("named:N", title="Class"),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
                alt.Tooltip("n:Q", title="Labels", format=","),
            ],
        )
    )
    even = [level(0.5, y, dash=True)] if has_two else []
    return themed(alt.layer(areas, *even), height, entries=len(colors))


def label_concurrency(concurrency: pd.DataFrame, *, height: int = SECONDARY) -> alt.LayerChart:
    """How many labels of a symbol are open at a bar; `concurrency` has ts, open_labels, uniqueness."""
    check_columns(concurrency, ("ts", "open_labels", "uniqueness"), what="the frame of open labels")
    shown = thin(concurrency, column="open_labels")
    line = (
        alt.Chart(shown)
        .mark_line(color=UP, strokeWidth=1.25)
        .encode(
            **time_axis(shown),
            y=alt.Y(
                "open_labels:Q", title="Labels open at a bar", axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=True)
            ),
        )
    )
    lines = [
        alt.Tooltip("ts:T", title="Bar", format=time_format(shown)),
        alt.Tooltip("open_labels:Q", title="Labels open", format=".1f"),
        alt.Tooltip("uniqueness:Q", title="Own share of each", format=".1%"),
    ]
    return themed(alt.layer(line, hover(shown, lines)), height)


def label_weights(weights: pd.DataFrame, *, height: int = SECONDARY) -> alt.LayerChart:
    """What labels weigh over time, beside how many there are; `weights` has ts, n, weight, share."""
    check_columns(weights, ("ts", "n", "weight", "share"), what="the frame of weights")
    line = (
        alt.Chart(weights)
        .mark_line(color=UP, strokeWidth=1.25, interpolate="step-after")
        .encode(
            **time_axis(weights),
            y=alt.Y("weight:Q", title="Mean weight of a label", axis=alt.Axis(tickCount=4), scale=alt.Scale(zero=True)),
        )
    )
    lines = [
        alt.Tooltip("ts:T", title="From", format=time_format(weights)),
        alt.Tooltip("n:Q", title="Labels", format=","),
        alt.Tooltip("weight:Q", title="Mean weight", format=".3f"),
        alt.Tooltip("share:Q", title="Of all weight", format=".1%"),
    ]
    return themed(alt.layer(line, hover(weights, lines)), height)
