"""Rolling statistics against two loops, and against the drift that running sums have."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from finml_core.features import rolling
from tests.features.evaluation import evaluate

ROOT = Path(__file__).parents[2]


@pytest.fixture
def series():
    generator = np.random.default_rng(3)
    x = generator.normal(5, 2, 240).round(1)  # rounded: ties occur
    x[[0, 70, 71, 150]] = np.nan
    return x


ORACLES = {
    "rolling_sum": (lambda x, w: evaluate(lambda x: rolling.rolling_sum(x, w), x), np.sum),
    "rolling_mean": (lambda x, w: evaluate(lambda x: rolling.rolling_mean(x, w), x), np.mean),
    "rolling_max": (lambda x, w: evaluate(lambda x: rolling.rolling_max(x, w), x), np.max),
    "rolling_min": (lambda x, w: evaluate(lambda x: rolling.rolling_min(x, w), x), np.min),
    "rolling_std": (lambda x, w: evaluate(lambda x: rolling.rolling_std(x, w, ddof=0), x), np.std),
    "bars_since_max": (lambda x, w: evaluate(lambda x: rolling.bars_since_max(x, w), x), lambda v: np.argmax(v[::-1])),
    "bars_since_min": (lambda x, w: evaluate(lambda x: rolling.bars_since_min(x, w), x), lambda v: np.argmin(v[::-1])),
}


@pytest.mark.parametrize("window", [1, 2, 7, 60, 239, 240, 500])
@pytest.mark.parametrize("name", ORACLES)
def test_a_rolling_statistic_equals_two_loops(series, name, window):
    quick, one_window = ORACLES[name]
    expected = np.full(len(series), np.nan)
    for end in range(window - 1, len(series)):
        members = series[end - window + 1 : end + 1]
        expected[end] = np.nan if np.isnan(members).any() else one_window(members)
    np.testing.assert_allclose(quick(series, window), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("window", [1, 2, 7, 60, 239, 240, 500])
@pytest.mark.parametrize("name", ORACLES)
def test_lanes_side_by_side_equal_each_alone(series, name, window):
    lanes = np.stack([series, series[::-1], np.full(240, np.nan), np.r_[series[:100], np.full(140, np.nan)]], axis=1)
    together = ORACLES[name][0](lanes, window)
    alone = [ORACLES[name][0](lanes[:, lane], window) for lane in range(4)]
    np.testing.assert_array_equal(together, np.stack(alone, axis=1))


@pytest.mark.parametrize("smooth", [rolling.exponential_mean, rolling.wilder_mean, rolling.wilder_movement])
def test_recursions_side_by_side_equal_each_alone(series, smooth):
    late = np.r_[np.full(200, np.nan), series[:40]]
    lanes = np.stack([series, late, np.full(240, np.nan), np.r_[series[:5], np.full(235, np.nan)]], axis=1)
    for window in (2, 7, 60, 500):
        alone = [evaluate(lambda x, w=window: smooth(x, w), lanes[:, lane]) for lane in range(4)]
        together = evaluate(lambda x, w=window: smooth(x, w), lanes)
        np.testing.assert_array_equal(together, np.stack(alone, axis=1))


@pytest.mark.parametrize("window", [2, 7, 60, 500])
def test_a_trend_equals_the_comoments_with_the_bar_number(series, window):
    bar_number = np.arange(240.0)
    tt, ty, yy = evaluate(lambda y: rolling.rolling_trend(y, window), series)
    xx, xy, squares = evaluate(lambda x, y: rolling.rolling_comoments(x, y, window), bar_number, series)
    known = np.isfinite(squares)
    np.testing.assert_allclose(xx[known], tt, rtol=1e-10)
    np.testing.assert_allclose(ty, xy, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(yy, squares, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("window", [2, 7, 60])
def test_comoments_equal_two_loops(series, window):
    other = np.sqrt(np.arange(len(series), dtype=float))
    xx, xy, yy = evaluate(lambda x, y: rolling.rolling_comoments(x, y, window), series, other)
    for end in range(window - 1, len(series)):
        x, y = series[end - window + 1 : end + 1], other[end - window + 1 : end + 1]
        expected = [((a - a.mean()) * (b - b.mean())).sum() for a, b in ((x, x), (x, y), (y, y))]
        if np.isnan(x).any():
            assert np.isnan([xx[end], xy[end]]).all()
        else:
            np.testing.assert_allclose([xx[end], xy[end], yy[end]], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("size", [1e-7, 1e6])
def test_a_million_rows_beside_a_spike_do_not_drift(size):
    x = size * np.exp(np.random.default_rng(0).normal(0, 0.01, 1_000_000))
    x[500_000] *= 1e12
    sums, deviations = evaluate(lambda x: (rolling.rolling_sum(x, 20), rolling.rolling_std(x, 20, ddof=0)), x)
    for end in (19, 499_999, 500_020, 500_021, 750_000, 999_999):
        members = x[end - 19 : end + 1]
        assert sums[end] == pytest.approx(math.fsum(members), rel=1e-14)
        assert deviations[end] == pytest.approx(members.std(), rel=1e-10)


def test_exponential_means_skip_what_is_missing():
    x = np.array([np.nan, 1.0, 3.0, np.nan, 5.0])
    np.testing.assert_allclose(
        evaluate(lambda x: rolling.exponential_mean(x, 2), x), [np.nan, np.nan, 2, np.nan, 4]
    )  # 2 + 2/3 (5 - 2)
    np.testing.assert_allclose(evaluate(lambda x: rolling.wilder_mean(x, 2), x), [np.nan, np.nan, 2, np.nan, 3.5])


@pytest.mark.parametrize(("alpha", "smoothings"), [(2 / 201, 1), (1 / 14, 1), (1 / 14, 2), (2 / 3, 2)])
def test_the_seed_is_forgotten_after_the_settling_bars(alpha, smoothings):
    k = rolling.settling_bars(alpha, smoothings)
    assert (1 + alpha * k) ** (smoothings - 1) * (1 - alpha) ** k <= rolling.SETTLED * (1 + 1e-9)


SIGNATURES = """
import sys
import pandas as pd
from finml_core.features import FeatureEngineer, machine
bars = pd.read_parquet(sys.argv[1])
for dtype in ("float64", "float32"):
    FeatureEngineer(dtype=dtype).fit_transform(bars)
    FeatureEngineer(dtype=dtype).fit_transform(bars.assign(adj_close=bars["close"] / 2))
print(len(machine.run.signatures))
"""


def test_the_machine_is_compiled_for_one_signature(panel, tmp_path):
    panel.to_parquet(tmp_path / "bars.parquet")
    command = [sys.executable, "-c", SIGNATURES, str(tmp_path / "bars.parquet")]
    said = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert said.stdout == "1\n"
