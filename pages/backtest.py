"""What is left after costs?"""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.report import backtest as reports
from pages._ui import build, jobs, load, paths, tables, text
from pages._ui.frame import Headline, chart, download_table, headline, how, open_page, show_errors
from pages._ui.model_bets import bets_note

SHARPE_COLUMNS = ("group", "n", "value", "lower", "upper", "sharpe_text")
TRADE_COLUMNS = (
    "ts", "symbol", "decided_at", "units", "price", "money", "weight_before", "weight_after", "commission", "spread",
    "impact",
)  # fmt: skip
MOST_TRADES = 2000  # rows that a browser gets; the download has them all

selection = open_page("Backtest", "What is left after costs?")
run_id = jobs.need_run(selection)


def draw_headline() -> None:
    """What is left, and whether luck could have left it."""
    row, one = result.score, text.plus_minus(result.score["sharpe_annual"], result.score["sharpe_error_annual"])
    holding = f"holding all equally: {text.plus_minus(held['sharpe_annual'], held['sharpe_error_annual'])}"
    sharpe = Headline("Sharpe after costs", one, f"a year; {holding}")
    if has_paths:
        sharpe = Headline(
            "Sharpe after costs",
            text.plus_minus(result.spread["mean"], result.spread["deviation"]),
            f"a year, mean and deviation over {result.returns.shape[1]} paths; path {result.path + 1}: {one}; "
            f"{holding}",
        )
    headline(
        [
            sharpe,
            Headline(
                "DSR",
                text.p_value(result.dsr),
                f"{f'median path {result.median + 1}, ' if has_paths else ''}{text.counted(result.n_trials, 'trial')}; "
                "0.95 would exclude luck, 0.5 is what it gives",
                help="Deflated Sharpe ratio: the probability that the Sharpe ratio is above the best that so many "
                "trials without skill would show",
            ),
            Headline(
                "Maximum drawdown",
                text.percent(row["max_drawdown"]),
                f"holding: {text.percent(held['max_drawdown'])}",
            ),
            Headline(
                "Turnover",
                f"{text.number(row['turnover_annual'], 1)}×",
                f"of capital a year, {text.percent(row['exposure'], 0)} of it invested on average",
            ),
            Headline(
                "Cost",
                text.percent(row["cost_annual"], 2),
                f"of capital a year; {text.percent(row['annual_return'])} a year is left",
            ),
        ]
    )


def draw_costs() -> None:
    """From gross to net."""
    waterfall = reports.cost_waterfall(bars, result.costs, result.periods_per_year)
    gross, net = waterfall["value"].iloc[0], waterfall["value"].iloc[-1]
    parts = waterfall.iloc[1:-1]
    dearest = parts.loc[parts["value"].idxmin()]
    chart(
        charts.cost_waterfall(waterfall),
        f"{text.percent(gross, 2)} a year before costs, {text.percent(net, 2)} after; the dearest is "
        f"{dearest['kind']}, {text.percent(-dearest['value'], 2)}.",
        alt="Annual return from gross to net by kind of cost",
        key="backtest_costs",
    )
    download_table(waterfall, "cost_waterfall")


def draw_by(group: pd.Series, label: str, name: str, partial: str = "") -> None:
    """Return and Sharpe ratio within each group of bars."""
    known = group.notna()
    if not known.any():
        st.info(f"No {label.lower()} is known on these bars.")
        return
    table = reports.sharpe_by(bars[known], group[known], result.periods_per_year)
    clear = int((table["lower"] * table["upper"] > 0).sum())
    best, worst = table.loc[table["value"].idxmax()], table.loc[table["value"].idxmin()]
    chart(
        charts.returns_by(table, group=label, title="Net return a year (%)"),
        f"Best {text.name(best['group'])} ({text.percent(best['value'])}), worst {text.name(worst['group'])} "
        f"({text.percent(worst['value'])}); {clear} of {len(table)} are clear of zero by their 90{text.THIN}% "
        f"interval.{partial}",
        alt=f"Net return a year by {label.lower()}",
        key=f"backtest_{name}",
    )
    named = table.assign(
        sharpe_text=[text.plus_minus(row.sharpe, row.error) for row in table.itertuples()],
    )
    tables.show(
        named,
        SHARPE_COLUMNS,
        alt=f"Return and Sharpe ratio by {label.lower()}",
        labels={"group": label, "n": st.column_config.NumberColumn("Bars", format="localized")},
        download=f"backtest_by_{name}",
    )


def draw_trades() -> None:
    """Every fill, newest first."""
    trades = result.trades.assign(money=result.trades["value"]).iloc[::-1]
    st.caption(
        f"{text.counted(len(trades), 'fill')}, newest first"
        + (
            f"; the newest {text.thousands(MOST_TRADES)} are shown, the download has all."
            if len(trades) > MOST_TRADES
            else "."
        )
        + f" The account starts with {text.money(config.backtest.initial_equity)}."
    )
    tables.show(trades.head(MOST_TRADES), TRADE_COLUMNS, alt="Fills, newest first")
    download_table(result.trades, "trades")


with show_errors():
    models = list(load.table(run_id, "folds")["model"].unique())
    summary = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.selectbox(
            "Model",
            models,
            load.champion_position(run_id, models),
            format_func=text.name,
            key="bt_model",
            bind="query-params",
            width=280,
        )
        path = paths.choose(run_id, "bt_path", width=200)
        is_log = st.toggle("Log scale", True, key="bt_log", bind="query-params")
    config = build.backtest_controls(load.run_config(run_id))
    st.caption("Each setting whose score is seen here is one more trial, which the DSR counts.")
    result = load.backtest(run_id, model, config, path)
    has_paths = result.returns.shape[1] > 1
    bars, (held_bars, held) = result.bars, load.holding(run_id, config)
    with summary:
        draw_headline()
    if config.backtest.fill == "same_close":
        st.warning(
            "Filled at the close that the decision was made from: optimistic, for comparison only.",
            icon=":material/warning:",
        )
    if not (result.trades["impact"] > 0).any() and config.backtest.costs.impact_coefficient > 0 and len(result.trades):
        st.info("These bars carry no volume, so no impact could be charged.", icon=":material/info:")
    luck = "luck is excluded" if result.dsr >= 0.95 else "luck is not excluded"
    chart(
        charts.equity_drawdown(reports.against({model: bars, "equal_holding": held_bars}), log=is_log),
        f"One unit became {text.number(bars['equity'].iloc[-1])} from {bars.index[0]:%B %Y} to "
        f"{bars.index[-1]:%B %Y}, out "
        f"of sample{f' on path {result.path + 1}' if has_paths else ''} and after costs; held equally, "
        f"{text.number(held_bars['equity'].iloc[-1])}. {luck.capitalize()} "
        f"(DSR {text.p_value(result.dsr)}, {text.counted(result.n_trials, 'trial')}).",
        alt=f"Equity and drawdown of {text.name(model)} and equal holding",
        key="backtest_equity",
    )
    download_table(bars.reset_index(), "backtest")
    if has_paths:
        paths.draw_fan(result, model, is_log)
    costs, years, regimes, trades = st.tabs(
        ["Cost waterfall", "By year", "By regime", "Trades"], key="bt_tab", on_change="rerun", bind="query-params"
    )
    if costs.open:
        with costs:
            draw_costs()
    if years.open:
        with years:
            draw_by(
                pd.Series(bars.index.year, index=bars.index),
                "Year",
                "year",
                " A year that is not whole is scaled to one.",
            )
    if regimes.open:
        with regimes:
            weather = reports.market_regime(load.table(run_id, "regimes"), lag=1).reindex(bars.index)
            draw_by(
                weather,
                "Regime",
                "regime",
                " The regime is that of most symbols at the bar before, known when the return began.",
            )
    if trades.open:
        with trades:
            draw_trades()
    st.caption(load.scope(run_id))
    how(
        "How this is computed",
        f"""Decided at the close of t, filled at the
{"open of t+1" if config.backtest.fill == "next_open" else "same close"}, on adjusted prices; cash plus positions is
equity at every bar. Target weight: scale × (2p − 1), capped, averaged over the {config.label.horizon} bars that a
label is open, shared equally by symbol. Commission and half the spread on what is traded, square-root impact on its
share of dollar volume, borrow on shorts.{bets_note(config)} DSR (Bailey & López de Prado 2014) counts every distinct
setting whose score anybody has seen in this store: each slider position here is one. The band of a group of bars is
the normal interval of its mean return.{paths.note(run_id)}""",
    )
