"""What weather is it, and how sure are we?"""

import streamlit as st

from finml_core import charts
from finml_core.regimes import transition_matrix
from finml_core.report import regimes as tables
from pages._ui import build, jobs, load, text
from pages._ui.frame import Headline, chart, download_table, empty_state, headline, how, open_page, show_errors

selection = open_page("Regimes", "What weather is it, and how sure are we?")
jobs.show_error()
if not load.symbols():
    empty_state("There are no bars yet.", "Load the bundled bars and run the first experiment", jobs.start_first)
    st.stop()

with show_errors():
    symbol = st.selectbox("Symbol", selection.symbols, key="regime_symbol", bind="query-params")
    config = build.regime_controls(load.default_experiment().regimes)
    regimes = load.regimes(symbol, selection.start, selection.end, config)
    known = regimes.dropna(subset=["regime"])
    if known.empty:
        st.warning("Too few bars for a regime: the rules need their warm-up first. Choose an earlier start.")
        st.stop()
    today = known.iloc[-1]
    spells = tables.spells(known)
    lengths = tables.durations(spells)
    usual = lengths.set_index("regime")["expected_bars"].get(today["regime"])
    matrix = tables.transitions_tidy(transition_matrix(known["regime"]))
    headline(
        [
            Headline("Regime", text.name(today["regime"]), f"since {spells['start'].iloc[-1]:%Y-%m-%d}"),
            Headline("Confidence", text.probability(today["confidence"]), "filtered: from bars up to this one"),
            Headline(
                "Usual length",
                f"{usual:.0f} bars" if usual else "not known",
                f"mean of such a spell; this one has {spells['n_bars'].iloc[-1]}",
            ),
            Headline("Changes", text.thousands(len(spells) - 1), f"in {len(known):,} bars"),
        ]
    )
    chart(
        charts.regime_band(load.close_line(symbol, selection.start, selection.end), known),
        f"{symbol} in {text.name(today['regime']).lower()} at its last bar, with confidence {today['confidence']:.3f}.",
        alt=f"Adjusted close of {symbol} over its regimes",
        key="regime_price",
    )
    long = tables.probabilities_long(regimes, symbol)
    chart(
        charts.regime_probabilities(long),
        "Probabilities of all regimes, stacked; each bar uses nothing after it.",
        alt="Stacked probabilities of regimes",
        key="regime_probabilities",
    )
    transitions, times, listed = st.tabs(["Transitions", "Durations", "Spells"])
    with transitions:
        chart(
            charts.transition_heatmap(matrix),
            "Row: from; column: to the next bar's regime.",
            alt="Transition probabilities between regimes",
            key="regime_transitions",
        )
    with times:
        chart(
            charts.regime_durations(lengths),
            "Mean length of a spell, in bars.",
            alt="Mean spell by regime",
            key="regime_durations",
        )
    with listed:
        st.dataframe(spells.iloc[::-1], hide_index=True, width="stretch")
        download_table(spells, f"spells_{symbol}")
    how(
        "How this is computed",
        f"""Each bar's scores come from its symbol's own past: the t-value of the trend over {config.trend_window} bars, the
{config.volatility_window}-bar volatility ranked among those of the last {config.percentile_window} bars, and the drawdown from the
{config.drawdown_window}-bar maximum. A softmax over the scores, averaged over {config.smoothing} bars, gives probabilities over seven
regimes that sum to 1. They are filtered: cutting off the future changes none of them. Spells and transitions count the
likeliest regime of each bar.""",
    )
