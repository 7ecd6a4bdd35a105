"""Which model learns something, and at what cost?"""

import streamlit as st

from finml_core import charts
from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig
from pages._ui import build, jobs, load, text
from pages._ui.frame import Headline, chart, download_table, headline, how, open_page, show_errors

selection = open_page("Models", "Which model learns something, and at what cost?")
jobs.need_bars()


def train(config: ExperimentConfig) -> None:
    """Queue the run that the sliders describe."""
    try:
        run_id = jobs.submit(config)
        st.caption(f"Queued as {run_id}. Choose it in the sidebar when it is done.")
    except FinmlError as error:
        st.error(str(error), icon=":material/error:")


def board(run_id: str) -> None:
    """Headline, intervals, table and learning curves of one finished run."""
    rows = load.leaderboard(run_id)
    models = rows[rows["kind"] == "model"]
    learned = models[models["model"] != "naive"]
    best = learned.loc[learned["auc_mean"].idxmax()] if len(learned) else models.iloc[0]
    naive = models.loc[models["model"] == "naive", "log_loss_mean"]
    gap = best["log_loss_mean"] - naive.iloc[0] if len(naive) else float("nan")
    is_clear = best["auc_mean"] - best["auc_deviation"] > 0.5
    headline(
        [
            Headline("Best AUC", text.plus_minus(best["auc_mean"], best["auc_deviation"], 3), text.name(best["model"])),
            Headline("Log loss against base rate", text.signed(gap, 4), "below zero is better than knowing nothing"),
            Headline(
                "Sharpe after costs",
                text.plus_minus(best["sharpe_annual"], best["sharpe_error_annual"]),
                text.name(best["model"]),
            ),
            Headline("DSR", text.probability(best["dsr"]), f"{int(best['n_trials'])} trials counted"),
            Headline("Training time", f"{models['seconds'].sum():.1f} s", f"on {best['device']}"),
        ]
    )
    chart(
        charts.score_intervals(
            models.assign(mean=models["auc_mean"], deviation=models["auc_deviation"], baseline=0.5), metric="AUC"
        ),
        f"{text.name(best['model'])} scores {text.plus_minus(best['auc_mean'], best['auc_deviation'], 3)} over "
        f"{int(best['n_folds'])} folds; {'' if is_clear else 'not '}clear of a coin (0.5) by one deviation.",
        alt="AUC of each model, mean and deviation over folds",
        key="models_scores",
    )
    shown, curves, text_of_run = st.tabs(["Leaderboard", "Learning curves", "Configuration"])
    with shown:
        st.markdown("**Models**, scores by fold; then what they earned after costs")
        st.dataframe(
            build.named(models),
            hide_index=True,
            width="stretch",
            column_order=build.MODEL_ORDER,
            column_config=build.COLUMNS,
        )
        st.markdown("**Strategies and benchmark**, over the same span")
        others = rows[rows["kind"] != "model"]
        st.dataframe(
            build.named(others),
            hide_index=True,
            width="stretch",
            column_order=build.STRATEGY_ORDER,
            column_config=build.COLUMNS,
        )
        download_table(rows, "leaderboard")
    with curves:
        history = load.table(run_id, "history")
        if history.empty:
            st.caption("None of these models learns by epochs.")
        for model, part in history.groupby("model"):
            st.markdown(f"**{text.name(model)}**")
            chart(
                charts.learning_curves(part),
                "Solid: training; dashed: the purged validation tail that decides when to stop.",
                alt=f"Learning curves of {model} by fold",
                key=f"models_curves_{model}",
            )
    text_of_run.code(load.run_config(run_id).to_yaml(), language=None, height=420)


with show_errors():
    left, right = st.columns([2, 3], gap="large")
    with left, st.container(border=True):
        st.markdown("**Build**")
        config = build.experiment_controls(selection)
        if config is not None:
            # No callback: it would hold the settings of the last run of this page, not those just moved.
            if st.button("Train", type="primary", width="stretch", key="models_train"):
                train(config)
            else:
                st.caption(build.estimate(config))
    with right:
        with st.container(border=True):
            st.markdown("**Queue**")
            jobs.watch("models")
        if selection.run_id is None:
            st.info("The leaderboard appears when the first run is done.")
        elif not jobs.unfinished(selection.run_id):
            board(selection.run_id)
    how(
        "How this is computed",
        """AUC and log loss are taken within each test fold and averaged; ± is the deviation over folds. The naive
model knows only the base rate of its training rows; a model that does not beat its log loss has learned nothing.
Scaling is fitted inside each training fold. Sharpe ratios are after costs, with their standard error; DSR counts
the trials of everybody in this store.""",
    )
