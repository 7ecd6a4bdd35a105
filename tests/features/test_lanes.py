"""Symbols side by side do not touch each other, however long each is, and numbers of any size do not drift."""

import math

import numpy as np
import pandas as pd
import pytest

from finml_core.features import FeatureConfig, FeatureEngineer, make_registry, rolling
from finml_core.features.operations import WIDTH
from finml_core.features.panel import VALUES, pack
from tests.features.evaluation import evaluate

LENGTHS = {"A": 200, "B": 1, "C": 3000, "D": 3, "E": 260, "F": 3000}
ALONE = FeatureConfig(
    include_levels=True,
    families=tuple(
        family
        for family in FeatureConfig().families
        if not any(feature.compares_symbols for feature in make_registry(FeatureConfig(families=(family,))).values())
    ),
)


@pytest.fixture(scope="module")
def bars():
    generator = np.random.default_rng(12)
    frames = []
    for symbol, length in LENGTHS.items():
        close = 30 * np.exp(np.cumsum(generator.normal(0, 0.02, length)))
        high, low = close * (1 + generator.random(length) / 50), close * (1 - generator.random(length) / 50)
        ts = pd.date_range("2015-01-01", periods=length, freq="h")
        volume = generator.lognormal(10, 1, length).round()
        prices = {"open": np.sqrt(high * low), "high": high, "low": low, "close": close, "volume": volume}
        frames.append(pd.DataFrame({"symbol": symbol, "ts": ts} | prices))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def engineer(bars):
    return FeatureEngineer(ALONE).fit(bars)


@pytest.fixture(scope="module")
def together(engineer, bars):
    return engineer.transform(bars)


@pytest.mark.parametrize("symbol", LENGTHS)
def test_a_symbol_of_any_length_has_the_same_bits_alone(engineer, bars, together, symbol):
    alone = engineer.transform(bars[bars["symbol"] == symbol])
    assert len(alone.columns) > 100
    np.testing.assert_array_equal(alone.to_numpy(), together.loc[[symbol]].to_numpy())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_any_order_of_symbols_gives_the_same_bits(engineer, bars, together, seed):
    names = dict(zip(LENGTHS, np.random.default_rng(seed).permutation(list(LENGTHS)), strict=True))
    permuted = engineer.transform(bars.assign(symbol=bars["symbol"].map(names)))
    for symbol, name in names.items():
        np.testing.assert_array_equal(permuted.loc[[name]].to_numpy(), together.loc[[symbol]].to_numpy())


def test_single_precision_is_the_rounded_double(bars, together):
    single = FeatureEngineer(ALONE, dtype="float32").fit_transform(bars)
    assert (single.dtypes == "float32").all()
    np.testing.assert_array_equal(single.to_numpy(), together.to_numpy().astype("float32"))


def test_blocks_hold_every_symbol_once_and_hardly_any_padding():
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 4000, 300)
    blocks = pack(np.r_[0, np.cumsum(lengths)[:-1]], lengths)
    assert sorted(length for block in blocks for length in block.lengths) == sorted(lengths)
    assert len({start for block in blocks for start in block.starts}) == 300
    assert sum(math.prod(block.shape) for block in blocks) < 1.15 * lengths.sum()
    for block in blocks:
        assert block.shape[1] <= max(WIDTH, VALUES // block.shape[0])


@pytest.mark.parametrize("size", [1e-7, 1e6])
def test_a_million_rows_beside_a_spike_leave_no_trace(size):
    x = size * np.exp(np.random.default_rng(1).normal(0, 0.01, 1_000_000))
    spiked = x.copy()
    spiked[500_000] *= 1e12
    window = 50
    after = np.r_[0:500_000, 500_000 + window : 1_000_000]
    measures = {
        "sum": lambda x: rolling.rolling_sum(x, window),
        "highest": lambda x: rolling.rolling_max(x, window),
        "squares": lambda x: rolling.rolling_moments(x, window)[1],
        "trend": lambda x: rolling.rolling_trend(x, window)[1],
        "with the past": lambda x: rolling.rolling_autocomoment(x, 1, window - 1),
        "mean deviation": lambda x: rolling.mean_deviation(x, rolling.rolling_mean(x, window), window),
    }
    for name, measure in measures.items():
        same, after_spike = evaluate(measure, x)[after], evaluate(measure, spiked)[after]
        np.testing.assert_array_equal(after_spike, same, err_msg=name)
    squares, trend = evaluate(measures["squares"], spiked), evaluate(measures["trend"], spiked)
    number = np.arange(window) - (window - 1) / 2
    for end in (window - 1, 500_000 + window, 999_999):
        members = [value / size for value in x[end - window + 1 : end + 1]]
        mean = math.fsum(members) / window
        assert squares[end] / size**2 == pytest.approx(math.fsum((v - mean) ** 2 for v in members), rel=1e-10)
        assert trend[end] / size == pytest.approx(math.fsum(number * (np.array(members) - mean)), rel=1e-9, abs=1e-10)


def test_the_product_with_the_past_equals_two_loops():
    x = np.random.default_rng(2).normal(3, 1, 60)
    for lags, window in [(1, 2), (1, 9), (4, 20), (30, 40)]:
        computed = evaluate(lambda x, n=lags, w=window: rolling.rolling_autocomoment(x, n, w), x)
        for end in range(60):
            if end < window + lags - 1:
                assert np.isnan(computed[end])
            else:
                late, early = x[end - window + 1 : end + 1], x[end - window + 1 - lags : end + 1 - lags]
                expected = ((late - late.mean()) * (early - early.mean())).sum()
                assert computed[end] == pytest.approx(expected, rel=1e-10, abs=1e-12)
