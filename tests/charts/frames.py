"""One sample frame a chart, made from a seed: every chart test runs over them."""

import numpy as np
import pandas as pd

from finml_core.schemas import REGIMES


def sample_frames() -> dict[str, tuple[pd.DataFrame, ...]]:
    """The name of each chart with the frames it takes."""
    generator = np.random.default_rng(7)
    n = 400
    ts = pd.bdate_range("2015-01-01", periods=n).astype("datetime64[us]")
    close = 100 * np.exp(np.cumsum(generator.normal(0.0004, 0.012, n)))
    open_ = close * np.exp(generator.normal(0, 0.006, n))
    candles = pd.DataFrame(
        {
            "ts": ts,
            "open": open_,
            "high": np.maximum(open_, close) * 1.004,
            "low": np.minimum(open_, close) * 0.996,
            "close": close,
            "volume": generator.lognormal(14, 0.4, n).round(),
        }
    )
    state = np.repeat(generator.integers(0, 7, n // 20), 20)
    regimes = pd.DataFrame(
        {"ts": ts, "regime": [REGIMES[k] for k in state], "confidence": generator.uniform(0.35, 0.95, n)}
    )
    raw = generator.dirichlet(np.ones(7) * 0.6, n)
    smooth = pd.DataFrame(raw).ewm(span=20).mean().to_numpy()
    probabilities = pd.DataFrame(
        {"ts": np.repeat(ts, 7), "regime": list(REGIMES) * n, "probability": smooth.reshape(-1)}
    )
    matrix = generator.dirichlet(np.ones(7) * 0.3, 7) * 0.3 + 0.7 * np.eye(7)
    transitions = pd.DataFrame(
        {"from_regime": np.repeat(REGIMES, 7), "to_regime": list(REGIMES) * 7, "probability": matrix.reshape(-1)}
    )
    strategies = ["logistic", "lightgbm", "lstm", "moving_average_cross", "zscore_reversion"]
    share = pd.DataFrame(generator.dirichlet(np.ones(5), n)).ewm(span=30).mean().to_numpy()
    silent = np.zeros((n, 5), dtype=bool)
    silent[100:180, 2], silent[250:300, 4], silent[270:290] = True, True, True
    share = np.where(silent, 0, share)
    total = share.sum(axis=1, keepdims=True)
    share = np.divide(share, total, out=np.zeros_like(share), where=total > 0)
    weights = pd.DataFrame(
        {
            "ts": np.repeat(ts, 5),
            "strategy": strategies * n,
            "weight": share.reshape(-1),
            "silenced": silent.reshape(-1),
        }
    )
    devices = pd.DataFrame(
        {
            "elapsed_s": np.tile(np.arange(1, 41) / 2, 2),
            "stage": np.tile(np.repeat(["load", "train"], 20), 2),
            "device": np.repeat(["cpu", "card 0 (NVIDIA H200)"], 40),
            "utilisation": generator.uniform(0, 1, 80),
            "memory_mib": generator.uniform(300, 900, 80),
        }
    )
    return {
        "candles": (candles,),
        "window_line": (candles[["ts", "close"]],),
        "regime_band": (candles[["ts", "close"]], regimes),
        "split_timeline": (_timeline(ts),),
        "fold_scores": (
            pd.DataFrame(
                {
                    "model": np.repeat(strategies[:3] + ["naive"], 5),
                    "fold": list(range(5)) * 4,
                    "score": np.repeat([0.52, 0.535, 0.525, 0.5], 5) + generator.normal(0, 0.012, 20),
                }
            ),
        ),
        "equity_fan": _fan(ts),
        "path_scores": (
            pd.DataFrame(
                {
                    "model": np.repeat(strategies[:3] + ["naive"], 5),
                    "path": list(range(5)) * 4,
                    "score": np.repeat([0.5, 0.3, 0.6, 0.0], 5) + generator.normal(0, 0.1, 20),
                    "is_median": [False, False, True, False, False] * 4,
                }
            ),
        ),
        "leak_comparison": (
            pd.DataFrame(
                {
                    "splitter": ["This split", "K-fold", "K-fold, shuffled"],
                    "share": [0.0, 0.004, 0.93],
                    "pairs": [0, 820, 91_000],
                    "passed": [True, False, False],
                }
            ),
        ),
        "outcome_drift": (
            pd.DataFrame(
                {
                    "fold": range(5),
                    "train_mean": [0.53, 0.54, 0.52, 0.53, 0.55],
                    "test_mean": [0.56, 0.51, 0.55, 0.53, 0.48],
                    "drift": [0.03, -0.03, 0.03, 0.0, -0.07],
                    "drift_error": [0.02] * 5,
                }
            ),
        ),
        "history_curve": (
            pd.DataFrame(
                {
                    "length": [60, 120, 240, 480],
                    "n_train": [220.0, 460.0, 940.0, 1900.0],
                    "train": [0.9, 0.8, 0.7, 0.65],
                    "score": [0.51, 0.53, 0.55, 0.56],
                    "lower": [0.48, 0.50, 0.53, 0.54],
                    "upper": [0.54, 0.56, 0.57, 0.58],
                }
            ),
        ),
        "ablation_importance": (
            pd.DataFrame(
                {
                    "group": ["momentum", "price", "volume"],
                    "importance": [0.02, 0.004, -0.003],
                    "lower": [0.01, -0.004, -0.008],
                    "upper": [0.03, 0.012, 0.002],
                    "p_corrected": [0.004, 0.3, 1.0],
                    "found": [True, False, False],
                }
            ),
        ),
        "seed_scores": (
            pd.DataFrame(
                {
                    "model": np.repeat(["lightgbm", "lstm"], 9),
                    "fold": np.tile(np.repeat(range(3), 3), 2),
                    "seed": list(range(3)) * 6,
                    "score": generator.normal(0.53, 0.01, 18),
                }
            ),
        ),
        "path_map": (
            pd.DataFrame(
                {
                    "path": np.repeat([1, 2], 3),
                    "block": [0, 1, 2] * 2,
                    "fold": [0, 0, 1, 1, 2, 2],
                    "start": list(ts[[0, 130, 260]]) * 2,
                    "end": list(ts[[129, 259, 399]]) * 2,
                }
            ),
        ),
        "class_balance": (
            pd.DataFrame(
                {
                    "ts": np.repeat(pd.date_range("2012-01-01", periods=3, freq="YS").as_unit("us"), 2),
                    "until": np.repeat(pd.date_range("2013-01-01", periods=3, freq="YS").as_unit("us"), 2),
                    "y": [0.0, 1.0] * 3,
                    "n": [110, 140, 125, 125, 90, 160],
                    "share": [0.44, 0.56, 0.5, 0.5, 0.36, 0.64],
                }
            ),
        ),
        "label_concurrency": (
            pd.DataFrame({"ts": ts, "open_labels": generator.integers(3, 8, n).astype(float)}).assign(
                uniqueness=lambda frame: 1 / frame["open_labels"]
            ),
        ),
        "label_weights": (
            pd.DataFrame(
                {
                    "ts": pd.date_range("2012-01-01", periods=24, freq="MS").as_unit("us"),
                    "n": generator.integers(20, 60, 24),
                    "weight": generator.uniform(0.1, 0.4, 24),
                    "share": np.full(24, 1 / 24),
                }
            ),
        ),
        "reliability_diagram": (_curve(generator),),
        "calibration_over_time": (
            pd.DataFrame(
                {
                    "ts": list(ts[::20]) * 2,
                    "series": ["raw"] * 20 + ["calibrated"] * 20,
                    "ece": np.r_[generator.uniform(0.04, 0.08, 20), generator.uniform(0.01, 0.03, 20)],
                }
            ),
        ),
        "regime_probabilities": (probabilities,),
        "transition_heatmap": (transitions,),
        "regime_durations": (pd.DataFrame({"regime": REGIMES, "expected_bars": generator.uniform(3, 40, 7)}),),
        "weight_river": (weights,),
        "decision_breakdown": (
            pd.DataFrame(
                {
                    "strategy": strategies,
                    "contribution": [0.12, 0.31, -0.05, 0.18, -0.22],
                    "weight": [0.1, 0.4, 0.1, 0.2, 0.2],
                    "reason": ["", "", "", "", "cold streak"],
                }
            ),
        ),
        "confidence_outcome": (
            pd.DataFrame(
                {
                    "confidence": [0.2, 0.4, 0.6, 0.8],
                    "outcome": [0.49, 0.51, 0.53, 0.56],
                    "lower": [0.46, 0.48, 0.5, 0.51],
                    "upper": [0.52, 0.54, 0.56, 0.61],
                    "count": [90, 80, 70, 40],
                }
            ),
        ),
        "equity_drawdown": (_equity(ts, generator),),
        "cost_waterfall": (
            pd.DataFrame(
                {
                    "kind": ["gross", "commission", "spread", "impact", "borrow", "net"],
                    "value": [0.084, -0.011, -0.019, -0.008, -0.004, 0.042],
                }
            ),
        ),
        "returns_by": (
            pd.DataFrame(
                {
                    "group": [2010, 2011, 2012, 2013],
                    "value": [0.08, -0.03, 0.12, 0.04],
                    "lower": [-0.05, -0.15, 0.0, -0.1],
                    "upper": [0.2, 0.1, 0.25, 0.17],
                }
            ),
        ),
        "attention_map": (
            pd.DataFrame(
                {
                    "head": np.repeat([0, 1], 10),
                    "bar": list(range(-9, 1)) * 2,
                    "ts": list(ts[:10]) * 2,
                    "weight": generator.dirichlet(np.ones(10), 2).ravel(),
                }
            ),
        ),
        "device_utilisation": (devices,),
        "device_memory": (devices,),
        "compared_learning": (
            pd.DataFrame(
                {
                    "series": np.repeat(["LSTM · quick a1b2c3", "GRU · quick d4e5f6"], 6),
                    "epoch": list(range(1, 7)) * 2,
                    "loss": generator.uniform(0.68, 0.7, 12),
                }
            ),
        ),
        "compared_growth": (
            pd.DataFrame(
                {
                    "series": np.repeat(["lightgbm", "lstm"], n),
                    "ts": list(ts) * 2,
                    "equity": np.exp(np.cumsum(generator.normal(0, 0.01, 2 * n))),
                }
            ),
        ),
        "compared_calibration": (
            pd.DataFrame(
                {
                    "series": np.repeat(["lightgbm", "lstm"], 5),
                    "predicted": np.tile(np.linspace(0.4, 0.6, 5), 2),
                    "observed": generator.uniform(0.4, 0.6, 10),
                    "count": generator.integers(20, 200, 10),
                }
            ),
        ),
        "score_spread": (
            pd.DataFrame(
                {
                    "series": np.repeat(["lightgbm", "lstm"], 6),
                    "fold": np.tile([0, 1, 2], 4),
                    "seed": np.tile(np.repeat([0, 1], 3), 2),
                    "score": generator.uniform(0.48, 0.56, 12),
                }
            ),
        ),
        "score_intervals": (
            pd.DataFrame(
                {
                    "model": ["naive", "logistic", "lightgbm", "lstm"],
                    "mean": [0.5, 0.521, 0.534, 0.517],
                    "deviation": [0.0, 0.014, 0.019, 0.022],
                    "baseline": 0.5,
                }
            ),
        ),
        "learning_curves": (
            pd.DataFrame(
                {
                    "fold": np.repeat([0, 1, 2], 12),
                    "epoch": list(range(1, 13)) * 3,
                    "train_loss": np.tile(0.66 + 0.04 * np.exp(-np.arange(12) / 3), 3) + generator.normal(0, 0.002, 36),
                    "validation_loss": np.tile(0.685 + 0.012 * np.exp(-np.arange(12) / 2), 3)
                    + generator.normal(0, 0.002, 36),
                }
            ),
        ),
        "feature_history": (candles[["ts", "close"]].assign(value=pd.Series(close).pct_change(20).to_numpy()),),
        "distribution": (
            pd.DataFrame(
                {
                    "left": np.arange(-5, 5) / 10,
                    "right": np.arange(-4, 6) / 10,
                    "count": [3, 9, 24, 60, 101, 120, 80, 31, 12, 2],
                }
            ),
        ),
        "bucket_returns": (
            pd.DataFrame(
                {
                    "bucket": range(1, 6),
                    "value": [-0.002, -0.001, 0.0, 0.001, 0.003],
                    "lower": [-0.003, -0.002, -0.001, 0.0, 0.001],
                    "upper": [-0.001, 0.0, 0.001, 0.002, 0.005],
                }
            ),
        ),
        "information_by_group": (
            pd.DataFrame(
                {
                    "group": ["2015", "2016", "2017"],
                    "ic": [0.02, -0.01, 0.005],
                    "lower": [0.0, -0.03, -0.02],
                    "upper": [0.04, 0.01, 0.03],
                    "n": [250, 252, 251],
                }
            ),
        ),
        "information_over_time": (pd.DataFrame({"ts": ts, "ic": raw[:, 0] - 0.3, "smooth": smooth[:, 0] - 0.3}),),
        "feature_scores": (pd.DataFrame({"name": ["rsi_14", "roc_5"], "score": [0.03, 0.01], "chosen": [0.8, 0.2]}),),
        "information_decay": (
            pd.DataFrame(
                {
                    "horizon": [1, 2, 5, 10, 20],
                    "ic": [0.01, 0.02, 0.035, 0.03, 0.012],
                    "lower": [-0.01, 0.0, 0.01, 0.0, -0.03],
                    "upper": [0.03, 0.04, 0.06, 0.06, 0.054],
                }
            ),
        ),
        "correlation_map": (_correlations(generator),),
        "best_sharpe_against_luck": (
            pd.DataFrame(
                {
                    "n_trials": np.arange(1, 41),
                    "best": np.maximum.accumulate(generator.normal(0.3, 0.5, 40)),
                    "expected": 0.5 * np.sqrt(2 * np.log(np.arange(1, 41))),
                }
            ),
        ),
        "finding_bars": (
            candles.head(30).assign(
                concerned=np.arange(30) % 9 == 4, measure=np.where(np.arange(30) % 9 == 4, -47.6, np.nan)
            ),
        ),
        "session_bars": (
            pd.DataFrame(
                {"session": ts, "n_bars": generator.choice([0, 350, 390, 391], n), "expected_bars": np.full(n, 390)}
            ),
        ),
        "overfitting_logits": (
            pd.DataFrame(
                {
                    "left": np.arange(-5, 5) / 2,
                    "right": np.arange(-4, 6) / 2,
                    "count": [3, 9, 24, 60, 101, 120, 80, 31, 12, 2],
                    "below": [True] * 5 + [False] * 5,
                }
            ),
        ),
        "performance_degradation": (
            pd.DataFrame({"in_sample": generator.normal(1, 0.3, 60), "out_of_sample": generator.normal(-0.2, 0.3, 60)}),
            pd.DataFrame({"in_sample": [0.4, 1.8], "out_of_sample": [0.2, -0.6]}),
        ),
        "trial_clusters": (
            pd.DataFrame(
                {
                    "cluster": ["1"] * 20 + ["2"] * 8 + ["others"] * 4,
                    "name": ["logistic"] * 32,
                    "sharpe": generator.normal(0.2, 0.4, 32),
                }
            ),
        ),
        "noise_twin": (
            pd.DataFrame(
                {
                    "series": ["real", "real", "twin 1", "twin 1"],
                    "model": ["logistic", "lightgbm"] * 2,
                    "auc": [0.53, 0.55, 0.495, 0.51],
                    "auc_error": 0.02,
                }
            ),
        ),
        "coverage_heatmap": (
            pd.DataFrame(
                {
                    "symbol": np.repeat(["AAPL", "IBM", "MSFT"], 36),
                    "month": list(pd.date_range("2010-01-01", periods=36, freq="MS")) * 3,
                    "n_bars": generator.integers(12, 23, 108),
                }
            ),
        ),
    }


def _fan(ts: pd.DatetimeIndex) -> tuple[pd.DataFrame, pd.DataFrame]:
    generator = np.random.default_rng(3)
    equity = np.exp(np.cumsum(generator.normal(0.0003, 0.008, (len(ts), 5)), axis=0))
    low, median, high = np.quantile(equity, [0.05, 0.5, 0.95], axis=1)
    fan = pd.DataFrame({"ts": ts, "low": low, "median": median, "high": high, "equity": equity[:, 2]})
    lines = pd.DataFrame({"ts": np.tile(ts, 5), "path": np.repeat(range(5), len(ts)), "equity": equity.T.reshape(-1)})
    return fan, lines


def _timeline(ts: pd.DatetimeIndex) -> pd.DataFrame:
    rows = []
    for fold in range(5):
        a, b = fold * 80, (fold + 1) * 80
        if a:
            rows += [(fold, "train", 0, a - 6, a - 6), (fold, "purged", a - 6, a - 1, 5)]
        rows.append((fold, "test", a, b - 1, 80))
        if b < len(ts):
            rows += [(fold, "purged", b, b + 4, 5), (fold, "embargo", b + 5, b + 8, 4)]
            rows.append((fold, "train", b + 9, len(ts) - 1, len(ts) - b - 9))
    frame = pd.DataFrame(rows, columns=["fold", "role", "start", "end", "n_rows"])
    return frame.assign(start=ts[frame["start"]], end=ts[frame["end"]])


def _curve(generator: np.random.Generator) -> pd.DataFrame:
    parts = []
    for series, slope in (("raw", 0.35), ("calibrated", 0.9)):
        predicted = np.linspace(0.25, 0.75, 8) if series == "raw" else np.linspace(0.4, 0.62, 6)
        observed = 0.5 + slope * (predicted - 0.5) + generator.normal(0, 0.012, len(predicted))
        count = np.round(900 * np.exp(-((predicted - 0.5) ** 2) / 0.02)) + 20
        error = 1.96 * np.sqrt(observed * (1 - observed) / count)
        parts.append(
            pd.DataFrame(
                {
                    "bin": np.arange(len(predicted)),
                    "predicted": predicted,
                    "observed": observed,
                    "count": count.astype(int),
                    "lower": observed - error,
                    "upper": observed + error,
                    "series": series,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _equity(ts: pd.DatetimeIndex, generator: np.random.Generator) -> pd.DataFrame:
    parts = []
    for series, drift in (("arbitrated", 0.0004), ("equal_weight", 0.0001), ("equal_holding", 0.0003)):
        equity = np.exp(np.cumsum(generator.normal(drift, 0.008, len(ts))))
        drawdown = equity / np.maximum.accumulate(np.maximum(equity, 1)) - 1
        parts.append(pd.DataFrame({"ts": ts, "series": series, "equity": equity, "drawdown": drawdown}))
    return pd.concat(parts, ignore_index=True)


def _correlations(generator: np.random.Generator) -> pd.DataFrame:
    names = ["rsi_14", "roc_10", "sma_20", "atr_14", "cci_20", "adx_14", "log_return_5", "realized_volatility_20"]
    matrix = np.corrcoef(generator.normal(size=(8, 30)) + 0.7 * generator.normal(size=30))
    return pd.DataFrame({"a": np.repeat(names, 8), "b": names * 8, "correlation": matrix.reshape(-1)})
