"""Tabs of the page Validation that answer its sliders: other splitters, paths, labels."""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.splits import SplitAudit
from pages._ui import tables, text
from pages._ui import validation_studies as studies
from pages._ui.frame import chart, download_table, verdict
from pages._ui.label_controls import Asked, in_words
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
MOST_FOLDS = 45
UP_OR_DOWN = ("direction", "triple_barrier", "trend_scanning")  # outcomes of 0 and 1


def draw_comparison(chosen: Chosen, label: Asked, choice: SplitChoice) -> None:
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
    draw_offenders(audit, name)
    draw_drift(studies.drift(chosen, label, choice, name), label, name)


def draw_offenders(audit: SplitAudit, name: str) -> None:
    """The verdict on a splitter, and the training rows that it rests on."""
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


def draw_drift(drift: pd.DataFrame, label: Asked, name: str) -> None:
    """Whether the outcome is as common in the test as it was in training."""
    drift = drift.dropna(subset=["drift"])
    if drift.empty:
        return
    is_share = label.kind in UP_OR_DOWN or label.primary.is_there
    what = "Bets that paid" if label.primary.is_there else "Rises" if is_share else "Mean outcome"
    shown = drift.head(MOST_FOLDS)
    say = text.percent if is_share else (lambda value: text.number(value, 3))
    worst = drift.loc[drift["drift"].abs().idxmax()]
    reading = (
        f"{what} in fold {int(worst['fold'])}: {say(worst['train_mean'])} in "
        f"training, {say(worst['test_mean'])} in the test, the largest drift of "
        f"{text.counted(len(drift), 'fold')}."
    )
    if "is_far" in drift:
        far = int(drift["is_far"].sum())
        reading += (
            f" {far} of {text.counted(len(drift), 'fold')} beyond two standard errors (band) of so many independent "
            "rows: a base rate learned in training is wrong there." if far
            else " None is beyond two standard errors (band) of so many independent rows."
        )  # fmt: skip
    if len(shown) < len(drift):
        reading += f" The first {len(shown)} folds are drawn."
    chart(
        charts.outcome_drift(shown, title=f"{what}, share" if is_share else what, percent=is_share),
        reading,
        alt=f"Mean outcome in training and in the test of each fold of {name}",
        key="validation_drift",
    )
    download_table(drift, "outcome_drift")


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


def draw_paths(chosen: Chosen, label: Asked, choice: SplitChoice) -> None:
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


def draw_labels(chosen: Chosen, label: Asked, choice: SplitChoice) -> None:
    """What is asked, how balanced the outcomes are, how much they overlap, and what they weigh."""
    found = studies.description(chosen, label)
    rows = f"{text.thousands(found.n_labels)} of {text.thousands(found.n_bars)} bars have a known outcome."
    st.markdown(f"{in_words(label)} {rows}")
    if found.balance is None:
        total = int(found.outcomes["count"].sum())
        chart(
            charts.distribution(found.outcomes, name="Return over the horizon, as a fraction"),
            f"{text.thousands(total)} outcomes. A return has no classes to be balanced; an experiment asks for an "
            "outcome that has.",
            alt="How often each return occurs",
            key="validation_outcomes",
        )
        download_table(found.outcomes, "outcomes")
    else:
        share = found.balance.groupby("y")["n"].sum() / found.balance["n"].sum()
        chart(
            charts.class_balance(found.balance, two=("Lost", "Paid") if label.primary.is_there else ("Down", "Up")),
            f"{balance_in_words(share, label)} A model that always names the commonest is right "
            f"{text.percent(share.max())} of the time.",
            alt="Share of each class among the labels of each year",
            key="validation_balance",
        )
        download_table(found.balance, "class_balance")
    open_now = found.concurrency["open_labels"]
    chart(
        charts.label_concurrency(found.concurrency),
        f"On average {text.number(open_now.mean(), 1)} labels of a symbol are open at a bar, and where one is, each "
        f"tells {text.percent(found.concurrency['uniqueness'].mean())} of its own: neighbours are not new evidence.",
        alt="Labels open at each bar",
        key="validation_concurrency",
    )
    download_table(found.concurrency, "label_concurrency")
    draw_weights(found.weights, label)


def draw_weights(weights: pd.DataFrame, label: Asked) -> None:
    """What rows weigh, month by month; nothing where all weigh alike."""
    if label.weights == "none" and not label.is_decayed:
        st.caption("All rows weigh alike.")
        return
    half = int((weights["share"].cumsum() >= 0.5).to_numpy().argmax())
    chart(
        charts.label_weights(weights),
        f"Half of all weight lies after {weights['ts'].iloc[half]:%B %Y}. A training fold has weights of its own, made "
        "of its rows alone.",
        alt="Mean weight of a label by month",
        key="validation_weights",
    )
    download_table(weights, "label_weights")


def balance_in_words(share: pd.Series, label: Asked) -> str:
    """Up and down by name, or paid and lost; more classes by their range."""
    if label.primary.is_there:
        return f"{text.percent(share.get(1.0, 0.0))} of the bets paid."
    if set(share.index) <= {0.0, 1.0}:
        return f"{text.percent(share.get(1.0, 0.0))} of labels say up, {text.percent(share.get(0.0, 0.0))} down."
    return f"{len(share)} classes hold {text.percent(share.min())} to {text.percent(share.max())} of the labels each."
