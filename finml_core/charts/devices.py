"""How busy the devices of a run were, and how much of their memory was taken."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import color_scale, legend, width_ticks, y_axis
from finml_core.charts.theme import series_colors, themed, words
from finml_core.checks import check_columns

HEIGHT = 200
COLUMNS = ("elapsed_s", "stage", "device", "utilisation", "memory_mib")


def device_utilisation(frame: pd.DataFrame, *, height: int = HEIGHT) -> alt.LayerChart:
    """Share of each device at work: `frame` has elapsed_s, stage, device, utilisation in [0, 1], memory_mib."""
    axis = alt.Axis(format=".0%", tickCount=5)
    y = alt.Y("utilisation:Q", title="At work (share of device)", axis=axis, scale=alt.Scale(domain=[0, 1]))
    return _over_time(frame, y, height)


def device_memory(frame: pd.DataFrame, *, height: int = HEIGHT) -> alt.LayerChart:
    """Memory taken on each device: `frame` has elapsed_s, stage, device, utilisation, memory_mib."""
    return _over_time(frame, y_axis("memory_mib", "Memory (MiB)", format=",.0f", zero=True), height)


def _over_time(frame: pd.DataFrame, y: alt.Y, height: int) -> alt.LayerChart:
    check_columns(frame, COLUMNS, what="the frame of device use")
    colors = series_colors(frame["device"])
    shown = frame.assign(device=frame["device"].map(words), stage=frame["stage"].map(words))
    x = alt.X(
        "elapsed_s:Q", title="Seconds since the run's turn came", axis=alt.Axis(grid=False, tickCount=width_ticks())
    )
    several = legend(len(colors)) if len(colors) > 1 else None
    color = alt.Color("device:N", scale=color_scale(colors), legend=several)
    tooltip = [
        alt.Tooltip("device:N", title="Device"),
        alt.Tooltip("elapsed_s:Q", title="Seconds", format=".1f"),
        alt.Tooltip("stage:N", title="Stage"),
        alt.Tooltip("utilisation:Q", title="At work", format=".0%"),
        alt.Tooltip("memory_mib:Q", title="Memory, MiB", format=",.0f"),
    ]
    line = alt.Chart(shown).mark_line(strokeWidth=2, interpolate="step-before").encode(x=x, y=y, color=color)
    # a wide unseen mark is easier to point at than a line
    points = alt.Chart(shown).mark_point(size=60, opacity=0, filled=True).encode(x=x, y=y, tooltip=tooltip)
    return themed(alt.layer(line, points), height, entries=len(colors) if len(colors) > 1 else 0)
