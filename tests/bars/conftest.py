"""Stores and files for the tests of bars."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finml_core.bars import BarStore


def plain_bars(n_bars: int = 60, seed: int = 0) -> pd.DataFrame:
    """One asset, columns open .. volume, on a DatetimeIndex of business days."""
    generator = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.01, n_bars)))
    open_ = close * np.exp(generator.normal(0, 0.003, n_bars))
    index = pd.bdate_range("2020-01-01", periods=n_bars).astype("datetime64[us]")
    return pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close) * 1.002,
            "low": np.minimum(open_, close) * 0.998,
            "close": close,
            "volume": generator.integers(100, 1000, n_bars).astype(float),
        },
        index=index,
    )


@pytest.fixture
def plain() -> pd.DataFrame:
    return plain_bars()


@pytest.fixture
def store(tmp_path: Path) -> BarStore:
    """A store that does not exist yet."""
    return BarStore(tmp_path / "home" / "market.duckdb", timeout_s=10)


@pytest.fixture
def write_csv(tmp_path: Path):
    """Write lines under a header as a CSV file and give its path."""

    def write(*lines: str, header: str = "Date,Open,High,Low,Close,Volume", name: str = "ABC.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write
