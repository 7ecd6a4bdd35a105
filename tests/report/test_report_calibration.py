"""Do the stated probabilities come true: tables against definitions written as loops."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from finml_core.errors import DataError
from finml_core.metrics import brier_score, expected_calibration_error, log_loss
from finml_core.report import calibration as report


def make_rows(n_bars: int, seed: int = 0, slope: float = 2.0) -> pd.DataFrame:
    """Two symbols; `p_cal` comes true and `p_raw` is `slope` times as sure of itself on the logit scale."""
    generator = np.random.default_rng(seed)
    ts = np.tile(pd.bdate_range("2010-01-04", periods=n_bars), 2)
    logit = generator.normal(0, 0.5, 2 * n_bars)
    y = (generator.uniform(size=2 * n_bars) < expit(logit)).astype(float)
    label_return = np.where(y == 1, 1, -1) * generator.exponential(0.01, 2 * n_bars)
    return pd.DataFrame(
        {
            "model": "m",
            "symbol": np.repeat(["A", "B"], n_bars),
            "ts": ts,
            "y_true": y,
            "p_raw": expit(slope * logit),
            "p_cal": expit(logit),
            "label_return": label_return,
            "lower": -0.02,
            "upper": 0.02,
        }
    )


@pytest.fixture(scope="module")
def rows():
    return make_rows(1500)


def ece_by_loop(y, p, n_bins):
    total = 0.0
    for number in range(n_bins):
        inside = (p > number / n_bins) & (p <= (number + 1) / n_bins)
        if inside.any():
            total += inside.mean() * abs(y[inside].mean() - p[inside].mean())
    return total


def test_only_rows_with_an_outcome_and_both_probabilities_are_scored(rows):
    gaps = rows.copy()
    gaps.loc[gaps.index[:10], "y_true"] = np.nan
    gaps.loc[gaps.index[10:30], "p_cal"] = np.nan
    assert len(report.scored_rows(gaps, "m")) == len(rows) - 30
    with pytest.raises(DataError, match="other has no calibrated prediction with a known outcome"):
        report.scored_rows(rows, "other")


def test_reliability_has_a_row_for_each_bin_that_holds_a_forecast(rows):
    table = report.reliability(rows, 10)
    assert set(table["series"]) == {"raw", "calibrated"}
    assert (table.groupby("series")["count"].sum() == len(rows)).all()
    for series, column in (("raw", "p_raw"), ("calibrated", "p_cal")):
        p, y = rows[column].to_numpy(), rows["y_true"].to_numpy()
        for row in table.loc[table["series"] == series].itertuples():
            inside = (p > row.bin / 10) & (p <= (row.bin + 1) / 10)
            assert row.count == inside.sum()
            assert row.predicted == pytest.approx(p[inside].mean())
            assert row.observed == pytest.approx(y[inside].mean())
            assert row.lower <= row.observed <= row.upper


def test_measures_are_their_definitions_and_lie_in_their_intervals(rows):
    table = report.measures(rows, 10).set_index(["measure", "series"])
    y = rows["y_true"].to_numpy()
    for series, column in (("raw", "p_raw"), ("calibrated", "p_cal")):
        p = rows[column].to_numpy()
        value = table["value"].xs(series, level="series")
        assert value["ECE"] == pytest.approx(ece_by_loop(y, p, 10))
        assert value["Brier"] == pytest.approx(np.mean((p - y) ** 2))
        assert value["Log loss"] == pytest.approx(-np.mean(np.where(y == 1, np.log(p), np.log(1 - p))))
        assert value["ECE"] <= value["MCE"]
    assert table.loc[("Slope", "calibrated"), "value"] == pytest.approx(1.0, abs=0.2)
    assert table.loc[("Slope", "raw"), "value"] == pytest.approx(0.5, abs=0.1)  # twice as sure as it may be
    assert (table["lower"] <= table["upper"]).all()
    unbinned = table.loc[
        ~table.index.get_level_values("measure").isin(["ECE", "MCE"])
    ]  # resamples of a distance from 0 lie above it
    assert ((unbinned["lower"] <= unbinned["value"]) & (unbinned["value"] <= unbinned["upper"])).all()
    assert table.loc[("Slope", "raw"), "upper"] < 1 < table.loc[("Slope", "calibrated"), "upper"]


def test_intervals_are_as_wide_as_the_resampled_values_spread():
    """The fast interval against plain resampling of whole blocks of timestamps."""
    rows = make_rows(800, seed=3)
    fast = report.measures(rows, 10, seed=1).set_index(["measure", "series"])
    block = pd.factorize(rows["ts"], sort=True)[0] // report.BLOCK
    places = [np.flatnonzero(block == number) for number in range(block.max() + 1)]
    generator = np.random.default_rng(2)
    slow = {"ECE": [], "Brier": [], "Log loss": []}
    for _ in range(400):
        drawn = np.concatenate([places[pick] for pick in generator.integers(0, len(places), len(places))])
        y, p = rows["y_true"].to_numpy()[drawn], rows["p_raw"].to_numpy()[drawn]
        slow["ECE"].append(expected_calibration_error(y, p))
        slow["Brier"].append(brier_score(y, p))
        slow["Log loss"].append(log_loss(y, p))
    for measure, values in slow.items():
        low, high = np.quantile(values, [0.05, 0.95])
        width = high - low
        assert fast.loc[(measure, "raw"), "lower"] == pytest.approx(low, abs=0.25 * width)
        assert fast.loc[(measure, "raw"), "upper"] == pytest.approx(high, abs=0.25 * width)


def test_measures_by_group_are_those_of_the_group_alone(rows):
    table = report.by_group(rows, rows["symbol"], 10).set_index("group")
    assert table["n"].sum() == len(rows)
    for symbol, part in rows.groupby("symbol"):
        y = part["y_true"].to_numpy()
        row = table.loc[symbol]
        assert row["base_rate"] == pytest.approx(y.mean())
        for series, column in (("raw", "p_raw"), ("calibrated", "p_cal")):
            assert row[f"ece_{series}"] == pytest.approx(ece_by_loop(y, part[column].to_numpy(), 10))
            assert row[f"brier_{series}"] == pytest.approx(brier_score(y, part[column].to_numpy()))


def test_half_years_hold_every_row_once(rows):
    table = report.over_time(rows, 10)
    assert (table.groupby("series")["n"].sum() == len(rows)).all()
    assert set(table["ts"].dt.strftime("%m-%d")) == {"01-01", "07-01"}
    first = rows.loc[(rows["ts"].dt.year == 2011) & (rows["ts"].dt.month > 6)]
    stated = table.loc[(table["ts"] == "2011-07-01") & (table["series"] == "raw"), "ece"].item()
    assert stated == pytest.approx(ece_by_loop(first["y_true"].to_numpy(), first["p_raw"].to_numpy(), 10))


def test_coverage_by_year_counts_outcomes_inside_their_interval(rows):
    table = report.coverage_over_time(rows).set_index("year")
    assert table["n"].sum() == len(rows)
    for year, part in rows.groupby(rows["ts"].dt.year):
        inside = (part["label_return"] >= part["lower"]) & (part["label_return"] <= part["upper"])
        assert table.loc[year, "coverage"] == pytest.approx(inside.mean())
        assert table.loc[year, "lower"] < inside.mean() < table.loc[year, "upper"]
    assert report.coverage_over_time(rows.assign(lower=np.nan)).empty


def test_chance_explains_the_error_of_right_probabilities():
    errors = [
        expected_calibration_error(part["y_true"].to_numpy(), part["p_cal"].to_numpy())
        for part in (make_rows(300, seed=seed) for seed in range(40))
    ]
    stated = report.ece_by_chance(make_rows(300)["p_cal"].to_numpy(), 10)
    assert np.mean(errors) == pytest.approx(stated, rel=0.15)


def test_skill_is_the_share_of_the_base_rates_loss_that_is_saved(rows):
    y, p = rows["y_true"].to_numpy(), rows["p_cal"].to_numpy()
    known = report.skill(rows)
    base = log_loss(y, np.full(len(y), y.mean()))
    assert known.value == pytest.approx(1 - log_loss(y, p) / base)
    assert known.lower < known.value < known.upper
    assert known.is_clear
    assert not known.is_constant
    constant = report.skill(rows.assign(p_cal=y.mean()))
    assert constant.value == pytest.approx(0, abs=1e-12)
    assert constant.is_constant
    assert not constant.is_clear
