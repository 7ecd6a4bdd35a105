"""The split over time and what each fold scored."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import at, color_scale, legend, level, series_color, time_axis
from finml_core.charts.theme import HERO, SPLIT_ROLES, row_height, series_colors, themed, words
from finml_core.checks import check_columns

# Rows of a band: the tests stand out, the training rows lie low, the thin gaps are drawn last and full.
_THICKNESS = {"train": 0.45, "test": 0.8, "purged": 0.8, "embargo": 0.8}


def split_timeline(timeline: pd.DataFrame, *, height: int = HERO) -> alt.LayerChart:
    """One row a fold: which stretch trains, is purged, tests or rests as embargo.

    `timeline` has fold, role (train, purged, test, embargo), start, end, n_rows; further columns `label_start` and
    `label_end` would be shown on hover.
    """
    check_columns(timeline, ("fold", "role", "start", "end", "n_rows"), what="the frame of splits")
    colors = {words(role): color for role, color in SPLIT_ROLES.items()}
    tooltip = [
        alt.Tooltip("fold:N", title="Fold"),
        alt.Tooltip("named:N", title="Role"),
        alt.Tooltip("start:T", title="From", format="%Y-%m-%d"),
        alt.Tooltip("end:T", title="To", format="%Y-%m-%d"),
        alt.Tooltip("n_rows:Q", title="Rows", format=","),
        *(
            alt.Tooltip(f"{name}:T", title=words(name), format="%Y-%m-%d")
            for name in ("label_start", "label_end")
            if name in timeline.columns
        ),
    ]
    shown = timeline.assign(named=timeline["role"].map(words, na_action="ignore"))
    layers = []
    for role, thickness in _THICKNESS.items():
        rows = shown[shown["role"] == role]
        bars = (
            alt.Chart(rows)
            .mark_bar(height={"band": thickness}, cornerRadiusEnd=0, strokeWidth=1.5)
            .encode(
                **time_axis(rows, "start", to="end"),
                y=alt.Y("fold:O", title="Fold (one row each)", axis=alt.Axis(labelOverlap=False)),
                color=alt.Color("named:N", scale=color_scale(colors), legend=legend(len(colors))),
                stroke=alt.Stroke("named:N", scale=color_scale(colors), legend=legend(len(colors))),
                tooltip=tooltip,
            )
        )
        layers.append(bars)
    return themed(alt.layer(*layers), height, entries=len(colors))


def fold_scores(
    scores: pd.DataFrame, *, metric: str = "Score", baseline: float | None = None, height: int | None = None
) -> alt.LayerChart:
    """Each fold's score as a point, each model's mean with its deviation; `scores` has model, fold, score.

    `baseline` draws the score of chance as a dashed line.
    """
    check_columns(scores, ("model", "fold", "score"), what="the frame of scores")
    colors = series_colors(scores["model"])
    shown = scores.assign(model=scores["model"].map(words))
    summary = shown.groupby("model", sort=False)["score"].agg(["mean", "std"]).reset_index()
    summary = summary.assign(
        low=summary["mean"] - summary["std"].fillna(0), high=summary["mean"] + summary["std"].fillna(0)
    )
    x = alt.X("score:Q", title=metric, scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("model:N", title="Model", sort=list(colors))
    color = series_color(colors, "model", labelled=True)
    stats = [
        alt.Tooltip("model:N", title="Model"),
        alt.Tooltip("mean:Q", title="Mean", format=".3f"),
        alt.Tooltip("std:Q", title="Deviation over folds", format=".3f"),
    ]
    points = (
        alt.Chart(shown)
        .mark_circle(size=48, opacity=0.55)
        .encode(
            x=x,
            y=y,
            color=color,
            tooltip=[
                alt.Tooltip("model:N", title="Model"),
                alt.Tooltip("fold:N", title="Fold"),
                alt.Tooltip("score:Q", title=metric, format=".3f"),
            ],
        )
    )
    reach = (
        alt.Chart(summary)
        .mark_rule(strokeWidth=2)
        .encode(x=at(x, "low:Q"), x2="high:Q", y=y, color=color, tooltip=stats)
    )
    mean = alt.Chart(summary).mark_tick(thickness=3, size=22).encode(x=at(x, "mean:Q"), y=y, color=color, tooltip=stats)
    layers = [points, reach, mean]
    if baseline is not None:
        layers.insert(0, level(baseline, x, dash=True))
    return themed(alt.layer(*layers), height or row_height(len(summary)))
