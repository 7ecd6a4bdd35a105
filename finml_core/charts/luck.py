"""Could chance have done this?"""

import altair as alt
import pandas as pd

from finml_core.charts.grammar import color_scale, end_labels, level, thin, width_ticks, y_axis
from finml_core.charts.theme import HERO, NEUTRAL, UP, themed
from finml_core.checks import check_columns


def best_sharpe_against_luck(frame: pd.DataFrame, *, height: int = HERO) -> alt.LayerChart:
    """Best Sharpe ratio found so far over the trials, against the best that chance alone would give by then.

    `frame` has n_trials, best, expected, both annual.
    """
    check_columns(frame, ("n_trials", "best", "expected"), what="the frame of trials")
    shown = thin(frame.sort_values("n_trials"), time="n_trials")
    parts = {"Best found": "best", "Luck alone": "expected"}
    tidy = pd.concat(
        [
            pd.DataFrame({"ts": shown["n_trials"], "series": part, "sharpe": shown[column].astype("float64")})
            for part, column in parts.items()
        ],
        ignore_index=True,
    )
    x = alt.X(
        "ts:Q",
        title="Trials so far (count)",
        axis=alt.Axis(grid=False, tickMinStep=1, tickCount=width_ticks()),
        scale=alt.Scale(nice=False),
    )
    y = y_axis("sharpe", "Sharpe ratio (annual)", format=".1f", zero=True)
    color = alt.Color("series:N", scale=color_scale({"Best found": UP, "Luck alone": NEUTRAL}), legend=None)
    lines = (
        alt.Chart(tidy)
        .mark_line(interpolate="step-after")
        .encode(
            x=x,
            y=y,
            color=color,
            strokeDash=alt.StrokeDash(
                "series:N", scale=alt.Scale(domain=list(parts), range=[[1, 0], [5, 4]]), legend=None
            ),
        )
    )
    near = alt.selection_point(
        name="hover", fields=["n_trials"], nearest=True, on="pointerover", clear="pointerout", empty=False
    )
    pointer = (
        alt.Chart(shown, name="hover_view")
        .mark_rule(color=NEUTRAL, aria=False)
        .encode(
            x=alt.X("n_trials:Q", title="Trials so far (count)"),
            opacity=alt.condition(near, alt.value(0.7), alt.value(0)),
            tooltip=[
                alt.Tooltip("n_trials:Q", title="Trials", format=","),
                alt.Tooltip("best:Q", title="Best found", format=".2f"),
                alt.Tooltip("expected:Q", title="Luck alone", format=".2f"),
            ],
        )
        .add_params(near)
    )
    return themed(alt.layer(level(0, y), lines, pointer, end_labels(tidy, y, "sharpe", color)), height)
