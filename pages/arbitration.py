"""Whom do we listen to, and does listening pay?"""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.report import arbitration as reports
from finml_core.report.backtest import equity_series, gain_over
from pages._ui import jobs, load, paths, tables, text
from pages._ui.frame import Headline, chart, download_table, headline, how, open_page, show_errors

BINS = 8
ARBITRATED, EQUAL = "arbitrated", "equal_weight"

selection = open_page("Arbitration", "Whom do we listen to, and does listening pay?")
run_id = jobs.need_run(selection)


def controls() -> tuple[str, str]:
    """Symbol and the close at which the decision is looked at; the latest unless one is chosen."""
    left, right = st.columns([1, 3])
    symbol = left.selectbox("Symbol", sorted(decisions["symbol"].unique()), key="arb_symbol", bind="query-params")
    days = list(decisions.loc[decisions["symbol"] == symbol, "ts"].dt.strftime("%Y-%m-%d").unique())
    if st.session_state.get("arb_day", days[-1]) not in days:
        del st.session_state["arb_day"]
    day = right.select_slider("As of the close of", days, days[-1], key="arb_day", bind="query-params")
    return symbol, day


def draw_decision(row: pd.Series, parts: pd.DataFrame) -> None:
    """One decision as the sum of its contributions."""
    loudest = parts.loc[parts["contribution"].abs().idxmax()]
    chart(
        charts.decision_breakdown(parts),
        f"Contributions add up to {text.signed(row['weighted_signal'])}; below {config.arbitration.neutral_threshold} "
        f"in size the answer is neutral. {text.name(loudest['strategy'])} moves it most.",
        alt="Contribution of each strategy to the weighted signal",
        key="arbitration_parts",
    )
    columns = ("strategy", "signal", "confidence", "score", "weight", "contribution")
    tables.show(
        parts.assign(signal=parts["signal"].map(text.arrow), reason=parts["reason"].replace("", None)),
        (*columns, "silenced", "reason") if parts["silenced"].any() else columns,
        alt="Strategies at this close",
        download="decision",
    )


def draw_worth() -> None:
    """Listening by weight beside listening to all alike."""
    equity = load.equity_beside(run_id, ARBITRATED)
    series = equity_series(equity, [ARBITRATED, EQUAL])
    board = load.leaderboard(run_id)
    pair = board[board["model"].isin([ARBITRATED, EQUAL])]
    words = "; ".join(
        f"{text.name(line.model)}: Sharpe {text.plus_minus(line.sharpe_annual, line.sharpe_error_annual)}, DSR "
        f"{text.p_value(line.dsr)}"
        for line in pair.itertuples()
    )
    chart(
        charts.equity_drawdown(series),
        f"{words}, after costs and {text.counted(int(pair['n_trials'].iloc[0]), 'trial')}."
        + (" Drawn on one path; the ratios are those of each one's median path." if load.n_paths(run_id) > 1 else ""),
        alt="Equity and drawdown of arbitrated and equally weighted strategies",
        key="arbitration_worth",
    )
    download_table(series, "arbitration_equity")


def draw_confidence() -> None:
    """Are the more confident decisions right more often?"""
    outcome = reports.confidence_outcome(decisions, load.table(run_id, "predictions"), BINS)
    if outcome.empty:
        st.info("Too few decisions have an outcome yet.")
        return
    more, error = reports.confidence_pays(outcome)
    clear = "clear of zero" if abs(more) > 2 * error else "which two standard errors do not tell from zero"
    chart(
        charts.confidence_outcome(outcome),
        f"The more confident half is right {text.plus_minus(100 * more, 100 * error, 1)} points more often than the "
        f"other, {clear}; all symbols, lines are 90{text.THIN}%.",
        alt="Share of right decisions by confidence",
        key="arbitration_confidence",
    )
    download_table(outcome, "confidence_outcome")


def draw_multipliers() -> None:
    """How much a style counts in a regime."""
    st.caption("How much a style counts in a regime; set in the experiment file, section arbitration.")
    table = load.multiplier_table(config)
    table = table.rename(index=text.name, columns=text.name).rename_axis("Style").reset_index()
    digits = {column: st.column_config.NumberColumn(format="%.1f") for column in table.columns[1:]}
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        column_config=digits,
        alt="Multiplier of each style in each regime",
    )
    download_table(table, "multipliers")


with show_errors():
    config = load.run_config(run_id)
    decisions, weights = load.table(run_id, "decisions"), load.table(run_id, "strategy_weights")
    summary = st.container()
    symbol, day = controls()
    own, shares = decisions[decisions["symbol"] == symbol], weights[weights["symbol"] == symbol]
    row = own.loc[own["ts"].dt.strftime("%Y-%m-%d") == day].iloc[-1]
    parts = reports.breakdown_at(shares, row["ts"])
    returns = load.equity_beside(run_id, ARBITRATED).pivot_table(index="ts", columns="model", values="net_return")
    gain, error = gain_over(returns[ARBITRATED], returns[EQUAL], load.metrics(run_id)["periods_per_year"])
    pays = (
        "pays"
        if gain > 2 * error
        else "costs"
        if gain < -2 * error
        else "neither pays nor costs, as far as one can tell"
    )
    with summary:
        headline(
            [
                Headline(
                    "Signal", text.arrow(row["signal"]), f"weighted signal {text.number(row['weighted_signal'])}, {day}"
                ),
                Headline(
                    "Confidence",
                    text.probability(row["confidence"]),
                    "0 to 1; no regime is known"
                    if pd.isna(row["regime"])
                    else f"regime: {text.name(row['regime'])}, {text.probability(row['regime_confidence'])}",
                ),
                Headline("Consensus", text.percent(row["consensus_ratio"]), "of the weight is on this side"),
                Headline(
                    "Active strategies",
                    f"{int(row['n_active_strategies'])} of {len(parts)}",
                    "none is silenced" if row["n_active_strategies"] == len(parts) else "the others are silenced",
                ),
                Headline(
                    "Gain over equal weight",
                    text.plus_minus(100 * gain, 100 * error, 1) + f"{text.THIN}%",
                    "a year, all symbols, after costs, ± its standard error",
                ),
            ]
        )
    top = parts.loc[parts["weight"].idxmax()]
    chart(
        charts.weight_river(shares),
        f"On {day} {text.name(top['strategy'])} has most say ({text.number(top['weight'])}). Below: when each was "
        f"silenced. Listening by weight {pays}, against listening to all alike.",
        alt=f"Weights of the strategies on {symbol} over time",
        key="arbitration_river",
    )
    download_table(shares, "strategy_weights")
    today, worth, confidence, multipliers = st.tabs(
        ["The decision taken apart", "Does it pay?", "Confidence against outcome", "Multipliers"],
        key="arb_tab",
        on_change="rerun",
        bind="query-params",
    )
    if today.open:
        with today:
            draw_decision(row, parts)
    for tab, draw in ((worth, draw_worth), (confidence, draw_confidence), (multipliers, draw_multipliers)):
        if tab.open:
            with tab:
                draw()
    st.caption(load.scope(run_id))
    how(
        "How this is computed",
        f"""Score: annualised Sharpe ratio of the last {config.arbitration.lookback_window} bars' net returns known at
this close, shrunk by n / (n + {config.arbitration.shrinkage:.0f}). The positive part is multiplied by the style's
multiplier in the present regime, the negative part divided. Weights: softmax of scores at temperature
{config.arbitration.temperature}. Weighted signal: sum of weight × sign × confidence. Confidence: 0.4 × size of the
weighted signal + 0.2 × mean confidence of the strategies + 0.2 × consensus + 0.2 × confidence of the regime. Gain:
paired difference of daily net returns, error by Newey & West (1987).{paths.note(run_id)}""",
    )
