"""One symbol's market: candles with what is known about them, and the whole history to choose a stretch from."""

from typing import Any

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    apart,
    at,
    buckets,
    color_scale,
    hover,
    ink,
    panel,
    thin,
    time_axis,
    time_format,
    zoomable,
)
from finml_core.charts.theme import DOWN, HERO, MODELS, NEUTRAL, UP, VERDICT, themed
from finml_core.checks import check_columns

NAVIGATOR = 64  # px of height
SPLIT = MODELS[4]
LABEL_SHARE = 0.06  # of the width that the words of a split need
MOST_CANDLES = 240  # side by side in view
MOST_LOADED = 384  # candles with those beyond the edges, of five marks each: below 2,000 marks in all
SEVERITY = {"high": DOWN, "medium": VERDICT["doubtful"], "low": NEUTRAL}
SEVERITY_SHAPES = {"high": "triangle-down", "medium": "diamond", "low": "circle"}
Span = tuple[pd.Timestamp, pd.Timestamp]


def candles(
    candles: pd.DataFrame,
    *,
    span: Span | None = None,
    splits: pd.DataFrame | None = None,
    findings: pd.DataFrame | None = None,
    unit: str = "USD",
    height: int = HERO,
) -> alt.LayerChart:
    """Candles of one symbol with volume below; `candles` has ts, open, high, low, close, volume.

    Rising candles are hollow, falling ones filled. More than fit are merged into wider ones. With `span` the view opens
    on that stretch and its scale fits what lies in it; the rest shows as one drags. `splits` has ts, ratio, state
    (applied or proposed); `findings` has ts, check, severity, example.
    """
    check_columns(candles, ("ts", "open", "high", "low", "close", "volume"), what="the frame of candles")
    shown = buckets(candles.sort_values("ts"), MOST_CANDLES if span is None else MOST_LOADED)
    shown = shown.reset_index(drop=True).assign(
        direction=lambda rows: (rows["close"] >= rows["open"]).map({True: "rose", False: "fell"}).astype("object")
    )
    half = shown["ts"].diff().median() * 0.36 if len(shown) > 1 else pd.Timedelta(hours=9)
    shown = shown.assign(left=shown["ts"] - half, right=shown["ts"] + half)
    inside = shown if span is None else shown[shown["ts"].between(*span)]
    inside = inside if len(inside) else shown
    price = panel("low", f"Price ({unit})", 0, 0.76, scale=_reach(inside, span))
    volume_scale = {"zero": True} | ({"domainMax": float(inside["volume"].max())} if _is_known(inside, span) else {})
    color = alt.Color("direction:N", scale=color_scale({"rose": UP, "fell": DOWN}), legend=None)
    base = alt.Chart(shown)
    time = _opened(time_axis(shown), span)
    body_span = _opened(time_axis(shown, "left", to="right", stamps="ts"), span)
    wick = base.mark_rule(clip=True).encode(**time, y=price, y2="high:Q", color=color)
    body = base.mark_bar(strokeWidth=1, cornerRadiusEnd=0, minBandSize=1, clip=True).encode(
        **body_span,
        y=at(price, "open:Q"),
        y2="close:Q",
        color=color,
        stroke=alt.Stroke("direction:N", scale=color_scale({"rose": UP, "fell": DOWN}), legend=None),
        fillOpacity=alt.condition("datum.direction === 'rose'", alt.value(0.15), alt.value(1)),
    )
    volume = base.mark_bar(color=NEUTRAL, cornerRadiusEnd=0, clip=True).encode(
        **body_span,
        y=panel("volume", "Volume (units)", 0.86, 1, format="~s", scale=volume_scale),
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
    layers = [alt.layer(zoomable(wick), body), volume, pointer]
    if splits is not None and len(splits):
        layers.insert(2, _split_marks(splits.sort_values("ts"), time, span or (shown["ts"].min(), shown["ts"].max())))
    if findings is not None and len(findings):
        layers.append(_finding_marks(findings, time))
    return themed(alt.layer(*layers).resolve_scale(y="independent"), height)


def _is_known(inside: pd.DataFrame, span: Span | None) -> bool:
    return span is not None and bool(inside["volume"].notna().any()) and float(inside["volume"].max()) > 0


def _reach(inside: pd.DataFrame, span: Span | None) -> dict[str, Any]:
    """The scale of prices that fits the candles in view; without a span the data decide."""
    if span is None or inside.empty:
        return {}
    return {"domain": [float(inside["low"].min()), float(inside["high"].max())]}


def _opened(encoding: dict[str, Any], span: Span | None) -> dict[str, Any]:
    """The time axis opened on a stretch."""
    if span is not None:
        encoding["x"].scale = alt.Scale(domain=[moment.isoformat() for moment in span])
    return encoding


def _split_marks(splits: pd.DataFrame, time: dict[str, Any], span: Span) -> alt.LayerChart:
    """A line where the basis of prices changes: whole where the split is applied, dashed where it is proposed."""
    check_columns(splits, ("ts", "ratio", "state"), what="the frame of splits")
    named = splits.assign(label=[split_words(ratio) for ratio in splits["ratio"]])
    tooltip = [
        alt.Tooltip("ts:T", title="Split", format=time_format(named)),
        alt.Tooltip("label:N", title="New for old"),
        alt.Tooltip("state:N", title="State"),
    ]
    lines = [
        alt.Chart(named[named["state"] == state])
        .mark_rule(color=SPLIT, strokeWidth=1.5, strokeDash=dash, clip=True)
        .encode(**time, tooltip=tooltip)
        for state, dash in (("applied", [1, 0]), ("proposed", [4, 4]))
    ]
    text = (
        alt.Chart(named[apart((named["ts"] - span[0]) / (span[1] - span[0]), LABEL_SHARE)])
        .mark_text(align="left", baseline="top", dx=4, clip=True, color=ink(), aria=False)
        .encode(**time, y=alt.value(0), text="label:N", tooltip=tooltip)
    )
    return alt.layer(*lines, text)


def _finding_marks(findings: pd.DataFrame, time: dict[str, Any]) -> alt.Chart:
    """A small sign above the volume at each bar that a check concerns: its shape and colour tell how grave it is."""
    check_columns(findings, ("ts", "check", "severity", "example"), what="the frame of findings")
    return (
        alt.Chart(findings)
        .mark_point(filled=True, size=70, opacity=1, clip=True)
        .encode(
            **time,
            y=alt.value(alt.ExprRef("height * 0.773")),
            color=alt.Color("severity:N", scale=color_scale(SEVERITY), legend=None),
            shape=alt.Shape(
                "severity:N",
                scale=alt.Scale(domain=list(SEVERITY_SHAPES), range=list(SEVERITY_SHAPES.values())),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("check:N", title="Finding"),
                alt.Tooltip("severity:N", title="Severity"),
                alt.Tooltip("ts:T", title="Bar", format=time_format(findings)),
                alt.Tooltip("example:N", title="Example"),
            ],
        )
    )


def split_words(ratio: float) -> str:
    """New shares for old ones, in whole numbers where they are: 7:1, 1:20."""
    return f"{ratio:g}:1" if ratio >= 1 else f"1:{1 / ratio:.4g}"


def window_line(prices: pd.DataFrame, *, span: Span | None = None, height: int = NAVIGATOR) -> alt.LayerChart:
    """The whole history as a small line, and on it the stretch in view as the selection `window`, to be dragged.

    `prices` has ts, close.
    """
    check_columns(prices, ("ts", "close"), what="the frame of prices")
    shown = thin(prices.sort_values("ts"), MOST_LOADED, column="close")
    window = alt.selection_interval(
        name="window",
        encodings=["x"],
        value=alt.Undefined if span is None else {"x": [_moment(moment) for moment in span]},
        mark=alt.BrushConfig(fill=UP, fillOpacity=0.18, stroke=UP, strokeOpacity=0.8),
    )
    line = (
        alt.Chart(shown, name="window_view")
        .mark_line(color=NEUTRAL, strokeWidth=1)
        .encode(
            **time_axis(shown),
            y=alt.Y("close:Q", title="Price", axis=None, scale=alt.Scale(zero=False)),
            tooltip=[
                alt.Tooltip("ts:T", title="Date", format=time_format(shown)),
                alt.Tooltip("close:Q", title="Close", format=",.2f"),
            ],
        )
        .add_params(window)
    )
    return themed(alt.layer(line), height)


def _moment(stamp: pd.Timestamp) -> alt.DateTime:
    """A stamp as Vega-Lite takes it for a selection; like the data it is read by the reader's own clock."""
    return alt.DateTime(
        year=stamp.year,
        month=stamp.month,
        date=stamp.day,
        hours=stamp.hour,
        minutes=stamp.minute,
        seconds=stamp.second,
    )
