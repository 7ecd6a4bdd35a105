"""One feature under the price, its distribution, what it tells by horizon, bucket, group and time, and its likes."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    at,
    color_scale,
    faint_ink,
    hover,
    legend,
    level,
    panel,
    thin,
    time_axis,
    time_format,
    width_ticks,
    y_axis,
    zoomable,
)
from finml_core.charts.theme import DOWN, HERO, NEUTRAL, SECONDARY, UP, row_height, themed
from finml_core.checks import check_columns


def feature_history(
    frame: pd.DataFrame, *, name: str = "Feature", unit: str = "USD", height: int = HERO
) -> alt.LayerChart:
    """The close above, the feature below, on one time axis; `frame` has ts, close, value."""
    check_columns(frame, ("ts", "close", "value"), what="the frame of the feature")
    shown = thin(frame.sort_values("ts"), column="value")
    x = time_axis(shown)
    price = (
        alt.Chart(shown)
        .mark_line(color=faint_ink(), strokeWidth=1.25)
        .encode(**x, y=panel("close", f"Price ({unit})", 0, 0.44))
    )
    value = panel("value", name, 0.56, 1)
    line = alt.Chart(shown).mark_line(color=UP, strokeWidth=1.25).encode(**x, y=value)
    below = [zoomable(line)]
    if len(shown) and shown["value"].min() < 0 < shown["value"].max():
        below.insert(0, level(0, value))
    pointer = hover(
        shown.loc[:, ["ts", "close", "value"]],
        [
            alt.Tooltip("ts:T", title="Date", format=time_format(shown)),
            alt.Tooltip("close:Q", title="Close", format=",.2f"),
            alt.Tooltip("value:Q", title=name, format=".4~g"),
        ],
    )
    return themed(alt.layer(price, alt.layer(*below), pointer).resolve_scale(y="independent"), height)


def distribution(histogram: pd.DataFrame, *, name: str = "Value", height: int = SECONDARY) -> alt.LayerChart:
    """How often each value occurs; `histogram` has left, right, count."""
    check_columns(histogram, ("left", "right", "count"), what="the histogram")
    bars = (
        alt.Chart(histogram)
        .mark_bar(color=UP, cornerRadiusEnd=0, binSpacing=1)
        .encode(
            x=alt.X(
                "left:Q", title=name, scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(grid=False, tickCount=6)
            ),
            x2="right:Q",
            y=alt.Y("count:Q", title="Rows", axis=alt.Axis(format="~s", tickCount=4)),
            y2=alt.datum(0),
            tooltip=[
                alt.Tooltip("left:Q", title="From", format=".4~g"),
                alt.Tooltip("right:Q", title="To", format=".4~g"),
                alt.Tooltip("count:Q", title="Rows", format=","),
            ],
        )
    )
    return themed(alt.layer(bars), height)


def information_decay(frame: pd.DataFrame, *, unit: str = "bars", height: int = SECONDARY) -> alt.LayerChart:
    """Rank correlation with the return over each horizon, with its interval; `frame` has horizon, ic, lower, upper."""
    check_columns(frame, ("horizon", "ic", "lower", "upper"), what="the frame of information coefficients")
    x = alt.X(
        "horizon:Q",
        title=f"Horizon ({unit})",
        axis=alt.Axis(grid=False, tickMinStep=1, tickCount=width_ticks()),
        scale=alt.Scale(zero=False),
    )
    y = y_axis("ic", "Information coefficient (rank correlation)", format=".2f", zero=True)
    base = alt.Chart(frame)
    tooltip = [
        alt.Tooltip("horizon:Q", title=f"Horizon ({unit})"),
        alt.Tooltip("ic:Q", title="IC", format="+.3f"),
        alt.Tooltip("lower:Q", title="Lower", format="+.3f"),
        alt.Tooltip("upper:Q", title="Upper", format="+.3f"),
    ]
    band = base.mark_area(color=UP, opacity=0.2, line=False).encode(x=x, y=at(y, "lower:Q"), y2="upper:Q")
    line = base.mark_line(color=UP, point={"size": 40, "color": UP, "opacity": 1}).encode(x=x, y=y, tooltip=tooltip)
    return themed(alt.layer(band, level(0, y), line), height)


def bucket_returns(frame: pd.DataFrame, *, horizon: int = 1, height: int = SECONDARY) -> alt.LayerChart:
    """Mean return after each bucket of a feature, with its interval; `frame` has bucket, value, lower, upper."""
    check_columns(frame, ("bucket", "value", "lower", "upper"), what="the frame of buckets")
    shown = frame.assign(sign=(frame["value"].astype("float64") >= 0).map({True: "gain", False: "loss"}))
    x = alt.X("bucket:O", title="Bucket of the feature (1 is lowest)", axis=alt.Axis(grid=False, labelAngle=0))
    y = y_axis("value", f"Mean return over {horizon} bar{'' if horizon == 1 else 's'}", format=".2~%", zero=True)
    base = alt.Chart(shown)
    bars = base.mark_bar(size=22, cornerRadiusEnd=0).encode(
        x=x,
        y=y,
        color=alt.Color("sign:N", scale=color_scale({"gain": UP, "loss": DOWN}), legend=None),
        tooltip=[
            alt.Tooltip("bucket:O", title="Bucket"),
            alt.Tooltip("value:Q", title="Mean return", format="+.3%"),
            alt.Tooltip("lower:Q", title="From (90 %)", format="+.3%"),
            alt.Tooltip("upper:Q", title="To (90 %)", format="+.3%"),
        ],
    )
    whisker = base.mark_rule(color=faint_ink(), strokeWidth=1.5, aria=False).encode(
        x=x, y=at(y, "lower:Q"), y2="upper:Q"
    )
    return themed(alt.layer(bars, whisker, level(0, y)), height)


def information_by_group(frame: pd.DataFrame, *, title: str = "Group", height: int | None = None) -> alt.LayerChart:
    """Mean IC of each year or regime with its interval; `frame` has group, ic, lower, upper, n, drawn in its order."""
    check_columns(frame, ("group", "ic", "lower", "upper", "n"), what="the frame of groups")
    y = alt.Y("group:N", title=title, sort=list(frame["group"]), axis=alt.Axis(grid=False))
    x = alt.X(
        "ic:Q",
        title="Information coefficient",
        axis=alt.Axis(format=".2f", grid=True, tickCount=width_ticks()),
        scale=alt.Scale(zero=True),
    )
    base = alt.Chart(frame)
    span = base.mark_rule(color=NEUTRAL, strokeWidth=2, aria=False).encode(y=y, x=at(x, "lower:Q"), x2="upper:Q")
    dots = base.mark_circle(color=UP, size=64, opacity=1).encode(
        y=y,
        x=x,
        tooltip=[
            alt.Tooltip("group:N", title=title),
            alt.Tooltip("ic:Q", title="IC", format="+.3f"),
            alt.Tooltip("lower:Q", title="From (90 %)", format="+.3f"),
            alt.Tooltip("upper:Q", title="To (90 %)", format="+.3f"),
            alt.Tooltip("n:Q", title="Bars", format=","),
        ],
    )
    return themed(alt.layer(span, level(0, x), dots), height or row_height(len(frame), row=22))


def information_over_time(frame: pd.DataFrame, *, window: int = 63, height: int = SECONDARY) -> alt.LayerChart:
    """The IC of each timestamp, smoothed; `frame` has ts, ic, smooth."""
    check_columns(frame, ("ts", "ic", "smooth"), what="the frame of information coefficients")
    shown = thin(frame.dropna(subset=["smooth"]).sort_values("ts"), column="smooth")
    y = y_axis("smooth", f"Information coefficient, mean of {window} bars", format=".2f", zero=True)
    line = alt.Chart(shown).mark_line(color=UP, strokeWidth=1.25).encode(**time_axis(shown), y=y)
    pointer = hover(
        shown.loc[:, ["ts", "smooth"]],
        [
            alt.Tooltip("ts:T", title="Date", format=time_format(shown)),
            alt.Tooltip("smooth:Q", title=f"IC, mean of {window}", format="+.3f"),
        ],
    )
    return themed(alt.layer(level(0, y), zoomable(line), pointer), height)


def feature_scores(frame: pd.DataFrame, *, title: str = "Score", height: int | None = None) -> alt.LayerChart:
    """How strongly each feature was rated and in which share of folds it was chosen; `frame` has name, score, chosen.

    Drawn in the frame's order; those chosen in at least half of the folds stand out.
    """
    check_columns(frame, ("name", "score", "chosen"), what="the frame of scores")
    shown = frame.assign(state=(frame["chosen"].astype("float64") >= 0.5).map({True: "chosen", False: "not chosen"}))
    bars = (
        alt.Chart(shown)
        .mark_bar(cornerRadiusEnd=0, size=12)
        .encode(
            y=alt.Y(
                "name:N",
                title="Feature",
                sort=list(frame["name"]),
                axis=alt.Axis(grid=False, labelLimit=170, labelOverlap=False),  # every bar has its name
            ),
            x=alt.X("score:Q", title=title, axis=alt.Axis(tickCount=width_ticks())),
            color=alt.Color("state:N", scale=color_scale({"chosen": UP, "not chosen": NEUTRAL}), legend=legend(2)),
            tooltip=[
                alt.Tooltip("name:N", title="Feature"),
                alt.Tooltip("score:Q", title=title, format=".4~g"),
                alt.Tooltip("chosen:Q", title="Share of folds", format=".0%"),
            ],
        )
    )
    return themed(alt.layer(bars), height or row_height(len(frame), row=20), entries=2)


def correlation_map(frame: pd.DataFrame, *, height: int | None = None) -> alt.LayerChart:
    """Correlation of each pair; `frame` has a, b, correlation (-1 to 1), both orders given. Order as met."""
    check_columns(frame, ("a", "b", "correlation"), what="the frame of correlations")
    order = list(dict.fromkeys(frame["a"]))
    size = 9 if len(order) > 24 else 11
    axis = {"labelFontSize": size, "labelLimit": 130, "labelOverlap": True}
    cells = (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            x=alt.X("b:N", title="Feature", sort=order, axis=alt.Axis(labelAngle=-60, **axis)),
            y=alt.Y("a:N", title="Feature", sort=order, axis=alt.Axis(**axis)),
            color=alt.Color(
                "correlation:Q",
                scale=alt.Scale(domain=[-1, 1], range="diverging"),
                legend=alt.Legend(title="Correlation", orient="bottom", gradientLength=160, gradientThickness=8),
            ),
            tooltip=[
                alt.Tooltip("a:N", title="Feature"),
                alt.Tooltip("b:N", title="with"),
                alt.Tooltip("correlation:Q", title="Correlation", format="+.2f"),
            ],
        )
    )
    return themed(alt.layer(cells), height if height is not None else min(720, 220 + 16 * len(order)))
