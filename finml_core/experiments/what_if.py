"""The same predictions under other costs, fills and sizes: what a slider of the page Backtest asks."""

from dataclasses import dataclass

import pandas as pd

from finml_core.backtest import BacktestResult, run_backtest
from finml_core.errors import ConfigError
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.data import choose_bars
from finml_core.experiments.decide import HOLDING, first_decision, model_weights
from finml_core.experiments.path_decisions import median_path
from finml_core.experiments.paths import in_blocks
from finml_core.experiments.score import strategy_kind
from finml_core.experiments.trial import Trial, bars_fingerprint
from finml_core.experiments.trials import trial_identity
from finml_core.metrics import sharpe_ratio
from finml_core.schemas import bars_per_year, key_index


@dataclass(frozen=True, kw_only=True)
class PathBacktests:
    """One model on every path under the same settings."""

    returns: pd.DataFrame  # net, a row a ts, a column a path
    sharpe: pd.Series  # per bar, by path; missing where nothing was traded
    median: int  # the path that speaks for the model
    path: int  # the path of `result`
    result: BacktestResult
    at_median: BacktestResult
    trial: Trial | None  # with the returns of the median path; None for the benchmark


def rebacktest(
    config: ExperimentConfig, bars: pd.DataFrame, predictions: pd.DataFrame, model: str
) -> tuple[BacktestResult, Trial | None]:
    """Backtest one row of the leaderboard under `config.sizing` and `config.backtest`, on its median path.

    Models are sized anew from their calibrated probabilities; `equal_holding` is the benchmark.

    Returns
    -------
    (BacktestResult, Trial)
        The trial that showing its score makes; None for the benchmark.

    Raises
    ------
    ConfigError
        If `model` is no model of the run.
    """
    found = rebacktest_paths(config, bars, predictions, model)
    return found.at_median, found.trial


def rebacktest_paths(
    config: ExperimentConfig, bars: pd.DataFrame, predictions: pd.DataFrame, model: str, path: int | None = None
) -> PathBacktests:
    """Backtest one row of the leaderboard on every path, and keep the accounts of one: `path`, or the median one.

    Whichever path is looked at, the trial is the setting's, and its returns are those of the median path under these
    settings (see `median_path`): looking through the paths adds no trials and chooses nothing.

    Raises
    ------
    ConfigError
        If `model` is no model of the run, or `path` no path of it.
    """
    bars = choose_bars(config, bars)
    start = first_decision(in_blocks(config.split, predictions), config.calibration.min_samples)
    span = bars.loc[bars["ts"] >= start].reset_index(drop=True)
    by_path = _weights(config, bars, span, predictions, model)
    if path is not None and path not in by_path:
        raise ConfigError(f"path {path} is none of the run's, which are {min(by_path)} to {max(by_path)}.")
    kept: dict[int, BacktestResult] = {}
    returns = {}
    for each, weight in by_path.items():
        result = _account(config, span, weight)
        returns[each] = result.bars["net_return"]
        if each == path or len(by_path) == 1:  # accounts are large: the others are not held all at once
            kept[each] = result
    sharpe = pd.Series({each: sharpe_ratio(values.to_numpy()) for each, values in returns.items()})
    median = median_path(sharpe)
    if median not in kept:
        kept[median] = _account(config, span, by_path[median])
    chosen = median if path is None else path
    return PathBacktests(
        returns=pd.DataFrame(returns),
        sharpe=sharpe,
        median=median,
        path=chosen,
        result=kept[chosen],
        at_median=kept[median],
        trial=None if model == HOLDING else _trial(config, bars, model, returns[median]),
    )


def _weights(
    config: ExperimentConfig, bars: pd.DataFrame, span: pd.DataFrame, predictions: pd.DataFrame, model: str
) -> dict[int, pd.Series]:
    """Target weights on the bars of the span, by path; the benchmark has one."""
    index, n_symbols = key_index(span), len(config.symbols)
    if model == HOLDING:
        return {0: pd.Series(1.0 / n_symbols, index=index)}
    rows = predictions.loc[predictions["model"] == model]
    if rows.empty:
        names = ", ".join(predictions["model"].unique())
        raise ConfigError(f"{model!r} has no predictions to size; choose one of: {names}, {HOLDING}.")
    return {
        int(path): model_weights(config, part, n_symbols, bars)[model].reindex(index)
        for path, part in rows.groupby("path", sort=True)
    }


def _account(config: ExperimentConfig, span: pd.DataFrame, weight: pd.Series) -> BacktestResult:
    return run_backtest(span, weight, config.backtest)


def _trial(config: ExperimentConfig, bars: pd.DataFrame, model: str, returns: pd.Series) -> Trial:
    return Trial(
        name=model,
        kind=strategy_kind(model),
        identity=trial_identity(config, bars_fingerprint(bars), model),
        returns=returns,
        periods_per_year=bars_per_year(bars["ts"]),
    )
