import numpy as np
import pandas as pd
import pytest

from finml_core.schemas import key_index
from finml_core.sizing import VolatilityTargetSizing, average_active, cap_weight, limit_gross, volatility_target_weight


@pytest.fixture
def weight(panel):
    values = np.random.default_rng(1).uniform(-1, 1, len(panel))
    return pd.Series(values, index=key_index(panel), name="target_weight")


def test_the_average_over_open_bets_is_the_mean_of_each_symbols_last_bars(weight):
    average = average_active(weight, 5)
    for _, own in weight.groupby(level="symbol"):
        expected = [np.r_[np.zeros(5), own.to_numpy()][row + 1 : row + 6].mean() for row in range(len(own))]
        np.testing.assert_allclose(average.loc[own.index], expected, atol=1e-12)


def test_a_missing_bet_is_a_tranche_in_cash(weight):
    gaps = weight.mask(np.arange(len(weight)) % 3 == 0)
    pd.testing.assert_series_equal(average_active(gaps, 4), average_active(gaps.fillna(0.0), 4))


def test_bets_that_are_over_leave_exactly_nothing(weight):
    weight = weight.copy()
    weight.iloc[50:100] = 0.0
    assert (average_active(weight, 5).iloc[54:100] == 0.0).all()


def test_one_bar_bets_are_themselves(weight):
    pd.testing.assert_series_equal(average_active(weight, 1), weight)


def test_gross_limits_scale_only_the_bars_that_exceed_them(weight):
    limited = limit_gross(weight, 1.2)
    before, after = (series.abs().groupby(level="ts").sum() for series in (weight, limited))
    np.testing.assert_allclose(after, before.clip(upper=1.2))
    assert (np.sign(limited) == np.sign(weight)).all()
    assert cap_weight(weight, 0.3).abs().max() == 0.3


def test_a_volatility_target_is_met_by_what_it_scales(panel):
    sizing = VolatilityTargetSizing(target_annual=0.1, window=60, cap=10.0)
    weight = sizing.target_weight(panel)
    assert weight.groupby(level="symbol").apply(lambda own: own.isna().sum()).eq(60).all()
    close = panel.set_index(["symbol", "ts"])["close"]
    earned = close.groupby(level="symbol").pct_change(fill_method=None).groupby(level="symbol").shift(-1) * weight
    assert (earned.groupby(level="symbol").std() * np.sqrt(252)).between(0.09, 0.11).all()


def test_a_volatility_target_knows_no_future(panel):
    sizing = VolatilityTargetSizing()
    early = sizing.target_weight(panel[panel["ts"] <= "2016-03-01"])
    pd.testing.assert_series_equal(early, sizing.target_weight(panel).loc[early.index], rtol=0, atol=1e-12)


def test_no_volatility_has_no_target_weight():
    weight = volatility_target_weight(1.0, np.array([0.2, 0.0, np.nan]), target_annual=0.1)
    np.testing.assert_allclose(weight, [0.5, np.nan, np.nan])
