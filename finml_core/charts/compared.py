"""Runs beside each other: learning curves, calibration, growth, the spread of scores; and where a network looks."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    color_scale,
    series_color,
    thin,
    time_axis,
    time_format,
    width_ticks,
    y_axis,
)
from finml_core.charts.theme import NEUTRAL, row_height, series_colors, themed, words
from finml_core.checks import check_columns

HEIGHT = 240


def compared_learning(frame: pd.DataFrame, *, among: Sequence[str] = (), height: int = HEIGHT) -> alt.LayerChart:
    """Held-out loss by epoch, a line a series: `frame` has series, epoch, loss (mean over folds and seeds).

    `among` names all series that are compared, so that each keeps its colour where some have no line.
    """
    check_columns(frame, ("series", "epoch", "loss"), what="the frame of learning curves")
    x = alt.X("epoch:Q", title="Epoch", axis=alt.Axis(grid=False, tickMinStep=1, tickCount=width_ticks(), format="d"))
    tooltip = [alt.Tooltip("epoch:Q", title="Epoch"), alt.Tooltip("loss:Q", title="Held-out loss", format=".4f")]
    return _lines(frame, x, y_axis("loss", "Held-out log loss (nats)", format=".3f"), tooltip, height, among)


def compared_growth(frame: pd.DataFrame, *, among: Sequence[str] = (), height: int = HEIGHT) -> alt.LayerChart:
    """What a unit of capital became after costs, a line a series: `frame` has series, ts, equity."""
    check_columns(frame, ("series", "ts", "equity"), what="the frame of growth")
    frame = thin(frame)
    tooltip = [
        alt.Tooltip("ts:T", title="Time", format=time_format(frame)),
        alt.Tooltip("equity:Q", title="Capital", format=".3f"),
    ]
    x = time_axis(frame)["x"]
    return _lines(frame, x, y_axis("equity", "Capital (start = 1)", format=".2f"), tooltip, height, among, points=False)


def compared_calibration(frame: pd.DataFrame, *, among: Sequence[str] = (), height: int = HEIGHT) -> alt.LayerChart:
    """Observed frequency against stated probability, a line a series, beside the ideal diagonal.

    `frame` has series, predicted, observed, count.
    """
    check_columns(frame, ("series", "predicted", "observed", "count"), what="the frame of calibration")
    scale = alt.Scale(zero=False, nice=True)
    x = alt.X("predicted:Q", title="Predicted probability", scale=scale, axis=alt.Axis(format=".2f", tickCount=6))
    y = y_axis("observed", "Observed frequency (share of rows)", format=".2f")
    tooltip = [
        alt.Tooltip("predicted:Q", title="Predicted", format=".3f"),
        alt.Tooltip("observed:Q", title="Observed", format=".3f"),
        alt.Tooltip("count:Q", title="Rows", format=","),
    ]
    ends = [float(frame["predicted"].min()), float(frame["predicted"].max())] if len(frame) else []
    ideal = (
        alt.Chart(pd.DataFrame({"predicted": ends, "observed": ends}))
        .mark_line(strokeDash=[1, 4], strokeWidth=1.5, color=NEUTRAL, aria=False)
        .encode(x=x, y=y)
    )
    return _lines(frame, x, y, tooltip, height, among, below=ideal)


def score_spread(frame: pd.DataFrame, *, height: int | None = None) -> alt.LayerChart:
    """Each fold's and seed's score as a dot, their mean as a tick: `frame` has series, fold, seed, score."""
    check_columns(frame, ("series", "fold", "seed", "score"), what="the frame of scores")
    colors = series_colors(frame["series"])
    shown = frame.assign(series=frame["series"].map(words), fold=frame["fold"].astype("float64") + 1)
    y = alt.Y("series:N", title="Run and model", sort=list(colors), axis=alt.Axis(labelLimit=220))
    x = alt.X("score:Q", title="AUC of a fold", scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(tickCount=5))
    color = series_color(colors, labelled=True)
    tooltip = [
        alt.Tooltip("series:N", title="Run and model"),
        alt.Tooltip("fold:Q", title="Fold"),
        alt.Tooltip("seed:Q", title="Seed"),
        alt.Tooltip("score:Q", title="AUC", format=".3f"),
    ]
    dots = alt.Chart(shown).mark_circle(size=60, opacity=0.6).encode(x=x, y=y, color=color, tooltip=tooltip)
    mean = shown.groupby("series", as_index=False, sort=False)["score"].mean()
    ticks = alt.Chart(mean).mark_tick(thickness=3, size=24).encode(x=x, y=y, color=color)
    return themed(alt.layer(dots, ticks), height or row_height(len(colors)))


def attention_map(frame: pd.DataFrame, *, height: int | None = None) -> alt.LayerChart:
    """How much each head looks at each bar of a window: `frame` has head, bar (0 is the decision bar), ts, weight."""
    check_columns(frame, ("head", "bar", "ts", "weight"), what="the frame of attention")
    shown = frame.assign(head="Head " + (frame["head"].astype("int64") + 1).astype("str"))
    cells = (
        alt.Chart(shown)
        .mark_rect()
        .encode(
            x=alt.X("bar:O", title="Bars before the decision (0 is the decision bar)", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("head:N", title="Head"),
            color=alt.Color(
                "weight:Q",
                scale=alt.Scale(domainMin=0, range="ramp"),
                legend=alt.Legend(
                    title="Share of attention",
                    orient="bottom",
                    gradientLength=160,
                    gradientThickness=8,
                    format=".2f",
                ),
            ),
            tooltip=[
                alt.Tooltip("head:N", title="Head"),
                alt.Tooltip("ts:T", title="Bar", format="%Y-%m-%d %H:%M"),
                alt.Tooltip("weight:Q", title="Share", format=".3f"),
            ],
        )
    )
    return themed(alt.layer(cells), height or row_height(shown["head"].nunique()) + 70)


def _lines(
    frame: pd.DataFrame,
    x: alt.X,
    y: alt.Y,
    tooltip: list[alt.Tooltip],
    height: int,
    among: Sequence[str],
    *,
    points: bool = True,
    below: alt.Chart | None = None,
) -> alt.LayerChart:
    drawn = {words(name) for name in frame["series"]}
    colors = {name: color for name, color in series_colors([*among, *frame["series"]]).items() if name in drawn}
    shown = frame.assign(series=frame["series"].map(words))
    below_chart = alt.Legend(title=None, orient="bottom", columns=1, labelLimit=280)
    color = alt.Color("series:N", scale=color_scale(colors), legend=below_chart)
    line = (
        alt.Chart(shown)
        .mark_line(strokeWidth=2, point={"size": 24, "opacity": 1, "filled": True} if points else False)
        .encode(x=x, y=y, color=color, tooltip=[alt.Tooltip("series:N", title="Run and model"), *tooltip])
    )
    layers = [line] if below is None else [below, line]
    return themed(alt.layer(*layers), height, entries=len(colors))
