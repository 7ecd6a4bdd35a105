"""Decisions on every out-of-sample path, and the one path that speaks for each strategy."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.decide import ARBITRATED, Decisions, decide
from finml_core.experiments.progress import Progress
from finml_core.experiments.score import score_strategies
from finml_core.schemas import PREDICTIONS, bars_per_year

SAME = 1e-9  # Sharpe ratios per bar that differ by no more are the same
RETURNS = ("model", "path", "ts", "net_return")


@dataclass(frozen=True, kw_only=True)
class PathDecisions:
    """What every path decided and earned."""

    decisions: Decisions  # each strategy on its own median path; arbitration that of the arbitrated one
    predictions: pd.DataFrame  # the tidy table, each path with its own signals and weights
    scores: pd.DataFrame  # path, then what `score_strategies` tells of each strategy on it
    returns: pd.DataFrame  # model, path, ts, net_return: every strategy on every path
    shown: Mapping[str, int]  # the median path of each strategy


def median_path(sharpe: pd.Series) -> int:
    """The path that speaks for a strategy: that of the median Sharpe ratio, the lower of two middle ones.

    A run over paths is one trial a model, and this path's returns are what the ledger keeps and what the deflated
    Sharpe ratio judges. Why not something else:

    - Returns averaged over the paths at each bar have a Sharpe ratio above the mean of the paths' own: errors of the
      single models cancel, and nobody trades so many models at once. That number flatters.
    - All paths below each other would be `n_paths` times as many observations, and the error too small by the root of
      that: paths are made of the same bars, and their models share most of the training rows. They are not independent
      records, nor are they independent trials.
    - The best path would be a choice with hindsight.

    The median path is one real record of as many bars as history has, with the skewness and kurtosis that belong to
    it, and no choice in anybody's favour. How far the paths are apart stands beside it; it tells how much the result
    owes to which rows were trained on, and is no standard error.

    Parameters
    ----------
    sharpe : Series indexed by path
        A path without a Sharpe ratio traded nothing and counts as 0.

    Returns
    -------
    int
        Of paths with the same ratio, to SAME, the first: what learns nothing is told by path 0.
    """
    by_path = sharpe.fillna(0.0).sort_index()
    middle = by_path.sort_values().iloc[(len(by_path) - 1) // 2]
    return int((by_path - middle).abs().le(SAME).idxmax())


def decide_paths(
    config: ExperimentConfig,
    bars: pd.DataFrame,
    predictions: pd.DataFrame,
    regimes: pd.DataFrame,
    run_id: str = "",
    progress: Progress | None = None,
) -> PathDecisions:
    """Size, arbitrate and backtest path by path, as `decide` does on one.

    Of each path only returns and scores are kept, so that memory grows with the predictions and not with the accounts;
    the paths that are shown are decided once more at the end.

    Parameters
    ----------
    config : ExperimentConfig
    bars : sorted long bars of the experiment
    predictions : symbol, ts, fold, path, model, y_true, label_return, label_end, p_raw, p_cal, lower, upper
    regimes : `regime, confidence` on (symbol, ts), filtered
    run_id : str
        Written into every prediction.
    progress : Progress, optional
        Asked before each path whether to stop.
    """
    tell = progress or Progress()
    by_path = {int(path): rows for path, rows in predictions.groupby("path", sort=True)}
    periods = bars_per_year(bars["ts"])
    completed, scores, returns = [], [], []
    for number, (path, rows) in enumerate(by_path.items()):
        which = f", path {number + 1} of {len(by_path)}" if len(by_path) > 1 else ""
        tell("arbitration", number / len(by_path), f"arbitrating and backtesting{which}")
        decisions = decide(config, bars, rows, regimes)
        completed.append(complete_predictions(rows, regimes, decisions, run_id))
        scores.append(score_strategies(decisions.results, periods).assign(path=path))
        returns.append(_returns(decisions, path))
    table = pd.concat(scores, ignore_index=True)
    shown = {
        str(name): median_path(rows.set_index("path")["sharpe"]) for name, rows in table.groupby("model", sort=False)
    }
    if len(by_path) > 1:
        tell("arbitration", 1.0, "arbitrating and backtesting the median paths")
        decisions = _joined(
            {path: decide(config, bars, by_path[path], regimes) for path in sorted(set(shown.values()))}, shown
        )
    joined = pd.concat(completed, ignore_index=True).sort_values(["model", "path", "ts", "symbol"], ignore_index=True)
    return PathDecisions(
        decisions=decisions,
        predictions=joined,
        scores=table,
        returns=pd.concat(returns, ignore_index=True),
        shown=shown,
    )


def complete_predictions(
    predictions: pd.DataFrame, regimes: pd.DataFrame, decisions: Decisions, run_id: str
) -> pd.DataFrame:
    """The tidy table of predictions of one path: regime, signal and weight joined on, columns in their order."""
    weights = pd.concat(decisions.target_weights, names=["model"]).rename("target_weight").reset_index()
    table = predictions.join(regimes["regime"], on=["symbol", "ts"])
    table = table.merge(weights, on=["model", "symbol", "ts"], how="left")
    side = table["target_weight"].fillna(0.0)
    table["signal"] = side.gt(0).map({True: "LONG", False: "NEUTRAL"}).mask(side < 0, "SHORT")
    table["run_id"] = run_id
    return table.loc[:, list(PREDICTIONS)]


def _joined(by_path: Mapping[int, Decisions], shown: Mapping[str, int]) -> Decisions:
    """Each strategy from its own path."""
    arbitrated = by_path[shown[ARBITRATED]]
    return Decisions(
        target_weights={name: by_path[path].target_weights[name] for name, path in shown.items()},
        arbitration=arbitrated.arbitration,
        strategy_weights=arbitrated.strategy_weights,
        results={name: by_path[path].results[name] for name, path in shown.items()},
    )


def _returns(decisions: Decisions, path: int) -> pd.DataFrame:
    frames = {name: result.bars["net_return"] for name, result in decisions.results.items()}
    table = pd.concat(frames, names=["model", "ts"]).reset_index()
    return table.assign(path=np.int64(path))[list(RETURNS)]
