import numpy as np
import pandas as pd
import pytest

from finml_core.errors import ConfigError
from finml_core.labels import triple_barrier


def one_by_one(close, volatility, horizon, take_profit, stop_loss):
    """The exits of one asset, bar after bar."""
    exits = []
    for entry in range(len(close) - horizon):
        for ahead in range(1, horizon + 1):
            change = close[entry + ahead] / close[entry] - 1
            if change >= take_profit * volatility[entry]:
                exits.append((entry + ahead, 1, change))
                break
            if change <= -stop_loss * volatility[entry]:
                exits.append((entry + ahead, -1, change))
                break
        else:
            exits.append((entry + horizon, 0, change))
    return exits


@pytest.mark.parametrize(("horizon", "take_profit", "stop_loss"), [(1, 1, 1), (10, 2, 2), (7, 3, 0.5)])
def test_exits_agree_with_walking_bar_by_bar(horizon, take_profit, stop_loss, panel):
    table = triple_barrier(panel, horizon=horizon, take_profit=take_profit, stop_loss=stop_loss)
    for symbol, bars in panel.groupby("symbol"):
        mine = table.loc[symbol]
        close, ts, volatility = (column.to_numpy() for column in (bars["close"], bars["ts"], mine["volatility"]))
        exits = one_by_one(close, volatility, horizon, take_profit, stop_loss)
        start = np.flatnonzero(~np.isnan(volatility))[0]
        for entry in range(start, len(exits)):
            row, barrier, change = exits[entry]
            assert mine["label_end"].iloc[entry] == ts[row]
            assert mine["barrier"].iloc[entry] == barrier
            assert mine["label_return"].iloc[entry] == pytest.approx(change)
        assert mine["barrier"].iloc[:start].isna().all()
        assert mine["barrier"].iloc[-horizon:].isna().all()


def test_barriers_use_the_volatility_known_at_the_entry(panel):
    table = triple_barrier(panel, volatility_span=50)
    close = panel.loc[panel["symbol"] == "S0", "close"]
    expected = close.pct_change(fill_method=None).ewm(span=50).std()
    assert table.loc["S0", "volatility"].iloc[300] == pytest.approx(expected.iloc[300])


def test_wide_barriers_leave_the_fixed_horizon(panel):
    table = triple_barrier(panel, horizon=4, take_profit=1e6, stop_loss=1e6)
    assert set(table["barrier"].dropna()) == {0}
    ahead = panel.groupby("symbol")["close"].shift(-4) / panel["close"] - 1
    known = table["label_return"].notna().to_numpy()
    assert table["label_return"].to_numpy()[known] == pytest.approx(ahead.to_numpy()[known])


def test_a_mirrored_price_swaps_the_barriers():
    steps = np.random.default_rng(3).normal(0, 0.01, 200)
    frames = []
    for sign in (1, -1):
        close = 100 * (1 + np.cumsum(sign * steps) * 0.001)
        ts = pd.date_range("2020-01-01", periods=200)
        frames.append(pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 1.0}, index=ts))
    up, down = (triple_barrier(frame, horizon=8)["barrier"].dropna().to_numpy() for frame in frames)
    assert np.mean(up == -down) > 0.98  # simple returns of so small steps are all but symmetric
    assert set(up) == {-1, 0, 1}


@pytest.mark.parametrize("settings", [{"horizon": 0}, {"take_profit": -1}, {"stop_loss": 0}, {"volatility_span": 1}])
def test_settings_that_cannot_work_are_refused(settings, panel):
    with pytest.raises(ConfigError):
        triple_barrier(panel, **settings)
