"""Regime probabilities over time, transitions, durations."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import at, color_scale, hover_series, ink, legend, thin, time_axis, zoomable
from finml_core.charts.theme import SECONDARY, regime_words, row_height, themed, words
from finml_core.checks import check_columns

# A cell's number takes the page's background colour where the cell is too strong for ordinary text.
_ON_CELL = (
    "luminance(background) > 0.5 ? (datum.probability > 0.8 ? background : '#16202C')"
    " : (datum.probability > 0.45 ? background : '#E6EBF2')"
)


def regime_probabilities(probabilities: pd.DataFrame, *, height: int = SECONDARY) -> alt.LayerChart:
    """Filtered probabilities stacked to 1; `probabilities` has ts, regime, probability."""
    check_columns(probabilities, ("ts", "regime", "probability"), what="the frame of probabilities")
    colors = regime_words()
    shown = thin(probabilities.assign(regime=probabilities["regime"].map(words, na_action="ignore")))
    order = {name: position for position, name in enumerate(colors)}
    shown = shown.assign(rank=shown["regime"].map(order))
    area = (
        alt.Chart(shown)
        .mark_area(line=False, opacity=0.9)
        .encode(
            **time_axis(shown),
            y=alt.Y(
                "probability:Q",
                title="Probability (filtered)",
                stack="zero",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format=".1f", tickCount=3),
            ),
            color=alt.Color("regime:N", scale=color_scale(colors), legend=legend(len(colors))),
            order=alt.Order("rank:Q"),
        )
    )
    pointer = hover_series(shown, "regime", {"probability": ".3f"}, labels=list(colors))
    return themed(alt.layer(zoomable(area), pointer), height, entries=len(colors))


def transition_heatmap(matrix: pd.DataFrame, *, height: int = 280) -> alt.LayerChart:
    """Chance of the next regime given the present one; `matrix` has from_regime, to_regime, probability."""
    check_columns(matrix, ("from_regime", "to_regime", "probability"), what="the frame of transitions")
    named = matrix.assign(from_regime=matrix["from_regime"].map(words), to_regime=matrix["to_regime"].map(words))
    order = list(regime_words())
    x = alt.X("to_regime:N", title="Next regime", sort=order, axis=alt.Axis(labelAngle=-30, labelLimit=120))
    y = alt.Y("from_regime:N", title="Present regime", sort=order, axis=alt.Axis(labelLimit=120))
    cells = (
        alt.Chart(named)
        .mark_rect()
        .encode(
            x=x,
            y=y,
            color=alt.Color("probability:Q", scale=alt.Scale(domain=[0, 1], range="ramp"), legend=None),
            tooltip=[
                alt.Tooltip("from_regime:N", title="From"),
                alt.Tooltip("to_regime:N", title="To"),
                alt.Tooltip("probability:Q", title="Probability", format=".3f"),
            ],
        )
    )
    numbers = (
        alt.Chart(named)
        .mark_text(color=alt.ExprRef(_ON_CELL), fontSize=11)
        .encode(x=x, y=y, text=alt.Text("probability:Q", format=".2f"))
    )
    return themed(cells + numbers, height)


def regime_durations(durations: pd.DataFrame, *, unit: str = "bars", height: int | None = None) -> alt.LayerChart:
    """How long a regime lasts once it has begun; `durations` has regime, expected_bars."""
    check_columns(durations, ("regime", "expected_bars"), what="the frame of durations")
    colors = regime_words()
    shown = durations.assign(regime=durations["regime"].map(words))
    x = alt.X("expected_bars:Q", title=f"Expected duration ({unit})", axis=alt.Axis(grid=False, tickCount=5))
    y = alt.Y("regime:N", title="Regime", sort=list(colors), axis=alt.Axis(labelLimit=120))
    base = alt.Chart(shown)
    bars = base.mark_bar(height={"band": 0.62}).encode(
        x=x,
        y=y,
        color=alt.Color("regime:N", scale=color_scale(colors), legend=None),
        tooltip=[
            alt.Tooltip("regime:N", title="Regime"),
            alt.Tooltip("expected_bars:Q", title=f"Duration ({unit})", format=".1f"),
        ],
    )
    numbers = base.mark_text(align="left", dx=6, color=ink()).encode(
        x=at(x, "expected_bars:Q"), y=y, text=alt.Text("expected_bars:Q", format=".1f")
    )
    return themed(bars + numbers, height or row_height(len(shown), row=26))
