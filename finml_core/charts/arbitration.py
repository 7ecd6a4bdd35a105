"""Whom the arbitrator listens to: weights over time, one decision, confidence against outcome."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    at,
    hover_series,
    ink,
    level,
    panel,
    series_color,
    spans,
    thin,
    time_axis,
    y_axis,
    zoomable,
)
from finml_core.charts.theme import DOWN, HERO, SECONDARY, UP, row_height, series_colors, themed, words
from finml_core.checks import check_columns


def weight_river(weights: pd.DataFrame, *, height: int = HERO) -> alt.LayerChart:
    """Share of say of each strategy over time, stacked; below it, a row a strategy marks where it was silenced.

    `weights` has ts, strategy, weight and, where known, a boolean `silenced`. Where all are silent the river is dry.
    """
    check_columns(weights, ("ts", "strategy", "weight"), what="the frame of weights")
    named = weights.assign(strategy=weights["strategy"].map(words, na_action="ignore"))
    colors = series_colors(weights["strategy"].dropna())
    order = {name: position for position, name in enumerate(colors)}
    shown = thin(named.assign(rank=named["strategy"].map(order)))
    color = series_color(colors, "strategy", labelled=False)
    whole = {"domain": [0, 1], "nice": False}
    y = panel("weight", "Weight (share of say)", 0, 0.76, format=".1f", scale=whole, stack="zero")
    river = (
        alt.Chart(shown)
        .mark_area(interpolate="step-after", opacity=0.9)
        .encode(**time_axis(shown), y=y, color=color, order=alt.Order("rank:Q"))
    )
    pointer = hover_series(shown, "strategy", {"weight": ".3f"}, labels=list(colors))
    silences = _silences(named, order)
    places = {"domain": [0, max(1, len(order))], "nice": False, "reverse": True}
    bare = {"labels": False, "grid": False}
    rows = panel("low", "Silenced (one row a strategy)", 0.86, 1, scale=places, axis=bare)
    strip = (
        alt.Chart(silences)
        .mark_rect()
        .encode(
            **time_axis(silences, "start", to="end"),
            y=rows,
            y2="high:Q",
            color=color,
            tooltip=[
                alt.Tooltip("strategy:N", title="Silenced"),
                alt.Tooltip("start:T", title="From", format="%Y-%m-%d"),
                alt.Tooltip("end:T", title="To", format="%Y-%m-%d"),
            ],
        )
    )
    chart = alt.layer(zoomable(river), strip, pointer).resolve_scale(y="independent")
    return themed(chart, height, entries=len(colors))


def decision_breakdown(frame: pd.DataFrame, *, height: int | None = None) -> alt.LayerChart:
    """What each strategy adds to today's signal; `frame` has strategy, contribution (signed, -1 to 1).

    Optional columns signal, confidence, score, weight, silenced and reason are shown on hover.
    """
    check_columns(frame, ("strategy", "contribution"), what="the frame of contributions")
    shown = frame.assign(
        strategy=frame["strategy"].map(words),
        side=(frame["contribution"].astype("float64") >= 0).map({True: "long", False: "short"}).astype("object"),
    )
    x = alt.X(
        "contribution:Q",
        title="Contribution to the signal (long above 0)",
        scale=alt.Scale(padding=44, nice=False),
        axis=alt.Axis(grid=False, tickCount=5),
    )
    y = alt.Y("strategy:N", title="Strategy", sort=list(shown["strategy"]), axis=alt.Axis(labelLimit=130))
    details = [
        *(
            alt.Tooltip(f"{name}:Q", title=words(name), format=".3f")
            for name in ("signal", "confidence", "score", "weight")
        ),
        *(alt.Tooltip(f"{name}:N", title=words(name)) for name in ("silenced", "reason")),
    ]
    base = alt.Chart(shown)
    bars = base.mark_bar(height={"band": 0.62}).encode(
        x=x,
        y=y,
        color=alt.Color("side:N", scale=alt.Scale(domain=["long", "short"], range=[UP, DOWN]), legend=None),
        tooltip=[
            alt.Tooltip("strategy:N", title="Strategy"),
            alt.Tooltip("contribution:Q", title="Contribution", format="+.3f"),
            *(line for line in details if line.shorthand.split(":")[0] in frame.columns),
        ],
    )
    positive, negative = (
        base.transform_filter(f"datum.contribution {sign} 0")
        .mark_text(align=align, dx=dx, color=ink())
        .encode(x=at(x, "contribution:Q"), y=y, text=alt.Text("contribution:Q", format="+.3f"))
        for sign, align, dx in ((">=", "left", 6), ("<", "right", -6))
    )
    return themed(alt.layer(level(0, x), bars, positive, negative), height or row_height(len(shown), row=28))


def confidence_outcome(frame: pd.DataFrame, *, height: int = SECONDARY) -> alt.LayerChart:
    """How often the signal was right at each confidence; `frame` has confidence, outcome (share right).

    Optional columns lower, upper and count give the band and are shown on hover. The dotted line is a coin.
    """
    check_columns(frame, ("confidence", "outcome"), what="the frame of outcomes")
    x = alt.X(
        "confidence:Q",
        title="Confidence (0 to 1)",
        scale=alt.Scale(zero=False, padding=12),
        axis=alt.Axis(grid=False, tickCount=5),
    )
    y = y_axis("outcome", "Signal was right (share)", format=".2f")
    tooltip = [
        alt.Tooltip("confidence:Q", title="Confidence", format=".3f"),
        alt.Tooltip("outcome:Q", title="Right", format=".3f"),
    ]
    if "count" in frame.columns:
        tooltip.append(alt.Tooltip("count:Q", title="Bars", format=","))
    base = alt.Chart(frame)
    layers = [level(0.5, y, dash=True), base.mark_line(color=UP).encode(x=x, y=y)]
    layers.append(base.mark_circle(color=UP, size=56, opacity=1).encode(x=x, y=y, tooltip=tooltip))
    if {"lower", "upper"} <= set(frame.columns):
        layers.append(base.mark_rule(color=UP, strokeWidth=1.25).encode(x=x, y=at(y, "lower:Q"), y2="upper:Q"))
    return themed(alt.layer(*layers), height)


def _silences(named: pd.DataFrame, order: dict[str, int]) -> pd.DataFrame:
    """One row a stretch of silence, with the strip's lower and upper edge."""
    empty = pd.DataFrame(
        {
            "start": pd.Series(dtype="datetime64[us]"),
            "end": pd.Series(dtype="datetime64[us]"),
            "strategy": pd.Series(dtype="object"),
            "low": pd.Series(dtype="float64"),
            "high": pd.Series(dtype="float64"),
        }
    )
    if "silenced" not in named.columns or named.empty:
        return empty
    found = []
    for name, rows in named.groupby("strategy", sort=False):
        stretches = spans(rows.assign(silenced=rows["silenced"].astype("bool")), "silenced")
        silent = stretches[stretches["silenced"].astype("bool")]
        found.append(
            silent.assign(strategy=name, low=order[name] + 0.1, high=order[name] + 0.9).drop(columns="silenced")
        )
    return pd.concat(found, ignore_index=True)
