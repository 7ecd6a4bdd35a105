"""Runs in progress: started here, watched here, cancelled here; the work is done by processes of their own."""

import streamlit as st

from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig
from finml_core.runs import RunStatus
from finml_core.runs.first_start import first_start
from finml_core.runs.home import home
from pages._ui import load
from pages._ui.frame import empty_state
from pages._ui.selection import Selection

ACTIVE = ("queued", "running")
SHOWN = 3


def active() -> list[RunStatus]:
    """Queued and running, the one that runs first."""
    return [run for run in reversed(load.runs()) if run.state in ACTIVE]


def start_first() -> None:
    """The button of the empty store: bundled bars in, default experiment queued."""
    try:
        first_start(home(), load.default_experiment())
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)


def submit(config: ExperimentConfig) -> str:
    """Queue a run; asking twice for the same finds the first."""
    return load.run_store().submit(config)


@st.fragment(run_every="1s")
def watch(key: str) -> None:
    """Live progress of what is queued and running; when the last one ends, the page is drawn anew."""
    running = active()
    watched = st.session_state.get(f"{key}_watched", ())
    st.session_state[f"{key}_watched"] = tuple(run.run_id for run in running)
    if set(watched) - {run.run_id for run in running}:
        st.rerun()
    if not running:
        st.caption("Nothing is running. Train something on Models.")
    for run in running[:SHOWN]:
        _progress(run, key)
    if len(running) > SHOWN:
        st.caption(f"{len(running) - SHOWN} more in the queue; see Runs.")


def _progress(run: RunStatus, key: str) -> None:
    words = f"waits for {run.waits_for}" if run.state == "queued" and run.waits_for else run.message or run.state
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(max(run.fraction, 0.0), 1.0), text=f"**{run.name}** · {words}")
        st.button(
            "Cancel",
            key=f"{key}_cancel_{run.run_id}",
            help=f"Stop {run.name}; finished folds are kept",
            on_click=load.run_store().cancel,
            args=(run.run_id,),
        )


def need_bars() -> None:
    """End the page here, with the button that mends it, while the store holds no bars."""
    show_error()
    if not load.symbols():
        empty_state("There are no bars yet.", "Load the bundled bars and run the first experiment", start_first)
        st.stop()


def need_run(selection: Selection, *, is_watched: bool = False) -> str:
    """The chosen run, which is done; while there is none, the page ends here and says what is to be done.

    A page that shows what is in progress anyway (`is_watched`) does not show it twice.
    """
    show_error()
    if selection.run_id is None:
        empty_state("Nothing has been run yet.", "Run the first experiment", start_first)
        st.stop()
    if unfinished(selection.run_id, is_watched=is_watched):
        st.stop()
    return selection.run_id


def unfinished(run_id: str, *, is_watched: bool = False) -> bool:
    """Say how a run that has no results stands; True where there is nothing more to show."""
    status = load.run_store().status(run_id)
    if status.state == "done":
        return False
    if status.state in ACTIVE:
        st.info(
            f"{status.name} is {status.state}: its results appear here as soon as it is done.",
            icon=":material/hourglass_top:",
        )
        if not is_watched:
            watch(f"wait_{run_id}")
        return True
    words = {"failed": "failed", "cancelled": "was cancelled", "lost": "was lost: its process ended without a word"}
    st.error(f"{status.name} {words[status.state]}. {status.error or ''}".strip(), icon=":material/error:")
    st.caption("Finished folds are kept, and its trials still count. Starting it again goes on from there.")
    st.button("Start it again", key=f"again_{run_id}", on_click=restart, args=(run_id,))
    return True


def restart(run_id: str) -> None:
    """Queue a failed, cancelled or lost run again; it resumes from its finished folds."""
    try:
        load.run_store().submit(load.run_config(run_id))
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)


def show_error() -> None:
    """The message of a button that could not do its work."""
    message = st.session_state.pop("jobs_error", None)
    if message:
        st.error(message, icon=":material/error:")
