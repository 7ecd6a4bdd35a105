"""What is left after costs?"""

import streamlit as st

from finml_core import charts
from finml_core.report import backtest as tables
from pages._ui import build, jobs, load, text
from pages._ui.frame import Headline, chart, download_table, empty_state, headline, how, open_page, show_errors

selection = open_page("Backtest", "What is left after costs?")
jobs.show_error()
if selection.run_id is None:
    empty_state("Nothing has been run yet.", "Run the first experiment", jobs.start_first)
    st.stop()
if jobs.unfinished(selection.run_id):
    st.stop()

with show_errors():
    run_id = selection.run_id
    models = list(load.table(run_id, "predictions")["model"].unique())
    model = st.selectbox(
        "Model",
        models,
        load.champion_position(run_id, models),
        format_func=text.name,
        key="bt_model",
        bind="query-params",
    )
    config = build.backtest_controls(load.run_config(run_id))
    result = load.backtest(run_id, model, config)
    row = result.score
    bars = result.bars
    headline(
        [
            Headline(
                "Sharpe after costs",
                text.plus_minus(row["sharpe_annual"], row["sharpe_error_annual"]),
                "a year, ± its standard error",
            ),
            Headline("DSR", text.probability(result.dsr), f"{result.n_trials} trials; 0.5 is what luck gives"),
            Headline(
                "Maximum drawdown",
                text.percent(row["max_drawdown"]),
                f"{text.percent(row['annual_return'])} return a year",
            ),
            Headline("Turnover", f"{row['turnover_annual']:.1f} x", "of capital a year"),
            Headline("Cost", text.percent(row["cost_annual"]), "of capital a year"),
        ]
    )
    series = load.against_holding(run_id, model, config)
    chart(
        charts.equity_drawdown(series),
        f"One unit became {bars['equity'].iloc[-1]:.2f} from {bars.index[0]:%B %Y} to {bars.index[-1]:%B %Y}, out of sample, after costs.",
        alt=f"Equity and drawdown of {text.name(model)} and equal holding",
        key="backtest_equity",
    )
    if config.backtest.fill == "same_close":
        st.warning(
            "Filled at the close that the decision was made from: optimistic, for comparison only.",
            icon=":material/warning:",
        )
    download_table(bars.reset_index(), f"backtest_{model}")
    costs, years, regimes, trades = st.tabs(["Cost waterfall", "By year", "By regime", "Trades"])
    with costs:
        waterfall = tables.cost_waterfall(bars, result.costs, result.periods_per_year)
        chart(
            charts.cost_waterfall(waterfall),
            f"{text.percent(waterfall['value'].iloc[0])} a year gross, {text.percent(waterfall['value'].iloc[-1])} net.",
            alt="Annual return from gross to net by kind of cost",
            key="backtest_costs",
        )
    with years:
        by_year = tables.sharpe_by(bars, bars.index.year.to_series(index=bars.index), result.periods_per_year)
        chart(
            charts.returns_by(by_year),
            "Net return of each year with its 90 % interval: one year alone says little.",
            alt="Net return by year",
            key="backtest_years",
        )
        st.dataframe(by_year, hide_index=True, width="stretch")
    with regimes:
        weather = tables.market_regime(load.table(run_id, "regimes")).reindex(bars.index)
        known = weather.notna()
        by_regime = tables.sharpe_by(bars[known], weather[known], result.periods_per_year)
        chart(
            charts.returns_by(by_regime, group="Regime"),
            "Annual net return within the most common regime of each bar, with its 90 % interval.",
            alt="Net return by regime",
            key="backtest_regimes",
        )
    with trades:
        st.dataframe(result.trades, hide_index=True, width="stretch")
        download_table(result.trades, f"trades_{model}")
    how(
        "How this is computed",
        f"""Decided at the close of t, filled at the {"open of t+1" if config.backtest.fill == "next_open" else "same close"}, on adjusted
prices; cash plus positions is equity at every bar. Target weight: scale × (2p − 1), capped, averaged over the
{config.label.horizon} bars that a label is open, shared equally by symbol. Commission and half the spread on what is traded, square-root
impact on its share of dollar volume, borrow on shorts. DSR (Bailey & López de Prado 2014) counts every distinct setting whose
score anybody has seen in this store: each slider position here is one.""",
    )
