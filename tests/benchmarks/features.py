"""Time of twenty features on 500 symbols x 2,520 bars against pandas groupby-rolling, in one run.

Run as `python tests/benchmarks/features.py [n_symbols n_bars]`. Both sides start from the same long bars; the numbers
are compared before the ratio is printed, and every repetition has new prices.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from finml_core.features import FEATURES, FeatureEngineer
from finml_core.features.engineer import compute
from finml_core.features.panel import Panel

WINDOWS = (5, 10, 20, 50)
REPETITIONS = 3


def make_bars(n_symbols: int, n_bars: int, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.015, (n_symbols, n_bars)), axis=1)).ravel()
    columns = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close}
    keys = {
        "symbol": np.repeat([f"S{i:04d}" for i in range(n_symbols)], n_bars),
        "ts": np.tile(pd.bdate_range("2010-01-04", periods=n_bars), n_symbols),
    }
    return pd.DataFrame(keys | columns | {"volume": generator.lognormal(13, 0.4, n_symbols * n_bars)})


def with_pandas(bars: pd.DataFrame) -> dict[str, np.ndarray]:
    by_symbol = bars.groupby("symbol", sort=False)
    log_return = pd.Series(np.log(bars["close"] / by_symbol["close"].shift()), index=bars.index)
    returns, volume, close = log_return.groupby(bars["symbol"], sort=False), by_symbol["volume"], bars["close"]
    out = {}
    for window in (1, 5, 10, 20):
        out[f"simple_return_{window}"] = close / by_symbol["close"].shift(window) - 1
    for window in WINDOWS:
        rolling = by_symbol["close"].rolling(window)
        mean = rolling.mean().to_numpy()
        out[f"price_to_sma_{window}"] = close / mean - 1
        out[f"zscore_{window}"] = (close - mean) / rolling.std(ddof=0).to_numpy()
    for window in (5, 10, 20):
        out[f"realized_volatility_{window}"] = returns.rolling(window).std()
        out[f"volume_ratio_{window}"] = bars["volume"] / volume.rolling(window).mean().to_numpy()
    for window in (20,):
        out[f"distance_from_max_{window}"] = close / by_symbol["close"].rolling(window).max().to_numpy() - 1
        out[f"distance_from_min_{window}"] = close / by_symbol["close"].rolling(window).min().to_numpy() - 1
    return {name: values.to_numpy() for name, values in out.items()}


def with_finml(bars: pd.DataFrame, names: list[str]) -> np.ndarray:
    return compute([FEATURES[name] for name in names], Panel(bars))


def seconds(work, *arguments) -> tuple[float, object]:
    start = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - start, result


def main(n_symbols: int = 500, n_bars: int = 2520) -> None:
    ours, theirs, everything = [], [], []
    engineer = FeatureEngineer()
    small = make_bars(2, 300, seed=99)
    cold, _ = seconds(engineer.fit_transform, small)
    for seed in range(REPETITIONS):
        bars = make_bars(n_symbols, n_bars, seed)
        elapsed, expected = seconds(with_pandas, bars)
        theirs.append(elapsed)
        elapsed, computed = seconds(with_finml, bars, list(expected))
        ours.append(elapsed)
        for values, (name, reference) in zip(computed, expected.items(), strict=True):
            np.testing.assert_allclose(values, reference, rtol=1e-6, atol=1e-6, err_msg=name)
        elapsed, table = seconds(engineer.transform, bars)
        everything.append(elapsed)
    n_features, rows = len(expected), len(bars)
    print(
        f"{n_symbols} symbols x {n_bars} bars, best of {REPETITIONS}; first call with compiling or loading {cold:.2f} s"
    )
    print(
        f"{n_features} features: pandas {min(theirs):.3f} s, finml {min(ours):.3f} s, "
        f"ratio {min(theirs) / min(ours):.1f}"
    )
    print(
        f"all {table.shape[1]} features {min(everything):.3f} s, {rows * table.shape[1] / min(everything):.2e} values/s"
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
