"""Strategies with opinions, returns and a regime, drawn from a seed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from finml_core.vocabulary import RegimeType


@dataclass(frozen=True)
class World:
    ts: pd.DatetimeIndex
    signals: dict[str, pd.DataFrame]
    returns: pd.DataFrame
    regimes: pd.DataFrame
    styles: dict[str, str]


def random_world(n_bars: int = 300, seed: int = 0) -> World:
    generator = np.random.default_rng(seed)
    ts = pd.bdate_range("2018-01-01", periods=n_bars, name="ts").astype("datetime64[us]")
    styles = {
        "cross": "trend",
        "reversion": "mean_reversion",
        "roc": "momentum",
        "straddle": "volatility",
        "lstm": "model",
    }
    drift = np.repeat(generator.normal(0, 0.002, (n_bars // 50 + 1, len(styles))), 50, axis=0)[:n_bars]
    returns = pd.DataFrame(generator.normal(drift, 0.01), index=ts, columns=list(styles))
    signals = {}
    for name in styles:
        sign = generator.choice([-1.0, 0.0, 1.0, np.nan], n_bars, p=[0.4, 0.1, 0.4, 0.1])
        confidence = np.where(np.isnan(sign), np.nan, generator.random(n_bars))
        signals[name] = pd.DataFrame({"signal": sign, "confidence": confidence}, index=ts)
    names = np.repeat(generator.choice([regime.value for regime in RegimeType], n_bars // 20 + 1), 20)[:n_bars]
    regimes = pd.DataFrame({"regime": names, "confidence": generator.uniform(0.3, 1, n_bars)}, index=ts)
    regimes["regime"] = regimes["regime"].astype("str")
    regimes.iloc[:30] = np.nan
    return World(ts=ts, signals=signals, returns=returns, regimes=regimes, styles=styles)


@pytest.fixture(scope="session")
def world() -> World:
    """Five strategies over 300 bars; treat as read-only."""
    return random_world()


@pytest.fixture(scope="session")
def long_worlds() -> list[World]:
    """Five strategies over 2,200 bars of four symbols."""
    return [random_world(2200, seed) for seed in range(4)]
