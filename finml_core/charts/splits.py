"""The split over time, what leaks through which splitter, and what each fold scored."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import at, color_scale, ink, legend, level, series_color, time_axis, time_format
from finml_core.charts.theme import HERO, SECONDARY, SPLIT_ROLES, VERDICT, row_height, series_colors, themed, words
from finml_core.checks import check_columns

MOST_FOLD_LABELS = 24  # on the axis, however many folds there are
FOLD_ROW = 9  # px of the lowest row of a fold
LABEL_ROOM = 150  # px for the name of a splitter
# Rows of a band: the tests stand out, the training rows lie low, the thin gaps are drawn last and full.
_THICKNESS = {"train": 0.45, "test": 0.8, "purged": 0.8, "embargo": 0.8}


def split_timeline(timeline: pd.DataFrame, *, height: int = HERO) -> alt.LayerChart:
    """One row a fold: which stretch trains, is purged, tests or rests as embargo.

    `timeline` has fold, role (train, purged, test, embargo), start, end, n_rows; a column `label_end`, the latest end
    of the stretch's labels, is shown on hover.
    """
    check_columns(timeline, ("fold", "role", "start", "end", "n_rows"), what="the frame of splits")
    colors = {words(role): color for role, color in SPLIT_ROLES.items()}
    moment = time_format(timeline, "start")
    tooltip = [
        alt.Tooltip("fold:N", title="Fold"),
        alt.Tooltip("named:N", title="Role"),
        alt.Tooltip("start:T", title="From", format=moment),
        alt.Tooltip("end:T", title="To", format=moment),
        alt.Tooltip("n_rows:Q", title="Rows", format=","),
        *(
            [alt.Tooltip("label_end:T", title="Labels reach to", format=moment)]
            if "label_end" in timeline.columns
            else []
        ),
    ]
    shown = timeline.assign(named=timeline["role"].map(words, na_action="ignore"))
    n_folds = timeline["fold"].nunique()
    every = max(1, -(-n_folds // MOST_FOLD_LABELS))
    labels = alt.Axis(labelOverlap=False, values=sorted(timeline["fold"].unique())[::every])
    layers = []
    for role, thickness in _THICKNESS.items():
        rows = shown[shown["role"] == role]
        bars = (
            alt.Chart(rows)
            .mark_bar(height={"band": thickness}, cornerRadiusEnd=0, strokeWidth=1.5)
            .encode(
                **time_axis(shown, "start", to="end"),
                y=alt.Y("fold:O", title="Fold (one row each)", axis=labels),
                color=alt.Color("named:N", scale=color_scale(colors), legend=legend(len(colors))),
                stroke=alt.Stroke("named:N", scale=color_scale(colors), legend=legend(len(colors))),
                tooltip=tooltip,
            )
        )
        layers.append(bars)
    return themed(alt.layer(*layers), max(height, FOLD_ROW * n_folds), entries=len(colors))


def path_map(paths: pd.DataFrame, *, height: int | None = None) -> alt.LayerChart:
    """Which fold gives each path its predictions for each stretch; `paths` has path, block, fold, start, end."""
    check_columns(paths, ("path", "block", "fold", "start", "end"), what="the frame of paths")
    base = alt.Chart(paths).encode(
        **time_axis(paths, "start", to="end"),
        y=alt.Y("path:O", title="Path (one row each)", axis=alt.Axis(labelOverlap=False)),
        tooltip=[
            alt.Tooltip("path:O", title="Path"),
            alt.Tooltip("fold:O", title="Predicted in fold"),
            alt.Tooltip("start:T", title="From", format="%Y-%m-%d"),
            alt.Tooltip("end:T", title="To", format="%Y-%m-%d"),
        ],
    )
    cells = base.mark_rect(color=SPLIT_ROLES["test"], opacity=0.28, xOffset=1, x2Offset=-1, yOffset=-1, y2Offset=1)
    middle = pd.Series(
        pd.to_datetime(paths["start"]) + (pd.to_datetime(paths["end"]) - pd.to_datetime(paths["start"])) / 2
    )
    told = (
        alt.Chart(paths.assign(start=middle))
        .mark_text(color=ink(), aria=False)
        .encode(x=time_axis(paths, "start")["x"], y=alt.Y("path:O", title="Path (one row each)"), text="fold:O")
    )
    return themed(alt.layer(cells, told), height or row_height(int(paths["path"].nunique()), row=28))


def leak_comparison(leaks: pd.DataFrame, *, height: int | None = None) -> alt.LayerChart:
    """How much of what each splitter trains on touches what it tests; `leaks` has splitter, share, pairs, passed.

    `share` is the fraction of training rows that share time with a test row's label, `pairs` their count in pairs.
    """
    check_columns(leaks, ("splitter", "share", "pairs", "passed"), what="the frame of leaks")
    colors = {"No leak": VERDICT["passed"], "Leaks": VERDICT["failed"]}
    shown = leaks.assign(
        verdict=leaks["passed"].map({True: "No leak", False: "Leaks"}),
        told=[
            f"✕ {share:.1%}, {pairs:,.0f} pairs" if pairs else "✓ no pair"
            for share, pairs in zip(leaks["share"], leaks["pairs"])
        ],
    )
    x = alt.X("share:Q", title="Training rows that leak", axis=alt.Axis(format=".0%", tickCount=5, grid=False))
    base = alt.Chart(shown).encode(
        x=x,
        y=alt.Y("splitter:N", title="Splitter", sort=list(leaks["splitter"]), axis=alt.Axis(labelLimit=LABEL_ROOM)),
        tooltip=[
            alt.Tooltip("splitter:N", title="Splitter"),
            alt.Tooltip("share:Q", title="Training rows that leak", format=".2%"),
            alt.Tooltip("pairs:Q", title="Overlapping pairs", format=","),
        ],
    )
    bars = base.mark_bar(size=14).encode(color=alt.Color("verdict:N", scale=color_scale(colors), legend=None))
    told = base.mark_text(align="left", dx=6, color=ink(), aria=False).encode(text="told:N")
    return themed(alt.layer(bars, told), height or row_height(len(leaks)))


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


def outcome_drift(folds: pd.DataFrame, *, title: str = "Mean outcome", percent: bool = False) -> alt.LayerChart:
    """The mean outcome of training and test rows of each fold, with two standard errors of their difference.

    `folds` has fold, train_mean, test_mean, drift and, where known, drift_error.
    """
    check_columns(folds, ("fold", "train_mean", "test_mean", "drift"), what="the frame of drifts")
    format_ = ".1%" if percent else ".3~g"
    error = folds["drift_error"].astype("float64") if "drift_error" in folds.columns else 0.0
    shown = folds.assign(low=folds["train_mean"] - 2 * error, high=folds["train_mean"] + 2 * error)
    tidy = pd.concat(
        [
            pd.DataFrame({"fold": folds["fold"], "part": part, "value": folds[column].astype("float64")})
            for part, column in (("Train", "train_mean"), ("Test", "test_mean"))
        ],
        ignore_index=True,
    )
    colors = {"Train": SPLIT_ROLES["train"], "Test": SPLIT_ROLES["test"]}
    every = max(1, -(-len(folds) // MOST_FOLD_LABELS))
    axis = alt.Axis(labelAngle=0, grid=False, values=sorted(folds["fold"].unique())[::every])
    x = alt.X("fold:O", title="Fold", axis=axis)
    y = alt.Y(
        "value:Q", title=title, axis=alt.Axis(format=format_, tickCount=5), scale=alt.Scale(zero=False, padding=8)
    )
    tooltip = [
        alt.Tooltip("fold:N", title="Fold"),
        alt.Tooltip("train_mean:Q", title="Train", format=format_),
        alt.Tooltip("test_mean:Q", title="Test", format=format_),
        alt.Tooltip("drift:Q", title="Drift", format="+.2%" if percent else "+.3~g"),
        *([alt.Tooltip("drift_error:Q", title="Its error", format=".2%" if percent else ".3~g")]
          if "drift_error" in folds.columns else []),
    ]  # fmt: skip
    base = alt.Chart(shown)
    reach = base.mark_bar(color=SPLIT_ROLES["train"], opacity=0.18, size=14, cornerRadiusEnd=0).encode(
        x=x, y=at(y, "low:Q"), y2="high:Q", tooltip=tooltip
    )
    drift = base.mark_rule(color=ink(), strokeWidth=1.5, aria=False).encode(
        x=x, y=at(y, "train_mean:Q"), y2="test_mean:Q"
    )
    shape = alt.Shape("part:N", scale=alt.Scale(domain=list(colors), range=["circle", "diamond"]), legend=legend(2))
    dots = (
        alt.Chart(tidy)
        .mark_point(size=70, filled=True, opacity=1)
        .encode(x=x, y=y, color=alt.Color("part:N", scale=color_scale(colors), legend=legend(2)), shape=shape,
                tooltip=[alt.Tooltip("fold:N", title="Fold"), alt.Tooltip("part:N", title="Rows"),
                         alt.Tooltip("value:Q", title=title, format=format_)])
    )  # fmt: skip
    return themed(alt.layer(reach, drift, dots), SECONDARY, entries=2)
