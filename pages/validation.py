"""Is this test fair?"""

import streamlit as st

from finml_core import charts
from finml_core.experiments import SplitConfig
from finml_core.splits import split_diagnostics, split_timeline
from pages._ui import jobs, load, studies, text
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

selection = open_page("Validation", "Is this test fair?")
jobs.show_error()
if not load.symbols():
    empty_state("There are no bars yet.", "Load the bundled bars and run the first experiment", jobs.start_first)
    st.stop()


def split_controls(default: SplitConfig) -> SplitConfig:
    """Sliders of the splitter; the drawing answers at once, a run keeps its own split."""
    first, second, third, fourth = st.columns(4)
    kinds = {"purged_kfold": "Purged K-fold", "walk_forward": "Walk-forward"}
    kind = first.selectbox("Splitter", list(kinds), format_func=kinds.get, key="val_kind", bind="query-params")
    embargo = fourth.slider(
        "Embargo, % of bars", 0.0, 10.0, default.embargo_pct * 100, 0.5, key="val_embargo", bind="query-params"
    )
    if kind == "purged_kfold":
        folds = second.slider("Folds", 2, 12, default.n_splits, key="val_folds", bind="query-params")
        return SplitConfig(kind=kind, n_splits=folds, embargo_pct=embargo / 100)
    train = second.slider("Training bars", 126, 1260, default.train_size, 63, key="val_train", bind="query-params")
    test = third.slider("Test bars", 21, 504, default.test_size, 21, key="val_test", bind="query-params")
    return SplitConfig(kind=kind, train_size=train, test_size=test, step_size=test, embargo_pct=embargo / 100)


with show_errors():
    default = load.run_config(selection.run_id) if selection.run_id else load.default_experiment()
    split = split_controls(default.split)
    horizon = st.slider("Label horizon, bars", 1, 60, default.label.horizon, key="val_horizon", bind="query-params")
    rows = studies.label_rows(selection.symbols, selection.start, selection.end, horizon)
    splitter = split.build()
    timeline = split_timeline(splitter, rows, rows["label_end"])
    diagnostics = split_diagnostics(splitter, rows, rows["label_end"])
    pairs = int(diagnostics["overlapping_pairs"].sum())
    headline(
        [
            Headline(
                "Overlapping label pairs", f"{pairs}", "must be 0: no training label shares a bar with a test label"
            ),
            Headline("Rows purged", text.thousands(diagnostics["n_purged"].sum()), f"over {len(diagnostics)} folds"),
            Headline("Rows embargoed", text.thousands(diagnostics["n_embargoed"].sum()), "after each test block"),
            Headline(
                "Independent rows",
                text.thousands(diagnostics["effective_sample_size"].mean()),
                f"of {text.thousands(diagnostics['n_train'].mean())} in a fold's training, by uniqueness of labels",
            ),
        ]
    )
    chart(
        charts.split_timeline(timeline),
        f"Each row is a fold. {text.thousands(diagnostics['n_purged'].sum())} training rows whose label reaches into a test "
        f"block are removed, on both sides; {pairs} pairs overlap after that.",
        alt=f"Training, purged, test and embargoed spans of {len(diagnostics)} folds",
        key="validation_timeline",
    )
    download_table(timeline, "split_timeline")

    is_done = False
    scores, audits, table = st.tabs(["Scores by fold", "Audits of the run", "Split in numbers"])
    with table:
        st.dataframe(diagnostics, hide_index=True, width="stretch")
        download_table(diagnostics, "split_diagnostics")
    with scores:
        if selection.run_id is None:
            st.info("Scores appear when a run is done; start one on Models.")
        elif is_done := not jobs.unfinished(selection.run_id):
            folds = load.table(selection.run_id, "folds")
            means = folds.groupby("model")["auc"].mean()
            chart(
                charts.fold_scores(folds.assign(score=folds["auc"]), metric="AUC", baseline=0.5),
                f"Mean AUC: {', '.join(f'{text.name(model)} {value:.3f}' for model, value in means.items())}. "
                "0.5 is a coin; scores are taken within a fold, then averaged. The run's own split, not the sliders'.",
                alt="AUC of each model in each fold",
                key="validation_folds",
            )
            download_table(folds, "fold_scores")
    with audits:
        if is_done:
            for check in load.table(selection.run_id, "audits").itertuples():
                verdict("passed" if check.passed else "failed", f"**{check.check}**: {check.reason}")
    how(
        "How this is computed",
        """A label at t is known at its end; its span is the closed interval [t, label end]. A training row is purged when its
span touches the span of any test row, before and after the test block (López de Prado 2018, chapter 7). The embargo removes
what follows a test block, for features that remember. All symbols of one timestamp fall on the same side. The count of
overlapping pairs is made afterwards and independently of the purge. Independent rows: the sum of average uniqueness.""",
    )
