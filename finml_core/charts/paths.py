"""The distribution over out-of-sample paths: the fan of their growth, and their scores."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    at,
    color_scale,
    hover,
    legend,
    level,
    series_color,
    thin,
    time_axis,
    time_format,
    y_axis,
)
from finml_core.charts.theme import HERO, MODELS, NEUTRAL, UP, row_height, series_colors, themed, words
from finml_core.checks import check_columns

BAND, MIDDLE, LOOKED_AT, SINGLE = "5 to 95 % of paths", "Median of paths", "Path shown", "Single paths"
_COLORS = {BAND: UP, MIDDLE: UP, LOOKED_AT: MODELS[3], SINGLE: NEUTRAL}
_DASHES = {BAND: [1, 0], MIDDLE: [6, 3], LOOKED_AT: [1, 0], SINGLE: [1, 0]}
WIDE = 8.0  # ratio of highest to lowest above which a logarithmic axis is told in doublings


def equity_fan(fan: pd.DataFrame, lines: pd.DataFrame, *, log: bool = False, height: int = HERO) -> alt.LayerChart:
    """Growth of 1 after costs over all paths.

    `fan` has ts, low, median, high (at each bar by itself) and equity, that of the path looked at; `lines` has ts,
    path, equity of single paths.
    """
    check_columns(fan, ("ts", "low", "median", "high", "equity"), what="the frame of the fan")
    check_columns(lines, ("ts", "path", "equity"), what="the frame of paths")
    shown, single = thin(fan), thin(lines)
    y = y_axis("median", "Growth of 1, after costs" + (" (log)" if log else ""), format=".2f")
    if log:
        y.scale = alt.Scale(type="log", nice=False, zero=False)
        if len(fan) and fan["high"].max() > WIDE * fan["low"].min():
            y.axis = alt.Axis(values=[2.0**power for power in range(-10, 15)], format="~g")
    shared = legend(len(_COLORS), stroke=True)
    shared.symbolOpacity = 1
    color = alt.Color("what:N", scale=color_scale(_COLORS), legend=shared)
    dash = alt.StrokeDash("what:N", scale=alt.Scale(domain=list(_DASHES), range=list(_DASHES.values())), legend=shared)
    x = time_axis(shown)

    def layer(frame: pd.DataFrame, what: str) -> alt.Chart:
        return alt.Chart(frame.assign(what=what))

    band = layer(shown, BAND).mark_area(opacity=0.2, line=False).encode(**x, y=at(y, "low:Q"), y2="high:Q", color=color)
    edges = [
        layer(shown, BAND).mark_line(strokeWidth=1).encode(**x, y=at(y, f"{edge}:Q"), color=color, strokeDash=dash)
        for edge in ("low", "high")
    ]
    paths = (
        layer(single, SINGLE)
        .mark_line(strokeWidth=0.75, opacity=0.5)
        .encode(**time_axis(single), y=at(y, "equity:Q"), color=color, strokeDash=dash, detail="path:N")
    )
    middle = layer(shown, MIDDLE).mark_line().encode(**x, y=y, color=color, strokeDash=dash)
    subject = layer(shown, LOOKED_AT).mark_line(strokeWidth=2.25)
    subject = subject.encode(**x, y=at(y, "equity:Q"), color=color, strokeDash=dash)
    pointer = hover(
        shown,
        [
            alt.Tooltip("ts:T", title="Date", format=time_format(shown)),
            alt.Tooltip("equity:Q", title=LOOKED_AT, format=".3f"),
            alt.Tooltip("median:Q", title=MIDDLE, format=".3f"),
            alt.Tooltip("low:Q", title="5 % lie below", format=".3f"),
            alt.Tooltip("high:Q", title="5 % lie above", format=".3f"),
        ],
    )
    return themed(alt.layer(level(1, y), band, *edges, paths, subject, middle, pointer), height, entries=len(_COLORS))


def path_scores(
    scores: pd.DataFrame, *, metric: str = "Score", baseline: float | None = None, height: int | None = None
) -> alt.LayerChart:
    """Each path's score as a dot, each model's mean as a tick, and a rule over where nine in ten paths lie.

    `scores` has model, path (from 0), score, is_median (the path that speaks for the model, ringed). `baseline` draws
    the score of no skill as a dashed line.
    """
    check_columns(scores, ("model", "path", "score", "is_median"), what="the frame of scores")
    colors = series_colors(scores["model"])
    shown = scores.assign(model=scores["model"].map(words), number=scores["path"].astype("float64") + 1)
    values = shown.assign(score=shown["score"].astype("float64")).groupby("model", sort=False)["score"]
    summary = pd.DataFrame(
        {"mean": values.mean(), "std": values.std(), "low": values.quantile(0.05), "high": values.quantile(0.95)}
    ).reset_index()
    x = alt.X("score:Q", title=metric, scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("model:N", title="Model", sort=list(colors), axis=alt.Axis(labelLimit=150))
    color = series_color(colors, "model", labelled=True)
    own = [
        alt.Tooltip("model:N", title="Model"),
        alt.Tooltip("number:Q", title="Path"),
        alt.Tooltip("score:Q", title=metric, format=".3f"),
    ]
    spread = [
        alt.Tooltip("model:N", title="Model"),
        alt.Tooltip("mean:Q", title="Mean", format=".3f"),
        alt.Tooltip("std:Q", title="Deviation over paths", format=".3f"),
        alt.Tooltip("low:Q", title="5 % lie below", format=".3f"),
        alt.Tooltip("high:Q", title="5 % lie above", format=".3f"),
    ]
    reach = alt.Chart(summary).mark_rule(strokeWidth=2)
    mean = alt.Chart(summary).mark_tick(thickness=3, size=22)
    middle = shown.loc[shown["is_median"].astype("bool")] if len(shown) else shown
    layers = [
        alt.Chart(shown).mark_circle(size=48, opacity=0.5).encode(x=x, y=y, color=color, tooltip=own),
        alt.Chart(middle).mark_point(size=90, strokeWidth=2, filled=False).encode(x=x, y=y, color=color, tooltip=own),
        reach.encode(x=at(x, "low:Q"), x2="high:Q", y=y, color=color, tooltip=spread),
        mean.encode(x=at(x, "mean:Q"), y=y, color=color, tooltip=spread),
    ]
    if baseline is not None:
        layers.insert(0, level(baseline, x, dash=True))
    return themed(alt.layer(*layers), height or row_height(len(summary)))
