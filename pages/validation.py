"""Is this test fair?"""

from dataclasses import replace

import streamlit as st

from finml_core import charts
from finml_core.experiments import SplitConfig
from pages._ui import jobs, load, studies, tables, text
from pages._ui.frame import (
    Headline,
    chart,
    download_table,
    empty_state,
    headline,
    how,
    open_page,
    show_errors,
    verdict,
)  # fmt: skip

KINDS = {"purged_kfold": "Purged K-fold", "walk_forward": "Walk-forward"}
# Score by fold -> its name, the score of no skill where there is one, and its digits.
SCORES = {
    "auc": ("AUC", 0.5, "0.5 is a coin"),
    "log_loss": ("Log loss", None, "lower is better; the base rate knows nothing else"),
    "brier": ("Brier score", None, "lower is better; the base rate knows nothing else"),
    "accuracy": ("Accuracy", None, "the base rate always names the commoner side"),
}
DIAGNOSTICS = (
    "fold", "test_start", "test_end", "n_test", "n_train", "n_purged", "n_embargoed", "overlapping_pairs",
    "effective_sample_size",
)  # fmt: skip

selection = open_page("Validation", "Is this test fair?")
jobs.show_error()
if not load.symbols():
    empty_state("There are no bars yet.", "Load the bundled bars and run the first experiment", jobs.start_first)
    st.stop()


def split_controls(default: SplitConfig, own_horizon: int) -> tuple[SplitConfig, int]:
    """The splitter and the label's horizon; the drawing answers at once, a run keeps its own split."""
    with st.grid(4, min_column_width=150):
        kind = st.selectbox(
            "Splitter", list(KINDS), list(KINDS).index(default.kind), KINDS.get, key="val_kind", bind="query-params"
        )
        train, test, folds = default.train_size, default.test_size, default.n_splits
        if kind == "purged_kfold":
            folds = st.slider("Folds", 2, max(12, folds), folds, key="val_folds", bind="query-params")
        else:
            train = st.slider("Training bars", 21, max(1260, train), train, 21, key="val_train", bind="query-params")
            test = st.slider("Test bars", 5, max(504, test), test, key="val_test", bind="query-params")
        percent = default.embargo_pct * 100
        embargo = st.slider(
            f"Embargo,{text.THIN}% of bars", 0.0, max(10.0, percent), percent, 0.5, key="val_embargo",
            bind="query-params",
        )  # fmt: skip
        horizon = st.slider(
            "Label horizon, bars", 1, max(60, own_horizon), own_horizon, key="val_horizon", bind="query-params"
        )
    step = default.step_size if test == default.test_size else test
    return (
        replace(
            default,
            kind=kind,
            n_splits=folds,
            train_size=train,
            test_size=test,
            step_size=step,
            embargo_pct=embargo / 100,
        ),
        horizon,
    )


def draw_split() -> None:
    """Headline, controls and the split over time."""
    default = load.run_config(finished) if finished else load.default_experiment()
    summary = st.container()
    split, horizon = split_controls(default.split, default.label.horizon)
    with show_errors():
        timeline, diagnostics = studies.split(selection.symbols, selection.start, selection.end, horizon, split)
        pairs = int(diagnostics["overlapping_pairs"].sum())
        purged, rested = int(diagnostics["n_purged"].sum()), int(diagnostics["n_embargoed"].sum())
        n_train, worth = diagnostics["n_train"].mean(), diagnostics["effective_sample_size"].mean()
        with summary:
            headline(
                [
                    Headline(
                        "Overlapping label pairs", f"{pairs}", "must be 0: no training label touches a test label"
                    ),
                    Headline("Rows purged", text.thousands(purged), f"over {text.counted(len(diagnostics), 'fold')}"),
                    Headline("Rows embargoed", text.thousands(rested), "after the test blocks"),
                    Headline(
                        "Independent rows",
                        text.thousands(worth),
                        f"of {text.thousands(n_train)} that a fold trains on: labels overlap",
                    ),
                    *([champion_score(finished)] if finished else []),
                ]
            )
        chart(
            charts.split_timeline(timeline),
            f"Each row is a fold. {text.thousands(purged)} training rows whose label reaches into a test block are "
            f"removed on both sides, {text.thousands(rested)} more rest after it; "
            f"{'no pair overlaps' if pairs == 0 else f'{pairs} pairs still overlap'} after that.",
            alt=f"Training, purged, test and embargoed spans of {len(diagnostics)} folds",
            key="validation_timeline",
        )
        download_table(timeline, "split_timeline")
        with st.expander("The split in numbers"):
            tables.show(diagnostics, DIAGNOSTICS, alt="Counts of each fold", download="split_diagnostics")


def champion_score(run_id: str) -> Headline:
    """Mean and deviation over folds of the run's best model."""
    champion = load.metrics(run_id)["champion"]
    scores = load.table(run_id, "folds").query("model == @champion")["auc"]
    return Headline(
        "AUC of the run",
        text.plus_minus(scores.mean(), scores.std(), 3),
        f"{text.name(champion)}, mean and deviation over its {text.counted(len(scores), 'fold')}",
    )


def draw_scores(run_id: str) -> None:
    """Each fold's score of each model."""
    folds = load.table(run_id, "folds")
    metric = st.segmented_control(
        "Score",
        list(SCORES),
        default="auc",
        required=True,
        format_func=lambda name: SCORES[name][0],
        key="val_score",
        bind="query-params",
    )
    label, baseline, reading = SCORES[metric]
    means = (
        folds.groupby("model")[metric]
        .agg(["mean", "std"])
        .sort_values("mean", ascending=metric in ("log_loss", "brier"))
    )
    words = ", ".join(
        f"{text.name(model)} {text.plus_minus(row['mean'], row['std'], 3)}" for model, row in means.iterrows()
    )
    chart(
        charts.fold_scores(folds.assign(score=folds[metric]), metric=label, baseline=baseline),
        f"{words}: mean and deviation over folds; {reading}.",
        alt=f"{label} of each model in each fold",
        key="validation_folds",
    )
    columns = ("model", "fold", "n_test", "base_rate", "auc", "log_loss", "brier", "accuracy")
    tables.show(folds, columns, alt="Scores of each model by fold", download="fold_scores")


def draw_audits(run_id: str) -> None:
    """The run's own checks for leaks."""
    audits = load.table(run_id, "audits")
    for check in audits.itertuples():
        verdict("passed" if check.passed else "failed", f"**{text.name(check.check)}**: {check.reason}.")
    download_table(audits, "audits")


with show_errors():
    run_id = selection.run_id
    finished = run_id if run_id and load.run_store().status(run_id).state == "done" else None
    draw_split()
    scores, audits = st.tabs(
        ["Scores by fold", "Audits of the run"], key="val_tab", on_change="rerun", bind="query-params"
    )
    for tab, draw in ((scores, draw_scores), (audits, draw_audits)):
        if tab.open:
            with tab:
                if finished:
                    st.caption(load.scope(finished, "The run's own split, not the sliders'."))
                    draw(finished)
                elif run_id is None:
                    st.info("Scores and audits appear when a run is done; start one on Models.")
                else:
                    jobs.unfinished(run_id)
    how(
        "How this is computed",
        """A label at t is known at its end; its span is the closed interval [t, label end]. A training row is purged
when its span touches the span of any test row, before and after the test block (López de Prado 2018, chapter 7). The
embargo removes what follows a test block, for features that remember. All symbols of one timestamp fall on the same
side. The count of overlapping pairs is made afterwards and independently of the purge. Independent rows: the sum of
average uniqueness. Scores are taken within a fold, then averaged.""",
    )
