import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.experiments import noise_twin
from finml_core.experiments.twin import permuted_rows
from finml_core.schemas import PRICES, as_bars


@pytest.fixture
def uneven(panel) -> pd.DataFrame:
    """Three symbols of which one begins late and one skips some days."""
    is_late = (panel["symbol"] == "S1") & (panel["ts"] < panel["ts"].sort_values().iloc[600])
    skips = (panel["symbol"] == "S2") & (panel.groupby("symbol").cumcount() % 7 == 3)
    return panel[~is_late & ~skips].reset_index(drop=True)


def wide(bars: pd.DataFrame) -> pd.DataFrame:
    """Those returns with a column a symbol, where all have one."""
    return returns(bars).reset_index().pivot_table(index="ts", columns="symbol", values="close").dropna()


def returns(bars: pd.DataFrame) -> pd.Series:
    """Log return of each bar from its symbol's bar before, on (symbol, ts)."""
    log_close = np.log(bars.set_index(["symbol", "ts"])["close"])
    return log_close.groupby("symbol").diff()


def test_every_symbol_keeps_its_calendar_its_first_bar_and_its_returns(uneven):
    twin = noise_twin(uneven, seed=3)
    pd.testing.assert_frame_equal(twin[["symbol", "ts"]], as_bars(uneven)[["symbol", "ts"]])
    for symbol, rows in twin.groupby("symbol"):
        real = uneven[uneven["symbol"] == symbol]
        assert rows["close"].iloc[0] == pytest.approx(real["close"].iloc[0])
        assert np.sort(returns(rows).dropna()) == pytest.approx(np.sort(returns(real).dropna()), abs=1e-12)
        assert rows["close"].iloc[-1] == pytest.approx(real["close"].iloc[-1])
        assert np.sort(rows["volume"]) == pytest.approx(np.sort(real["volume"]))


def test_what_all_symbols_did_together_stays_together(uneven):
    real = wide(uneven)
    twin = wide(noise_twin(uneven, seed=3))
    assert len(twin) == len(real)
    key = real.round(10).apply(tuple, axis=1)
    assert sorted(key) == sorted(twin.round(10).apply(tuple, axis=1))
    assert (twin.round(10).apply(tuple, axis=1).to_numpy() != key.to_numpy()).mean() > 0.9
    assert twin.corr().to_numpy() == pytest.approx(real.corr().to_numpy())


def test_a_bar_keeps_its_shape(panel):
    panel = panel.assign(bid=panel["close"] * 0.999, ask=panel["close"] * 1.001)
    twin = noise_twin(panel)
    assert (twin["low"] <= twin[["open", "close"]].min(axis=1) + 1e-9).all()
    assert (twin["high"] >= twin[["open", "close"]].max(axis=1) - 1e-9).all()
    for price in (*PRICES, "bid", "ask"):
        shape = (panel[price] / panel["close"]).groupby(panel["symbol"]).apply(np.sort)
        assert np.concatenate(list((twin[price] / twin["close"]).groupby(twin["symbol"]).apply(np.sort))) == (
            pytest.approx(np.concatenate(list(shape)))
        )


def test_adjusted_prices_are_what_is_permuted(panel):
    split = np.where(panel.groupby("symbol").cumcount() < 300, 0.5, 1.0)
    raw = panel.assign(adj_close=panel["close"], **{price: panel[price] / split for price in PRICES})
    assert returns(noise_twin(raw)).std() == pytest.approx(returns(panel).std())
    assert "adj_close" not in noise_twin(raw)


def test_time_structure_goes():
    generator = np.random.default_rng(0)
    shock = generator.normal(size=2000)
    trending = np.cumsum(0.01 * (shock + 0.6 * np.r_[0, shock[:-1]]))
    close = 100 * np.exp(trending)
    bars = pd.DataFrame(
        {"open": close, "high": close, "low": close, "close": close, "volume": 1.0},
        index=pd.bdate_range("2010-01-01", periods=2000, name="ts"),
    )
    real = np.diff(np.log(close))
    twin = returns(noise_twin(bars)).dropna()
    assert np.corrcoef(real[1:], real[:-1])[0, 1] > 0.35
    assert abs(np.corrcoef(twin[1:], twin[:-1])[0, 1]) < 0.08


def test_a_seed_names_one_twin(panel):
    pd.testing.assert_frame_equal(noise_twin(panel, 1), noise_twin(panel.sample(frac=1, random_state=0), 1))
    assert not np.allclose(noise_twin(panel, 1)["close"], noise_twin(panel, 2)["close"])


@settings(max_examples=40, deadline=None)
@given(
    present=st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=2, max_size=30), seed=st.integers(0, 9)
)
def test_rows_change_places_within_their_symbol_and_by_one_permutation_of_times(present, seed):
    stamps, symbols = np.nonzero(np.array(present))
    if len(stamps) == 0:
        return
    source = permuted_rows(pd.Series([f"S{s}" for s in symbols]), pd.Series(stamps), seed)
    assert sorted(source) == list(range(len(stamps)))
    assert (symbols[source] == symbols).all()
    moved = dict(zip(stamps.tolist(), stamps[source].tolist(), strict=True))
    assert all(moved[a] == b for a, b in zip(stamps.tolist(), stamps[source].tolist(), strict=True))
