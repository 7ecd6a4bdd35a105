"""Do the stated probabilities come true?"""

import streamlit as st

from finml_core import charts
from finml_core.report import calibration as tables
from pages._ui import jobs, load, text
from pages._ui.frame import Headline, chart, download_table, empty_state, headline, how, open_page, show_errors

selection = open_page("Calibration", "Do the stated probabilities come true?")
jobs.show_error()
if selection.run_id is None:
    empty_state("Nothing has been run yet.", "Run the first experiment", jobs.start_first)
    st.stop()
if jobs.unfinished(selection.run_id):
    st.stop()

with show_errors():
    run_id = selection.run_id
    config = load.run_config(run_id)
    predictions = load.table(run_id, "predictions")
    models = list(predictions["model"].unique())
    left, right = st.columns([2, 1])
    model = left.selectbox(
        "Model",
        models,
        load.champion_position(run_id, models),
        format_func=text.name,
        key="cal_model",
        bind="query-params",
    )
    n_bins = right.slider("Bins", 5, 30, 10, key="cal_bins", bind="query-params")
    rows = tables.scored_rows(predictions, model)
    measures = load.calibration_measures(run_id, model, n_bins)
    headline([Headline(*text.before_after(measures, name)) for name in ("ECE", "MCE", "Brier", "Log loss", "Slope")])
    curve = tables.reliability(rows, n_bins)
    before, after = (
        measures.query("measure == 'ECE' and series == @s")["value"].iloc[0] for s in ("raw", "calibrated")
    )
    chart(
        charts.reliability_diagram(curve),
        f"On the dotted line, events forecast at 70 % happen 70 % of the time. {text.name(model)} was off by {before:.3f} "
        f"on average, {after:.3f} after {config.calibration.method} calibration, on {len(rows):,} predictions.",
        alt=f"Reliability of {text.name(model)} before and after calibration",
        key="calibration_reliability",
    )
    download_table(curve, "reliability")
    regime, time, symbol, intervals, every = st.tabs(
        ["By regime", "Over time", "By symbol", "Intervals", "All measures"]
    )
    with regime:
        st.dataframe(tables.by_group(rows, rows["regime"], n_bins), hide_index=True, width="stretch")
    with time:
        drift = tables.over_time(rows, n_bins)
        chart(
            charts.calibration_over_time(drift),
            "ECE in each half-year; few predictions make it larger by themselves.",
            alt="ECE by half-year before and after calibration",
            key="calibration_time",
        )
    with symbol:
        st.dataframe(tables.by_group(rows, rows["symbol"], n_bins), hide_index=True, width="stretch")
    with intervals:
        coverage = tables.coverage_over_time(rows)
        st.markdown(f"Promised coverage: {1 - config.calibration.alpha:.0%} of outcomes.")
        st.dataframe(coverage, hide_index=True, width="stretch")
    with every:
        st.dataframe(measures, hide_index=True, width="stretch")
        download_table(measures, "calibration_measures")
    how(
        "How this is computed",
        f"""Method: {config.calibration.method}, fitted for each test block on out-of-fold predictions whose outcome was known
before the block began; a probability before there are {config.calibration.min_samples} of those is missing, never guessed.
Before and after are scored on the same rows. ECE and MCE over {n_bins} bins of equal width; intervals are 90 %, from
resampling blocks of 20 timestamps. Slope and intercept: logistic regression of the outcome on the log-odds, 1 and 0 when
calibrated. Return intervals: split conformal on earlier residuals.""",
    )
