"""Prices over time: candles, rebased lines, the regime behind the price."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    at,
    buckets,
    color_scale,
    end_labels,
    faint_ink,
    hover,
    hover_series,
    legend,
    level,
    panel,
    series_color,
    spans,
    thin,
    time_axis,
    time_format,
    y_axis,
    zoomable,
)
from finml_core.charts.theme import (
    DOWN,
    HERO,
    MOST_LABELS,
    NEUTRAL,
    UP,
    regime_words,
    series_colors,
    themed,
    words,
)
from finml_core.checks import check_columns

MOST_CANDLES = 240


def candles(candles: pd.DataFrame, *, unit: str = "USD", height: int = HERO) -> alt.LayerChart:
    """Candles of one symbol with volume below; `candles` has ts, open, high, low, close, volume.

    Rising candles are hollow, falling ones filled. More than 240 are merged into wider ones.
    """
    check_columns(candles, ("ts", "open", "high", "low", "close", "volume"), what="the frame of candles")
    shown = buckets(candles.sort_values("ts"), MOST_CANDLES).reset_index(drop=True)
    shown = shown.assign(
        direction=(shown["close"] >= shown["open"]).map({True: "rose", False: "fell"}).astype("object")
    )
    half = shown["ts"].diff().median() * 0.36 if len(shown) > 1 else pd.Timedelta(hours=9)
    shown = shown.assign(left=shown["ts"] - half, right=shown["ts"] + half)
    price = panel("low", f"Price ({unit})", 0, 0.76)
    color = alt.Color("direction:N", scale=color_scale({"rose": UP, "fell": DOWN}), legend=None)
    base = alt.Chart(shown)
    span = time_axis(shown, "left", to="right", stamps="ts")
    wick = base.mark_rule().encode(**time_axis(shown), y=price, y2="high:Q", color=color)
    body = base.mark_bar(strokeWidth=1, cornerRadiusEnd=0, minBandSize=1).encode(
        **span,
        y=at(price, "open:Q"),
        y2="close:Q",
        color=color,
        stroke=alt.Stroke("direction:N", scale=color_scale({"rose": UP, "fell": DOWN}), legend=None),
        fillOpacity=alt.condition("datum.direction === 'rose'", alt.value(0.15), alt.value(1)),
    )
    volume = base.mark_bar(color=NEUTRAL, cornerRadiusEnd=0).encode(
        **span,
        y=panel("volume", "Volume (units)", 0.86, 1, format="~s", scale={"zero": True}),
        y2=alt.value(alt.ExprRef("height")),
    )
    pointer = hover(
        shown,
        [
            alt.Tooltip("ts:T", title="Date", format=time_format(shown)),
            *(
                alt.Tooltip(f"{name}:Q", title=name.capitalize(), format=",.2f")
                for name in ("open", "high", "low", "close")
            ),
            alt.Tooltip("volume:Q", title="Volume", format=",.0f"),
        ],
    )
    chart = alt.layer(alt.layer(zoomable(wick), body), volume, pointer).resolve_scale(y="independent")
    return themed(chart, height)


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
