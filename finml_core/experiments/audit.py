"""Does this run deserve belief? Each check passed or failed, with its reason, kept with the run."""

from collections.abc import Sequence

import pandas as pd

from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.data import Dataset, compute_features
from finml_core.experiments.predict import Split
from finml_core.splits import audit_features, audit_leakage

N_CUTS = 2  # truncation points; the suite of tests has the long version


def audit_run(
    config: ExperimentConfig, data: Dataset, splits: Sequence[Split], predictions: pd.DataFrame
) -> pd.DataFrame:
    """The checks that every run makes of itself: `check, passed, value, reason`.

    `splits` are the very row numbers that models were trained and tested on: whoever made them is not trusted.
    """
    checks = [_features_know_no_future(config, data), _no_span_overlaps(data, splits)]
    checks += _outcomes_come_later(predictions)
    if config.split.n_paths > 1:
        checks.append(whole_paths(predictions))
    return pd.DataFrame(checks)


def whole_paths(predictions: pd.DataFrame) -> dict[str, object]:
    """Whether every path of every model predicts the same rows: each is then a full out-of-sample history."""
    n_rows = predictions.groupby(["model", "path"]).size()
    short = int((n_rows < len(predictions.drop_duplicates(["symbol", "ts"]))).sum())
    lack = f"{short} path{'' if short == 1 else 's'} of {len(n_rows)} {'lacks' if short == 1 else 'lack'}"
    return {
        "check": "paths",
        "passed": short == 0,
        "value": float(short),
        "reason": f"{lack} rows that the others have" if short else "every path predicts every row once",
    }


def _features_know_no_future(config: ExperimentConfig, data: Dataset) -> dict[str, object]:
    table = audit_features(
        lambda bars: compute_features(config, bars), data.bars, n_cuts=N_CUTS, tests=("truncation", "append")
    )
    offenders = table.loc[~table["passed"], "feature"].tolist()
    reason = (
        f"{len(table)} features are unchanged when the future is cut off"
        if not offenders
        else f"changed when the future is cut off: {', '.join(offenders[:5])}"
    )
    return {"check": "features", "passed": not offenders, "value": float(len(offenders)), "reason": reason}


def _no_span_overlaps(data: Dataset, splits: Sequence[Split]) -> dict[str, object]:
    leaks = audit_leakage(splits, data.samples.label_end)
    rows = int((leaks["leaking_rows"] + leaks["duplicated_rows"]).sum())
    return {
        "check": "purge",
        "passed": rows == 0,
        "value": float(rows),
        "reason": f"{rows} training rows share time with a tested label over {len(leaks)} folds",
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
