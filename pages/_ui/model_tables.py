"""What the page Models draws of finished runs: scores against what must be beaten, compared series."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.report import calibration as calibration_report
from finml_core.report import models as report
from pages._ui import load, text
from pages._ui.frame import chart

MOST_SERIES = 6
LINEAR = ("logistic", "ridge", "elastic_net")


@dataclass(frozen=True)
class Series:
    """One model of one run, as it is compared."""

    run_id: str
    model: str

    @property
    def label(self) -> str:
        return f"{text.name(self.model)} · {load.run_config(self.run_id).name} {self.run_id[-6:]}"


def seeds_of(run_id: str) -> pd.DataFrame:
    """Scores by model, fold and seed; a run of an earlier version had one seed."""
    if "seeds" in load.run_store().tables(run_id):
        return load.table(run_id, "seeds")
    return load.table(run_id, "folds").assign(seed=load.run_config(run_id).model.seed)


def with_gaps(rows: pd.DataFrame, run_id: str) -> pd.DataFrame:
    """The leaderboard's models with their log loss against base rate and linear model as text, the least first."""
    trained = list(rows["model"])
    references = {"naive": "naive", "linear": next((name for name in LINEAR if name in trained), "")}
    table = report.with_gaps(rows, seeds_of(run_id), references).sort_values("log_loss_mean", kind="stable")
    return table.assign(
        **{
            f"against_{suffix}": [
                "" if model == reference else text.plus_minus(gap, deviation, 4)
                for model, gap, deviation in zip(
                    table["model"], table[f"gap_{suffix}"], table[f"gap_{suffix}_deviation"], strict=True
                )
            ]
            for suffix, reference in references.items()
        }
    )


def compare(run_id: str) -> None:
    """Chosen models of any finished runs beside each other: folds and seeds, growth, calibration, curves."""
    done = [run.run_id for run in load.runs() if run.state in load.FINISHED]
    known = {
        series.label: series
        for each in [run_id, *(other for other in done if other != run_id)]
        for series in (Series(each, model.value) for model in load.run_config(each).models)
    }
    own = [label for label, series in known.items() if series.run_id == run_id and series.model != "naive"]
    chosen = st.multiselect(
        "Models to compare", list(known), own[:3], max_selections=MOST_SERIES, key=f"models_compare_{run_id}"
    )
    if not chosen:
        st.caption(f"Choose up to {MOST_SERIES} models of any finished runs.")
        return
    series = [known[label] for label in chosen]
    spread = pd.concat([_scores(each) for each in series], ignore_index=True)
    best = spread.groupby("series")["score"].mean().idxmax()
    chart(
        charts.score_spread(spread),
        f"A dot a fold and seed, the tick their mean: {best} is highest on average.",
        alt="AUC of each fold and seed by run and model",
        key="models_compare_scores",
    )
    left, right = st.columns(2)
    with left:
        growth = pd.concat([_growth(each) for each in series], ignore_index=True)
        last = growth.groupby("series", sort=False)["equity"].last()
        chart(
            charts.compared_growth(growth, among=chosen),
            f"After costs, each over its own bars; {last.idxmax()} ends highest, at {text.number(last.max())}.",
            alt="Growth of capital after costs by run and model",
            key="models_compare_growth",
        )
    with right:
        chart(
            charts.compared_calibration(
                pd.concat([_reliability(each) for each in series], ignore_index=True), among=chosen
            ),
            "Calibrated probabilities against what came true; the dotted diagonal is ideal.",
            alt="Reliability by run and model",
            key="models_compare_calibration",
        )
    curves = pd.concat([_curve(each) for each in series], ignore_index=True)
    if len(curves):
        chart(
            charts.compared_learning(curves, among=chosen),
            "Held-out loss, mean over folds and seeds that still trained in that epoch.",
            alt="Held-out loss by epoch, run and model",
            key="models_compare_curves",
        )


def _scores(series: Series) -> pd.DataFrame:
    table = seeds_of(series.run_id).query("model == @series.model")
    return table[["fold", "seed"]].assign(series=series.label, score=table["auc"])


def _growth(series: Series) -> pd.DataFrame:
    table = load.table(series.run_id, "equity").query("model == @series.model")
    return table[["ts", "equity"]].assign(series=series.label)


def _reliability(series: Series) -> pd.DataFrame:
    rows = calibration_report.scored_rows(load.predictions(series.run_id, series.model), series.model)
    curve = calibration_report.reliability(rows, 8).query("series == 'calibrated'")
    return curve.loc[curve["count"] > 0, ["predicted", "observed", "count"]].assign(series=series.label)


def _curve(series: Series) -> pd.DataFrame:
    history = load.table(series.run_id, "history").query("model == @series.model")
    return report.mean_curves(history).assign(series=series.label)
