"""What has the team tried?"""

import pandas as pd
import streamlit as st

from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig
from pages._ui import jobs, load, text
from pages._ui.frame import Headline, download_table, empty_state, headline, how, open_page, show_errors

selection = open_page("Runs", "What has the team tried?")
jobs.show_error()
listed = load.runs()
if not listed:
    empty_state("Nothing has been run yet.", "Load the bundled bars and run the first experiment", jobs.start_first)


def compare(ids: list[str]) -> None:
    """Leaderboards of two to six runs below each other."""
    boards = [load.table(run_id, "leaderboard").assign(run=run_id) for run_id in ids]
    table = pd.concat(boards)[
        ["run", "model", "kind", "auc_mean", "log_loss_cal", "ece_cal", "sharpe_annual", "sharpe_error_annual"]
    ]
    st.dataframe(table, hide_index=True, width="stretch")
    download_table(table, "runs_compared")


def one_run(run_id: str) -> None:
    """Configuration, log and what can be done with one run."""
    status = load.run_store().status(run_id)
    again, drop = st.columns(2)
    if status.state in ("failed", "cancelled", "lost"):
        again.button("Start it again", key="runs_again", on_click=jobs.restart, args=(run_id,), width="stretch")
    if status.state in jobs.ACTIVE:
        again.button("Cancel", key="runs_cancel", on_click=load.run_store().cancel, args=(run_id,), width="stretch")
    with drop.popover("Delete", width="stretch", disabled=status.state in jobs.ACTIVE):
        st.markdown(f"Delete the folder of **{status.name}**? Its trials stay in the ledger and go on counting.")
        st.button("Delete it", key="runs_delete", type="primary", on_click=delete, args=(run_id,))
    if status.error:
        st.error(status.error, icon=":material/error:")
    configuration, log = st.tabs(["Configuration", "Log"])
    configuration.code(load.run_config(run_id).to_yaml(), language="yaml")
    log.code(load.run_store().log(run_id) or "nothing written", language=None)


def delete(run_id: str) -> None:
    try:
        load.run_store().delete(run_id)
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)


def submit_text() -> None:
    """Run an experiment file pasted or changed by hand."""
    try:
        run_id = jobs.submit(ExperimentConfig.from_yaml(st.session_state["runs_yaml"]))
        st.session_state["runs_said"] = f"Queued as {run_id}."
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)


with show_errors():
    trials = load.run_store().trials()
    states = pd.Series([run.state for run in listed], dtype="str").value_counts()
    headline(
        [
            Headline("Runs", text.thousands(len(listed)), f"{states.get('done', 0)} done"),
            Headline("In progress", f"{sum(states.get(state, 0) for state in jobs.ACTIVE)}", "one trains at a time"),
            Headline("Trials", text.thousands(len(trials)), "distinct, by everybody; deleting a run keeps them"),
        ]
    )
    if jobs.active():
        jobs.watch("runs")
    rows = pd.DataFrame(
        [
            {
                "run": run.run_id,
                "name": run.name,
                "state": run.state,
                "created": run.created,
                "finished": run.finished,
                "message": run.error or run.message,
            }
            for run in listed
        ]
    )
    if len(rows):
        search = st.text_input("Search", key="runs_search", placeholder="name, state or id")
        if search:
            rows = rows[
                rows.astype("str")
                .apply(lambda column: column.str.contains(search, case=False, regex=False))
                .any(axis=1)
            ]
        st.dataframe(rows, hide_index=True, width="stretch")
        download_table(rows, "runs")
    one, several, file, ledger = st.tabs(["One run", "Compare", "Run a file", "Ledger of trials"])
    with one:
        if selection.run_id:
            st.caption(f"The run chosen in the sidebar: {selection.run_id}")
            one_run(selection.run_id)
    with several:
        done = [run.run_id for run in listed if run.state == "done"]
        ids = st.multiselect("Runs to compare", done, max_selections=6, key="runs_compare")
        if len(ids) >= 2:
            compare(ids)
        else:
            st.caption("Choose two to six finished runs.")
    with file:
        st.text_area("Experiment (YAML)", load.default_experiment().to_yaml(), height=320, key="runs_yaml")
        st.button("Run it", key="runs_submit", type="primary", on_click=submit_text)
        st.caption(st.session_state.pop("runs_said", "What is left out keeps its default; an unknown key is refused."))
    with ledger:
        st.dataframe(trials.drop(columns=["ts", "net_return"], errors="ignore"), hide_index=True, width="stretch")
        download_table(trials.drop(columns=["ts", "net_return"], errors="ignore"), "trials")
    how(
        "How this is computed",
        """A run is a folder: config.yaml, status.json, tables as Parquet, metrics.json, models, log.txt. Its id is made from the
configuration, the content of the bars and the version of the code, so that asking twice finds the finished run. Each trial
leaves one file in the ledger that nothing rewrites; DSR everywhere counts the distinct trials in it.""",
    )
