"""Agreement with TA-Lib wherever it has the indicator, row by row from the first value on."""

import os
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("talib")

from finml_core.bars import bundled_bars
from finml_core.features import FEATURES
from finml_core.schemas import adjusted
from tests.features.talib_indicators import TALIB, disagreement

SAMPLE = ("A", "AAPL", "CTVA", "GE", "MSFT", "XOM", "NVR", "F")  # CTVA is young, NVR expensive, F cheap


@pytest.fixture(scope="module")
def bundled():
    return assets_of(bundled_bars())


@pytest.fixture(scope="module")
def sp500():
    path = Path(os.environ.get("FINML_MARKET_DATA") or "nowhere") / "sp500_daily.parquet"
    if not path.is_file():
        pytest.skip("FINML_MARKET_DATA names no folder with sp500_daily.parquet")
    return assets_of(pd.read_parquet(path, filters=[("symbol", "in", SAMPLE)]))


def assets_of(bars):
    """Adjusted bars of each symbol that have a volume, plain."""
    whole = adjusted(bars).drop(columns="adj_close", errors="ignore").dropna(subset=["close", "volume"])
    return {symbol: asset.set_index("ts").drop(columns="symbol") for symbol, asset in whole.groupby("symbol")}


def long_enough(assets, name):
    return {symbol: asset for symbol, asset in assets.items() if len(asset) > 2 * FEATURES[name].lookback}


@pytest.mark.parametrize("name", TALIB)
def test_a_feature_agrees_with_talib(panel, name):
    assert disagreement(name, panel[panel["symbol"] == "S1"].set_index("ts").drop(columns="symbol")) <= 1


@pytest.mark.parametrize("name", TALIB)
def test_a_feature_agrees_with_talib_on_the_bundled_bars(bundled, name):
    found = {symbol: disagreement(name, asset) for symbol, asset in long_enough(bundled, name).items()}
    assert len(found) >= 4
    assert {symbol: size for symbol, size in found.items() if not size <= 1} == {}


@pytest.mark.parametrize("name", TALIB)
def test_a_feature_agrees_with_talib_on_real_shares(sp500, name):
    found = {symbol: disagreement(name, asset) for symbol, asset in long_enough(sp500, name).items()}
    assert len(found) >= 7
    assert {symbol: size for symbol, size in found.items() if not size <= 1} == {}
