"""Could chance have done this?"""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import at, color_scale, end_labels, legend, level, thin, width_ticks, y_axis
from finml_core.charts.theme import DOWN, HERO, MODELS, NEUTRAL, UP, row_height, themed, words
from finml_core.checks import check_columns

TALL = 240  # px of the charts of the tabs
WORSE, BETTER = "At or below the median", "Above the median"
REAL, TWIN = "Real bars", "Noise twin"


def best_sharpe_against_luck(frame: pd.DataFrame, *, height: int = HERO) -> alt.LayerChart:
    """Best Sharpe ratio found so far over the trials, against the best that chance alone would give by then.

    `frame` has n_trials, best, expected, both annual; and, where known, expected_effective (chance if only the
    effective number of trials counts) and best_name.
    """
    check_columns(frame, ("n_trials", "best", "expected"), what="the frame of trials")
    shown = thin(frame.sort_values("n_trials"), time="n_trials")
    parts = {"Best found": "best", "Luck, all": "expected"}
    colors, dashes = {"Best found": UP, "Luck, all": NEUTRAL}, [[1, 0], [5, 4]]
    if "expected_effective" in shown.columns:
        parts["Luck, effective"] = "expected_effective"
        colors["Luck, effective"] = MODELS[3]
        dashes.append([2, 3])
    tidy = pd.concat(
        [
            pd.DataFrame({"ts": shown["n_trials"], "series": part, "sharpe": shown[column].astype("float64")})
            for part, column in parts.items()
        ],
        ignore_index=True,
    )
    x = alt.X(
        "ts:Q",
        title="Trials so far (count)",
        axis=alt.Axis(grid=False, tickMinStep=1, tickCount=width_ticks()),
        scale=alt.Scale(nice=False, zero=False),
    )
    y = y_axis("sharpe", "Sharpe ratio (annual)", format=".1f", zero=True)
    color = alt.Color("series:N", scale=color_scale(colors), legend=None)
    dash = alt.StrokeDash("series:N", scale=alt.Scale(domain=list(parts), range=dashes), legend=None)
    lines = alt.Chart(tidy).mark_line(interpolate="step-after").encode(x=x, y=y, color=color, strokeDash=dash)
    near = alt.selection_point(
        name="hover", fields=["n_trials"], nearest=True, on="pointerover", clear="pointerout", empty=False
    )
    tooltip = [alt.Tooltip("n_trials:Q", title="Trials", format=",")]
    tooltip += [alt.Tooltip(f"{column}:Q", title=part, format=".2f") for part, column in parts.items()]
    if "best_name" in shown.columns:
        shown = shown.assign(best_name=shown["best_name"].map(words))
        tooltip.append(alt.Tooltip("best_name:N", title="Best"))
    pointer = (
        alt.Chart(shown, name="hover_view")
        .mark_rule(color=NEUTRAL, aria=False)
        .encode(
            x=alt.X("n_trials:Q", title="Trials so far (count)"),
            opacity=alt.condition(near, alt.value(0.7), alt.value(0)),
            tooltip=tooltip,
        )
        .add_params(near)
    )
    return themed(alt.layer(level(0, y), lines, pointer, end_labels(tidy, y, "sharpe", color)), height)


def overfitting_logits(histogram: pd.DataFrame, *, height: int = TALL) -> alt.LayerChart:
    """Where the configuration chosen in one half of history ranks in the other, over all divisions of it.

    `histogram` has left, right, count and below (whether the bin is at or below 0).
    """
    check_columns(histogram, ("left", "right", "count", "below"), what="the histogram of logits")
    shown = histogram.assign(part=histogram["below"].map({True: WORSE, False: BETTER}))
    x = alt.X(
        "left:Q",
        title="Logit of the relative rank out of sample",
        scale=alt.Scale(zero=False, nice=False),
        axis=alt.Axis(grid=False, tickCount=width_ticks()),
    )
    bars = (
        alt.Chart(shown)
        .mark_bar(cornerRadiusEnd=0, binSpacing=1)
        .encode(
            x=x,
            x2="right:Q",
            y=alt.Y("count:Q", title="Divisions of history", axis=alt.Axis(format="~s", tickCount=4)),
            y2=alt.datum(0),
            color=alt.Color("part:N", scale=color_scale({WORSE: DOWN, BETTER: UP}), legend=legend(2)),
            tooltip=[
                alt.Tooltip("left:Q", title="From", format=".2f"),
                alt.Tooltip("right:Q", title="To", format=".2f"),
                alt.Tooltip("count:Q", title="Divisions", format=","),
                alt.Tooltip("part:N", title="Chosen one"),
            ],
        )
    )
    return themed(alt.layer(bars, level(0, x)), height, entries=2)


def performance_degradation(points: pd.DataFrame, line: pd.DataFrame, *, height: int = TALL) -> alt.LayerChart:
    """What the chosen configuration earned where it was chosen, against what it earned elsewhere.

    Both have in_sample, out_of_sample: annual Sharpe ratios; `line` the two ends of the fitted line.
    """
    for frame, what in ((points, "the points"), (line, "the fitted line")):
        check_columns(frame, ("in_sample", "out_of_sample"), what=what)
    x = alt.X(
        "in_sample:Q",
        title="Sharpe ratio where it was chosen (annual)",
        scale=alt.Scale(zero=False, nice=True),
        axis=alt.Axis(grid=False, tickCount=width_ticks()),
    )
    y = y_axis("out_of_sample", "Sharpe ratio in the other half (annual)", format=".1f", zero=True)
    tooltip = [
        alt.Tooltip("in_sample:Q", title="Where chosen", format=".2f"),
        alt.Tooltip("out_of_sample:Q", title="Other half", format=".2f"),
    ]
    dots = alt.Chart(points).mark_circle(size=12, opacity=0.35, color=UP, aria=False).encode(x=x, y=y, tooltip=tooltip)
    fitted = alt.Chart(line).mark_line(color=DOWN, strokeDash=[6, 3]).encode(x=x, y=y)
    return themed(alt.layer(level(0, y), dots, fitted), height)


def trial_clusters(points: pd.DataFrame, *, height: int | None = None) -> alt.LayerChart:
    """Each trial's Sharpe ratio in its cluster; `points` has cluster (a label, in order), name, sharpe (annual)."""
    check_columns(points, ("cluster", "name", "sharpe"), what="the frame of trials")
    order = sorted(
        dict.fromkeys(points["cluster"].astype(str)), key=lambda label: (not label.isdigit(), label.zfill(4))
    )
    shown = points.assign(cluster=points["cluster"].astype(str), name=points["name"].map(words))
    x = alt.X(
        "sharpe:Q",
        title="Sharpe ratio (annual)",
        scale=alt.Scale(zero=True, padding=12),
        axis=alt.Axis(grid=False, tickCount=width_ticks()),
    )
    y = alt.Y("cluster:N", title="Cluster", sort=order, axis=alt.Axis(grid=True))
    ticks = (
        alt.Chart(shown)
        .mark_tick(thickness=2, size=20, color=UP, opacity=0.7)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("name:N", title="Trial"),
                alt.Tooltip("sharpe:Q", title="Sharpe", format=".2f"),
                alt.Tooltip("cluster:N", title="Cluster"),
            ],
        )
    )
    return themed(alt.layer(level(0, x), ticks), height or row_height(len(order)))


def noise_twin(frame: pd.DataFrame, *, metric: str = "auc", height: int | None = None) -> alt.LayerChart:
    """What each model seems to know on the real bars and on their noise twins, where nothing can be known.

    `frame` has series ("real" or "twin ..."), model, and the metric ("auc" or "sharpe") with its `<metric>_error`.
    """
    check_columns(frame, ("series", "model", metric, f"{metric}_error"), what="the frame of twins")
    title, chance, digits = {"auc": ("AUC", 0.5, ".3f"), "sharpe": ("Sharpe ratio (annual)", 0.0, ".2f")}[metric]
    value, error = frame[metric].astype("float64"), frame[f"{metric}_error"].astype("float64")
    shown = frame.assign(
        part=(frame["series"] == "real").map({True: REAL, False: TWIN}),
        model=frame["model"].map(words),
        value=value,
        low=value - error,
        high=value + error,
    )
    order = list(dict.fromkeys(shown["model"]))
    x = alt.X(
        "value:Q",
        title=title,
        scale=alt.Scale(zero=False, padding=16),
        axis=alt.Axis(grid=False, tickCount=width_ticks()),
    )
    y = alt.Y("model:N", title="Model", sort=order, axis=alt.Axis(labelLimit=130))
    beside = alt.YOffset("part:N", sort=[REAL, TWIN])
    color = alt.Color("part:N", scale=color_scale({REAL: UP, TWIN: NEUTRAL}), legend=legend(2))
    tooltip = [
        alt.Tooltip("model:N", title="Model"),
        alt.Tooltip("series:N", title="Bars"),
        alt.Tooltip("value:Q", title=title, format=digits),
        alt.Tooltip("low:Q", title="Less one error", format=digits),
        alt.Tooltip("high:Q", title="Plus one error", format=digits),
    ]
    base = alt.Chart(shown).encode(y=y, yOffset=beside, color=color, tooltip=tooltip)
    rules = base.mark_rule(strokeWidth=2.5).encode(x=at(x, "low:Q"), x2="high:Q")
    dots = base.mark_point(size=90, filled=True, opacity=1).encode(
        x=x, shape=alt.Shape("part:N", scale=alt.Scale(domain=[REAL, TWIN], range=["circle", "diamond"]), legend=None)
    )
    return themed(
        alt.layer(level(chance, x, dash=True), rules, dots), height or row_height(len(order), row=52), entries=2
    )
