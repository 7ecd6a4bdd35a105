"""Gaps are taken fold by fold; curves and devices are gathered as they were."""

import numpy as np
import pandas as pd
import pytest

from finml_core.report import models as report


@pytest.fixture
def seeds():
    rows = [("naive", fold, 0, 0.69 + 0.01 * fold) for fold in range(3)]
    rows += [("lstm", fold, seed, 0.69 + 0.01 * fold - 0.002 + 0.001 * seed) for fold in range(3) for seed in range(2)]
    return pd.DataFrame(rows, columns=["model", "fold", "seed", "log_loss"])


def test_a_gap_is_taken_within_each_fold(seeds):
    table = report.against(seeds, "naive").set_index("model")
    gaps = np.tile([-0.002, -0.001], 3)
    assert table.loc["lstm", "gap"] == pytest.approx(gaps.mean())
    assert table.loc["lstm", "gap_deviation"] == pytest.approx(gaps.std(ddof=1))  # folds' own levels are gone
    assert table.loc["naive"].tolist() == pytest.approx([0.0, 0.0])


def test_a_reference_of_several_seeds_counts_by_its_mean(seeds):
    table = report.against(seeds, "lstm").set_index("model")
    assert table.loc["naive", "gap"] == pytest.approx(0.0015)


def test_a_reference_that_was_not_trained_leaves_the_gap_open(seeds):
    board = pd.DataFrame({"model": ["naive", "lstm"]})
    table = report.with_gaps(board, seeds, {"naive": "naive", "linear": ""})
    assert table["model"].tolist() == ["naive", "lstm"]
    assert table["gap_linear"].isna().all()
    assert table["gap_naive"].notna().all()


def test_a_mean_curve_counts_those_that_still_trained():
    history = pd.DataFrame({"epoch": [1, 2, 1, 1], "validation_loss": [0.7, 0.6, 0.8, np.nan]})
    assert report.mean_curves(history).to_dict("list") == {"epoch": [1, 2], "loss": pytest.approx([0.75, 0.6])}


def test_a_device_table_sums_the_trainings_of_a_model():
    times = pd.DataFrame(
        {
            "model": ["lstm", "lstm", "naive"],
            "fold": [0, 1, 0],
            "device": "cpu",
            "seconds": [1.0, 2.0, 0.1],
            "windows_per_second": [1000.0, 3000.0, np.nan],
            "memory_mib": [400.0, 500.0, 300.0],
            "n_parameters": [90.0, 90.0, np.nan],
        }
    )
    row = report.device_table(times).set_index("model").loc["lstm"]
    assert (row["trainings"], row["seconds"], row["windows_per_second"], row["memory_mib"]) == (2, 3.0, 2000.0, 500.0)


def test_device_use_counts_each_sample_by_its_time():
    usage = pd.DataFrame(
        {
            "elapsed_s": [1.0, 3.0, 4.0, 4.0],
            "stage": ["load", "train", "train", "load"],
            "device": ["cpu", "cpu", "cpu", "card 0"],
            "utilisation": [0.1, 0.9, 0.3, 0.0],
            "memory_mib": [100.0, 300.0, 200.0, 5.0],
        }
    )
    table = report.usage_table(usage).set_index("device")
    assert table.loc["cpu"].tolist() == pytest.approx([(2 * 0.9 + 0.3) / 3, (0.1 + 1.8 + 0.3) / 4, 300.0])
    assert np.isnan(table.loc["card 0", "training"])
    assert table.loc["card 0", ["whole", "peak_mib"]].tolist() == [0.0, 5.0]
