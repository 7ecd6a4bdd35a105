"""What does the evidence say today, and how far can I trust it?"""

import pandas as pd
import streamlit as st

from finml_core import charts, report
from pages._ui import jobs, load, text
from pages._ui.frame import (
    Headline,
    chart,
    download_table,
    empty_state,
    headline,
    how,
    open_page,
    page_link,
    show_errors,
    verdict,
)

selection = open_page("Overview", "What does the evidence say today, and how far can I trust it?")
jobs.show_error()

if not load.symbols():
    empty_state(
        "There are no bars yet. FinML comes with real ones: five US shares and two indices, daily.",
        "Load the bundled bars and run the first experiment",
        jobs.start_first,
    )
    st.stop()

with st.container(border=True):
    st.markdown("**Runs in progress**")
    jobs.watch("overview")

if selection.run_id is None:
    empty_state(
        "Nothing has been run yet.", "Run the default experiment", lambda: jobs.submit(load.default_experiment())
    )
    st.stop()
if jobs.unfinished(selection.run_id):
    st.stop()


def cards(latest: pd.DataFrame) -> None:
    """One card a symbol: signal with its arrow, probability with its interval, regime, weight, what changed."""
    arrows = {"LONG": "▲ long", "SHORT": "▼ short", "NEUTRAL": "● neutral"}
    columns = st.columns(min(len(latest), 4))
    for number, row in latest.iterrows():
        with columns[number % len(columns)], st.container(border=True):
            st.markdown(f"**{row['symbol']}** · {arrows[row['signal']]}")
            st.caption(
                f"P(up in {config.label.horizon} bars) {text.probability(row['p_cal'])}; 90 % of outcomes within "
                f"{text.percent(row['lower'])} to {text.percent(row['upper'])}"
            )
            st.caption(
                f"{row['regime'].replace('_', ' ').capitalize()}, confidence {text.probability(row['regime_confidence'])}"
            )
            st.caption(text.changed(row["previous_signal"], row["signal"], row["previous_p_cal"], row["p_cal"]))


with show_errors():
    run_id = selection.run_id
    config = load.run_config(run_id)
    board = load.table(run_id, "leaderboard").set_index("model")
    champion = load.metrics(run_id)["champion"]
    luck = load.luck(run_id).set_index("model")
    row = board.loc[champion]
    headline(
        [
            Headline("Champion", text.name(champion), f"lowest log loss of {config.name}"),
            Headline(
                "AUC, mean over folds",
                text.plus_minus(row["auc_mean"], row["auc_deviation"], 3),
                "0.5 is a coin; ± is the deviation over folds",
            ),
            Headline(
                "Sharpe after costs",
                text.plus_minus(row["sharpe_annual"], row["sharpe_error_annual"]),
                f"equal holding {text.number(board.loc['equal_holding', 'sharpe_annual'])}",
            ),
            Headline(
                "DSR",
                text.probability(luck.loc[champion, "dsr"]),
                f"the probability that it is better than the best of {int(luck.loc[champion, 'n_trials'])} lucky trials",
            ),
        ]
    )
    latest = report.latest_cards(
        load.table(run_id, "predictions"), load.table(run_id, "decisions"), load.table(run_id, "regimes"), champion
    )
    st.subheader(f"At the close of {latest['ts'].max():%d %B %Y}")
    cards(latest)

    st.subheader("May this be believed?")
    trust = report.trust_panel(
        load.table(run_id, "audits"),
        row,
        luck.loc[champion, "dsr"],
        int(luck.loc[champion, "n_trials"]),
        1 - config.calibration.alpha,
    )
    for column, line in zip(st.columns(len(trust)), trust.itertuples(), strict=True):
        with column:
            verdict(line.verdict, f"**{line.subject}**: {line.reason}")
            page_link(line.page, "See why")

    equity = load.table(run_id, "equity")
    series = report.backtest.equity_series(equity, [champion, "arbitrated", "equal_holding"])
    st.subheader("Out of sample, after costs")
    final = series.groupby("series")["equity"].last()
    chart(
        charts.equity_drawdown(series),
        f"One unit grew to {final[champion]:.2f} with {text.name(champion)}, {final['arbitrated']:.2f} arbitrated, "
        f"and {final['equal_holding']:.2f} by holding the same symbols.",
        alt="Equity and drawdown out of sample of the champion, the arbitrated book and equal holding",
        key="overview_equity",
    )
    download_table(series, "overview_equity")
    how(
        "How this is computed",
        f"""The champion is the model of the selected run with the lowest calibrated log loss; the naive base rate cannot
be it. Each probability comes from a model that did not train on its bar (purged folds, label horizon
{config.label.horizon}), then through {config.calibration.method} calibration fitted on outcomes known before.
Positions decided at a close are filled at the next open, with costs. DSR: Bailey & López de Prado (2014), N counted
from everybody's trials in this store. DSR above 0.95 is not a 5 % test of the search; it is stricter.
With {config.split.kind.replace("_", " ")}, models of early folds may have trained on later data (purged): for a history
that could have been traded, use walk-forward.""",
    )
