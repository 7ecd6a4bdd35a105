"""Which model learns something: scores with their spread, learning curves."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import at, color_scale, legend, series_color, width_ticks, y_axis
from finml_core.charts.theme import CALIBRATION, NEUTRAL, row_height, series_colors, themed, words
from finml_core.checks import check_columns


def score_intervals(frame: pd.DataFrame, *, metric: str = "Score", height: int | None = None) -> alt.LayerChart:
    """Mean of each model with its deviation, beside the baseline to beat.

    `frame` has model, mean, deviation and, where known, baseline (the same metric of no skill). Best first.
    """
    check_columns(frame, ("model", "mean", "deviation"), what="the frame of scores")
    colors = series_colors(frame["model"])
    shown = frame.assign(
        model=frame["model"].map(words),
        low=frame["mean"].astype("float64") - frame["deviation"].astype("float64").fillna(0.0),
        high=frame["mean"].astype("float64") + frame["deviation"].astype("float64").fillna(0.0),
    ).sort_values("mean", ascending=False)
    x = alt.X("mean:Q", title=metric, scale=alt.Scale(zero=False, padding=16), axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("model:N", title="Model", sort=list(shown["model"]), axis=alt.Axis(labelLimit=130))
    color = series_color(colors, "model", labelled=True)
    tooltip = [
        alt.Tooltip("model:N", title="Model"),
        alt.Tooltip("mean:Q", title=metric, format=".3f"),
        alt.Tooltip("deviation:Q", title="Deviation", format=".3f"),
    ]
    base = alt.Chart(shown)
    layers = [
        base.mark_rule(strokeWidth=2.5).encode(x=at(x, "low:Q"), x2="high:Q", y=y, color=color, tooltip=tooltip),
        base.mark_circle(size=110, opacity=1).encode(x=x, y=y, color=color, tooltip=tooltip),
    ]
    if "baseline" in frame.columns:
        no_skill = [*tooltip, alt.Tooltip("baseline:Q", title="No skill", format=".3f")]
        layers.insert(
            0,
            base.mark_tick(thickness=2, size=26, color=NEUTRAL).encode(x=at(x, "baseline:Q"), y=y, tooltip=no_skill),
        )
    return themed(alt.layer(*layers), height or row_height(len(shown)))


def learning_curves(history: pd.DataFrame, *, height: int = 240) -> alt.LayerChart:
    """Loss by epoch on training and held-out rows: a faint line a fold, a strong one for their mean.

    `history` has fold, epoch, train_loss, validation_loss.
    """
    check_columns(history, ("fold", "epoch", "train_loss", "validation_loss"), what="the history of training")
    parts = {"Training": "train_loss", "Held out": "validation_loss"}
    tidy = pd.concat(
        [
            history.loc[:, ["fold", "epoch"]].assign(part=part, loss=history[column].astype("float64"))
            for part, column in parts.items()
        ],
        ignore_index=True,
    )
    mean = tidy.groupby(["part", "epoch"], as_index=False, sort=False)["loss"].mean()
    colors = {"Training": CALIBRATION["raw"], "Held out": CALIBRATION["calibrated"]}
    color = alt.Color("part:N", scale=color_scale(colors), legend=legend(2, stroke=True))
    dashes = alt.Scale(domain=list(parts), range=[[5, 4], [1, 0]])
    dash = alt.StrokeDash("part:N", scale=dashes, legend=legend(2, stroke=True))
    x = alt.X("epoch:Q", title="Epoch", axis=alt.Axis(grid=False, tickMinStep=1, tickCount=width_ticks(), format="d"))
    y = y_axis("loss", "Log loss (nats)", format=".3f")
    faint = (
        alt.Chart(tidy)
        .mark_line(strokeWidth=1, opacity=0.35)
        .encode(x=x, y=y, color=color, strokeDash=dash, detail="fold:N")
    )
    strong = (
        alt.Chart(mean)
        .mark_line(strokeWidth=2.25, point={"size": 24, "opacity": 1, "filled": True})
        .encode(
            x=x,
            y=y,
            color=color,
            strokeDash=dash,
            tooltip=[
                alt.Tooltip("part:N", title="Rows"),
                alt.Tooltip("epoch:Q", title="Epoch"),
                alt.Tooltip("loss:Q", title="Mean loss", format=".4f"),
            ],
        )
    )
    return themed(faint + strong, height, entries=2)
