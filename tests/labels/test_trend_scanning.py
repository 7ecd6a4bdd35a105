import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.errors import ConfigError
from finml_core.labels import LabelConfig, make_labels, trend_scanning


def bars_of(close):
    ts = pd.date_range("2020-01-01", periods=len(close)).as_unit("us")
    close = np.asarray(close, dtype=float)
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 1.0}, index=ts)


def one_by_one(close, horizon, shortest):
    """Ordinary least squares over every window, as the book's snippet does."""
    found = []
    for entry in range(len(close) - horizon):
        t_values = []
        for ahead in range(shortest, horizon + 1):
            y = close[entry : entry + ahead + 1]
            t_values.append(sm.OLS(y, sm.add_constant(np.arange(len(y)))).fit().tvalues[1])
        found.append((max(t_values, key=abs), shortest + int(np.argmax(np.abs(t_values)))))
    return np.array(found).T


@given(seed=st.integers(0, 1000), shortest=st.integers(2, 5))
@settings(max_examples=8, deadline=None)
def test_the_strongest_line_is_that_of_a_regression_over_each_window(seed, shortest):
    close = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, 30)))
    table = trend_scanning(bars_of(close), horizon=9, shortest_trend=shortest)
    t_value, length = one_by_one(close, 9, shortest)
    assert table["t_value"].to_numpy()[:-9] == pytest.approx(t_value, rel=1e-6)
    assert np.array_equal(table["trend_bars"][:-9], length)
    assert table[-9:].isna().all(axis=None)


def test_a_label_is_known_when_the_longest_line_is(panel):
    table = trend_scanning(panel, horizon=8, shortest_trend=3)
    mine, bars = table.loc["S1"], panel[panel["symbol"] == "S1"]
    assert np.array_equal(mine["label_end"][:-8], bars["ts"].to_numpy()[8:])
    close = bars["close"].to_numpy()
    assert mine["label_return"][:-8].to_numpy() == pytest.approx(close[8:] / close[:-8] - 1)


def test_straight_and_flat_prices():
    rising, falling = (trend_scanning(bars_of(100 + k * np.arange(30.0)), horizon=6)["t_value"] for k in (1, -1))
    assert (rising.dropna() == np.inf).all()
    assert (falling.dropna() == -np.inf).all()
    assert (trend_scanning(bars_of(np.full(30, 55.5)), horizon=6)["t_value"].dropna() == 0).all()


def test_a_turn_is_found_before_it_comes():
    close = np.r_[np.linspace(100, 130, 40), np.linspace(129, 100, 40)] + np.random.default_rng(0).normal(0, 0.2, 80)
    labels = make_labels(bars_of(close), LabelConfig(kind="trend_scanning", horizon=10))
    assert (labels["y"][:30] == 1).all()
    assert (labels["y"][40:70] == 0).all()


def test_a_missing_close_leaves_its_labels_missing():
    close = 100 + np.random.default_rng(1).normal(size=40)
    close[20] = np.nan
    table = trend_scanning(bars_of(close), horizon=5)
    assert list(np.flatnonzero(table["t_value"].isna())) == [*range(15, 21), *range(35, 40)]


@pytest.mark.parametrize("settings", [{"horizon": 0}, {"shortest_trend": 1}, {"horizon": 4, "shortest_trend": 5}])
def test_settings_that_cannot_work_are_refused(settings, panel):
    with pytest.raises(ConfigError):
        trend_scanning(panel, **settings)
    if "horizon" in settings:
        with pytest.raises(ConfigError):
            LabelConfig(kind="trend_scanning", **settings)
