"""What the charts share: thinning, the time axis, zoom, hover, labels at line ends."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from finml_core.charts.theme import FAINT_INK, INK, MOST_LABELS, NARROW, NEUTRAL

MARKS = 2000  # a browser draws these at once without a wait


def thin(frame: pd.DataFrame, n: int = MARKS, *, column: str | None = None, time: str = "ts") -> pd.DataFrame:
    """About `n` rows of a long series, whole timestamps at a time, so that stacked series stay aligned.

    With `column`, each bucket of time keeps its lowest and its highest value: no spike is lost. Without, timestamps
    are evenly spaced. The first and the last always stay. A frame of at most `n` rows comes back as it is.
    """
    if len(frame) <= n:
        return frame
    frame = frame.reset_index(drop=True)
    times, position = np.unique(frame[time].to_numpy(), return_inverse=True)
    per_time = max(1, round(len(frame) / len(times)))
    if column is None:
        chosen = np.linspace(0, len(times) - 1, max(2, n // per_time)).round().astype(np.int64)
    else:
        n_buckets = max(1, n // (2 * per_time))
        bucket = position * n_buckets // len(times)
        value = frame[column].dropna().groupby(bucket[frame[column].notna().to_numpy()])
        chosen = np.concatenate(
            [[0, len(times) - 1], position[value.idxmin().to_numpy()], position[value.idxmax().to_numpy()]]
        )
    return frame.loc[np.isin(position, chosen)]


def buckets(candles: pd.DataFrame, n: int) -> pd.DataFrame:
    """At most `n` candles: neighbours merge into first open, highest high, lowest low, last close, summed volume.

    The stamp is the last one's; a column `n_bars` is summed too.
    """
    if len(candles) <= n:
        return candles
    group = np.arange(len(candles)) * n // len(candles)
    rule = {"first": "first", "ts": "last", "open": "first", "high": "max", "low": "min", "close": "last"}
    rule |= {"volume": "sum", "n_bars": "sum"}
    return candles.groupby(group).agg({name: how for name, how in rule.items() if name in candles.columns})


def spans(frame: pd.DataFrame, column: str, *, weight: str | None = None) -> pd.DataFrame:
    """Stretches of an unchanged `column` in time order: start, end, the value and the mean of `weight`."""
    names = ["start", "end", column, *([weight] if weight else [])]
    frame = frame.dropna(subset=[column]).sort_values("ts")
    if frame.empty:
        return pd.DataFrame(
            {name: pd.Series(dtype="datetime64[us]" if name in names[:2] else "object") for name in names}
        )
    stretch = (frame[column] != frame[column].shift()).cumsum().rename("stretch")
    grouped = frame.groupby(stretch)
    found = grouped.agg(start=("ts", "first"), end=("ts", "last"), **{column: (column, "first")})
    if weight:
        found[weight] = grouped[weight].mean()
    found["end"] = found["start"].shift(-1).fillna(found["end"])
    return found.reset_index(drop=True)


def time_format(frame: pd.DataFrame, time: str = "ts") -> str:
    """The tooltip's format of a stamp: the hour shows only where bars are shorter than a day."""
    return "%Y-%m-%d %H:%M" if _is_intraday(frame, time) else "%Y-%m-%d"


def time_axis(
    frame: pd.DataFrame, time: str = "ts", *, to: str | None = None, stamps: str | None = None
) -> dict[str, Any]:
    """The x encoding of time (and x2 where `to` names a column), titled with its unit.

    `stamps` names the column that tells days from hours where `time` is an edge made for drawing.
    """
    title = "Time (UTC)" if _is_intraday(frame, stamps or time) else "Date"
    x = alt.X(f"{time}:T", title=title, axis=alt.Axis(tickCount=width_ticks(110)))
    return {"x": x} if to is None else {"x": x, "x2": f"{to}:T"}


def zoomable(chart: Any) -> Any:
    """Drag to move, pinch or Ctrl + wheel to zoom, double click to reset; a bare wheel keeps scrolling the page."""
    zoom = alt.selection_interval(
        name="zoom", bind="scales", encodings=["x"], zoom="wheel![event.ctrlKey || event.metaKey]"
    )
    return chart.properties(name="zoom_view").add_params(zoom)


def width_ticks(room: int = 70) -> alt.ExprRef:
    """A count of ticks that leaves `room` px to each label, however wide the chart is drawn."""
    return alt.ExprRef(f"max(2, floor(width / {room}))")


def y_axis(field: str, title: str, *, format: str = "", zero: bool = False, **options: Any) -> alt.Y:
    """A quantitative y with a title that carries its unit."""
    axis = alt.Axis(format=format, tickCount=5) if format else alt.Axis(tickCount=5)
    return alt.Y(f"{field}:Q", title=title, axis=axis, scale=alt.Scale(zero=zero, nice=True), **options)


def panel(
    field: str,
    title: str,
    top: float,
    bottom: float,
    *,
    format: str = "",
    scale: Mapping[str, Any] | None = None,
    axis: Mapping[str, Any] | None = None,
    **options: Any,
) -> alt.Y:
    """A y that fills the view from `top` to `bottom` only (shares of its height), for panels that share time.

    `scale` and `axis` add to or replace the panel's own settings.
    """
    look: dict[str, Any] = {
        "tickCount": 5 if bottom - top > 0.5 else 3,
        "orient": "left",
        "titleY": alt.ExprRef(f"height * {top} - {10 if top == 0 else 6}"),
    }
    if format:
        look["format"] = format
    reach = [alt.ExprRef(f"height * {bottom}"), alt.ExprRef(f"height * {top}")]
    return alt.Y(
        f"{field}:Q",
        title=title,
        axis=alt.Axis(**(look | dict(axis or {}))),
        scale=alt.Scale(**({"zero": False, "nice": True, "range": reach} | dict(scale or {}))),
        **options,
    )


def color_scale(colors: Mapping[str, str]) -> alt.Scale:
    """Each name with its own colour, in this order."""
    return alt.Scale(domain=list(colors), range=list(colors.values()))


def legend(n_series: int, *, stroke: bool = False) -> alt.Legend:
    """A legend below that wraps into two columns on a narrow screen; `stroke` shows dashes instead of patches."""
    columns = alt.ExprRef(f"width < {NARROW} ? 2 : {max(1, n_series)}")
    if stroke:
        return alt.Legend(
            title=None, orient="bottom", columns=columns, symbolType="stroke", symbolStrokeWidth=2, symbolSize=400
        )
    return alt.Legend(title=None, orient="bottom", columns=columns)


def series_color(colors: Mapping[str, str], field: str = "series", *, labelled: bool | None = None) -> alt.Color:
    """Colour by series; no legend where the lines are labelled at their ends."""
    labelled = len(colors) <= MOST_LABELS if labelled is None else labelled
    shown = None if labelled else legend(len(colors))
    return alt.Color(f"{field}:N", scale=color_scale(colors), legend=shown)


def end_labels(
    frame: pd.DataFrame, y: alt.Y, column: str, color: alt.Color, *, series: str = "series", share: float = 0.05
) -> alt.LayerChart:
    """Names of the series at the right edge beside their last values, spread so that none covers another.

    `share` is the room of one line of text as a share of the values' range.
    """
    known = frame.dropna(subset=[column])
    last = known.sort_values("ts").groupby(series, sort=False).tail(1) if len(known) else known
    last = last.loc[:, [series, column]].copy()
    reach = float(known[column].max() - known[column].min()) if len(known) else 0.0
    last["label"] = spread(last[column].astype("float64").to_numpy(), share * reach)
    base = alt.Chart(last).encode(y=at(y, "label:Q"))
    edge = alt.value(alt.ExprRef("width"))
    dots = base.mark_circle(size=36, opacity=1, xOffset=8, clip=False, aria=False).encode(x=edge, color=color)
    names = base.mark_text(align="left", dx=15, clip=False, color=ink(), aria=False)
    return dots + names.encode(x=edge, text=f"{series}:N")


def spread(values: np.ndarray, gap: float) -> np.ndarray:
    """The values moved apart to at least `gap` from one another, in their order, around their middle."""
    order = np.argsort(values, kind="stable")
    placed = values[order].astype("float64")
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    if len(placed):
        placed -= (placed - values[order]).mean()
    result = np.empty_like(placed)
    result[order] = placed
    return result


def apart(places: Sequence[float], gap: float) -> np.ndarray:
    """Which of these places in ascending order may carry words so that none is closer than `gap` to the one before."""
    keep, last = np.zeros(len(places), dtype=bool), -np.inf
    for number, place in enumerate(places):
        if place - last >= gap:
            keep[number], last = True, place
    return keep


def hover(frame: pd.DataFrame, tooltip: Sequence[Any], *, time: str = "ts") -> alt.Chart:
    """A hairline that follows the pointer and tells the numbers of the nearest time; `frame` has one row a time."""
    near = alt.selection_point(
        name="hover", fields=[time], nearest=True, on="pointerover", clear="pointerout", empty=False
    )
    return (
        alt.Chart(frame, name="hover_view")
        .mark_rule(color=faint_ink(), strokeWidth=1, aria=False)
        .encode(
            **time_axis(frame, time),
            opacity=alt.condition(near, alt.value(0.7), alt.value(0)),
            tooltip=list(tooltip),
        )
        .add_params(near)
    )


def hover_series(
    frame: pd.DataFrame, series: str, formats: Mapping[str, str], *, labels: Sequence[str] | None = None
) -> alt.Chart:
    """`hover` over tidy series: one tooltip line a series and column of `formats` (column to number format).

    `labels` gives the order of the series; the columns after the first are named in their lines.
    """
    names = list(labels if labels is not None else frame[series].dropna().unique())
    wide = pd.DataFrame({"ts": np.sort(frame["ts"].unique())})
    lines = [alt.Tooltip("ts:T", title="Date", format=time_format(frame))]
    for column, format in formats.items():
        table = frame.dropna(subset=[series]).pivot_table(index="ts", columns=series, values=column, aggfunc="last")
        for name in (name for name in names if name in table.columns):
            key = f"v{len(lines)}"
            wide[key] = wide["ts"].map(table[name]).astype("float64")
            title = name if column == next(iter(formats)) else f"{name}, {column}"
            lines.append(alt.Tooltip(f"{key}:Q", title=title, format=format))
    return hover(wide, lines)


def level(value: float, axis: alt.X | alt.Y, *, dash: bool = False) -> alt.Chart:
    """A thin line across `axis` where a value means something: zero, chance, the base rate."""
    own = at(axis, "level:Q")
    mark = alt.Chart(pd.DataFrame({"level": [float(value)]})).mark_rule(
        color=NEUTRAL, strokeWidth=1, strokeDash=[4, 4] if dash else [1, 0], aria=False
    )
    return mark.encode(x=own) if isinstance(axis, alt.X) else mark.encode(y=own)


def at(axis: Any, field: str) -> Any:
    """The same axis, scale and title for another field of the same kind."""
    own = axis.copy(deep=True)
    own.shorthand = field
    return own


def ink() -> alt.ExprRef:
    """The text colour of whichever theme is on."""
    return alt.ExprRef(INK)


def faint_ink() -> alt.ExprRef:
    """The muted text colour of whichever theme is on."""
    return alt.ExprRef(FAINT_INK)


def _is_intraday(frame: pd.DataFrame, time: str) -> bool:
    stamps = pd.to_datetime(frame[time])
    return bool((stamps != stamps.dt.normalize()).any()) if len(stamps) else False
