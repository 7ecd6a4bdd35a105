"""Do stated probabilities come true, over all rows and over time."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import at, color_scale, hover_series, legend, panel, thin, time_axis, y_axis, zoomable
from finml_core.charts.theme import CALIBRATION, HERO, NEUTRAL, SECONDARY, themed, words
from finml_core.checks import check_columns

_DASH = {"Raw": [5, 4], "Calibrated": [1, 0]}
_DASHES = alt.Scale(domain=list(_DASH), range=list(_DASH.values()))
_COLORS = {words(name): color for name, color in CALIBRATION.items()}


def reliability_diagram(curve: pd.DataFrame, *, zoom: bool = True, height: int = HERO) -> alt.LayerChart:
    """Observed frequency against predicted probability with bands, counts below.

    `curve` has one row a bin and series: bin, predicted, observed, count, lower, upper, series (raw or calibrated).
    With `zoom` the axes cover the stated probabilities only, the same stretch on both, so the ideal stays a diagonal.
    """
    check_columns(
        curve, ("predicted", "observed", "count", "lower", "upper", "series"), what="the frame of the reliability curve"
    )
    shown = curve.assign(series=curve["series"].map(words, na_action="ignore"))
    domain = _stretch(shown) if zoom else [0.0, 1.0]
    unit = alt.Scale(domain=domain, nice=False)
    x = alt.X("predicted:Q", title="Predicted probability", scale=unit, axis=alt.Axis(format=".2f", tickCount=6))
    y = panel(
        "observed",
        "Observed frequency (share of rows)",
        0,
        0.76,
        format=".2f",
        scale={"domain": domain, "nice": False},
    )
    ideal = (
        alt.Chart(pd.DataFrame({"predicted": domain, "observed": domain}))
        .mark_line(strokeDash=[1, 4], strokeWidth=1.5, color=NEUTRAL, aria=False, clip=True)
        .encode(x=x, y=y)
    )
    color = alt.Color("series:N", scale=color_scale(_COLORS), legend=legend(2, stroke=True))
    dash = alt.StrokeDash("series:N", scale=_DASHES, legend=legend(2, stroke=True))
    tooltip = [
        alt.Tooltip("series:N", title="Series"),
        alt.Tooltip("predicted:Q", title="Predicted", format=".3f"),
        alt.Tooltip("observed:Q", title="Observed", format=".3f"),
        alt.Tooltip("lower:Q", title="Lower", format=".3f"),
        alt.Tooltip("upper:Q", title="Upper", format=".3f"),
        alt.Tooltip("count:Q", title="Rows", format=","),
    ]
    base = alt.Chart(shown)
    reach = base.mark_rule(strokeWidth=1.25, opacity=0.7, clip=True).encode(
        x=x, y=at(y, "lower:Q"), y2="upper:Q", color=color, tooltip=tooltip
    )
    line = base.mark_line(clip=True).encode(x=x, y=y, color=color, strokeDash=dash)
    points = base.mark_circle(size=56, clip=True, opacity=1).encode(x=x, y=y, color=color, tooltip=tooltip)
    counts = base.mark_bar(width=7, clip=True, cornerRadiusEnd=0).encode(
        x=x,
        y=panel("count", "Rows in the bin", 0.86, 1, format="~s", scale={"zero": True}, stack=None),
        color=color,
        opacity=alt.value(0.75),
        tooltip=tooltip,
    )
    chart = alt.layer(alt.layer(ideal, reach, line, points), counts).resolve_scale(y="independent")
    return themed(chart, height, entries=2)


def calibration_over_time(frame: pd.DataFrame, *, height: int = SECONDARY) -> alt.LayerChart:
    """Expected calibration error over time before and after; `frame` has ts, series (raw or calibrated), ece."""
    check_columns(frame, ("ts", "series", "ece"), what="the frame of calibration over time")
    shown = thin(frame.assign(series=frame["series"].map(words, na_action="ignore")), column="ece")
    line = (
        alt.Chart(shown)
        .mark_line()
        .encode(
            **time_axis(shown),
            y=y_axis("ece", "Calibration error (ECE, probability)", format=".3f", zero=True),
            color=alt.Color("series:N", scale=color_scale(_COLORS), legend=legend(2, stroke=True)),
            strokeDash=alt.StrokeDash(
                "series:N",
                scale=_DASHES,
                legend=legend(2, stroke=True),
            ),
        )
    )
    return themed(alt.layer(zoomable(line), hover_series(shown, "series", {"ece": ".3f"})), height, entries=2)


def _stretch(curve: pd.DataFrame) -> list[float]:
    """The shared domain: all bins that hold a hundredth of the rows, with air, inside 0 to 1."""
    filled = curve[curve["count"] >= 0.01 * curve["count"].sum()].dropna(subset=["predicted", "observed"])
    if filled.empty:
        return [0.0, 1.0]
    low = float(filled[["predicted", "observed"]].min().min()) - 0.05
    high = float(filled[["predicted", "observed"]].max().max()) + 0.05
    return [max(0.0, round(low, 2)), min(1.0, round(high, 2))]
