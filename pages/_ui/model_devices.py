"""What the models of a run ran on, how fast, and how busy the devices were."""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.report import models as report
from pages._ui import load, text
from pages._ui.frame import chart, download_table

COLUMNS = {
    "model": st.column_config.TextColumn("Model"),
    "device": st.column_config.TextColumn("Device"),
    "trainings": st.column_config.NumberColumn("Trainings", help="Folds times seeds"),
    "seconds": st.column_config.NumberColumn("Seconds", format="%.1f"),
    "windows_per_second": st.column_config.NumberColumn("Windows/s", format="%,.0f", help="Of the middle training"),
    "memory_mib": st.column_config.NumberColumn(
        "Memory, MiB", format="%,.0f", help="Most that tensors held on a card; on a CPU the whole worker process"
    ),
    "n_parameters": st.column_config.NumberColumn("Parameters", format="%,.0f"),
}


def devices(run_id: str) -> None:
    """What each model was trained on, how fast, with how much memory; then the devices over the run."""
    times = load.table(run_id, "times")
    if "memory_mib" not in times.columns:
        st.caption("This run was made before devices were noted; train it again to see them.")
        return
    table = report.device_table(times)
    st.dataframe(
        table.assign(**{column: [text.name(name) for name in table[column]] for column in ("model", "device")}),
        hide_index=True,
        width="stretch",
        column_config=COLUMNS,
        placeholder="",
    )
    fastest = table.dropna(subset=["windows_per_second"])
    if len(fastest):
        best = fastest.loc[fastest["windows_per_second"].idxmax()]
        st.caption(
            f"{text.name(best['model'])} reads the most windows a second, {text.thousands(best['windows_per_second'])} "
            f"on {text.name(best['device'])}."
        )
    _over_the_run(run_id)


def _over_the_run(run_id: str) -> None:
    if "usage" not in load.run_store().tables(run_id):
        st.caption("How busy the devices were was not sampled when this run was made; train it again to see it.")
        return
    usage = load.table(run_id, "usage")
    summary = report.usage_table(usage)
    left, right = st.columns(2)
    with left:
        chart(
            charts.device_utilisation(usage),
            " ".join(_sentence(row) for _, row in summary.iterrows()),
            alt="Share of each device at work over the run",
            key="models_device_utilisation",
        )
    with right:
        chart(
            charts.device_memory(usage),
            " ".join(
                f"{text.name(row['device'])}: at most {text.thousands(row['peak_mib'])} MiB."
                for _, row in summary.iterrows()
            ),
            alt="Memory taken on each device over the run",
            key="models_device_memory",
        )
    has_card = summary["device"].ne("cpu").any()
    st.caption(
        "CPU: the worker's own share of all cores, and its resident memory. "
        + ("A card: by all processes on it." if has_card else "No NVIDIA card was found where this run was made.")
    )
    download_table(usage, "device_use")


def _sentence(row: pd.Series) -> str:
    name = text.name(row["device"])
    if pd.isna(row["training"]):
        return f"{name} was {text.percent(row['whole'], 0)} busy on average."
    return f"While models trained, {name} was {text.percent(row['training'], 0)} busy on average."


def now(run_id: str) -> str:
    """The last sample of a run that trains, as a sentence; empty before the first."""
    if "usage" not in load.run_store().tables(run_id):
        return ""
    last = load.run_store().table(run_id, "usage").groupby("device", sort=False).tail(1)
    return "; ".join(
        f"{text.name(row['device'])} {text.percent(row['utilisation'], 0)} busy, "
        f"{text.thousands(row['memory_mib'])} MiB"
        for _, row in last.iterrows()
    )
