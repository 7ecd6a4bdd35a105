"""What weather is it, and how sure are we?"""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.regimes import transition_matrix
from finml_core.report import regimes as reports
from pages._ui import build, jobs, load, tables, text
from pages._ui.frame import Headline, chart, download_table, headline, how, open_page, show_errors

selection = open_page("Regimes", "What weather is it, and how sure are we?")
jobs.need_bars()


def draw_transitions() -> None:
    """From each regime to that of the next bar."""
    matrix = reports.transitions_tidy(transition_matrix(known["regime"]))
    stays = matrix[matrix["from_regime"] == matrix["to_regime"]]
    most = stays.loc[stays["probability"].idxmax()] if len(stays) else None
    chart(
        charts.transition_heatmap(matrix),
        "From the regime of a bar (row) to that of the next (column)."
        + (
            f" {text.name(most['from_regime'])} stays most often, with probability "
            f"{text.probability(most['probability'])}."
            if most is not None
            else ""
        ),
        alt="Transition probabilities between regimes",
        key="regime_transitions",
    )
    download_table(matrix, "transitions")


def draw_durations() -> None:
    """How long spells of each regime have lasted."""
    if lengths.empty:
        st.info("No spell has ended yet: the regime has not changed on these bars.")
        return
    longest = lengths.loc[lengths["expected_bars"].idxmax()]
    chart(
        charts.regime_durations(lengths),
        f"{text.name(longest['regime'])} lasts longest: "
        f"{text.plus_minus(longest['expected_bars'], longest['error'], 1)} "
        f"bars over {text.counted(longest['n_spells'], 'spell')}.",
        alt="Mean spell by regime",
        key="regime_durations",
    )
    tables.show(
        lengths,
        ("regime", "expected_bars", "error", "n_spells"),
        alt="Mean spell by regime, with its standard error",
        labels={"error": st.column_config.NumberColumn("±", format="%.1f", help="Standard error of the mean")},
        download="durations",
    )


def draw_spells() -> None:
    """Every spell, newest first."""
    st.caption(f"{text.counted(len(spells), 'spell')}, newest first; the first of the list is not over.")
    tables.show(
        spells.iloc[::-1],
        ("regime", "start", "end", "n_bars", "confidence"),
        alt=f"Spells of regimes of {symbol}",
        labels={"confidence": st.column_config.NumberColumn("Mean confidence", format="%.3f")},
        download="spells",
    )


def draw_today(today: pd.Series) -> None:
    """Headline of the last bar."""
    second, chance = reports.runner_up(today)
    row = lengths[lengths["regime"] == today["regime"]]
    usual = text.plus_minus(row["expected_bars"].iloc[0], row["error"].iloc[0], 0) if len(row) else text.MISSING
    headline(
        [
            Headline(
                "Regime",
                text.name(today["regime"]),
                f"since {spells['start'].iloc[-1]:%Y-%m-%d}, as of {today['ts']:%Y-%m-%d}",
            ),
            Headline(
                "Confidence",
                text.probability(today["confidence"]),
                f"next likeliest: {text.name(second)}, {text.probability(chance)}",
            ),
            Headline(
                "Usual length, bars",
                usual,
                f"mean of {text.counted(row['n_spells'].iloc[0] if len(row) else 0, 'such spell')}; this one has "
                f"{spells['n_bars'].iloc[-1]}",
            ),
            Headline(
                "Changes",
                text.thousands(len(spells) - 1),
                f"in {text.counted(len(known), 'bar')}: one in {len(known) / max(1, len(spells) - 1):.0f}",
            ),
        ]
    )


with show_errors():
    summary = st.container()
    with st.grid(3, min_column_width=150):
        symbol = st.selectbox("Symbol", selection.symbols, key="regime_symbol", bind="query-params")
        config = build.regime_controls(load.default_experiment().regimes)
    regimes = load.regimes(symbol, selection.start, selection.end, config)
    known = regimes.dropna(subset=["regime"])
    if known.empty:
        st.warning(
            f"{symbol} has {text.counted(len(regimes), 'bar')} here, and these windows need more than "
            f"{config.warm_up} before they tell a regime: choose an earlier start or shorter windows.",
            icon=":material/hourglass_empty:",
        )
        st.stop()
    spells = reports.spells(known)
    lengths = reports.durations(spells)
    today = known.iloc[-1]
    with summary:
        draw_today(today)
    shares = known["regime"].value_counts(normalize=True)
    line = load.close_line(symbol, selection.start, selection.end)
    chart(
        charts.regime_band(line[line["ts"] >= known["ts"].iloc[0]], known, unit="adjusted"),
        f"{symbol} was most often in {text.name(shares.index[0]).lower()} ({text.percent(shares.iloc[0], 0)} of bars) "
        "and "
        f"ends in {text.name(today['regime']).lower()}. The first {text.counted(len(regimes) - len(known), 'bar')} are "
        "warm-up and not drawn.",
        alt=f"Adjusted close of {symbol} over its regimes",
        key="regime_price",
    )
    download_table(known, "regimes")
    sure = (known["confidence"] > 0.5).mean()
    chart(
        charts.regime_probabilities(reports.probabilities_long(regimes, symbol)),
        f"One regime is likelier than all others together on {text.percent(sure, 0)} of bars; each bar uses nothing "
        "after it.",
        alt="Stacked probabilities of regimes",
        key="regime_probabilities",
    )
    transitions, times, listed = st.tabs(
        ["Transitions", "Durations", "Spells"], key="regime_tab", on_change="rerun", bind="query-params"
    )
    for tab, draw in ((transitions, draw_transitions), (times, draw_durations), (listed, draw_spells)):
        if tab.open:
            with tab:
                draw()
    how(
        "How this is computed",
        f"""Each bar's scores come from its symbol's own past: the t-value of the trend over {config.trend_window}
bars, the {config.volatility_window}-bar volatility ranked among those of the last {config.percentile_window} bars,
and the drawdown from the {config.drawdown_window}-bar maximum. A softmax over the scores, averaged over
{config.smoothing} bars, gives probabilities over seven regimes that sum to 1. They are filtered: cutting off the
future changes none of them. Spells and transitions count the likeliest regime of each bar. The windows here are for
looking; a run keeps its own.""",
    )
