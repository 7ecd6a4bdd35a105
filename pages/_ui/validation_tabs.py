"""Tabs of the page Validation that answer its sliders: other splitters, paths, labels."""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.labels import LabelConfig
from pages._ui import tables, text
from pages._ui import validation_studies as studies
from pages._ui.frame import chart, download_table, verdict
from pages._ui.validation_studies import Chosen, SplitChoice

AUDITED = {
    "fold": "Fold",
    "n_train": "Training rows",
    "n_test": "Test rows",
    "overlapping_pairs": "Overlapping pairs",
    "leaking_rows": "Rows that leak",
    "embargo_violations": "Under the embargo",
    "duplicated_rows": "Duplicated",
    "class_drift": "Drift",
}
OFFENDERS = ("fold", "kind", "symbol", "ts", "label_end", "n_touched", "test_ts", "test_label_end")
MOST_PATHS = 20  # that are drawn


def draw_comparison(chosen: Chosen, label: LabelConfig, choice: SplitChoice) -> None:
    """This split beside scikit-learn's on the same rows, and who offends."""
    leaks = studies.comparison(chosen, label, choice)
    worst = leaks.sort_values("share").iloc[-1]
    chart(
        charts.leak_comparison(leaks),
        f"The same {text.thousands(len(studies.labelled(chosen, label).spans))} rows in order of time. Of those that "
        f"{worst['splitter']} trains on, {text.percent(worst['share'])} share time with a label that it is tested on. "
        "scikit-learn's splitters know no label ends, and a gap counts rows, of which a bar has one a symbol.",
        alt="Share of training rows that leak, by splitter",
        key="validation_leaks",
    )
    name = st.segmented_control(
        "Details of", list(leaks["splitter"]), default=studies.OWN, required=True, key="val_splitter",
        bind="query-params",
    )  # fmt: skip
    audit = studies.audit(chosen, label, choice, name)
    tables.show(
        audit.folds, tuple(AUDITED), alt=f"What each fold of {name} leaks", labels=audited(), download="split_audit"
    )
    if audit.n_offenders == 0:
        verdict(
            "passed", f"**{name}**: no training row shares time with a test row, comes twice, or should be at rest."
        )
        return
    verdict(
        "failed" if audit.folds["overlapping_pairs"].any() else "doubtful",
        f"**{name}**: {text.counted(audit.n_offenders, 'training row')} over {text.counted(len(audit.folds), 'fold')} "
        f"share time with a test row or should be at rest. The first of each fold:",
    )
    tables.show(
        audit.offenders,
        OFFENDERS,
        alt=f"Training rows that offend under {name}",
        labels={
            "kind": "Offence",
            "ts": st.column_config.DateColumn("Bar", format="YYYY-MM-DD"),
            "label_end": st.column_config.DateColumn("Label ends", format="YYYY-MM-DD"),
            "n_touched": st.column_config.NumberColumn("Test rows touched", format="localized"),
            "test_ts": st.column_config.DateColumn("First of them", format="YYYY-MM-DD"),
            "test_label_end": st.column_config.DateColumn("Its label ends", format="YYYY-MM-DD"),
        },
        download="offenders",
    )


def audited() -> dict[str, object]:
    """Headings of the table of an audit."""
    help_texts = {
        "leaking_rows": "Training rows that share time with a test row's label",
        "embargo_violations": "Training rows that should rest after a test block",
        "duplicated_rows": "Rows on both sides, or twice on one",
    }
    found = {
        column: st.column_config.NumberColumn(title, format="localized", help=help_texts.get(column))
        for column, title in AUDITED.items()
        if column not in ("fold", "class_drift")
    }
    drift = st.column_config.NumberColumn("Drift of the outcome", format="%.3f", help="Mean in test less in training")
    return found | {"class_drift": drift}


def draw_paths(chosen: Chosen, label: LabelConfig, choice: SplitChoice) -> None:
    """Which fold gives each path which stretch."""
    if choice.kind != "combinatorial":
        st.info("Every bar is tested once, which makes one path. A combinatorial split makes several.")
        return
    paths = studies.paths(chosen, label, choice)
    n_paths, n_folds = paths["path"].nunique(), paths["fold"].nunique()
    first = paths[paths["path"] == 1]
    drawn = "" if n_paths <= MOST_PATHS else f" The first {MOST_PATHS} of {n_paths} are drawn."
    chart(
        charts.path_map(paths[paths["path"] <= MOST_PATHS]),
        f"Each row is one history out of sample, put together from the folds named in its cells: path 1 from "
        f"{text.counted(first['fold'].nunique(), 'fold')}.{drawn} {n_folds} folds make "
        f"{text.counted(n_paths, 'path')}, each tested block used once: a score over paths is a distribution, not one "
        "number.",
        alt=f"The folds that make each of {n_paths} paths",
        key="validation_paths",
    )
    download_table(paths, "paths")


def draw_labels(chosen: Chosen, label: LabelConfig, choice: SplitChoice) -> None:
    """How balanced the outcomes are, and how much they overlap."""
    balance, concurrency = studies.description(chosen, label)
    if balance is None:
        st.info("A return has no classes. Choose a label with classes to see how they are balanced.")
    else:
        share = balance.groupby("y")["n"].sum() / balance["n"].sum()
        chart(
            charts.class_balance(balance),
            f"{balance_in_words(share)} A model that always names the commonest is right "
            f"{text.percent(share.max())} of the time.",
            alt="Share of each class among the labels of each year",
            key="validation_balance",
        )
        download_table(balance, "class_balance")
    open_now = concurrency["open_labels"]
    chart(
        charts.label_concurrency(concurrency),
        f"On average {text.number(open_now.mean(), 1)} labels of a symbol are open at a bar, so each tells "
        f"{text.percent(concurrency['uniqueness'].mean())} of its own: neighbours are not new evidence.",
        alt="Labels open at each bar",
        key="validation_concurrency",
    )
    download_table(concurrency, "label_concurrency")


def balance_in_words(share: pd.Series) -> str:
    """Up and down by name, more classes by their range."""
    if set(share.index) <= {0.0, 1.0}:
        return f"{text.percent(share.get(1.0, 0.0))} of labels say up, {text.percent(share.get(0.0, 0.0))} down."
    return f"{len(share)} classes hold {text.percent(share.min())} to {text.percent(share.max())} of the labels each."
