"""Which model learns something, and at what cost?"""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig
from pages._ui import (
    build,
    jobs,
    load,
    model_attention,
    model_bets,
    model_controls,
    model_devices,
    model_tables,
    paths,
    text,
)
from pages._ui.frame import Headline, chart, download_table, headline, how, open_page, show_errors

BOARD = (
    "model", "auc", "n_seeds", "against_naive", "against_linear", "log_loss_mean", "log_loss_cal", "ece_cal",
    "paths_text", "sharpe_text", "dsr", "n_trials", "seconds", "device",
)  # fmt: skip
COLUMNS = {
    **build.COLUMNS,
    "auc": st.column_config.TextColumn("AUC", help="Mean and deviation over folds and seeds; 0.5 is a coin"),
    "n_seeds": st.column_config.NumberColumn("Seeds", format="%d"),
    "against_naive": st.column_config.TextColumn("Against base rate", help="Log loss minus that of the base rate"),
    "against_linear": st.column_config.TextColumn("Against linear", help="Log loss minus that of the linear model"),
}

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
    """Headline, intervals and tabs of one finished run."""
    rows = load.leaderboard(run_id)
    download_table(rows, "leaderboard")
    models = rows[rows["kind"] == "model"]
    learned = models[models["model"] != "naive"]
    best = learned.loc[learned["auc_mean"].idxmax()] if len(learned) else models.iloc[0]
    naive = models.loc[models["model"] == "naive", "log_loss_mean"]
    gap = best["log_loss_mean"] - naive.iloc[0] if len(naive) else float("nan")
    sharpe, meaning = paths.sharpe(best)
    is_clear = best["auc_mean"] - best["auc_deviation"] > 0.5
    headline(
        [
            Headline("Best AUC", text.plus_minus(best["auc_mean"], best["auc_deviation"], 3), text.name(best["model"])),
            Headline("Log loss against base rate", text.signed(gap, 4), "below zero is better than knowing nothing"),
            Headline(
                "Sharpe after costs",
                sharpe,
                f"{text.name(best['model'])}" + (f", {meaning}" if paths.has_paths(best) else ""),
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
        f"{int(best['n_folds'])} folds{_seeds(best)}; {'' if is_clear else 'not '}clear of a coin (0.5) by one "
        "deviation.",
        alt="AUC of each model, mean and deviation over folds and seeds",
        key="models_scores",
    )
    shown = {
        "Leaderboard": leaderboard,
        "Learning curves": curves,
        "Compare": model_tables.compare,
        "Bets": model_bets.bets,
        "Attention": model_attention.attention,
        "Device": model_devices.devices,
        "Configuration": configuration,
    }
    tabs = st.tabs(list(shown), key="models_tabs", on_change="rerun")
    for tab, show in zip(tabs, shown.values(), strict=True):
        if tab.open:
            with tab:
                show(run_id)


def leaderboard(run_id: str) -> None:
    """Models with their scores against what must be beaten, then strategies and benchmark over the same span."""
    rows = load.leaderboard(run_id)
    st.markdown("**Models**, scores by fold and seed; then what they earned after costs")
    st.dataframe(
        build.named(model_tables.with_gaps(rows[rows["kind"] == "model"], run_id)),
        hide_index=True,
        width="stretch",
        column_order=BOARD,
        column_config=COLUMNS,
    )
    st.caption(
        "Log loss below that of the base rate, by more than its deviation over folds and seeds, is what learning looks "
        "like; below that of the linear model is what a larger model must show for its cost."
    )
    st.markdown("**Strategies and benchmark**, over the same span")
    st.dataframe(
        build.named(rows[rows["kind"] != "model"]),
        hide_index=True,
        width="stretch",
        column_order=build.STRATEGY_ORDER,
        column_config=build.COLUMNS,
    )


def curves(run_id: str) -> None:
    """Losses by epoch of each model that learns by epochs."""
    history = load.table(run_id, "history")
    if history.empty:
        st.caption("None of these models learns by epochs.")
    draw_curves(history, "models_curves")


def draw_curves(history: pd.DataFrame, key: str) -> None:
    """A chart a model."""
    for model, part in history.groupby("model"):
        st.markdown(f"**{text.name(model)}**")
        chart(
            charts.learning_curves(part),
            "Solid: the purged tail that decides when to stop; dashed: training. A faint line a fold.",
            alt=f"Learning curves of {text.name(model)} by fold",
            key=f"{key}_{model}",
        )


def configuration(run_id: str) -> None:
    """The run's settings as text."""
    st.code(load.run_config(run_id).to_yaml(), language=None, height=420)


@st.fragment(run_every="2s")
def live() -> None:
    """Devices and learning curves of the run that trains now, as far as it is."""
    for run in load.runs():
        if run.state != "running":
            continue
        devices = model_devices.now(run.run_id)
        if devices:
            st.caption(devices)
        if "history" in load.run_store().tables(run.run_id):
            st.markdown(f"**{run.name}**, so far")
            draw_curves(load.run_store().table(run.run_id, "history"), "models_live")


def _seeds(row: pd.Series) -> str:
    n_seeds = row.get("n_seeds", 1)
    return f" and {int(n_seeds)} seeds" if n_seeds > 1 else ""


with show_errors():
    left, right = st.columns([2, 3], gap="large")
    with left, st.container(border=True):
        st.markdown("**Build**")
        config = model_controls.experiment_controls(selection)
        if config is not None:
            # No callback: it would hold the settings of the last run of this page, not those just moved.
            if st.button("Train", type="primary", width="stretch", key="models_train"):
                train(config)
            else:
                model_controls.show_estimate(config)
    with right:
        with st.container(border=True):
            st.markdown("**Queue**")
            jobs.watch("models")
            if jobs.active():
                live()
        if selection.run_id is None:
            st.info("The leaderboard appears when the first run is done.")
        elif not jobs.unfinished(selection.run_id, is_watched=True):
            board(selection.run_id)
    how(
        "How this is computed",
        """AUC and log loss are taken within each test fold and averaged; ± is the deviation over folds and seeds.
Where a model is trained from several seeds, decisions use their mean probability; folds and seeds of a small network
are trained in one program. The naive model knows only the base rate of its training rows; a model that does not beat
its log loss has learned nothing. Scaling is fitted inside each training fold. Sharpe ratios are after costs, with their
standard error; DSR counts the trials of everybody in this store.""",
    )
