import numpy as np
import pandas as pd
import pytest

from finml_core.arbitration import moving_average_cross, zscore_reversion
from finml_core.errors import ConfigError
from finml_core.schemas import key_index

RULES = {"cross": moving_average_cross, "reversion": zscore_reversion}
WARM_UP = {"cross": 100, "reversion": 19}


def one_symbol(close):
    ts = pd.bdate_range("2020-01-01", periods=len(close), name="ts")
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 1.0}, index=ts)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("cut", ["2015-08-03", "2016-11-30"])
def test_a_rule_knows_no_future(name, cut, panel):
    early = RULES[name](panel[panel["ts"] <= cut])
    pd.testing.assert_frame_equal(early, RULES[name](panel).loc[early.index], rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", RULES)
def test_an_opinion_is_a_side_and_a_confidence_after_the_warm_up(name, panel):
    opinion = RULES[name](panel)
    assert opinion.index.equals(key_index(panel))
    assert list(opinion.columns) == ["signal", "confidence"]
    missing = opinion.isna().all(axis=1).groupby(level="symbol").sum()
    assert (missing == WARM_UP[name]).all()
    known = opinion.dropna()
    assert known["signal"].isin([-1.0, 0.0, 1.0]).all()
    assert known["confidence"].between(0, 1).all()
    assert set(known["signal"]) >= {-1.0, 1.0}


@pytest.mark.parametrize("name", RULES)
def test_a_split_and_a_price_level_change_no_opinion(name, panel):
    factor = np.where(panel["ts"] < "2016-01-04", 7.0, 1.0)
    prices = ["open", "high", "low", "close"]
    split = panel.assign(**{price: panel[price] * factor for price in prices}, adj_close=panel["close"] * 3)
    pd.testing.assert_frame_equal(RULES[name](split), RULES[name](panel), rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", RULES)
def test_a_mirrored_market_has_mirrored_opinions(name, panel):
    prices = ["open", "high", "low", "close"]
    mirrored = RULES[name](panel.assign(**{price: 1e4 / panel[price] for price in prices}))
    np.testing.assert_allclose(mirrored["signal"], -RULES[name](panel)["signal"])
    np.testing.assert_allclose(mirrored["confidence"], RULES[name](panel)["confidence"], atol=1e-8)


def test_the_cross_agrees_with_two_averages(panel):
    own = panel[panel["symbol"] == "S1"]
    log_close = np.log(own["close"])
    gap = log_close.rolling(10).mean() - log_close.rolling(30).mean()
    signal = moving_average_cross(own, fast=10, slow=30)["signal"]
    np.testing.assert_array_equal(signal.iloc[30:], np.sign(gap).iloc[30:])


def test_the_cross_is_as_sure_as_random_walks_are_rarely_so_far_apart():
    close = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, 60_000)))
    confidence = moving_average_cross(one_symbol(close), fast=5, slow=20)["confidence"].dropna()
    assert confidence.mean() == pytest.approx(0.5, abs=0.03)
    assert (confidence < 0.9).mean() == pytest.approx(0.9, abs=0.03)


def test_reversion_bets_against_a_jump_and_is_silent_near_the_mean():
    close = 100 + 0.1 * np.cos(np.arange(60.0) * 2.1)
    close[40], close[50] = 103.0, 97.0
    opinion = zscore_reversion(one_symbol(close), window=20, entry=2.0)
    assert opinion["signal"].iloc[40] == -1
    assert opinion["signal"].iloc[50] == 1
    assert opinion["confidence"].iloc[40] > 0.95
    assert (opinion.iloc[20:40] == 0).all(axis=None)


def test_a_price_that_never_moves_gives_no_side():
    for rule in RULES.values():
        assert (rule(one_symbol(np.full(150, 5.0))).dropna() == 0).all(axis=None)


def test_averages_in_the_wrong_order_are_refused():
    with pytest.raises(ConfigError, match="fast is 50, but must be below slow, which is 20"):
        moving_average_cross(one_symbol(np.full(10, 5.0)), fast=50, slow=20)
