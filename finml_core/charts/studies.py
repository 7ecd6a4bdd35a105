"""What a run's skill rests on: the length of its history, its features, the luck of its seeds."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import at, color_scale, end_labels, level, series_color, width_ticks, y_axis
from finml_core.charts.theme import CALIBRATION, NEUTRAL, UP, row_height, series_colors, themed, words
from finml_core.checks import check_columns

TALL = 240  # px
LABEL_ROOM = 170  # px for the name of a feature
TESTED, LEARNED = "Tested", "Learned from"


def history_curve(curve: pd.DataFrame, *, metric: str = "AUC", height: int = TALL) -> alt.LayerChart:
    """Score against the length of the training history, with its interval over tests, and that on what was learned.

    `curve` has length (bars), score, lower, upper, train, n_train.
    """
    check_columns(curve, ("length", "score", "lower", "upper", "train", "n_train"), what="the frame of lengths")
    colors = {TESTED: CALIBRATION["calibrated"], LEARNED: CALIBRATION["raw"]}
    tidy = pd.concat(
        [
            pd.DataFrame({"ts": curve["length"], "series": part, "value": curve[column].astype("float64")})
            for part, column in ((TESTED, "score"), (LEARNED, "train"))
        ],
        ignore_index=True,
    )
    ends = [float(curve["length"].min()), float(curve["length"].max())] if len(curve) else [1.0, 10.0]
    x = alt.X(
        "ts:Q",
        title="Training history (bars, log scale)",
        scale=alt.Scale(type="log", base=2, nice=False, domain=ends),
        axis=alt.Axis(grid=False, values=sorted(curve["length"].tolist()), format=",d", labelOverlap=True),
    )
    y = y_axis("value", f"{metric} (0.5 is a coin)", format=".2f")
    color = alt.Color("series:N", scale=color_scale(colors), legend=None)
    dash = alt.StrokeDash("series:N", scale=alt.Scale(domain=list(colors), range=[[1, 0], [5, 4]]), legend=None)
    tooltip = [
        alt.Tooltip("length:Q", title="Bars of history", format=","),
        alt.Tooltip("n_train:Q", title="Training rows", format=",.0f"),
        alt.Tooltip("score:Q", title=TESTED, format=".3f"),
        alt.Tooltip("lower:Q", title="From (90 %)", format=".3f"),
        alt.Tooltip("upper:Q", title="To (90 %)", format=".3f"),
        alt.Tooltip("train:Q", title=LEARNED, format=".3f"),
    ]
    base = alt.Chart(curve)
    band = base.mark_area(color=UP, opacity=0.18, line=False).encode(
        x=at(x, "length:Q"), y=at(y, "lower:Q"), y2="upper:Q"
    )
    dots = base.mark_circle(size=64, opacity=1, color=colors[TESTED]).encode(
        x=at(x, "length:Q"), y=at(y, "score:Q"), tooltip=tooltip
    )
    lines = alt.Chart(tidy).mark_line().encode(x=x, y=y, color=color, strokeDash=dash)
    layers = [band, level(0.5, y, dash=True), lines, dots, end_labels(tidy, y, "value", color)]
    return themed(alt.layer(*layers), height)


def ablation_importance(table: pd.DataFrame, *, title: str = "Left out", height: int | None = None) -> alt.LayerChart:
    """What the score loses without each group, with its interval; those found are filled, the others hollow.

    `table` has group, importance, lower, upper, p_corrected, found, drawn in its order.
    """
    check_columns(
        table, ("group", "importance", "lower", "upper", "p_corrected", "found"), what="the frame of the ablation"
    )
    shown = table.assign(
        group=table["group"].map(words), state=table["found"].map({True: "Missed", False: "Not told from chance"})
    )
    states = {"Missed": UP, "Not told from chance": NEUTRAL}
    x = alt.X("importance:Q", title="AUC lost without it", axis=alt.Axis(tickCount=width_ticks(), format="+.3~f"))
    y = alt.Y(
        "group:N",
        title=title,
        sort=list(shown["group"]),
        axis=alt.Axis(grid=False, labelLimit=LABEL_ROOM, labelOverlap=False),
    )
    color = alt.Color("state:N", scale=color_scale(states), legend=alt.Legend(title=None, orient="bottom"))
    fill = alt.Fill("state:N", scale=alt.Scale(domain=list(states), range=[UP, "transparent"]), legend=None)
    tooltip = [
        alt.Tooltip("group:N", title=title),
        alt.Tooltip("importance:Q", title="AUC lost", format="+.4f"),
        alt.Tooltip("lower:Q", title="From (90 %)", format="+.4f"),
        alt.Tooltip("upper:Q", title="To (90 %)", format="+.4f"),
        alt.Tooltip("p_corrected:Q", title="p, corrected", format=".3f"),
    ]
    base = alt.Chart(shown).encode(y=y, tooltip=tooltip)
    reach = base.mark_rule(strokeWidth=2).encode(x=at(x, "lower:Q"), x2="upper:Q", color=color)
    dots = base.mark_point(size=70, opacity=1, strokeWidth=2).encode(x=x, color=color, fill=fill)
    return themed(alt.layer(level(0, x), reach, dots), height or row_height(len(shown), row=24), entries=2)


def seed_scores(scores: pd.DataFrame, *, metric: str = "AUC", height: int | None = None) -> alt.LayerChart:
    """Each seed's score in each fold as a tick, and their mean with its deviation: a row a model and fold.

    `scores` has model, fold, seed, score.
    """
    check_columns(scores, ("model", "fold", "seed", "score"), what="the frame of seeds")
    colors = series_colors(scores["model"])
    order = [f"{words(model)}, fold {fold}" for model, fold in scores[["model", "fold"]].drop_duplicates().to_numpy()]
    shown = scores.assign(
        row=[f"{words(model)}, fold {fold}" for model, fold in zip(scores["model"], scores["fold"], strict=True)],
        model=scores["model"].map(words),
    )
    summary = shown.groupby(["row", "model"], sort=False)["score"].agg(["mean", "std"]).reset_index()
    spread = summary["std"].fillna(0.0)
    summary = summary.assign(low=summary["mean"] - spread, high=summary["mean"] + spread)
    x = alt.X("score:Q", title=metric, scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(tickCount=width_ticks()))
    y = alt.Y(
        "row:N",
        title="Model and fold",
        sort=order,
        axis=alt.Axis(grid=False, labelLimit=LABEL_ROOM, labelOverlap=False),
    )
    color = series_color(colors, "model", labelled=True)
    ticks = (
        alt.Chart(shown)
        .mark_tick(thickness=2, size=12, opacity=0.6)
        .encode(
            x=x,
            y=y,
            color=color,
            tooltip=[
                alt.Tooltip("row:N", title="Model and fold"),
                alt.Tooltip("seed:Q", title="Seed"),
                alt.Tooltip("score:Q", title=metric, format=".4f"),
            ],
        )
    )
    stats = [
        alt.Tooltip("row:N", title="Model and fold"),
        alt.Tooltip("mean:Q", title="Mean over seeds", format=".4f"),
        alt.Tooltip("std:Q", title="Deviation over seeds", format=".4f"),
    ]
    rules = (
        alt.Chart(summary)
        .mark_rule(strokeWidth=2)
        .encode(x=at(x, "low:Q"), x2="high:Q", y=y, color=color, tooltip=stats)
    )
    dots = alt.Chart(summary).mark_circle(size=60, opacity=1).encode(x=at(x, "mean:Q"), y=y, color=color, tooltip=stats)
    return themed(alt.layer(ticks, rules, dots), height or row_height(len(order), row=20))
