"""Calibration that learns from earlier predictions only."""

import numpy as np
import pandas as pd
import pytest

from finml_core.calibration import CALIBRATORS, cross_fit_calibrate, cross_fit_intervals, find_blocks, make_calibrator
from finml_core.errors import ConfigError, DataError


def intervals(predictions):
    return cross_fit_intervals(predictions, alpha=0.2)


def calibrated(predictions):
    return cross_fit_calibrate(predictions, "sigmoid").to_frame()


@pytest.mark.parametrize("name", sorted(CALIBRATORS))
def test_each_block_is_calibrated_by_what_was_known_before_it(name, predictions):
    p_cal = cross_fit_calibrate(predictions, name)
    assert p_cal.name == "p_cal"
    for fold, rows in predictions.groupby("fold"):
        known = predictions[predictions["label_end"] < rows["ts"].min()]
        if fold == 0:
            assert p_cal[rows.index].isna().all()
            continue
        # 5 bars x 2 symbols of the fold before end too late
        assert len(known) == 240 * fold - 10
        oracle = make_calibrator(name).fit(known["p_raw"], known["y_true"]).transform(rows["p_raw"])
        np.testing.assert_array_equal(p_cal[rows.index], oracle)


@pytest.mark.parametrize("function", [calibrated, intervals])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.77, 0.9])
def test_cutting_the_future_changes_nothing_before(function, share, predictions):
    cut = predictions["ts"].iloc[int(share * len(predictions))]
    early = predictions[predictions["ts"] <= cut]
    pd.testing.assert_frame_equal(function(early), function(predictions).loc[early.index])


@pytest.mark.parametrize("function", [calibrated, intervals])
def test_outcomes_that_are_not_known_yet_change_nothing(function, predictions):
    start = predictions.loc[predictions["fold"] == 3, "ts"].min()
    unknown = predictions["label_end"] >= start
    other = predictions.copy()
    other.loc[unknown, "y_true"] = 1 - other.loc[unknown, "y_true"]
    other.loc[unknown, "label_return"] = 9.0
    rows = predictions.index[predictions["fold"] <= 3]
    pd.testing.assert_frame_equal(function(other).loc[rows], function(predictions).loc[rows])


@pytest.mark.parametrize("function", [calibrated, intervals])
def test_the_order_of_rows_makes_no_difference(function, predictions):
    shuffled = predictions.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(function(shuffled).loc[predictions.index], function(predictions))


@pytest.mark.parametrize("function", [calibrated, intervals])
def test_models_are_calibrated_apart(function, predictions):
    other = predictions.assign(p_raw=predictions["p_raw"] ** 3)
    both = pd.concat({"a": predictions, "b": other}, names=["model"]).reset_index("model").reset_index(drop=True)
    found = function(both)
    expected = pd.concat([function(predictions), function(other)], ignore_index=True)
    pd.testing.assert_frame_equal(found, expected)


def test_a_fold_of_two_blocks_is_calibrated_twice(predictions):
    # as in combinatorial splits: one fold tests the second and the fourth fifth of the time
    folds = predictions["fold"].replace({3: 1})
    blocks = list(find_blocks(predictions.assign(fold=folds), np.ones(len(predictions), dtype=bool)))
    assert sorted(len(block.known) for block in blocks) == [0, 230, 470, 710, 950]
    assert sorted(np.concatenate([block.rows for block in blocks])) == list(range(len(predictions)))


def test_calibration_helps_where_the_model_is_too_bold(predictions):
    p_cal = cross_fit_calibrate(predictions)
    scored = p_cal.notna()
    y = predictions.loc[scored, "y_true"]
    brier = [((p[scored] - y) ** 2).mean() for p in (predictions["p_raw"], p_cal)]
    assert brier[1] < brier[0] - 0.01


def test_rows_without_a_prediction_or_an_outcome_are_not_learned_from(predictions):
    gaps = predictions.copy()
    gaps.loc[gaps.index[10:40], "p_raw"] = np.nan
    gaps.loc[gaps.index[300:320], "p_raw"] = np.nan
    gaps.loc[gaps.index[-30:], ["y_true", "label_return"]] = np.nan
    gaps.loc[gaps.index[-30:], "label_end"] = pd.NaT
    p_cal = cross_fit_calibrate(gaps)
    np.testing.assert_array_equal(p_cal.isna(), gaps["p_raw"].isna() | (gaps["fold"] == 0))
    known = gaps[gaps["label_end"] < gaps.loc[gaps["fold"] == 1, "ts"].min()].dropna()
    oracle = make_calibrator("sigmoid").fit(known["p_raw"], known["y_true"]).transform(gaps["p_raw"].iloc[250:260])
    np.testing.assert_array_equal(p_cal.iloc[250:260], oracle)


def test_too_few_or_one_sided_predictions_leave_it_missing(predictions):
    assert cross_fit_calibrate(predictions, min_samples=480)[predictions["fold"] <= 2].isna().all()
    assert cross_fit_calibrate(predictions, min_samples=480)[predictions["fold"] == 3].notna().all()
    assert cross_fit_calibrate(predictions.assign(y_true=1.0)).isna().all()
    assert cross_fit_calibrate(predictions.iloc[:0]).empty


def test_the_index_of_the_predictions_is_kept(predictions):
    indexed = predictions.set_index(pd.Index([f"row {number}" for number in range(len(predictions))]))
    assert cross_fit_calibrate(indexed).index.equals(indexed.index)
    assert cross_fit_intervals(indexed).index.equals(indexed.index)


def test_what_cannot_work_is_refused(predictions):
    with pytest.raises(ConfigError, match="choose one of: beta"):
        cross_fit_calibrate(predictions, "magic")
    with pytest.raises(DataError, match="no column 'p_raw'"):
        cross_fit_calibrate(predictions.drop(columns="p_raw"))
    with pytest.raises(DataError, match="no column 'fold'"):
        cross_fit_intervals(predictions.drop(columns="fold"))
    with pytest.raises(DataError, match="no timestamp"):
        cross_fit_calibrate(predictions.assign(ts=pd.NaT))
