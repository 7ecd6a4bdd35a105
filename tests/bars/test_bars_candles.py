"""Candles of any span are the bars summed up, none left out: compared with a loop over pandas slices."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.bars import BarStore, candles
from finml_core.errors import ConfigError

COLUMNS = ["first", "ts", "open", "high", "low", "close", "volume", "n_bars"]


def minute_bars(n_bars: int, seed: int = 3) -> pd.DataFrame:
    """Sessions of 390 minutes on business days, with an odd hole."""
    generator = np.random.default_rng(seed)
    days = pd.bdate_range("2018-01-02", periods=-(-n_bars // 390) + 1)
    minutes = pd.timedelta_range("14:31:00", periods=390, freq="min").to_numpy()
    ts = pd.DatetimeIndex(np.add.outer(days.to_numpy(), minutes).ravel())
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.001, len(ts))))
    spread = generator.uniform(0.001, 0.004, len(ts))
    bars = pd.DataFrame({"symbol": "M", "ts": ts.astype("datetime64[us]"), "open": close * (1 - spread / 2)})
    bars = bars.assign(high=close * (1 + spread), low=close * (1 - spread), close=close, volume=1.0)
    bars["volume"] += np.arange(len(bars)) % 17
    return bars.drop(index=range(1000, 1100)).iloc[:n_bars].reset_index(drop=True)


def summed(bars: pd.DataFrame) -> list:
    return [
        bars["ts"].iloc[0], bars["ts"].iloc[-1], bars["open"].iloc[0], bars["high"].max(), bars["low"].min(),
        bars["close"].iloc[-1], bars["volume"].sum(), len(bars),
    ]  # fmt: skip


def brute_force(candles: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """The bars summed up between the edges that the candles have."""
    rows = [summed(bars[bars["ts"].between(row.first, row.ts)]) for row in candles.itertuples()]
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture(scope="module")
def minutes(tmp_path_factory):
    bars = minute_bars(9_000)
    store = BarStore(tmp_path_factory.mktemp("minutes") / "m.duckdb")
    store.ingest(bars.iloc[::2])
    store.ingest(bars.iloc[1::2].assign(adj_close=bars["close"].iloc[1::2]))
    return store, bars


@settings(max_examples=25, deadline=None)
@given(edges=st.tuples(st.integers(0, 8_999), st.integers(0, 8_999)), n=st.integers(1, 400), few=st.booleans())
def test_candles_of_any_span_are_the_bars_between_their_edges(minutes, edges, n, few):
    store, bars = minutes
    first, last = sorted(edges)
    selected = bars.iloc[first : last + 1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candles, "FEW", 10**9 if few else 0)
        found = store.candles("M", selected["ts"].iloc[0], selected["ts"].iloc[-1], max_points=n)
    assert len(found) <= n
    assert found["n_bars"].sum() == len(selected)
    assert found["first"].iloc[0] == selected["ts"].iloc[0]
    assert found["ts"].iloc[-1] == selected["ts"].iloc[-1]
    assert (found["first"].iloc[1:].to_numpy() > found["ts"].iloc[:-1].to_numpy()).all()
    pd.testing.assert_frame_equal(found, brute_force(found, selected), check_dtype=False, rtol=1e-12)
    if few:
        assert (found["n_bars"].iloc[:-1] == -(-len(selected) // n)).all()


@pytest.mark.parametrize("few", [0, 10**9])
def test_moments_within_a_day_are_edges(minutes, few, monkeypatch):
    store, bars = minutes
    monkeypatch.setattr(candles, "FEW", few)
    found = store.candles("M", "2018-01-03 15:00", "2018-01-03 15:59:30", max_points=1000)
    expected = bars[bars["ts"].between("2018-01-03 15:00", "2018-01-03 15:59:30")]
    assert found["close"].tolist() == expected["close"].tolist()
    assert len(found) == 60
    assert list(found.columns) == COLUMNS


def test_adjusted_candles_of_many_bars_scale_by_the_bars_own_factor(store, monkeypatch):
    bars = minute_bars(3_000)
    store.ingest(bars.assign(adj_close=bars["close"] * np.where(bars.index < 1500, 0.5, 1.0)))
    for few in (0, 10**9):
        monkeypatch.setattr(candles, "FEW", few)
        found = store.candles("M", max_points=50, adjusted=True)
        halved = bars.copy()
        halved.loc[:1499, ["open", "high", "low", "close"]] *= 0.5
        pd.testing.assert_frame_equal(found, brute_force(found, halved), check_dtype=False, rtol=1e-12)


def test_candles_without_volume_have_none(store, plain):
    store.ingest(plain.assign(volume=np.nan))
    assert store.candles("ASSET", max_points=7)["volume"].isna().all()


def test_candles_need_a_whole_number_of_points(store, plain):
    store.ingest(plain)
    with pytest.raises(ConfigError, match="max_points"):
        store.candles("ASSET", max_points=0)
