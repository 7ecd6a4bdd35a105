"""All features on real bars of a day, an hour and a minute, with quotes and without volume."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finml_core.features import FEATURES, FeatureConfig, FeatureEngineer
from finml_core.schemas import as_bars
from tests.contracts.feature_worlds import place

FOLDER = Path(os.environ.get("FINML_MARKET_DATA") or "nowhere")
FILES = {
    "sp500_daily": ["AAPL", "AMCR", "CTVA", "GE", "HWM"],  # AMCR stands still for years, CTVA is young
    "us_equity_hourly": ["AAPL", "AIG", "VXX"],
    "us_equity_minute_quotes": ["AAPL", "GOOG", "SHY", "SPY"],
    "fx_hourly_quotes": ["EURUSD", "NZDUSD"],
    "gbpusd_minute_quotes": ["GBPUSD"],
}


@pytest.fixture(scope="module", params=FILES)
def real(request):
    path = FOLDER / f"{request.param}.parquet"
    if not path.is_file():
        pytest.skip(f"FINML_MARKET_DATA names no folder with {path.name}")
    return as_bars(pd.read_parquet(path, filters=[("symbol", "in", FILES[request.param])]).groupby("symbol").head(3000))


def test_real_bars_give_finite_features_and_the_same_without_their_future(real):
    engineer = FeatureEngineer(FeatureConfig(include_levels=True)).fit(real)
    whole = engineer.transform(real)
    assert not np.isinf(whole.to_numpy()).any()
    early = engineer.transform(real[real["ts"] <= real["ts"].quantile(0.6)])
    np.testing.assert_allclose(early, whole.reindex(early.index), rtol=1e-9, atol=1e-9)
    has_quotes, has_volume = "bid" in real.columns, real["volume"].notna().any()
    assert ("relative_spread" in whole) == has_quotes
    assert ("kyle_lambda_20" in whole) == has_volume
    assert set(engineer.notes_) == set(FEATURES) - set(whole.columns)


def test_features_of_whole_bars_are_missing_in_their_lookback_only(real):
    prices = real.drop(columns=["volume", "bid", "ask"], errors="ignore").assign(volume=1.0)
    engineer = FeatureEngineer().fit(prices)
    whole = engineer.transform(prices)
    row = place(whole)
    wrong = [
        name
        for name, feature in engineer.features_.items()
        if (whole[name].isna().to_numpy() != (row < feature.lookback - 1)).any()
    ]
    assert wrong == []
