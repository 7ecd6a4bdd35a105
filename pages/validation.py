"""Is this test fair?"""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.experiments import SplitConfig
from pages._ui import jobs, load, luck_audit, run_studies, tables, text
from pages._ui import validation_studies as studies
from pages._ui.frame import Headline, chart, download_table, headline, how, open_page, show_errors, verdict
from pages._ui.label_controls import Asked, asked, label_controls
from pages._ui.validation_paths import draw_path_scores
from pages._ui.validation_scores import draw_audits, draw_scores, draw_seeds
from pages._ui.validation_studies import Chosen, SplitChoice
from pages._ui.validation_tabs import draw_comparison, draw_labels, draw_paths

SPLITTERS = {
    "purged_kfold": "Purged K-fold",
    "expanding": "Walk-forward, expanding",
    "sliding": "Walk-forward, sliding",
    "combinatorial": "Combinatorial",
}
LABELS = {
    "direction": "Up or down",
    "triple_barrier": "Triple barrier",
    "trend_scanning": "Trend scanning",
    "quantile": "Quantiles",
    "return": "Return",
}
PURGES = {"ends": "By label ends", "gap": "By a fixed gap"}
DIAGNOSTICS = (
    "fold", "test_start", "test_end", "n_test", "n_train", "n_purged", "n_embargoed", "overlapping_pairs",
    "effective_sample_size",
)  # fmt: skip
MOST_TESTED = 4  # blocks at a time
MOST_DRAWN = 66  # folds

selection = open_page("Validation", "Is this test fair?")
jobs.need_bars()


def controls(split: SplitConfig, label: Asked) -> tuple[SplitChoice, Asked]:
    """The splitter and the label; the drawing answers at once, a run keeps its own."""
    own = split.kind if split.kind != "walk_forward" else "expanding" if split.expanding else "sliding"
    with st.grid(4, min_column_width=150):
        kind = st.selectbox(
            "Splitter", list(SPLITTERS), list(SPLITTERS).index(own), SPLITTERS.get, key="val_kind", bind="query-params"
        )
        folds, tested, train, test = split.n_splits, split.n_test_splits, split.train_size, split.test_size
        if kind == "purged_kfold":
            folds = st.slider("Folds", 2, max(12, folds), folds, key="val_folds", bind="query-params")
        elif kind == "combinatorial":
            blocks = folds if own == "combinatorial" else 6
            folds = st.slider("Blocks", 3, max(12, blocks), max(3, blocks), key="val_blocks", bind="query-params")
            most = min(max(MOST_TESTED, tested), folds - 1)
            tested = st.slider(
                "Blocks tested at a time", 1, most, min(tested, most), key="val_tested", bind="query-params"
            )
        else:
            train = st.slider("Training bars", 21, max(1260, train), train, 21, key="val_train", bind="query-params")
            test = st.slider("Test bars", 5, max(504, test), test, key="val_test", bind="query-params")
        percent = embargo = split.embargo_pct * 100
        if kind not in ("expanding", "sliding"):  # whose training precedes the test: nothing rests
            embargo = st.slider(
                f"Embargo,{text.THIN}% of bars", 0.0, max(10.0, percent), percent, 0.5, key="val_embargo",
                bind="query-params",
            )  # fmt: skip
        purge = st.selectbox("Purge", list(PURGES), 0, PURGES.get, key="val_purge", bind="query-params")
        outcome = st.selectbox(
            "Label", list(LABELS), list(LABELS).index(label.kind), LABELS.get, key="val_label", bind="query-params"
        )
        least = 2 if outcome == "trend_scanning" else 1  # a line needs three closes
        horizon = st.slider(
            "Label horizon, bars", least, max(60, label.horizon), max(least, label.horizon), key="val_horizon",
            bind="query-params",
        )  # fmt: skip
        gap = None
        if purge == "gap":
            gap = st.slider("Gap, bars", 0, max(60, label.horizon), label.horizon, key="val_gap", bind="query-params")
    choice = SplitChoice(
        kind=kind if kind in ("purged_kfold", "combinatorial") else "walk_forward",
        n_splits=folds,
        n_test_splits=tested,
        train_size=train,
        test_size=test,
        step_size=split.step_size if test == split.test_size else test,
        expanding=kind != "sliding",
        embargo_pct=embargo / 100,
        purge_gap=gap,
    )
    return choice, label_controls(label, outcome, horizon, "val")


def draw_split(choice: SplitChoice, label: Asked) -> None:
    """Headline and the split over time."""
    timeline, diagnostics = studies.split(chosen, label, choice)
    pairs = int(diagnostics["overlapping_pairs"].sum())
    purged, rested = int(diagnostics["n_purged"].sum()), int(diagnostics["n_embargoed"].sum())
    n_folds = len(diagnostics)
    with summary:
        headline(numbers(choice, diagnostics))
    warn(choice, diagnostics)
    drawn = "" if n_folds <= MOST_DRAWN else f" The first {MOST_DRAWN} of {text.thousands(n_folds)} are drawn."
    removed = f"removed {'before it' if choice.kind == 'walk_forward' else 'on both sides'}"
    left = "no pair overlaps" if pairs == 0 else f"{text.thousands(pairs)} pairs still overlap"
    chart(
        charts.split_timeline(timeline[timeline["fold"] < MOST_DRAWN]),
        f"Each row is a fold.{drawn} {text.thousands(purged)} training rows whose label would reach into a test block "
        f"are {removed}, {text.thousands(rested)} more rest after it; {left} after that.",
        alt=f"Training, purged, test and embargoed spans of {n_folds} folds",
        key="validation_timeline",
    )
    download_table(timeline, "split_timeline")
    with st.expander("The split in numbers"):
        tables.show(diagnostics, DIAGNOSTICS, alt="Counts of each fold", download="split_diagnostics")


def warn(choice: SplitChoice, diagnostics: pd.DataFrame) -> None:
    """What makes the test unfair or impossible; below the controls, which stay where they are."""
    pairs = int(diagnostics["overlapping_pairs"].sum())
    if pairs:
        verdict(
            "failed",
            f"**Purge**: {text.counted(pairs, 'pair')} of a training and a test label share time, since a gap of "
            f"{text.counted(choice.purge_gap or 0, 'bar')} is shorter than the labels. Widen it, or purge by the label "
            "ends.",
        )
    starved = diagnostics.loc[diagnostics["n_train"] == 0, "fold"]
    if len(starved):
        verdict(
            "failed",
            f"**Training rows**: none left in {text.counted(len(starved), 'fold')} of {len(diagnostics)}, the first "
            f"fold {starved.iloc[0]}. Use fewer folds, a shorter horizon or embargo, or more history.",
        )


def numbers(choice: SplitChoice, diagnostics: pd.DataFrame) -> list[Headline]:
    """What the split costs and what is left."""
    pairs, n_train = diagnostics["overlapping_pairs"].sum(), diagnostics["n_train"].mean()
    purged, rested = diagnostics["n_purged"].sum(), diagnostics["n_embargoed"].sum()
    worth, n_folds = diagnostics["effective_sample_size"].mean(), len(diagnostics)
    paths = choice.build().n_paths if choice.kind == "combinatorial" else 1
    tested = {
        "combinatorial": f"each bar tested {paths} times",
        "walk_forward": "each bar tested once at most",
        "purged_kfold": "each bar tested once",
    }
    shown = [
        Headline("Overlapping label pairs", text.thousands(pairs), "must be 0: no training label touches a test label"),
        Headline(
            "Rows lost to the purge",
            text.thousands(purged),
            f"over {text.counted(n_folds, 'fold')}; {text.thousands(rested)} more rest under the embargo",
        ),
        Headline(
            "Independent rows",
            text.thousands(worth),
            f"of {text.thousands(n_train)} that a fold trains on: labels overlap",
            help="The average uniqueness of each symbol's labels, summed. Symbols that move together tell less still.",
        ),
        Headline(
            "Paths out of sample",
            text.thousands(paths),
            f"{text.counted(n_folds, 'fold')}, {tested[choice.kind]}",
        ),
    ]
    return shown + ([champion_score(finished)] if finished else [])


def champion_score(run_id: str) -> Headline:
    """Mean and deviation over folds of the run's best model."""
    champion = load.metrics(run_id)["champion"]
    scores = load.table(run_id, "folds").query("model == @champion")["auc"]
    over = ""
    if load.n_paths(run_id) > 1:
        by_path = load.table(run_id, "paths").query("model == @champion")["auc"]
        over = f"; ± {text.number(by_path.std(), 3)} over its {text.counted(len(by_path), 'path')}"
    return Headline(
        "AUC of the run",
        text.plus_minus(scores.mean(), scores.std(), 3),
        f"{text.name(champion)}, mean and deviation over its {text.counted(len(scores), 'fold')}{over}",
    )


# Tab -> what draws it, and whether it tells of the chosen run rather than of the sliders.
TABS = {
    "Scores by fold": (draw_scores, True),
    "Scores by path": (draw_path_scores, True),
    "Seeds": (draw_seeds, True),
    "Paths": (draw_paths, False),
    "Splitters compared": (draw_comparison, False),
    "Labels": (draw_labels, False),
    "Learning curve": (run_studies.draw_learning, True),
    "Ablation": (run_studies.draw_ablation, True),
    "Noise twin": (lambda run_id: luck_audit.show(run_id, "val"), True),
    "Audits of the run": (draw_audits, True),
}

with show_errors():
    run_id = selection.run_id
    finished = run_id if run_id and load.run_store().status(run_id).state == "done" else None
    chosen: Chosen = (selection.symbols, selection.start, selection.end)
    default = load.run_config(finished) if finished else load.default_experiment()
    summary = st.container()
    choice, label = controls(default.split, asked(default.label, default.primary))
    with show_errors():
        draw_split(choice, label)
    tabs = st.tabs(list(TABS), key="val_tab", on_change="rerun", bind="query-params")
    for tab, (draw, is_of_run) in zip(tabs, TABS.values(), strict=True):
        if not tab.open:
            continue
        with tab, show_errors():
            if not is_of_run:
                draw(chosen, label, choice)
            elif finished:
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
side. A combinatorial split tests every choice of blocks, so that its folds can be put together to several histories
out of sample (chapter 12). The count of overlapping pairs is made afterwards, from the label spans of the rows that
are left. Independent rows: the sum of average uniqueness within each symbol (chapter 4); symbols are taken to be
independent, which flatters a panel. A fixed gap counts bars instead of looking at
label ends: it leaks where labels reach further. Scores are taken within a fold, then averaged. Learning curve: AUC
within each test, Student's t over tests, which are taken as independent. Ablation: AUC lost on the same folds, its
variance corrected for shared training rows (Nadeau & Bengio 2003). Drift: test mean less training mean, against the
error that so many independent rows have.""",
    )
