"""Tabs of the page Validation that read the chosen run: scores by fold, by seed, and its own audits."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig
from finml_core.report.validation import seed_spread, seeds_by_fold
from pages._ui import jobs, load, tables, text
from pages._ui.frame import chart, download_table, verdict
from pages._ui.model_tables import seeds_of

# Score -> its name, the score of no skill where there is one, and how it reads.
SCORES = {
    "auc": ("AUC", 0.5, "0.5 is a coin"),
    "log_loss": ("Log loss", None, "lower is better; the base rate knows nothing else"),
    "brier": ("Brier score", None, "lower is better; the base rate knows nothing else"),
    "accuracy": ("Accuracy", None, "the base rate always names the commoner side"),
}
ROWS_DRAWN = 30  # models times folds
SEEDS = {
    "model": st.column_config.TextColumn("Model", pinned=True),
    "n_folds": st.column_config.NumberColumn("Folds", format="%d"),
    "n_seeds": st.column_config.NumberColumn("Seeds", format="%d"),
    "mean": st.column_config.NumberColumn("Mean", format="%.4f"),
    "fold_deviation": st.column_config.NumberColumn("± over folds", format="%.4f"),
    "seed_deviation": st.column_config.NumberColumn("± over seeds", format="%.4f", help="Of means over folds"),
    "fold_seed_deviation": st.column_config.NumberColumn(
        "± of a seed in a fold", format="%.4f", help="Of one training of one fold, pooled over folds"
    ),
}
BY_FOLD = {
    "model": st.column_config.TextColumn("Model", pinned=True),
    "fold": st.column_config.NumberColumn("Fold", format="%d"),
    "n_seeds": st.column_config.NumberColumn("Seeds", format="%d"),
    "mean": st.column_config.NumberColumn("Mean", format="%.4f"),
    "deviation": st.column_config.NumberColumn("± over seeds", format="%.4f"),
    "lowest": st.column_config.NumberColumn("Lowest", format="%.4f"),
    "highest": st.column_config.NumberColumn("Highest", format="%.4f"),
}


def draw_scores(run_id: str) -> None:
    """Each fold's score of each model."""
    folds = load.table(run_id, "folds")
    metric = _metric("val_score")
    name, baseline, reading = SCORES[metric]
    means = (
        folds.groupby("model")[metric]
        .agg(["mean", "std"])
        .sort_values("mean", ascending=metric in ("log_loss", "brier"))
    )
    words = ", ".join(
        f"{text.name(model)} {text.plus_minus(row['mean'], row['std'], 3)}" for model, row in means.iterrows()
    )
    chart(
        charts.fold_scores(folds.assign(score=folds[metric]), metric=name, baseline=baseline),
        f"{words}: mean and deviation over folds; {reading}.",
        alt=f"{name} of each model in each fold",
        key="validation_folds",
    )
    columns = ("model", "fold", "n_test", "base_rate", "auc", "log_loss", "brier", "accuracy")
    tables.show(folds, columns, alt="Scores of each model by fold", download="fold_scores")


def draw_seeds(run_id: str) -> None:
    """How much of a score is the draw: each model's folds, trained from several seeds."""
    config, seeds = load.run_config(run_id), seeds_of(run_id)
    drawing = [model.value for model in config.models if model.draws]
    if not drawing:
        st.info("None of this run's models draws anything: another seed would make the same model.")
        return
    if config.n_seeds == 1:
        _offer_seeds(config, drawing)
        return
    metric = _metric("val_seed_score")
    name = SCORES[metric][0]
    spread = seed_spread(seeds, metric).sort_values("mean", ascending=metric in ("log_loss", "brier"))
    drawn = seeds.loc[seeds["model"].isin(drawing)].assign(score=lambda frame: frame[metric])
    rows = drawn[["model", "fold"]].drop_duplicates()
    shown = drawn.merge(rows.head(ROWS_DRAWN), on=["model", "fold"])
    chart(
        charts.seed_scores(shown, metric=name),
        _seeds_in_words(spread.loc[spread["model"].isin(drawing)], name, len(rows)),
        alt=f"{name} of each seed in each fold of {text.counted(len(drawing), 'model')}",
        key="validation_seeds",
    )
    tables.show(spread, tuple(SEEDS), alt="Mean and deviations of each model", labels=SEEDS, download="seed_spread")
    with st.expander("By model and fold"):
        by_fold = seeds_by_fold(seeds, metric)
        tables.show(by_fold, tuple(BY_FOLD), alt="Mean and deviation over seeds by fold", labels=BY_FOLD,
                    download="seeds_by_fold")  # fmt: skip
    download_table(seeds, "seed_scores")


def draw_audits(run_id: str) -> None:
    """The run's own checks for leaks."""
    audits = load.table(run_id, "audits")
    for check in audits.itertuples():
        verdict("passed" if check.passed else "failed", f"**{text.name(check.check)}**: {check.reason}.")
    download_table(audits, "audits")


def _metric(key: str) -> str:
    return st.segmented_control(
        "Score", list(SCORES), default="auc", required=True, format_func=lambda name: SCORES[name][0], key=key,
        bind="query-params",
    )  # fmt: skip


def _offer_seeds(config: ExperimentConfig, drawing: list[str]) -> None:
    names = ", ".join(text.name(name) for name in drawing)
    st.markdown(
        f"**How much of the score is the draw?** This run trained each model once. Train {names} from several seeds to "
        "see how far seeds are apart, beside how far folds are."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n_seeds = st.slider("Seeds", 2, 10, 5, key="val_seeds", width=260)
        st.button(
            f"Train again with {n_seeds} seeds", key="val_train_seeds", type="primary", on_click=_submit,
            args=(replace(config, n_seeds=n_seeds),),
        )  # fmt: skip
    st.caption(f"A run of its own, {n_seeds} times as long for these models; decisions then use the mean of the seeds.")
    if jobs.active():
        jobs.watch("val_seeds")


def _submit(config: ExperimentConfig) -> None:
    """Queue the run, or say why not; it survives a closed tab."""
    try:
        jobs.submit(config)
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)


def _seeds_in_words(spread: pd.DataFrame, name: str, n_rows: int) -> str:
    each = "; ".join(
        f"{text.name(row.model)} {text.number(row.mean, 3)} ± {text.number(row.fold_deviation, 3)} over folds and "
        f"± {text.number(row.seed_deviation, 3)} over {text.counted(row.n_seeds, 'seed')}"
        for row in spread.itertuples()
    )
    drawn = "" if n_rows <= ROWS_DRAWN else f" The first {ROWS_DRAWN} of {n_rows} models and folds are drawn."
    return (
        f"{name}: {each}.{drawn} A tick is a seed, the dot their mean with its deviation. Models closer than their "
        "seeds cannot be told apart."
    )
