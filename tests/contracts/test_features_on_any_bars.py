"""All features at once on daily, hourly and minute bars with gaps, and on bars that are hardly any.

Calendars are ragged: each symbol misses bars of its own, one joins late, one leaves early, one has three bars, one has
a single bar.
"""

import numpy as np
import pandas as pd
import pytest

from finml_core.features import FEATURES, Feature, FeatureConfig, make_registry
from finml_core.schemas import as_bars
from tests.contracts.feature_worlds import INPUTS, MONEY, compute_all, offences, place, quoted, scaled

SECTORS = {"A": "tea", "B": "coffee", "C": "tea", "D": "coffee", "X": "tea"}
REGISTRY = make_registry(FeatureConfig(sectors=SECTORS))
N_BARS = 640


def stamps_of(spacing: str) -> pd.DatetimeIndex:
    if spacing == "daily":
        return pd.bdate_range("2018-01-01", periods=N_BARS)
    every = pd.date_range("2020-01-06", periods=20 * N_BARS, freq="h" if spacing == "hourly" else "min")
    open_ = (every.hour >= 14) & (every.hour <= 21) & (every.day_of_week < 5)
    return every[open_][:N_BARS]


def world(spacing: str) -> pd.DataFrame:
    generator = np.random.default_rng(11)
    stamps, frames = stamps_of(spacing), []
    lengths = {"A": (0, N_BARS), "B": (0, N_BARS), "C": (150, N_BARS), "D": (0, 500), "X": (300, 303), "Y": (310, 311)}
    for symbol, (first, last) in lengths.items():
        n = last - first
        close = 30 * np.exp(np.cumsum(generator.normal(0, 0.01, n)))
        open_ = close * np.exp(generator.normal(0, 0.004, n))
        high = np.maximum(open_, close) * np.exp(np.abs(generator.normal(0, 0.003, n)))
        low = np.minimum(open_, close) * np.exp(-np.abs(generator.normal(0, 0.003, n)))
        volume = generator.lognormal(10, 0.5, n).round()
        columns = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
        bars = pd.DataFrame({"symbol": symbol, "ts": stamps[first:last]} | columns)
        if n > 3:
            keep = generator.random(n) > 0.05
            keep[200:220] = False  # a longer halt
            bars = bars[keep]
        frames.append(bars)
    return quoted(as_bars(pd.concat(frames)))


@pytest.fixture(scope="module", params=["daily", "hourly", "minute"])
def bars(request):
    return world(request.param)


@pytest.fixture(scope="module")
def whole(bars):
    return compute_all(bars, REGISTRY)


def missing_too_often(computed: pd.DataFrame, bars: pd.DataFrame) -> list[str]:
    """Features that are missing though their inputs of the last `lookback` bars are all there, or given too early."""
    row, offenders = place(computed), []
    for name, feature in REGISTRY.items():
        columns = [column for column in feature.inputs if column != "ts"]
        gap = bars[columns].isna().any(axis=1).to_numpy() if columns else np.zeros(len(bars), dtype=bool)
        last_gap = pd.Series(np.where(gap, row, -1)).groupby(bars["symbol"].to_numpy()).cummax().to_numpy()
        early = row < feature.lookback - 1
        complete = ~early & (row - last_gap >= feature.lookback)
        value = computed[name].to_numpy()
        if np.isnan(value[complete]).any() or np.isfinite(value[early]).any():
            offenders.append(name)
    return offenders


def differing(some: pd.DataFrame, whole: pd.DataFrame, tolerance: float = 1e-9) -> list[str]:
    return [name for name in some if len(offences(some[name], whole[name], tolerance))]


def settled(feature: Feature, later: pd.DataFrame) -> np.ndarray:
    """Rows that have forgotten where history starts: a comparison has, once all that it is made of have."""
    row = place(later)
    if not feature.compares_symbols:
        return row >= feature.lookback - 1 + feature.warm_up
    ts = later.index.get_level_values("ts")
    all_along = later.index.get_level_values("symbol").isin(["A", "B", "D"])  # the others start where they start anyway
    return ts >= ts[all_along & (row == 2 * feature.lookback)].max()


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_no_feature_sees_the_future(bars, whole, share):
    cut = bars["ts"].quantile(share)
    assert differing(compute_all(bars[bars["ts"] <= cut], REGISTRY), whole) == []


def test_appending_bars_of_one_symbol_changes_no_earlier_row_of_any(bars, whole):
    last = bars["ts"] > bars["ts"].quantile(0.9)
    without = compute_all(bars[~(last & (bars["symbol"] == "B"))], REGISTRY)
    early = without.index.get_level_values("ts") <= bars["ts"].quantile(0.9)
    assert differing(without[early], whole) == []
    alone = [name for name, feature in REGISTRY.items() if not feature.compares_symbols]
    assert differing(without[alone], whole) == []


def test_the_start_of_history_is_forgotten(bars, whole):
    later = compute_all(bars[bars["ts"] >= bars["ts"].drop_duplicates().sort_values().iloc[40]], REGISTRY)
    offenders, n_rows = [], []
    for name, feature in REGISTRY.items():
        rows = settled(feature, later)
        n_rows.append(rows.sum())
        if len(offences(later[name][rows], whole[name], 1e-6 if feature.warm_up else 1e-9)):
            offenders.append(name)
    assert offenders == []
    assert np.quantile(n_rows, 0.2) > 100  # the longest windows have no row left, most have many


def test_the_order_and_the_names_of_symbols_do_not_matter(bars, whole):
    names = {"A": "T", "B": "S", "C": "R", "D": "Q", "X": "P", "Y": "O"}
    registry = make_registry(FeatureConfig(sectors={names[symbol]: sector for symbol, sector in SECTORS.items()}))
    renamed = compute_all(bars.assign(symbol=bars["symbol"].map(names)).sample(frac=1, random_state=0), registry)
    back = renamed.rename(index={new: old for old, new in names.items()}, level="symbol").reindex(whole.index)
    assert differing(back, whole, 1e-12) == []


def test_features_are_missing_where_they_must_be_and_nowhere_else(bars, whole):
    assert missing_too_often(whole, bars) == []


BROKEN = {
    "constant prices": lambda bars: bars.assign(**dict.fromkeys(MONEY, 20.0)),
    "zero volume": lambda bars: bars.assign(volume=0.0),
    "volume that comes and goes": lambda bars: bars.assign(volume=bars["volume"].where(bars.index % 7 > 2, 0.0)),
    "missing volume": lambda bars: bars.assign(volume=np.nan),
    "volume that is missing here and there": lambda bars: bars.assign(volume=bars["volume"].mask(bars.index % 97 == 5)),
    "constant prices, zero volume": lambda bars: bars.assign(**dict.fromkeys(MONEY, 20.0), volume=0.0),
    "prices that stand still half of the time": lambda bars: bars.assign(
        **{price: bars["close"].where(bars.index // 40 % 2 == 0, 30.0) for price in MONEY}
    ),
    "prices of 1e-7": lambda bars: scaled(bars, 1e-7 / 30),
    "prices of 1e6": lambda bars: scaled(bars, 1e6 / 30),
    "a spike": lambda bars: scaled(bars, np.where(bars.index % 211 == 7, 1e9, 1.0)),
    "bars that are missing here and there": lambda bars: bars.mask(
        bars.columns.isin(INPUTS) & (bars.index % 97 == 5)[:, None]
    ),
    "no quotes": lambda bars: bars.drop(columns=["bid", "ask"]),
    "crossed quotes": lambda bars: bars.rename(columns={"bid": "ask", "ask": "bid"}),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_poor_bars_give_no_infinity_and_no_hole_that_is_not_declared(bars, broken):
    changed = BROKEN[broken](bars)
    computed = compute_all(changed, REGISTRY)
    assert [name for name in computed if np.isinf(computed[name]).any()] == []
    assert missing_too_often(computed, changed.reindex(columns=[*bars.columns])) == []


@pytest.mark.parametrize("size", [1e-7 / 30, 1e6 / 30])
def test_the_unit_of_prices_does_not_matter(bars, whole, size):
    computed = compute_all(scaled(bars, size), REGISTRY)
    names = [name for name, feature in REGISTRY.items() if not feature.is_level]
    assert differing(computed[names], whole) == []


@pytest.mark.parametrize("digits", [2, 0])
def test_ties_of_rounded_prices_stay_ties_in_any_unit(bars, digits):
    rounded = bars.assign(**{price: bars[price].round(digits) for price in MONEY})
    before, after = compute_all(rounded, REGISTRY), compute_all(scaled(rounded, 1.1), REGISTRY)
    # a rise as large as a fall is no tie in Wilder's movement once it is rounded, nor is it in TA-Lib
    wilder = ("adx_14", "plus_di_14", "minus_di_14")
    names = [name for name, feature in REGISTRY.items() if not feature.is_level and name not in wilder]
    assert differing(after[names], before) == []


def test_three_bars_are_enough_to_be_computed(bars):
    few = as_bars(bars[bars["symbol"].isin(["X", "Y"])])
    computed = compute_all(few, REGISTRY)
    assert missing_too_often(computed, few) == []
    assert computed["log_return_1"].notna().sum() == 2


def test_the_default_registry_lacks_only_what_needs_sectors():
    assert set(FEATURES) <= set(REGISTRY)
    assert {name for name in REGISTRY if "_sector_" in name} == set(REGISTRY) - set(FEATURES)
