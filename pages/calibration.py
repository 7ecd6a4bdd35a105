"""Do the stated probabilities come true?"""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.report import calibration as reports
from pages._ui import jobs, load, paths, tables, text
from pages._ui.frame import (
    Headline,
    chart,
    download_table,
    headline,
    how,
    open_page,
    show_errors,
    verdict,
)  # fmt: skip

STRATEGIES = {"width": "Width", "mass": "Count"}
HEADLINES = {
    "ECE": "Expected calibration error: mean gap of stated and observed, weighted by rows. 0 is perfect.",
    "MCE": "Maximum calibration error: the largest gap of any bin, few rows included. 0 is perfect.",
    "Brier": "Mean squared error of the probability. Lower is better.",
    "Log loss": "Mean negative log-likelihood, nats. Lower is better.",
    "Slope": "Of the outcome on the log-odds. 1 is calibrated, below 1 over-confident, near 0 uninformed.",
}
BY_GROUP = ("group", "n", "base_rate", "ece_raw", "ece_calibrated", "ece_chance", "brier_raw", "brier_calibrated")

selection = open_page("Calibration", "Do the stated probabilities come true?")
run_id = jobs.need_run(selection)


def controls() -> tuple[str, int, str, int | None]:
    """Model, number of bins and how they are cut, and the path where there are several."""
    with st.grid(4 if load.n_paths(run_id) > 1 else 3, min_column_width=150):
        model = st.selectbox(
            "Model",
            models,
            load.champion_position(run_id, models),
            format_func=text.name,
            key="cal_model",
            bind="query-params",
        )
        n_bins = st.slider("Bins", 5, 30, 10, key="cal_bins", bind="query-params")
        strategy = st.segmented_control(
            "Bins of equal",
            list(STRATEGIES),
            default="width",
            required=True,
            format_func=STRATEGIES.get,
            key="cal_strategy",
            bind="query-params",
        )
        path = paths.choose(run_id, "cal_path")
    return model, n_bins, strategy, path


def judge(rows: pd.DataFrame, model: str) -> None:
    """Does the model know more than the base rate?"""
    skill = reports.skill(rows)
    beyond = (
        f"log loss {text.percent(abs(skill.value), 2)} {'below' if skill.value > 0 else 'above'} that of always saying "
        f"{text.probability(skill.base_rate)} (90{text.THIN}%: {text.percent(-skill.upper, 2)} to "
        f"{text.percent(-skill.lower, 2)} of it)"
    )
    if model == "naive":
        st.caption("This model is the base rate of its training rows: the others are measured against it.")
    elif skill.is_constant:
        verdict(
            "failed",
            f"**{text.name(model)} adds nothing to the base rate**: calibration maps everything to one probability.",
        )
    elif skill.is_clear:
        verdict("passed", f"**{text.name(model)} knows more than the base rate**: {beyond}.")
    else:
        verdict(
            "failed",
            f"**{text.name(model)} adds nothing to the base rate**: {beyond}. Nine in ten of its calibrated "
            f"probabilities lie within {text.probability(skill.spread)} of each other.",
        )


def draw_group(rows: pd.DataFrame, group: str, label: str) -> None:
    """Each group's own error, beside what chance gives on so few rows."""
    table = reports.by_group(rows, rows[group], n_bins)
    worst = table.loc[(table["ece_calibrated"] - table["ece_chance"]).idxmax()]
    st.caption(
        f"Furthest beyond chance: {text.name(worst['group'])}, off by {text.probability(worst['ece_calibrated'])} "
        f"after calibration on {text.thousands(worst['n'])} rows, where chance alone gives "
        f"{text.probability(worst['ece_chance'])}."
    )
    tables.show(
        table,
        BY_GROUP,
        alt=f"Calibration by {label.lower()}",
        labels={"group": label},
        download=f"calibration_by_{group}",
    )


def draw_time(rows: pd.DataFrame) -> None:
    """The error in each half-year."""
    drift = reports.over_time(rows, n_bins)
    after = drift[drift["series"] == "calibrated"]
    worst = after.loc[after["ece"].idxmax()]
    chart(
        charts.calibration_over_time(drift),
        f"Worst half-year after calibration: the one from {worst['ts']:%B %Y}, off by "
        f"{text.probability(worst['ece'])} on "
        f"{text.thousands(worst['n'])} rows; chance alone gives {text.probability(worst['chance'])}, or more since "
        "labels overlap.",
        alt="ECE by half-year before and after calibration",
        key="calibration_time",
    )
    download_table(drift, "calibration_over_time")


def draw_paths() -> None:
    """The error of each path by itself, beside what chance gives."""
    every = reports.scored_rows(load.table(run_id, "predictions"), model)
    table = reports.by_group(every, every["path"] + 1, n_bins)
    table = table.sort_values("group", key=lambda names: names.astype("int64"), ignore_index=True)
    error = table["ece_calibrated"]
    st.caption(
        f"After calibration {text.name(model)} is off by {text.plus_minus(error.mean(), error.std(), 3)} on average, "
        f"mean and deviation over {len(table)} paths, from {text.probability(error.min())} to "
        f"{text.probability(error.max())}; each path is calibrated by its own earlier outcomes only."
    )
    tables.show(table, BY_GROUP, alt="Calibration by path", labels={"group": "Path"}, download="calibration_by_path")


def draw_intervals(rows: pd.DataFrame) -> None:
    """How many outcomes fell inside the interval that was stated for them."""
    coverage = reports.coverage_over_time(rows)
    if coverage.empty:
        st.info("No interval has an outcome yet.")
        return
    promised = 1 - config.calibration.alpha
    total = (coverage["coverage"] * coverage["n"]).sum() / coverage["n"].sum()
    above = coverage.assign(
        group=coverage["year"].astype("str"),
        value=coverage["coverage"] - promised,
        lower=coverage["lower"] - promised,
        upper=coverage["upper"] - promised,
    )
    chart(
        charts.returns_by(above, title=f"Covered, less the promised {promised:.0%} (points)"),
        f"{text.percent(total)} of outcomes lie in intervals that promise {promised:.0%}; lines are 90{text.THIN}% "
        "and too short, since labels overlap.",
        alt="Coverage of return intervals by year, less the promise",
        key="calibration_coverage",
    )
    tables.show(
        coverage, ("year", "n", "coverage", "lower", "upper"), alt="Coverage by year", download="interval_coverage"
    )


def draw_measures(measures: pd.DataFrame) -> None:
    """Every measure before and after, with its interval."""
    named = measures.assign(
        shown=[
            f"{text.number(row.value, 4)}  ({text.number(row.lower, 4)} to {text.number(row.upper, 4)})"
            for row in measures.itertuples()
        ]
    )
    wide = named.pivot_table(index="measure", columns="series", values="shown", aggfunc="first", sort=False)
    st.caption(f"Each with its 90{text.THIN}% interval.")
    tables.show(wide.reset_index(), ("measure", "raw", "calibrated"), alt="All measures before and after calibration")
    download_table(measures, "calibration_measures")


with show_errors():
    config = load.run_config(run_id)
    models = list(load.table(run_id, "predictions")["model"].unique())
    summary = st.container()
    model, n_bins, strategy, path = controls()
    rows = reports.scored_rows(load.predictions(run_id, model, path), model)
    measures = load.calibration_measures(run_id, model, n_bins, strategy, path)
    with summary:
        headline([Headline(*text.before_after(measures, name), help=HEADLINES[name]) for name in HEADLINES])
        judge(rows, model)
    curve = reports.reliability(rows, n_bins, strategy)
    value = measures.query("measure == 'ECE'").set_index("series")["value"]
    chart(
        charts.reliability_diagram(curve),
        f"On the dotted line, events forecast at 70{text.THIN}% happen 70{text.THIN}% of the time. {text.name(model)} "
        f"is off by {text.probability(value['raw'])} on average, by {text.probability(value['calibrated'])} after "
        f"{config.calibration.method} calibration, on {text.thousands(len(rows))} predictions"
        + (f" of path {rows['path'].iloc[0] + 1}." if load.n_paths(run_id) > 1 else "."),
        alt=f"Reliability of {text.name(model)} before and after calibration",
        key="calibration_reliability",
    )
    download_table(curve, "reliability")
    regime, time, symbol, intervals, every, *by_path = st.tabs(
        ["By regime", "Over time", "By symbol", "Intervals", "All measures"]
        + (["By path"] if load.n_paths(run_id) > 1 else []),
        key="cal_tab",
        on_change="rerun",
        bind="query-params",
    )
    for tab in by_path:
        if tab.open:
            with tab:
                draw_paths()
    if regime.open:
        with regime:
            draw_group(rows, "regime", "Regime")
    if time.open:
        with time:
            draw_time(rows)
    if symbol.open:
        with symbol:
            draw_group(rows, "symbol", "Symbol")
    if intervals.open:
        with intervals:
            draw_intervals(rows)
    if every.open:
        with every:
            draw_measures(measures)
    st.caption(load.scope(run_id))
    how(
        "How this is computed",
        f"""Method: {config.calibration.method}, fitted for each test block on out-of-fold predictions whose outcome
was known before the block began; a probability before there are {config.calibration.min_samples} of those is missing,
never guessed. Before and after are scored on the same rows. ECE and MCE over {n_bins} bins of equal
{STRATEGIES[strategy].lower()}; intervals are 90 %, from resampling blocks of 20 timestamps. Slope and intercept:
logistic regression of the outcome on the log-odds, 1 and 0 when calibrated. Against the base rate: log loss of the
calibrated probability beside that of the share of rises in the same rows, known in hindsight. Return intervals: split
conformal on earlier residuals.{paths.note(run_id)}""",
    )
