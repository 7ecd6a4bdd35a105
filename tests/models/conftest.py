"""A small feature frame with a planted signal."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest


@dataclass(frozen=True)
class World:
    """Rows that a model may learn from."""

    X: pd.DataFrame
    y: pd.Series
    label_end: pd.Series


def make_world(
    n_symbols: int = 3, n_bars: int = 200, n_features: int = 6, strength: float = 2.0, seed: int = 0
) -> World:
    """Normal features; the first one moves the odds of a rise, and each label is known five bars on."""
    generator = np.random.default_rng(seed)
    ts = pd.bdate_range("2015-01-01", periods=n_bars + 5).astype("datetime64[us]")
    symbols = [f"S{number}" for number in range(n_symbols)]
    index = pd.MultiIndex.from_product([symbols, ts[:n_bars]], names=["symbol", "ts"])
    X = pd.DataFrame(generator.normal(size=(len(index), n_features)), index=index)
    X.columns = [f"feature_{number}" for number in range(n_features)]
    is_rise = generator.random(len(index)) < 1 / (1 + np.exp(-strength * X["feature_0"]))
    label_end = pd.Series(np.tile(ts[5:], n_symbols), index=index, name="label_end")
    return World(X=X, y=is_rise.astype(float).rename("y"), label_end=label_end)


@pytest.fixture(scope="session")
def world() -> World:
    """Three symbols x 200 bars x 6 features; treat as read-only."""
    return make_world()


@pytest.fixture(scope="session")
def no_skill() -> World:
    """Three symbols x 400 bars whose outcome no feature predicts."""
    return make_world(n_bars=400, strength=0.0, seed=7)
