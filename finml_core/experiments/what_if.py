"""The same predictions under other costs, fills and sizes: what a slider of the page Backtest asks."""

import pandas as pd

from finml_core.backtest import BacktestResult, run_backtest
from finml_core.errors import ConfigError
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.data import choose_bars
from finml_core.experiments.decide import HOLDING, first_decision, model_weights
from finml_core.experiments.score import strategy_kind
from finml_core.experiments.trial import Trial, bars_fingerprint
from finml_core.experiments.trials import trial_identity
from finml_core.schemas import bars_per_year, key_index


def rebacktest(
    config: ExperimentConfig, bars: pd.DataFrame, predictions: pd.DataFrame, model: str
) -> tuple[BacktestResult, Trial | None]:
    """Backtest one row of the leaderboard under `config.sizing` and `config.backtest`.

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
    bars = choose_bars(config, bars)
    start = first_decision(predictions, config.calibration.min_samples)
    span = bars.loc[bars["ts"] >= start].reset_index(drop=True)
    index = key_index(span)
    n_symbols = len(config.symbols)
    if model == HOLDING:
        return run_backtest(span, pd.Series(1.0 / n_symbols, index=index), config.backtest), None
    rows = predictions.loc[predictions["model"] == model]
    if rows.empty:
        names = ", ".join(predictions["model"].unique())
        raise ConfigError(f"{model!r} has no predictions to size; choose one of: {names}, {HOLDING}.")
    weight = model_weights(config, rows, n_symbols)[model].reindex(index)
    result = run_backtest(span, weight, config.backtest)
    trial = Trial(
        name=model,
        kind=strategy_kind(model),
        identity=trial_identity(config, bars_fingerprint(bars), model),
        returns=result.bars["net_return"],
        periods_per_year=bars_per_year(bars["ts"]),
    )
    return result, trial
