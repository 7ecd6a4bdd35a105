"""Which bars are there, month by month."""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import time_axis
from finml_core.charts.theme import themed
from finml_core.checks import check_columns


def coverage_heatmap(coverage: pd.DataFrame, *, height: int | None = None) -> alt.LayerChart:
    """Bars of each symbol in each month; `coverage` has symbol, month (its first day), n_bars."""
    check_columns(coverage, ("symbol", "month", "n_bars"), what="the frame of coverage")
    month = pd.to_datetime(coverage["month"])
    shown = coverage.assign(month=month, until=month + pd.offsets.MonthBegin(1) if len(month) else month)
    rows = int(shown["symbol"].nunique())
    cells = (
        alt.Chart(shown)
        .mark_rect()
        .encode(
            **time_axis(shown, "month", to="until"),
            y=alt.Y("symbol:N", title="Symbol", axis=alt.Axis(labelLimit=90, labelOverlap=rows > 30)),
            color=alt.Color(
                "n_bars:Q",
                scale=alt.Scale(domainMin=0, range="ramp"),
                legend=alt.Legend(title="Bars a month", orient="bottom", gradientLength=160, gradientThickness=8),
            ),
            tooltip=[
                alt.Tooltip("symbol:N", title="Symbol"),
                alt.Tooltip("month:T", title="Month", format="%Y-%m"),
                alt.Tooltip("n_bars:Q", title="Bars", format=","),
            ],
        )
    )
    return themed(alt.layer(cells), height if height is not None else min(720, 110 + 22 * rows))
