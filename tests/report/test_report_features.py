"""Which features carry information, against scipy and plain counting."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from finml_core.report import features as report
from finml_core.schemas import key_index


@pytest.fixture(scope="module")
def close(panel):
    return pd.Series(panel["close"].to_numpy(), index=key_index(panel))


@pytest.fixture(scope="module")
def feature(close):
    """The return of the last five bars of each symbol."""
    return close / close.groupby(level="symbol").shift(5) - 1


def test_the_histogram_counts_what_lies_between_its_quantiles():
    values = pd.Series(np.r_[np.random.default_rng(0).normal(size=5000), [1e6, np.nan]])
    table = report.histogram(values, 20)
    low, high = np.nanquantile(values, [0.005, 0.995])
    assert table["count"].sum() == values.between(low, high).sum()
    assert table["left"].iloc[0] == pytest.approx(low)
    assert table["right"].iloc[-1] == pytest.approx(high)
    assert (table["right"].to_numpy()[:-1] == table["left"].to_numpy()[1:]).all()
    assert report.histogram(pd.Series([2.0, 2.0])).query("count > 0")["count"].tolist() == [2]
    assert report.histogram(pd.Series([np.nan])).empty


def test_information_is_the_rank_correlation_with_the_return_ahead(feature, close):
    table = report.information_decay(feature, close, (1, 5, 20)).set_index("horizon")
    for horizon in (1, 5, 20):
        pairs = []
        for symbol in ("S0", "S1", "S2"):
            values, prices = feature[symbol].to_numpy(), close[symbol].to_numpy()
            pairs += [(values[t], prices[t + horizon] / prices[t] - 1) for t in range(5, len(prices) - horizon)]
        expected = spearmanr(np.array(pairs)).statistic
        assert table.loc[horizon, "ic"] == pytest.approx(expected)
        assert table.loc[horizon, "lower"] < expected < table.loc[horizon, "upper"]
    width = table["upper"] - table["lower"]
    assert width[1] < width[5] < width[20]  # overlapping returns are fewer independent ones


def test_the_table_of_information_agrees_with_the_decay_and_finds_the_oracle(feature, close):
    features = pd.DataFrame({"past": feature, "oracle": report.return_ahead(close, 5), "constant": 1.0})
    table = report.information_table(features, close, 5).set_index("name")
    decay = report.information_decay(feature, close, (5,))
    assert table.loc["past", "ic"] == pytest.approx(decay["ic"].item())
    assert table.index[0] == "oracle"
    assert table.loc["oracle", "ic"] == pytest.approx(1.0)
    assert table.loc["oracle", "p_corrected"] < 0.001
    assert table.index[-1] == "constant"
    assert np.isnan(table.loc["constant", "p_value"])


def test_noise_passes_the_correction_no_more_often_than_it_promises(close):
    generator = np.random.default_rng(5)
    noise = pd.DataFrame(generator.normal(size=(len(close), 60)), index=close.index).add_prefix("noise_")
    table = report.information_table(noise, close, 5)
    assert (table["p_corrected"] > 0.05).all()
    assert (table["p_value"] < 0.05).mean() < 0.15  # errors are wide for noise, which does not overlap


def test_symbols_that_move_as_one_are_one(close):
    ahead = report.return_ahead(close, 1)
    assert report.crowding(ahead) == pytest.approx(1.0, abs=0.15)  # three independent walks
    same = pd.concat(dict.fromkeys(("A", "B", "C"), ahead["S0"]), names=["symbol"])
    assert report.crowding(same) == pytest.approx(3.0)
    assert report.crowding(ahead.loc[["S0"]]) == 1.0
    assert report.rank_error(400, 1, 1.0) == pytest.approx(1 / np.sqrt(397))


def test_correlations_are_symmetric_and_those_of_scipy(feature, close):
    table = pd.DataFrame({"past": feature, "ahead": report.return_ahead(close, 1), "level": close}).dropna()
    tidy = report.correlations(table).set_index(["a", "b"])["correlation"]
    assert len(tidy) == 9
    for one, other in (("past", "ahead"), ("past", "level"), ("ahead", "level")):
        expected = spearmanr(table[one], table[other]).statistic
        assert tidy[(one, other)] == pytest.approx(expected)
        assert tidy[(other, one)] == pytest.approx(expected)
    assert tidy[("past", "past")] == pytest.approx(1.0)


def test_the_catalogue_measures_each_feature_beside_its_metadata(feature):
    metadata = pd.DataFrame({"name": ["past", "absent"], "family": ["price", "price"]})
    table = report.catalogue(pd.DataFrame({"past": feature}), metadata)
    assert table["name"].tolist() == ["past"]
    assert table["missing"].item() == pytest.approx(15 / len(feature))
    assert table["mean"].item() == pytest.approx(np.nanmean(feature))
    assert table["deviation"].item() == pytest.approx(np.nanstd(feature, ddof=1))
