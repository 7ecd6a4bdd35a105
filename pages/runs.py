"""What has the team tried?"""

import pandas as pd
import streamlit as st

from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig
from finml_core.runs import RunStatus
from finml_core.runs.home import DEFAULT_EXPERIMENT
from pages._ui import build, jobs, load, text
from pages._ui.frame import Headline, download_table, empty_state, headline, how, open_page, show_errors

MOST_COMPARED = 6
RUN_COLUMNS = {
    "name": st.column_config.TextColumn("Name"),
    "state": st.column_config.TextColumn("State"),
    "created": st.column_config.DatetimeColumn("Asked for (UTC)", format="YYYY-MM-DD HH:mm"),
    "elapsed": st.column_config.NumberColumn("Seconds", format="%.0f"),
    "message": st.column_config.TextColumn("Message", width="medium"),
    "tags": st.column_config.TextColumn("Tags"),
    "note": st.column_config.TextColumn("Note"),
    "run": st.column_config.TextColumn("Run"),
}
TRIAL_COLUMNS = {
    "name": st.column_config.TextColumn("Name"),
    "kind": st.column_config.TextColumn("Kind"),
    "state": st.column_config.TextColumn("State"),
    "created": st.column_config.DatetimeColumn("Scored (UTC)", format="YYYY-MM-DD HH:mm"),
    "user": st.column_config.TextColumn("By"),
    "n_obs": st.column_config.NumberColumn("Bars"),
    "sharpe": st.column_config.NumberColumn("Sharpe a bar", format="%.4f"),
    "run_id": st.column_config.TextColumn("Run"),
    "trial_id": st.column_config.TextColumn("Trial"),
}


def table_of_runs(listed: list[RunStatus]) -> pd.DataFrame:
    """One row a run, newest first."""
    rows = []
    for run in listed:
        said = load.run_store().annotation(run.run_id)
        rows.append(
            {
                "name": run.name,
                "state": run.state,
                "created": run.created,
                "elapsed": run.elapsed_s,
                "message": run.error or run.message,
                "tags": ", ".join(said.tags),
                "note": said.note,
                "run": run.run_id,
            }
        )
    return pd.DataFrame(rows, columns=list(RUN_COLUMNS))


def compare() -> None:
    """Leaderboards of two to six runs below each other."""
    done = [run.run_id for run in listed if run.state == "done"]
    ids = st.multiselect("Runs to compare", done, max_selections=MOST_COMPARED, key="runs_compare")
    if len(ids) < 2:
        st.caption(f"Choose two to {MOST_COMPARED} finished runs.")
        return
    table = pd.concat([load.leaderboard(run_id).assign(run=run_id) for run_id in ids], ignore_index=True)
    order = ("run", *build.MODEL_ORDER)
    st.dataframe(build.named(table), hide_index=True, width="stretch", column_order=order, column_config=build.COLUMNS)
    download_table(table, "runs_compared")


def one_run(run_id: str) -> None:
    """What can be done with the chosen run, what people say of it, its configuration and log."""
    status = load.run_store().status(run_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{status.name}** · {status.state} · `{run_id}`")
        if status.state in ("failed", "cancelled", "lost"):
            st.button("Start it again", key="runs_again", on_click=jobs.restart, args=(run_id,))
        if status.state in jobs.ACTIVE:
            st.button("Cancel", key="runs_cancel", on_click=load.run_store().cancel, args=(run_id,))
        with st.popover("Delete", disabled=status.state in jobs.ACTIVE):
            st.markdown("Delete the run's folder? Its trials stay in the ledger and go on counting.")
            st.button("Delete it", key="runs_delete", on_click=delete, args=(run_id,))
    if status.error:
        st.error(status.error, icon=":material/error:")
    said = load.run_store().annotation(run_id)
    left, right = st.columns(2)
    left.text_input(
        "Tags, separated by commas", ", ".join(said.tags), key=f"runs_tags_{run_id}", on_change=annotate, args=(run_id,)
    )
    right.text_input("Note", said.note, key=f"runs_note_{run_id}", on_change=annotate, args=(run_id,))
    configuration, log = st.tabs(["Configuration", "Log"])
    configuration.code(load.run_config(run_id).to_yaml(), language=None, height=420)
    log.code(load.run_store().log(run_id) or "nothing written", language=None, height=420)


def annotate(run_id: str) -> None:
    """Keep what was typed about a run."""
    tags = [tag.strip() for tag in st.session_state[f"runs_tags_{run_id}"].split(",")]
    note = st.session_state[f"runs_note_{run_id}"].strip()
    load.run_store().annotate(run_id, tags=tuple(tag for tag in tags if tag), note=note)


def delete(run_id: str) -> None:
    """Delete a run, or say why not."""
    try:
        load.run_store().delete(run_id)
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)


def submit_text() -> None:
    """Queue an experiment written by hand, or say what is wrong with it."""
    try:
        run_id = jobs.submit(ExperimentConfig.from_yaml(st.session_state["runs_yaml"]))
        st.session_state["runs_said"] = f"Queued as {run_id}."
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)


selection = open_page("Runs", "What has the team tried?")
jobs.show_error()
listed = load.runs()
if not listed:
    empty_state("Nothing has been run yet.", "Load the bundled bars and run the first experiment", jobs.start_first)

with show_errors():
    trials = load.run_store().trials()
    done = sum(run.state == "done" for run in listed)
    active = [run for run in listed if run.state in jobs.ACTIVE]
    headline(
        [
            Headline("Runs", text.thousands(len(listed)), f"{done} done"),
            Headline("In progress", f"{len(active)}", "one trains at a time"),
            Headline("Trials", text.thousands(len(trials)), "distinct, by everybody; deleting a run keeps them"),
        ]
    )
    if active:
        jobs.watch("runs")
    if listed:
        rows = table_of_runs(listed)
        words = st.text_input("Search", key="runs_search", placeholder="name, state, tag, note or id")
        st.dataframe(load.search(rows, words), hide_index=True, width="stretch", column_config=RUN_COLUMNS)
        download_table(rows, "runs")
    one, several, file, ledger = st.tabs(["One run", "Compare", "Run a file", "Ledger of trials"])
    with one:
        if selection.run_id:
            one_run(selection.run_id)
        else:
            st.caption("Choose a run in the sidebar.")
    with several:
        compare()
    with file:
        st.text_area("Experiment (YAML)", DEFAULT_EXPERIMENT.read_text(encoding="utf-8"), height=320, key="runs_yaml")
        st.button("Run it", key="runs_submit", type="primary", on_click=submit_text)
        st.caption(st.session_state.pop("runs_said", "What is left out keeps its default; an unknown key is refused."))
    with ledger:
        st.dataframe(
            trials, hide_index=True, width="stretch", column_order=list(TRIAL_COLUMNS), column_config=TRIAL_COLUMNS
        )
        download_table(trials, "trials")
    how(
        "How this is computed",
        """A run is a folder: config.yaml, status.json, tables as Parquet, metrics.json, models, log.txt. Its id is
made from the configuration, the content of the bars and the version of the code, so that asking twice finds the
finished run. Each trial leaves one file in the ledger that nothing rewrites; DSR everywhere counts the distinct
trials in it.""",
    )
