"""While a process computes what the page Features shows: how far it is, how long it has taken, and a way out."""

import streamlit as st

from finml_core.errors import RunError
from finml_core.runs import study_jobs
from finml_core.runs.feature_studies import StudyOrder


def wait(order: StudyOrder, what: str) -> None:
    """Watch the study until it is there, then draw the page anew."""
    with st.container(border=True):
        st.markdown(f"**{what}**")
        st.caption(
            "It is computed by a process of its own and kept on disk: the next visit finds it at once. You may leave; "
            "the work goes on."
        )
        _progress(order)


@st.fragment(run_every="1s")
def _progress(order: StudyOrder) -> None:
    try:
        working = study_jobs.watch(order)
    except RunError as error:
        st.error(str(error), icon=":material/error:")
        st.button(
            "Compute it", type="primary", key=f"again_{order.name}", on_click=study_jobs.forget, args=(order.name,)
        )
        return
    if working is None:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(working.fraction, 1.0), text=f"{working.message} · {working.seconds:.0f} s")
        st.button("Cancel", key=f"cancel_{order.name}", on_click=study_jobs.cancel, args=(order.name,))
