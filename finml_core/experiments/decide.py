"""From probabilities and rules to positions: sizing, arbitration, and what each would have earned."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.arbitration import arbitrate, moving_average_cross, zscore_reversion
from finml_core.backtest import BacktestResult, run_backtest
from finml_core.errors import DataError
from finml_core.experiments.bets import PRIMARY, bet_opinion, bet_weight, primary_weight
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.paths import in_blocks
from finml_core.models import ModelType
from finml_core.schemas import bars_per_year, key_index
from finml_core.sizing import average_active

ARBITRATED = "arbitrated"
EQUAL_WEIGHT = "equal_weight"
HOLDING = "equal_holding"
RULE_STYLES = {"moving_average_cross": "trend", "zscore_reversion": "mean_reversion"}


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """Who wanted what, whom we listened to, and what each way would have earned."""

    target_weights: dict[str, pd.Series]  # by strategy, share of portfolio on (symbol, ts)
    arbitration: pd.DataFrame  # a row a symbol and bar: signal, confidence, consensus, regime ...
    strategy_weights: pd.DataFrame  # a row a symbol, bar and strategy: weight, score, silenced, reason
    results: dict[str, BacktestResult]  # by strategy, over the common span


def strategy_opinions(
    config: ExperimentConfig, bars: pd.DataFrame, predictions: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Each strategy's `signal` (-1, 0, 1) and `confidence` on (symbol, ts), known at the close of ts.

    A model's confidence is the probability of the side that it takes. Baselines have no voice.
    """
    rules = config.rules
    opinions = {
        model: _model_opinion(config, rows, bars)
        for model, rows in predictions.groupby("model", sort=False)
        if not ModelType(model).is_baseline
    }
    opinions["moving_average_cross"] = moving_average_cross(bars, fast=rules.fast, slow=rules.slow)
    opinions["zscore_reversion"] = zscore_reversion(bars, window=rules.window, entry=rules.entry)
    return opinions


def model_weights(
    config: ExperimentConfig, predictions: pd.DataFrame, n_symbols: int, bars: pd.DataFrame
) -> dict[str, pd.Series]:
    """Each model's target share of the portfolio: sized by probability, averaged over the labels still open."""
    weights = {}
    for model, rows in predictions.groupby("model", sort=False):
        p_cal = rows.set_index(["symbol", "ts"])["p_cal"].sort_index()
        weights[str(model)] = bet_weight(config, p_cal, bars) / n_symbols
    return weights


def decide(config: ExperimentConfig, bars: pd.DataFrame, predictions: pd.DataFrame, regimes: pd.DataFrame) -> Decisions:
    """Size every strategy, arbitrate them symbol by symbol, and backtest all over the span that all share.

    Parameters
    ----------
    config : ExperimentConfig
    bars : sorted long bars of the experiment
    predictions : the tidy table of one path with `p_cal`
    regimes : `regime, confidence` on (symbol, ts), filtered

    The benchmark, `equal_holding`, is brought back to equal parts at each open and pays for it like all others.
    """
    n_symbols = len(config.symbols)
    opinions = strategy_opinions(config, bars, predictions)
    start = first_decision(in_blocks(config.split, predictions), config.calibration.min_samples)
    span = bars.loc[bars["ts"] >= start].reset_index(drop=True)
    weights = model_weights(config, predictions, n_symbols, bars)
    if config.primary.is_there:
        weights[PRIMARY] = primary_weight(config, bars) / n_symbols
    for rule in RULE_STYLES:
        weights[rule] = _opinion_weight(opinions[rule]) * config.sizing.cap / n_symbols
    decided, shares = _arbitrate_symbols(config, span, opinions, regimes)
    weights[ARBITRATED] = _position(decided["weighted_signal"].where(decided["signal"] != "NEUTRAL", 0.0), config)
    weights[EQUAL_WEIGHT] = _position(_equal_opinion(opinions), config)
    weights[HOLDING] = pd.Series(1.0 / n_symbols, index=key_index(span))
    weights = {name: weight.reindex(key_index(span)) for name, weight in weights.items()}
    decided = decided.assign(target_weight=weights[ARBITRATED].reindex(decided.index))
    results = {name: run_backtest(span, weight, config.backtest) for name, weight in weights.items()}
    return Decisions(
        target_weights=weights, arbitration=decided.reset_index(), strategy_weights=shares, results=results
    )


def first_decision(predictions: pd.DataFrame, min_samples: int) -> pd.Timestamp:
    """The start of the first test block before which enough outcomes are known to calibrate: all are judged from there.

    It follows from the tested rows and not from what any model says of them, so that what one model earns does not
    depend on the company it is in.

    Raises
    ------
    DataError
        If no block has `min_samples` earlier outcomes.
    """
    rows = predictions.drop_duplicates(["symbol", "ts"])
    starts = rows.groupby("fold")["ts"].min().sort_values()
    n_known = np.searchsorted(np.sort(rows["label_end"].dropna().to_numpy()), starts.to_numpy(), side="left")
    if not (n_known >= min_samples).any():
        raise DataError(
            f"no test block has {min_samples} outcomes known before it, only {int(n_known.max(initial=0))}, so nothing "
            "can be calibrated. Use more history, more folds, or a smaller calibration.min_samples."
        )
    return starts.iloc[int(np.argmax(n_known >= min_samples))]


def _model_opinion(config: ExperimentConfig, rows: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    p_cal = rows.set_index(["symbol", "ts"])["p_cal"].sort_index()
    if config.is_sparse:
        return bet_opinion(config, p_cal, bars)
    has_side = (2 * p_cal - 1).abs() > config.sizing.min_edge
    return pd.DataFrame(
        {
            "signal": np.sign(p_cal - 0.5).where(has_side, 0.0),
            "confidence": np.maximum(p_cal, 1 - p_cal).where(has_side, 0.0),
        }
    )


def _opinion_weight(opinion: pd.DataFrame) -> pd.Series:
    return opinion["signal"] * opinion["confidence"]


def _equal_opinion(opinions: dict[str, pd.DataFrame]) -> pd.Series:
    table = pd.concat({name: _opinion_weight(opinion) for name, opinion in opinions.items()}, axis=1)
    return table.fillna(0.0).mean(axis=1)


def _position(weighted_signal: pd.Series, config: ExperimentConfig) -> pd.Series:
    scaled = weighted_signal.sort_index() * config.sizing.cap
    return average_active(scaled, config.label.horizon) / len(config.symbols)


def _arbitrate_symbols(
    config: ExperimentConfig, bars: pd.DataFrame, opinions: dict[str, pd.DataFrame], regimes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    styles = {name: RULE_STYLES.get(name, "model") for name in opinions}
    periods = bars_per_year(bars["ts"])
    decided, shares = {}, {}
    for symbol, rows in bars.groupby("symbol", sort=True):
        own = {name: opinion.xs(symbol).reindex(rows["ts"]) for name, opinion in opinions.items()}
        earned = pd.DataFrame({name: _strategy_return(rows, opinion, config) for name, opinion in own.items()})
        history = arbitrate(own, earned, regimes.xs(symbol).reindex(rows["ts"]), styles, config.arbitration, periods)
        decided[symbol], shares[symbol] = history.decisions, history.weights
    return (
        pd.concat(decided, names=["symbol", "ts"]),
        pd.concat(shares, names=["symbol"]).reset_index("symbol").reset_index(drop=True),
    )


def _strategy_return(bars: pd.DataFrame, opinion: pd.DataFrame, config: ExperimentConfig) -> pd.Series:
    """Net return of one strategy on one symbol; the row of a bar is known at its close."""
    bars = bars.reset_index(drop=True)
    weight = pd.Series(_opinion_weight(opinion).to_numpy(), index=key_index(bars))
    return run_backtest(bars, weight, config.backtest).bars["net_return"]
