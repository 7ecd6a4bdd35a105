"""Equity after costs, where the return went, and when it was earned."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    at,
    end_labels,
    hover_series,
    ink,
    level,
    panel,
    series_color,
    thin,
    time_axis,
    zoomable,
)
from finml_core.charts.theme import DOWN, HERO, MOST_LABELS, NEUTRAL, SECONDARY, UP, series_colors, themed, words
from finml_core.checks import check_columns


def equity_drawdown(equity: pd.DataFrame, *, log: bool = False, height: int = HERO) -> alt.LayerChart:
    """Growth of 1 after costs with the drawdown below, on one time axis.

    `equity` has ts, series, equity (1 at the start), drawdown (a fraction, at most 0). The first series is the
    subject: its drawdown is filled, the others' are lines.
    """
    check_columns(equity, ("ts", "series", "equity", "drawdown"), what="the frame of equity")
    names = list(equity["series"].dropna().unique())
    colors = series_colors(names)
    shown = thin(equity.assign(series=equity["series"].map(words, na_action="ignore")), column="equity")
    color = series_color(colors)
    kind = {"type": "log", "nice": False, "zero": False} if log else {}
    # Doublings: of a logarithmic axis' own ticks most would lie too close together for a label.
    ticks = {"values": [2.0**power for power in range(-10, 15)], "format": "~g"} if log else {}
    title = "Growth of 1, after costs" + (" (log)" if log else "")
    growth = panel("equity", title, 0, 0.66, format=".2f", scale=kind, axis=ticks)
    fall = panel("drawdown", "Drawdown (%)", 0.78, 1, format="%", scale={"zero": True})
    x = time_axis(shown)
    lines = alt.Chart(shown).mark_line().encode(**x, y=growth, color=color)
    upper = [level(1, growth), zoomable(lines)]
    if 1 < len(names) <= MOST_LABELS:
        upper.append(end_labels(shown, growth, "equity", color, share=0.11))
    subject = shown[shown["series"] == next(iter(colors), "")]
    filled = alt.Chart(subject).mark_area(opacity=0.3, line=False).encode(**x, y=fall, color=color)
    falls = alt.Chart(shown).mark_line(strokeWidth=1.25).encode(**x, y=fall, color=color)
    pointer = hover_series(shown, "series", {"equity": ".3f", "drawdown": ".1%"}, labels=list(colors))
    chart = alt.layer(alt.layer(*upper), alt.layer(filled, falls), pointer).resolve_scale(y="independent")
    return themed(chart, height)


def cost_waterfall(frame: pd.DataFrame, *, height: int = 240) -> alt.LayerChart:
    """From the gross return down to what is left; `frame` has kind, value: gross first, costs negative.

    Values are fractions of capital. The last bar, kind `net`, stands on zero; without one it is their sum.
    """
    check_columns(frame, ("kind", "value"), what="the frame of costs")
    steps = frame.loc[:, ["kind", "value"]].assign(value=frame["value"].astype("float64"))
    steps = steps[steps["kind"] != "net"]
    high = steps["value"].cumsum()
    steps = steps.assign(start=high - steps["value"], end=high)
    if len(steps):
        given = frame.loc[frame["kind"] == "net", "value"]
        left = float(given.iloc[0] if len(given) else high.iloc[-1])
        net = pd.DataFrame({"kind": ["net"], "value": [left], "start": [0.0], "end": [left]})
        steps = pd.concat([steps, net], ignore_index=True)
    steps = steps.assign(kind=steps["kind"].map(words))
    steps = steps.assign(
        effect=(steps["value"] >= 0).map({True: "gain", False: "loss"}).astype("object"),
        top=steps[["start", "end"]].max(axis=1),
    )
    x = alt.X("kind:N", title="From gross to net", sort=list(steps["kind"]), axis=alt.Axis(labelAngle=0, labelLimit=90))
    y = alt.Y("start:Q", title="Return (%)", axis=alt.Axis(format=".1~%", tickCount=5))
    base = alt.Chart(steps)
    bars = base.mark_bar(size=alt.ExprRef(f"max(12, 0.6 * width / {max(1, len(steps))})")).encode(
        x=x,
        y=y,
        y2="end:Q",
        color=alt.Color("effect:N", scale=alt.Scale(domain=["gain", "loss"], range=[UP, DOWN]), legend=None),
        tooltip=[alt.Tooltip("kind:N", title="Part"), alt.Tooltip("value:Q", title="Return", format="+.2%")],
    )
    numbers = base.mark_text(dy=-8, color=ink()).encode(x=x, y=at(y, "top:Q"), text=alt.Text("value:Q", format="+.2%"))
    return themed(alt.layer(level(0, y), bars, numbers), height)


def returns_by(
    frame: pd.DataFrame,
    *,
    group: str = "Year",
    title: str = "Net return (%)",
    format: str = ".1~%",
    height: int = SECONDARY,
) -> alt.LayerChart:
    """A value of each group (years, regimes); `frame` has group, value and, where known, lower and upper.

    A Sharpe ratio is drawn with its own `title` and `format=".2f"`.
    """
    check_columns(frame, ("group", "value"), what="the frame of returns")
    shown = frame.assign(
        group=frame["group"].map(words),
        effect=(frame["value"].astype("float64") >= 0).map({True: "gain", False: "loss"}).astype("object"),
    )
    x = alt.X("group:N", title=group, sort=list(shown["group"]), axis=alt.Axis(labelAngle=0, labelLimit=110))
    y = alt.Y("value:Q", title=title, axis=alt.Axis(format=format, tickCount=5))
    tooltip = [alt.Tooltip("group:N", title=group), alt.Tooltip("value:Q", title=title, format=f"+{format}")]
    base = alt.Chart(shown)
    bars = base.mark_bar(size=alt.ExprRef(f"max(6, min(48, 0.6 * width / {max(1, len(shown))}))")).encode(
        x=x,
        y=y,
        color=alt.Color("effect:N", scale=alt.Scale(domain=["gain", "loss"], range=[UP, DOWN]), legend=None),
        tooltip=tooltip,
    )
    layers = [level(0, y), bars]
    if {"lower", "upper"} <= set(frame.columns):
        layers.append(
            base.mark_rule(color=NEUTRAL, strokeWidth=2).encode(
                x=x,
                y=at(y, "lower:Q"),
                y2="upper:Q",
                tooltip=[
                    *tooltip,
                    alt.Tooltip("lower:Q", title="Lower", format=f"+{format}"),
                    alt.Tooltip("upper:Q", title="Upper", format=f"+{format}"),
                ],
            )
        )
    return themed(alt.layer(*layers), height)
