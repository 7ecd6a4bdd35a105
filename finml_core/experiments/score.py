"""From out-of-sample predictions and backtests to the tables that pages show."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from finml_core.backtest import BacktestResult
from finml_core.experiments.bets import PRIMARY
from finml_core.experiments.decide import ARBITRATED, EQUAL_WEIGHT, HOLDING, RULE_STYLES
from finml_core.metrics import (
    accuracy,
    annualize_sharpe,
    auc,
    brier_score,
    expected_calibration_error,
    kurtosis,
    log_loss,
    probabilistic_sharpe_ratio,
    sharpe_ratio,
    sharpe_standard_error,
    skewness,
)

CLASSIFICATION = {"auc": auc, "log_loss": log_loss, "brier": brier_score, "accuracy": accuracy}


def score_folds(predictions: pd.DataFrame, by: tuple[str, ...] = ("model", "fold")) -> pd.DataFrame:
    """Scores within each fold, raw probabilities: a row a model and fold, or as `by` says a model, fold and seed.

    Scores are taken fold by fold and averaged later, since pooling folds biases AUC down. A fold whose outcomes are
    all alike has no AUC.
    """
    known = predictions.dropna(subset=["y_true", "p_raw"])
    rows = []
    for key, part in known.groupby(list(by), sort=False):
        y, p = part["y_true"].to_numpy(), part["p_raw"].to_numpy()
        scores = {name: score(y, p) for name, score in CLASSIFICATION.items()}
        rows.append({**dict(zip(by, key, strict=True)), "n_test": len(part), "base_rate": float(y.mean()), **scores})
    return pd.DataFrame(rows)


def score_calibration(predictions: pd.DataFrame, n_bins: int = 10) -> pd.DataFrame:
    """Log loss, Brier score and ECE before and after calibration, on the same rows: those with a `p_cal`."""
    known = predictions.dropna(subset=["y_true", "p_raw", "p_cal"])
    rows = []
    for model, part in known.groupby("model", sort=False):
        y = part["y_true"].to_numpy()
        row = {"model": model, "n_calibrated": len(part)}
        for kind in ("raw", "cal"):
            p = part[f"p_{kind}"].to_numpy()
            row[f"log_loss_{kind}"] = log_loss(y, p)
            row[f"brier_{kind}"] = brier_score(y, p)
            row[f"ece_{kind}"] = expected_calibration_error(y, p, n_bins=n_bins)
        rows.append(row)
    return pd.DataFrame(rows)


def interval_coverage(predictions: pd.DataFrame) -> pd.DataFrame:
    """Share of outcomes inside [lower, upper] by model, where an interval was given."""
    known = predictions.dropna(subset=["label_return", "lower", "upper"])
    inside = known["label_return"].between(known["lower"], known["upper"])
    table = inside.groupby(known["model"], sort=False).agg(coverage="mean", n_intervals="size")
    return table.reset_index()


def score_strategies(results: Mapping[str, BacktestResult], periods_per_year: float) -> pd.DataFrame:
    """What each strategy earned after costs: a row a strategy; `sharpe` per bar, `sharpe_annual` a year."""
    rows = []
    for name, result in results.items():
        returns = result.bars["net_return"].to_numpy()
        sharpe = sharpe_ratio(returns)
        skew, raw_kurtosis = skewness(returns), kurtosis(returns)
        error = sharpe_standard_error(sharpe, len(returns), skew, raw_kurtosis)
        rows.append(
            {
                "model": name,
                "kind": strategy_kind(name),
                "n_obs": len(returns),
                "sharpe": sharpe,
                "skew": skew,
                "kurtosis": raw_kurtosis,
                "sharpe_annual": annualize_sharpe(sharpe, periods_per_year),
                "sharpe_error_annual": annualize_sharpe(error, periods_per_year),
                "psr": probabilistic_sharpe_ratio(sharpe, len(returns), skew, raw_kurtosis),
                "annual_return": float(np.mean(returns) * periods_per_year),
                "max_drawdown": float(result.bars["drawdown"].min()),
                "turnover_annual": float(result.bars["turnover"].mean() * periods_per_year),
                "cost_annual": float(result.bars["cost"].mean() * periods_per_year),
                "exposure": float(result.bars["exposure"].mean()),
            }
        )
    return pd.DataFrame(rows)


def leaderboard(
    seeds: pd.DataFrame,
    calibration: pd.DataFrame,
    strategies: pd.DataFrame,
    times: pd.DataFrame,
    coverage: pd.DataFrame,
) -> pd.DataFrame:
    """One row a model or strategy: scores as mean and deviation over folds and seeds, then what it earned.

    `seeds` has a row a model, fold and seed. `auc_seed_deviation` is how far seeds are apart, each by its mean over
    folds; missing for a single one.
    """
    scores = seeds.groupby("model", sort=False).agg(
        n_folds=("fold", "nunique"),
        n_seeds=("seed", "nunique"),
        auc_mean=("auc", "mean"),
        auc_deviation=("auc", "std"),
        log_loss_mean=("log_loss", "mean"),
        log_loss_deviation=("log_loss", "std"),
        brier_mean=("brier", "mean"),
        accuracy_mean=("accuracy", "mean"),
    )
    each_seed = seeds.groupby(["model", "seed"], sort=False)["auc"].mean()
    scores["auc_seed_deviation"] = each_seed.groupby("model", sort=False).std()
    cost = times.groupby("model", sort=False).agg(seconds=("seconds", "sum"), device=("device", "last"))
    table = strategies.set_index("model").join(
        [scores, calibration.set_index("model"), cost, coverage.set_index("model")]
    )
    return table.reset_index()


def strategy_kind(name: str) -> str:
    """model, strategy, arbitrated or benchmark: what a row of the leaderboard is."""
    if name == ARBITRATED:
        return "arbitrated"
    if name == HOLDING:
        return "benchmark"
    return "strategy" if name in RULE_STYLES or name in (EQUAL_WEIGHT, PRIMARY) else "model"


def per_unit(result: BacktestResult) -> pd.DataFrame:
    """The bars of a backtest with equity, cash and positions as multiples of the capital at the start."""
    money = ["equity", "cash", "position_value"]
    bars = result.bars.copy()
    bars[money] = bars[money] / result.config.initial_equity
    return bars


def equity_table(results: Mapping[str, BacktestResult]) -> pd.DataFrame:
    """Every strategy's bars below each other: model, ts and the columns of a backtest, money per unit of capital."""
    frames = {name: per_unit(result) for name, result in results.items()}
    return pd.concat(frames, names=["model", "ts"]).reset_index()
