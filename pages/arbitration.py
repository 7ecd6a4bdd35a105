"""Whom do we listen to, and does listening pay?"""

import streamlit as st

from finml_core import charts
from finml_core.report import arbitration as tables
from finml_core.report.backtest import gain_over
from pages._ui import jobs, load, text
from pages._ui.frame import Headline, chart, download_table, empty_state, headline, how, open_page, show_errors

selection = open_page("Arbitration", "Whom do we listen to, and does listening pay?")
jobs.show_error()
if selection.run_id is None:
    empty_state("Nothing has been run yet.", "Run the first experiment", jobs.start_first)
    st.stop()
if jobs.unfinished(selection.run_id):
    st.stop()

with show_errors():
    run_id = selection.run_id
    config = load.run_config(run_id)
    decisions, weights = load.table(run_id, "decisions"), load.table(run_id, "strategy_weights")
    symbol = st.selectbox("Symbol", sorted(decisions["symbol"].unique()), key="arb_symbol", bind="query-params")
    own, shares = decisions[decisions["symbol"] == symbol], weights[weights["symbol"] == symbol]
    days = [ts.date() for ts in own["ts"]]
    day = st.select_slider("What if it were the close of", days, days[-1], key="arb_day")
    row = own.loc[own["ts"].dt.date == day].iloc[-1]
    equity = load.table(run_id, "equity").pivot_table(index="ts", columns="model", values="net_return")
    periods = load.metrics(run_id)["periods_per_year"]
    gain, error = gain_over(equity["arbitrated"], equity["equal_weight"], periods)
    headline(
        [
            Headline("Signal", text.arrow(row["signal"]), f"weighted signal {text.number(row['weighted_signal'])}"),
            Headline("Confidence", text.probability(row["confidence"]), "signal, strategies, consensus and regime"),
            Headline("Consensus", text.percent(row["consensus_ratio"]), "of the weight agrees with the side"),
            Headline("Active strategies", f"{int(row['n_active_strategies'])}", f"of {shares['strategy'].nunique()}"),
            Headline(
                "Gain over equal weight",
                f"{text.percent(gain)} ± {text.percent(error)}",
                "a year, all symbols, after costs",
            ),
        ]
    )
    chart(
        charts.weight_river(shares),
        f"Weights of {shares['strategy'].nunique()} strategies on {symbol}; a gap is a silenced strategy. Listening by weight "
        f"{'gained' if gain > 2 * error else 'lost' if gain < -2 * error else 'made no difference that two errors exclude from chance'}"
        f" against equal weights.",
        alt=f"Weights of the strategies on {symbol} over time",
        key="arbitration_river",
    )
    today, strategies, confidence, multipliers = st.tabs(
        ["The decision taken apart", "Strategies", "Confidence against outcome", "Multipliers"]
    )
    parts = tables.breakdown_at(shares, row["ts"])
    with today:
        chart(
            charts.decision_breakdown(parts),
            f"Contributions add up to {row['weighted_signal']:+.2f}; below {config.arbitration.neutral_threshold} in size the answer is neutral.",
            alt="Contribution of each strategy to the weighted signal",
            key="arbitration_parts",
        )
    with strategies:
        st.dataframe(parts, hide_index=True, width="stretch")
        download_table(shares, f"strategy_weights_{symbol}")
    with confidence:
        outcome = tables.confidence_outcome(decisions, load.table(run_id, "predictions"), 8)
        chart(
            charts.confidence_outcome(outcome),
            "Share of decisions whose direction was right, by confidence, all symbols; bars are 90 % intervals.",
            alt="Hit rate by confidence",
            key="arbitration_confidence",
        )
    with multipliers:
        st.caption("How much a style counts in a regime; part of the experiment file, section arbitration.")
        st.dataframe(load.multiplier_table(config), width="stretch")
    how(
        "How this is computed",
        f"""Score: annualised Sharpe ratio of the last {config.arbitration.lookback_window} bars' net returns known at this close,
shrunk by n / (n + 252). The positive part is multiplied by the style's multiplier in the present regime, the negative part
divided. Weights: softmax of scores at temperature {config.arbitration.temperature}. Weighted signal: sum of weight × sign ×
confidence. Confidence: 0.4 × size of the weighted signal + 0.2 × mean confidence of the strategies + 0.2 × consensus + 0.2 ×
confidence of the regime. Gain: paired difference of daily net returns, error by Newey & West (1987).""",
    )
