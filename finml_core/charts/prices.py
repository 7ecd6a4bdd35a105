"""Prices over time: rebased lines, the regime behind the price."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    color_scale,
    end_labels,
    faint_ink,
    hover_series,
    legend,
    level,
    panel,
    series_color,
    spans,
    thin,
    time_axis,
    y_axis,
    zoomable,
)
from finml_core.charts.theme import (
    HERO,
    MOST_LABELS,
    regime_words,
    series_colors,
    themed,
    words,
)
from finml_core.checks import check_columns


def price_line(bars: pd.DataFrame, *, height: int = HERO) -> alt.LayerChart:
    """Closes of several symbols rebased to 100 at each one's first bar; `bars` has symbol, ts, close."""
    check_columns(bars, ("symbol", "ts", "close"), what="the frame of prices")
    bars = bars.loc[:, ["symbol", "ts", "close"]].sort_values(["symbol", "ts"])
    rebased = bars["close"] / bars.groupby("symbol")["close"].transform("first") * 100
    shown = thin(bars.assign(rebased=rebased.astype("float64")), column="rebased")
    names = list(shown["symbol"].unique())
    colors = dict(zip(names, series_colors(names).values(), strict=True))
    color = series_color(colors, "symbol")
    y = y_axis("rebased", "Price (first bar = 100)")
    line = alt.Chart(shown).mark_line().encode(**time_axis(shown), y=y, color=color, detail="symbol:N")
    layers = [level(100, y), zoomable(line), hover_series(shown, "symbol", {"rebased": ".1f"})]
    if len(names) <= MOST_LABELS:
        layers.append(end_labels(shown, y, "rebased", color, series="symbol"))
    return themed(alt.layer(*layers), height)


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
