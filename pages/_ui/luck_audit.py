"""A run beside its noise twin: where there is nothing to know, the same configuration must find nothing."""

import streamlit as st

from finml_core import charts
from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig, audit_settings
from pages._ui import jobs, load, luck_studies, text
from pages._ui.frame import chart, download_table, verdict


def show(finished: str | None, page: str = "luck") -> None:
    """The run's own configuration on bars without history, and the other controls, on whichever page."""
    if finished is None:
        st.info("An audit belongs to a finished run; choose one in the sidebar.")
        return
    found = luck_studies.audit_of(finished)
    if found is None:
        st.markdown(
            "**Audit this run**: the same configuration on a noise twin, bars whose timestamps' returns are permuted, "
            "so that there is nothing to know; and controls whose answer is known."
        )
        audited = audit_settings(load.run_config(finished))
        st.button("Audit this run", key=f"{page}_audit", type="primary", on_click=_submit, args=(audited,))
        st.caption("It takes a little more than twice the time of the run, beside the dashboard, and adds no trial.")
        if jobs.active():
            jobs.watch(page)
        return
    certificate, twins = found
    metric = st.segmented_control(
        "Measure",
        ["auc", "sharpe"],
        default="auc",
        required=True,
        format_func=lambda name: {"auc": "AUC", "sharpe": "Sharpe ratio"}[name],
        key=f"{page}_twin_metric",
        bind="query-params",
    )
    champion = load.metrics(finished)["champion"]
    own = twins.loc[twins["model"] == champion].set_index("series")[metric]
    digits = 3 if metric == "auc" else 2
    chart(
        charts.noise_twin(twins, metric=metric),
        f"{text.name(champion)}: {text.number(own['real'], digits)} on the real bars, "
        f"{text.number(own.drop('real').mean(), digits)} on its noise twin, where nothing can be known.",
        alt="Scores on the real bars and on the noise twin",
        key=f"{page}_twin",
    )
    download_table(twins, "noise_twin")
    verdict(certificate["verdict"], f"{'; '.join(certificate['reasons'])}.")
    with st.expander("The certificate, check by check"):
        for check in certificate["checks"]:
            verdict("passed" if check["passed"] else "failed", f"**{text.name(check['check'])}**: {check['reason']}.")


def _submit(config: ExperimentConfig) -> None:
    """Queue the audit of a run, or say why not; it survives a closed tab."""
    try:
        jobs.submit(config)
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)
