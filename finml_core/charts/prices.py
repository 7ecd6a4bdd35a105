"""Prices over time: rebased lines, the regime behind the price."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    color_scale,
    faint_ink,
    legend,
    panel,
    spans,
    thin,
    time_axis,
    zoomable,
)
from finml_core.charts.theme import (
    HERO,
    regime_words,
    themed,
    words,
)
from finml_core.checks import check_columns


def regime_band(price: pd.DataFrame, regimes: pd.DataFrame, *, unit: str = "USD", height: int = HERO) -> alt.LayerChart:
    """Price over the band of the filtered regime, stronger where it is surer.

    `price` has ts, close; `regimes` has ts, regime, confidence (0 to 1). A solid strip below repeats the band.
    """
    check_columns(price, ("ts", "close"), what="the frame of prices")
    check_columns(regimes, ("ts", "regime", "confidence"), what="the frame of regimes")
    colors = regime_words()
    named = regimes.assign(regime=regimes["regime"].map(words, na_action="ignore"))
    bands = spans(named, "regime", weight="confidence")
    shown = thin(price.sort_values("ts"), column="close")
    color = alt.Color("regime:N", scale=color_scale(colors), legend=legend(len(colors)))
    span = time_axis(bands, "start", to="end")
    tooltip = [
        alt.Tooltip("regime:N", title="Regime"),
        alt.Tooltip("confidence:Q", title="Confidence", format=".3f"),
        alt.Tooltip("start:T", title="From", format="%Y-%m-%d"),
        alt.Tooltip("end:T", title="To", format="%Y-%m-%d"),
    ]
    behind = (
        alt.Chart(bands)
        .mark_rect()
        .encode(
            **span,
            y=alt.value(0),
            y2=alt.value(alt.ExprRef("height")),
            color=color,
            opacity=alt.Opacity(
                "confidence:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 0.32], clamp=True), legend=None
            ),
            tooltip=tooltip,
        )
    )
    strip = (
        alt.Chart(bands)
        .mark_rect()
        .encode(
            **span,
            y=alt.value(alt.ExprRef("height - 8")),
            y2=alt.value(alt.ExprRef("height")),
            color=color,
            tooltip=tooltip,
        )
    )
    line = (
        alt.Chart(shown)
        .mark_line(color=faint_ink(), strokeWidth=1.25)
        .encode(**time_axis(shown), y=panel("close", f"Price ({unit})", 0, 0.94))
    )
    return themed(alt.layer(behind, strip, zoomable(line)), height, entries=len(colors))
