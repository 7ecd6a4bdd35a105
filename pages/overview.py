"""What does the evidence say today, and how far can I trust it?"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from finml_core import charts, report
from finml_core.experiments import ExperimentConfig
from pages._ui import jobs, load, paths, text
from pages._ui.frame import (
    Headline,
    chart,
    download_table,
    headline,
    how,
    open_page,
    page_link,
    show_errors,
    verdict,
)
from pages._ui.model_bets import claim

SPARKLINE = 60  # bars
CARDS_A_ROW = 4


def work_and_data() -> None:
    """Runs in progress, and how fresh and sound the data are."""
    work, data = st.columns([3, 2])
    with work.container(border=True, height="stretch"):
        st.markdown("**Runs in progress**")
        jobs.watch("overview")
    with data.container(border=True, height="stretch"):
        st.markdown("**Data**")
        covered = load.coverage().set_index("symbol").loc[list(selection.symbols)]
        findings = load.quality(selection.symbols, selection.start, selection.end)
        serious = int((findings["severity"] == "high").sum())
        st.caption(
            f"Bars of {len(covered)} symbols to {covered['last'].max():%d %B %Y}; {len(findings)} open findings, "
            f"{serious} of high severity."
        )
        page_link("market_data", "Look at the bars")


def card(row: pd.Series, config: ExperimentConfig, closes: Sequence[float]) -> None:
    """One symbol: signal with its arrow, probability with its interval, regime, weight, what changed."""
    with st.container(border=True, height="stretch"):
        st.metric(
            row["symbol"],
            text.arrow(row["signal"]),
            chart_data=list(closes),
            help=f"The line is the adjusted close of the last {SPARKLINE} bars.",
        )
        if config.is_sparse and pd.isna(row["p_cal"]):
            st.caption("No event or bet to judge at this bar; the weight is what is left of earlier ones.")
        else:
            st.caption(
                f"{claim(config)} with probability {text.probability(row['p_cal'])}; "
                f"{1 - config.calibration.alpha:.0%} of outcomes within {text.percent(row['lower'])} to "
                f"{text.percent(row['upper'])}."
            )
        weather = text.name(row["regime"]) if pd.notna(row["regime"]) else "Regime not known yet"
        st.caption(f"{weather}, confidence {text.probability(row['regime_confidence'])}.")
        weight = text.percent(row["target_weight"])
        st.caption(f"Suggested weight {weight} of capital, the mean of its last {config.label.horizon} decisions.")
        st.caption(text.changed(row["previous_signal"], row["signal"], row["previous_p_cal"], row["p_cal"]))


def cards(latest: pd.DataFrame, config: ExperimentConfig) -> None:
    """The cards, four a row."""
    for start in range(0, len(latest), CARDS_A_ROW):
        rows = latest.iloc[start : start + CARDS_A_ROW]
        for column, (_, row) in zip(st.columns(CARDS_A_ROW), rows.iterrows(), strict=False):
            with column:
                card(row, config, load.closes(row["symbol"], row["ts"], SPARKLINE))


def trust(row: pd.Series, luck: pd.Series, config: ExperimentConfig) -> None:
    """Leaks, calibration, luck and coverage in one row."""
    panel = report.trust_panel(
        load.table(selection.run_id, "audits"),
        row,
        luck["dsr"],
        int(luck["n_trials"]),
        1 - config.calibration.alpha,
    )
    for column, line in zip(st.columns(len(panel)), panel.itertuples(), strict=True):
        with column:
            verdict(line.verdict, f"**{line.subject}**: {line.reason}")
            page_link(line.page, "See why")


selection = open_page("Overview", "What does the evidence say today, and how far can I trust it?")
jobs.need_bars()
work_and_data()
run_id = jobs.need_run(selection, is_watched=True)

with show_errors():
    config = load.run_config(run_id)
    board = load.table(run_id, "leaderboard").set_index("model")
    champion = load.metrics(run_id)["champion"]
    luck = load.luck(run_id).set_index("model").loc[champion]
    row = board.loc[champion]
    sharpe, meaning = paths.sharpe(row)
    base = (
        f" against {text.number(board.loc['naive', 'log_loss_cal'], 4)} of the base rate"
        if "naive" in board.index
        else ""
    )
    headline(
        [
            Headline("Champion", text.name(champion), f"log loss {text.number(row['log_loss_cal'], 4)}{base}"),
            Headline(
                "AUC, mean over folds",
                text.plus_minus(row["auc_mean"], row["auc_deviation"], 3),
                "0.5 is a coin; ± is the deviation over folds",
            ),
            Headline(
                "Sharpe after costs",
                sharpe,
                (f"{meaning}; " if paths.has_paths(row) else "")
                + f"holding all alike: {text.number(board.loc['equal_holding', 'sharpe_annual'])}",
            ),
            Headline(
                "DSR",
                text.probability(luck["dsr"]),
                f"chance that its Sharpe{' on the median path' if paths.has_paths(row) else ''} exceeds the best of "
                f"{int(luck['n_trials'])} trials without skill",
            ),
        ]
    )
    latest = report.latest_cards(
        load.predictions(run_id, champion), load.table(run_id, "decisions"), load.table(run_id, "regimes"), champion
    )
    st.subheader(f"At the close of {latest['ts'].max():%d %B %Y}", anchor=False)
    cards(latest, config)
    st.subheader("May this be believed?", anchor=False)
    trust(row, luck, config)

    st.subheader("Out of sample, after costs", anchor=False)
    series = report.backtest.equity_series(load.table(run_id, "equity"), [champion, "arbitrated", "equal_holding"])
    final = series.groupby("series")["equity"].last()
    chart(
        charts.equity_drawdown(series, log=True),
        f"One unit grew to {final[champion]:.2f} with {text.name(champion)}, {final['arbitrated']:.2f} arbitrated, "
        f"and {final['equal_holding']:.2f} by holding the same symbols alike. The scale is logarithmic: equal steps "
        "are equal growth." + (" Each is drawn on its own median path." if paths.has_paths(row) else ""),
        alt="Equity and drawdown out of sample of the champion, the arbitrated book and equal holding",
        key="overview_equity",
    )
    download_table(series, "overview_equity")
    how(
        "How this is computed",
        f"""The champion is the model of the selected run with the lowest calibrated log loss; the base rate itself
cannot be it. The signal is the arbitrated one; the probability is the champion's, from a model that did not train
on the bar (purged folds, label horizon {config.label.horizon}), through {config.calibration.method} calibration
fitted on outcomes known before. Positions decided at a close are filled at the next open, with costs; "holding all
alike" keeps equal weights in the same symbols under the same costs. DSR: Bailey & López de Prado (2014), the number
of trials counted from everybody's in this store; DSR above 0.95 is stricter than a 5 % test of the search. With
purged K-fold, models of early folds have also trained on later data: for a history that could have been traded, use
walk-forward.{paths.note(run_id)}""",
    )
