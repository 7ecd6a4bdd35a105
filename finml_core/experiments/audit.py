"""Does this run deserve belief? Each check passed or failed, with its reason, kept with the run."""

import pandas as pd

from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.data import Dataset
from finml_core.features import FeatureEngineer
from finml_core.splits import audit_features

N_CUTS = 2  # truncation points; the suite of tests has the long version


def audit_run(
    config: ExperimentConfig, data: Dataset, diagnostics: pd.DataFrame, predictions: pd.DataFrame
) -> pd.DataFrame:
    """The checks that every run makes of itself: `check, passed, value, reason`."""
    return pd.DataFrame(
        [_features_know_no_future(config, data), _no_span_overlaps(diagnostics), *_outcomes_come_later(predictions)]
    )


def _features_know_no_future(config: ExperimentConfig, data: Dataset) -> dict[str, object]:
    engineer = FeatureEngineer(config.features)
    table = audit_features(lambda bars: engineer.fit(bars).transform(bars), data.bars, n_cuts=N_CUTS)
    offenders = table.loc[~table["passed"], "feature"].tolist()
    reason = (
        f"{len(table)} features are unchanged when the future is cut off"
        if not offenders
        else f"changed when the future is cut off: {', '.join(offenders[:5])}"
    )
    return {"check": "features", "passed": not offenders, "value": float(len(offenders)), "reason": reason}


def _no_span_overlaps(diagnostics: pd.DataFrame) -> dict[str, object]:
    pairs = int(diagnostics["overlapping_pairs"].sum())
    return {
        "check": "purge",
        "passed": pairs == 0,
        "value": float(pairs),
        "reason": f"{pairs} training labels overlap a test label over {len(diagnostics)} folds",
    }


def _outcomes_come_later(predictions: pd.DataFrame) -> list[dict[str, object]]:
    known = predictions.dropna(subset=["y_true"])
    early = int((known["label_end"] <= known["ts"]).sum())
    twice = int(predictions.duplicated(["model", "path", "symbol", "ts"]).sum())
    return [
        {
            "check": "labels",
            "passed": early == 0,
            "value": float(early),
            "reason": f"{early} outcomes end at or before their own bar",
        },
        {
            "check": "rows",
            "passed": twice == 0,
            "value": float(twice),
            "reason": f"{twice} rows are predicted twice by one model",
        },
    ]
