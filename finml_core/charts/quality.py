"""Which bars are there, and which of them look wrong."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import (
    apart,
    at,
    color_scale,
    ink,
    panel,
    thin,
    time_axis,
    time_format,
    width_ticks,
    y_axis,
)
from finml_core.charts.theme import DOWN, NEUTRAL, SECONDARY, UP, VERDICT, themed
from finml_core.checks import check_columns

MOST_CANDLES = 400
MOST_DATES = 7  # of concerned bars that are written above them
CONCERNED = VERDICT["doubtful"]
SESSION_COLORS = {"usual": NEUTRAL, "short": CONCERNED, "long": UP, "missing": DOWN}


def coverage_heatmap(coverage: pd.DataFrame, *, height: int | None = None) -> alt.LayerChart:
    """Bars of each symbol in each month; `coverage` has symbol, month (its first day), n_bars.

    The colour is the share of the symbol's own fullest month, so that minutes and days stand side by side.
    """
    check_columns(coverage, ("symbol", "month", "n_bars"), what="the frame of coverage")
    month = pd.to_datetime(coverage["month"])
    shown = coverage.assign(month=month, until=month + pd.offsets.MonthBegin(1) if len(month) else month)
    fullest = shown.groupby("symbol")["n_bars"].transform("max") if len(shown) else shown["n_bars"]
    shown = shown.assign(share=(shown["n_bars"] / fullest).astype("float64"))
    rows = int(shown["symbol"].nunique())
    cells = (
        alt.Chart(shown)
        .mark_rect()
        .encode(
            **time_axis(shown, "month", to="until"),
            y=alt.Y("symbol:N", title="Symbol", axis=alt.Axis(labelLimit=90, labelOverlap=rows > 30)),
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(domain=[0, 1], range="ramp"),
                legend=alt.Legend(
                    title="Share of its fullest month", format="%", gradientLength=160, gradientThickness=8
                ),
            ),
            tooltip=[
                alt.Tooltip("symbol:N", title="Symbol"),
                alt.Tooltip("month:T", title="Month", format="%Y-%m"),
                alt.Tooltip("n_bars:Q", title="Bars", format=","),
            ],
        )
    )
    return themed(alt.layer(cells), height if height is not None else min(720, 110 + 22 * rows))


def finding_bars(bars: pd.DataFrame, *, measure: str = "Measure", height: int = SECONDARY) -> alt.LayerChart:
    """The bars that a finding is about with their neighbours, side by side: time between them is left out.

    `bars` has ts, open, high, low, close, concerned, measure; concerned bars stand on a band, the first of each row of
    them with its date. A bar without prices is a session that lacks.
    """
    names = ("ts", "open", "high", "low", "close", "concerned", "measure")
    check_columns(bars, names, what="the bars of a finding")
    shown = bars.head(MOST_CANDLES).reset_index(drop=True)
    concerned = shown["concerned"].astype("bool")
    shown = shown.assign(
        left=shown.index - 0.36,
        right=shown.index + 0.36,
        band_left=shown.index - 0.5,
        band_right=shown.index + 0.5,
        date=pd.to_datetime(shown["ts"]).dt.strftime(time_format(shown)),
        direction=(shown["close"] >= shown["open"]).map({True: "rose", False: "fell"}).astype("object"),
    )
    first = shown[concerned & ~concerned.shift(fill_value=False)]
    first = first[apart(first.index, len(shown) / MOST_DATES)]
    tooltip = [
        alt.Tooltip("date:N", title="Bar"),
        *(
            alt.Tooltip(f"{name}:Q", title=name.capitalize(), format=",.4~f")
            for name in ("open", "high", "low", "close")
        ),
        alt.Tooltip("measure:Q", title=measure, format=",.4~g"),
    ]
    axis = alt.Axis(labels=False, tickCount=width_ticks())
    x = alt.X("left:Q", title="Bars in their order", axis=axis, scale=alt.Scale(nice=False, zero=False))
    price = panel("low", "Price", 0.08, 1)
    color = alt.Color("direction:N", scale=color_scale({"rose": UP, "fell": DOWN}), legend=None)
    band = (
        alt.Chart(shown[concerned])
        .mark_rect(color=CONCERNED, opacity=0.22)
        .encode(
            x=at(x, "band_left:Q"),
            x2="band_right:Q",
            y=alt.value(0),
            y2=alt.value(alt.ExprRef("height")),
            tooltip=tooltip,
        )
    )
    priced = shown.dropna(subset=["close"]).assign(middle=lambda rows: (rows["left"] + rows["right"]) / 2)
    base = alt.Chart(priced).encode(color=color, tooltip=tooltip)
    wick = base.mark_rule().encode(x=at(x, "middle:Q"), y=price, y2="high:Q")
    body = base.mark_bar(strokeWidth=1, cornerRadiusEnd=0, minBandSize=1).encode(
        x=x,
        x2="right:Q",
        y=at(price, "open:Q"),
        y2="close:Q",
        stroke=alt.Stroke("direction:N", scale=color_scale({"rose": UP, "fell": DOWN}), legend=None),
        fillOpacity=alt.condition("datum.direction === 'rose'", alt.value(0.15), alt.value(1)),
    )
    dates = (
        alt.Chart(first)
        .mark_text(align="left", baseline="top", color=ink(), aria=False)
        .encode(x=at(x, "band_left:Q"), y=alt.value(0), text="date:N")
    )
    return themed(alt.layer(band, wick, body, dates), height)


def session_bars(sessions: pd.DataFrame, *, height: int = SECONDARY) -> alt.LayerChart:
    """Bars of each session of one symbol; shape and colour tell those that differ from what is usual.

    `sessions` has session, n_bars, expected_bars.
    """
    check_columns(sessions, ("session", "n_bars", "expected_bars"), what="the frame of sessions")
    kind = pd.Series("usual", index=sessions.index, dtype="object")
    kind = kind.mask(sessions["n_bars"] < sessions["expected_bars"], "short")
    kind = kind.mask(sessions["n_bars"] > sessions["expected_bars"], "long").mask(sessions["n_bars"] == 0, "missing")
    named = sessions.assign(kind=kind, n_bars=sessions["n_bars"].astype("float64"))
    odd = named[named["kind"] != "usual"]
    y = y_axis("n_bars", "Bars a session", format="~d", zero=True)
    tooltip = [
        alt.Tooltip("session:T", title="Session", format="%Y-%m-%d"),
        alt.Tooltip("n_bars:Q", title="Bars", format=","),
        alt.Tooltip("expected_bars:Q", title="Usual", format=","),
    ]
    usual = (
        alt.Chart(thin(named, 1000, column="n_bars", time="session"))
        .mark_line(color=NEUTRAL, strokeWidth=1)
        .encode(**time_axis(named, "session"), y=y, tooltip=tooltip)
    )
    points = (
        alt.Chart(thin(odd, 900, time="session"))
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            **time_axis(named, "session"),
            y=y,
            color=alt.Color("kind:N", scale=color_scale(SESSION_COLORS), legend=alt.Legend(title=None)),
            shape=alt.Shape(
                "kind:N",
                scale=alt.Scale(domain=list(SESSION_COLORS), range=["circle", "triangle-down", "triangle-up", "cross"]),
                legend=alt.Legend(title=None),
            ),
            tooltip=tooltip,
        )
    )
    return themed(alt.layer(usual, points), height, entries=4)
