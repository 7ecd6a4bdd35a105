import numpy as np
import pandas as pd
import pytest

from finml_core.errors import DataError
from finml_core.report.validation import outcome_drift, seed_spread, seeds_by_fold

SEEDS = pd.DataFrame(
    {
        "model": ["forest"] * 6 + ["line"] * 2,
        "fold": [0, 0, 0, 1, 1, 1, 0, 1],
        "seed": [0, 1, 2] * 2 + [0, 0],
        "auc": [0.50, 0.52, 0.54, 0.60, 0.60, 0.66, 0.55, 0.57],
    }
)


def test_the_spread_over_folds_and_over_seeds_is_told_apart():
    table = seed_spread(SEEDS, "auc").set_index("model")
    forest = table.loc["forest"]
    assert forest["mean"] == pytest.approx(0.57)
    assert forest["fold_deviation"] == pytest.approx(np.std([0.52, 0.62], ddof=1))
    assert forest["seed_deviation"] == pytest.approx(np.std([0.55, 0.56, 0.60], ddof=1))
    pooled = (np.var([0.50, 0.52, 0.54], ddof=1) + np.var([0.60, 0.60, 0.66], ddof=1)) / 2
    assert forest["fold_seed_deviation"] == pytest.approx(np.sqrt(pooled))
    assert (forest["n_folds"], forest["n_seeds"]) == (2, 3)
    assert table.loc["line", ["seed_deviation", "fold_seed_deviation"]].isna().all()


def test_each_fold_has_its_mean_and_deviation_over_seeds():
    table = seeds_by_fold(SEEDS, "auc").set_index(["model", "fold"])
    row = table.loc[("forest", 1)]
    assert row[["mean", "lowest", "highest"]].tolist() == pytest.approx([0.62, 0.60, 0.66])
    assert row["deviation"] == pytest.approx(np.std([0.60, 0.60, 0.66], ddof=1))
    assert np.isnan(table.loc[("line", 0), "deviation"])


def test_a_drift_is_measured_in_errors_of_independent_rows_and_rarely_called_where_there_is_none():
    generator = np.random.default_rng(0)
    called = []
    for _ in range(400):
        outcome = (generator.uniform(size=600) < 0.55).astype(float)
        folds = pd.DataFrame(
            {"fold": [0], "train_mean": outcome[:400].mean(), "test_mean": outcome[400:].mean(),
             "class_drift": outcome[400:].mean() - outcome[:400].mean(), "effective_sample_size": 400.0,
             "effective_test_size": 200.0}
        )  # fmt: skip
        found = outcome_drift(folds, outcome).iloc[0]
        called.append(found["is_far"])
    assert found["drift_error"] == pytest.approx(outcome.std(ddof=1) * np.sqrt(1 / 400 + 1 / 200))
    assert 0.01 < np.mean(called) < 0.046 + 3 * np.sqrt(0.046 * 0.954 / 400)  # two errors: 4.6 %


def test_a_drift_whose_independent_rows_are_unknown_has_no_error():
    folds = pd.DataFrame({"fold": [0], "train_mean": [0.5], "test_mean": [0.6], "class_drift": [0.1]})
    assert list(outcome_drift(folds, np.array([0.0, 1.0]))) == ["fold", "train_mean", "test_mean", "drift"]
    with pytest.raises(DataError, match="class_drift"):
        outcome_drift(folds.drop(columns="class_drift"), np.array([0.0, 1.0]))
