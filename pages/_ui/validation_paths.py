"""The tab of the page Validation that shows what each path of a combinatorial run scored."""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.report import paths as reports
from pages._ui import load, tables, text
from pages._ui.frame import chart

# Score by path -> its name, the score of no skill where there is one, its digits, and how it reads.
SCORES = {
    "auc": ("AUC", 0.5, 3, "0.5 is a coin"),
    "log_loss": ("Log loss", None, 4, "lower is better"),
    "brier": ("Brier score", None, 4, "lower is better"),
    "accuracy": ("Accuracy", None, 3, "the base rate always names the commoner side"),
    "ece_cal": ("ECE after calibration", None, 3, "0 is perfect"),
    "sharpe_annual": ("Sharpe ratio", 0.0, 2, "a year, after costs"),
    "max_drawdown": ("Maximum drawdown", None, 3, "a fraction of capital"),
}
DISTRIBUTION = {
    "model": st.column_config.TextColumn("Model", pinned=True),
    "n_paths": st.column_config.NumberColumn("Paths", format="%d"),
    "mean": "Mean",
    "deviation": "Deviation",
    "low": "5 %",
    "median": "Median",
    "high": "95 %",
    "least": "Least",
    "most": "Most",
}


def draw_path_scores(run_id: str) -> None:
    """The score of each model on each full history, and its distribution."""
    if load.n_paths(run_id) == 1:
        st.info(
            "This run tests every bar once, which makes one path. Train one with the combinatorial splitter on Models "
            "to see how far several histories are apart.",
            icon=":material/alt_route:",
        )
        return
    metric = st.segmented_control(
        "Score of a path",
        list(SCORES),
        default="auc",
        required=True,
        format_func=lambda name: SCORES[name][0],
        key="val_path_score",
        bind="query-params",
    )
    name, baseline, digits, reading = SCORES[metric]
    paths = load.table(run_id, "paths")
    scores = paths.assign(score=paths[metric]).dropna(subset=["score"])
    table = reports.path_distribution(paths, metric)
    n_folds = load.table(run_id, "folds")["fold"].nunique()
    chart(
        charts.path_scores(scores, metric=name, baseline=baseline),
        f"{_words(table, digits)}: mean and deviation over {text.counted(load.n_paths(run_id), 'path')} from "
        f"{text.counted(n_folds, 'fold')}; {reading}. The ring is the path of the median Sharpe ratio, the rule where "
        "nine in ten paths lie.",
        alt=f"{name} of each model on each path",
        key="validation_path_scores",
    )
    shown = {
        column: st.column_config.NumberColumn(title, format=f"%.{digits}f") if isinstance(title, str) else title
        for column, title in DISTRIBUTION.items()
    }
    tables.show(
        table, tuple(DISTRIBUTION), alt=f"{name} over paths", labels=shown, download=f"path_distribution_{metric}"
    )
    st.caption(
        "AUC, log loss, Brier score and accuracy are taken within each block of a path and averaged. Paths share bars "
        "and training rows: their deviation tells how much hangs on which rows were trained on, and is no standard "
        "error. What learns nothing is the same on every path."
    )


def _words(table: pd.DataFrame, digits: int) -> str:
    return ", ".join(
        f"{text.name(row.model)} {text.plus_minus(row.mean, row.deviation, digits)}" for row in table.itertuples()
    )
