"""Data that many tests share: small, made from a seed."""

import numpy as np
import pandas as pd
import pytest


def random_bars(n_symbols: int = 3, n_bars: int = 600, seed: int = 0) -> pd.DataFrame:
    """Sorted long bars: geometric random walks with consistent open, high, low, close."""
    generator = np.random.default_rng(seed)
    ts = pd.bdate_range("2015-01-01", periods=n_bars).astype("datetime64[us]")
    frames = []
    for number in range(n_symbols):
        close = 50 * (number + 1) * np.exp(np.cumsum(generator.normal(0.0002, 0.015, n_bars)))
        open_ = close * np.exp(generator.normal(0, 0.005, n_bars))
        high = np.maximum(open_, close) * np.exp(np.abs(generator.normal(0, 0.004, n_bars)))
        low = np.minimum(open_, close) * np.exp(-np.abs(generator.normal(0, 0.004, n_bars)))
        frames.append(
            pd.DataFrame(
                {
                    "symbol": f"S{number}",
                    "ts": ts,
                    "open": open_,
                    "high": high,
                    "low": low,
                    "close": close,
                    "volume": generator.lognormal(13, 0.4, n_bars).round(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="session")
def panel() -> pd.DataFrame:
    """Three symbols x 600 daily bars; treat as read-only."""
    return random_bars()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine may lose a click or time out: what drives one is tried up to three times."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=2))
            item.add_marker(pytest.mark.timeout(900))  # on a fresh checkout the first pages compile their kernels
