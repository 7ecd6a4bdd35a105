"""The composition root: the only place that knows the order of the stages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from finml_core.calibration import cross_fit_calibrate, cross_fit_intervals
from finml_core.experiments.audit import audit_run
from finml_core.experiments.bets import score_bets
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.data import Dataset, make_dataset, rows_after
from finml_core.experiments.decide import ARBITRATED, Decisions
from finml_core.experiments.path_decisions import PathDecisions, decide_paths
from finml_core.experiments.paths import check_size, in_blocks, path_of_rows
from finml_core.experiments.predict import predict_out_of_sample
from finml_core.experiments.progress import Checkpoint, Progress, Report, ShouldStop, within
from finml_core.experiments.score import (
    equity_table,
    leaderboard,
    score_folds,
    score_strategies,
)
from finml_core.experiments.score_paths import mean_calibration, mean_coverage, path_summary, score_paths
from finml_core.experiments.trial import Trial, bars_fingerprint
from finml_core.experiments.trials import run_trials
from finml_core.features import FeatureCache
from finml_core.models import ModelType
from finml_core.regimes import RuleRegimeDetector, label_regimes
from finml_core.schemas import bars_per_year
from finml_core.splits import split_diagnostics, split_timeline

TRAINING = (0.05, 0.85)  # the shares of the work between which training runs
DECIDING = (0.9, 0.95)  # and between which every path is decided and backtested


@dataclass(frozen=True, kw_only=True)
class ExperimentResult:
    """Everything that a run leaves: plain tables, headline numbers, and the trials it made."""

    config: ExperimentConfig
    tables: Mapping[str, pd.DataFrame]
    metrics: Mapping[str, Any]
    trials: tuple[Trial, ...]
    documents: Mapping[str, Any] = field(default_factory=dict)  # further plain values, each a JSON file of the run

    @property
    def predictions(self) -> pd.DataFrame:
        """The tidy table of out-of-sample predictions."""
        return self.tables["predictions"]


def run_experiment(
    config: ExperimentConfig,
    bars: pd.DataFrame,
    *,
    run_id: str = "",
    progress: Report | None = None,
    should_stop: ShouldStop | None = None,
    checkpoint: Checkpoint | None = None,
    cache: FeatureCache | None = None,
) -> ExperimentResult:
    """Bars to an honest answer: features, labels, purged splits, models, calibration, regimes, arbitration, backtest.

    Parameters
    ----------
    config : ExperimentConfig
    bars : DataFrame
        Long bars as supplied, in any order; the experiment takes its symbols and dates from them.
    run_id : str
        Written into every prediction.
    progress : callable, optional
        Receives dicts with `stage`, `fraction` in [0, 1], `message`, and while training `model, fold` and losses.
    should_stop : callable, optional
        Asked between pieces of work; True raises ExperimentCancelled.
    checkpoint : Checkpoint, optional
        Keeps finished folds; folds found there are not trained again.
    cache : FeatureCache, optional
        Features computed earlier of the same bars are read from there; the result is the same.

    Raises
    ------
    DataError, SplitError
        If the bars cannot carry the experiment; the text says what to change.
    ExperimentCancelled
        If `should_stop` said so.
    """
    if config.audit.enabled:
        from finml_core.experiments.audited import run_audited

        return run_audited(
            config, bars, run_id=run_id, progress=progress, should_stop=should_stop, checkpoint=checkpoint, cache=cache
        )
    tell = Progress(progress, should_stop)
    tell("features", 0.0, "computing features")
    data = make_dataset(config, bars, cache)
    splitter = config.split.build()
    samples = data.samples
    tell("splits", 0.03, "splitting")
    n_trained = sum(config.n_seeds if model.draws else 1 for model in config.models)
    check_size(len(samples), config.split.n_paths, n_trained)
    splits = list(splitter.split(samples.X, groups=samples.label_end))
    diagnostics = split_diagnostics(splitter, samples.X, samples.label_end)
    timeline = split_timeline(splitter, samples.X, samples.label_end)
    out = predict_out_of_sample(
        samples,
        splits,
        config.models,
        config.model,
        paths=path_of_rows(config.split, samples.X.index.get_level_values("ts"), splits),
        n_seeds=config.n_seeds,
        context=data.features,
        ahead=rows_after(data, splits[-1][1]),
        progress=Progress(within(progress, TRAINING), should_stop),
        checkpoint=checkpoint,
    )
    tell("calibration", TRAINING[1], "calibrating")
    predictions = calibrate(config, out.predictions)
    tell("regimes", 0.88, "reading regimes")
    probabilities = RuleRegimeDetector(config.regimes).fit(data.bars).filter(data.bars)
    regimes = label_regimes(probabilities)
    on_paths = decide_paths(
        config, data.bars, predictions, regimes, run_id, Progress(within(progress, DECIDING), should_stop)
    )
    decisions, predictions = on_paths.decisions, on_paths.predictions
    tell("audit", DECIDING[1], "auditing")
    audits = audit_run(config, data, splits, predictions)
    periods = bars_per_year(data.bars["ts"])
    seeds = score_folds(out.by_seed, ("model", "fold", "seed"))
    coverage = mean_coverage(predictions)
    strategies = score_strategies(decisions.results, periods)
    board = leaderboard(seeds, mean_calibration(predictions), strategies, out.times, coverage)
    board, path_tables = _with_paths(config, board, on_paths)
    if config.primary.is_there:
        bets = score_bets(config, predictions, data.bars)
        board = board.merge(bets[["model", "precision", "recall", "acted"]], on="model", how="left")
    tables = {
        **({"bets": bets} if config.primary.is_there else {}),
        "predictions": predictions,
        "folds": score_folds(predictions),
        "seeds": seeds,
        "leaderboard": board,
        "timeline": timeline,
        "diagnostics": diagnostics,
        "regimes": probabilities.join(regimes).reset_index(),
        "decisions": decisions.arbitration,
        "strategy_weights": decisions.strategy_weights,
        "equity": equity_table(decisions.results),
        "costs": _costs(decisions),
        "trades": decisions.results[ARBITRATED].trades,
        "history": out.history,
        "times": out.times,
        "audits": audits,
        **path_tables,
    }
    return ExperimentResult(
        config=config,
        tables=tables,
        metrics=_headline(data, board, audits, periods) | {"n_paths": config.split.n_paths},
        trials=run_trials(config, bars_fingerprint(data.bars), decisions, periods),
    )


def calibrate(config: ExperimentConfig, predictions: pd.DataFrame) -> pd.DataFrame:
    """Add `p_cal, lower, upper` by model and path, each from outcomes on it that were known before the block served."""
    parts = []
    settings = config.calibration
    for _, rows in predictions.groupby("model", sort=False):
        blocks = in_blocks(config.split, rows)
        p_cal = cross_fit_calibrate(blocks, settings.method, min_samples=settings.min_samples)
        blocks = blocks.assign(p_cal=p_cal)
        intervals = cross_fit_intervals(blocks, alpha=settings.alpha, min_samples=settings.min_samples)
        parts.append(rows.assign(p_cal=p_cal).join(intervals))
    return pd.concat(parts, ignore_index=True)


def _with_paths(
    config: ExperimentConfig, board: pd.DataFrame, on_paths: PathDecisions
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The leaderboard with the distribution over paths, and the tables behind it; nothing is added to a single path."""
    if config.split.n_paths == 1:
        return board, {}
    paths = score_paths(in_blocks(config.split, on_paths.predictions), on_paths.scores, on_paths.shown)
    return board.join(path_summary(paths), on="model"), {"paths": paths, "path_returns": on_paths.returns}


def _costs(decisions: Decisions) -> pd.DataFrame:
    frames = {name: result.costs for name, result in decisions.results.items()}
    return pd.concat(frames, names=["model", "ts"]).reset_index()


def _headline(data: Dataset, board: pd.DataFrame, audits: pd.DataFrame, periods: float) -> dict[str, Any]:
    return {
        "champion": _champion(board),
        "n_samples": len(data.samples),
        "n_features": data.samples.X.shape[1],
        "dropped": dict(data.samples.dropped),
        "periods_per_year": periods,
        "first": data.bars["ts"].min().isoformat(),
        "last": data.bars["ts"].max().isoformat(),
        "audit_passed": bool(audits["passed"].all()),
    }


def _champion(board: pd.DataFrame) -> str:
    """The model of the least calibrated log loss over all its out-of-sample rows; baselines only where nothing else is.

    A choice made with hindsight, good for looking at and for the next bar. Its past return is that of the best of
    several, which is what the deflated Sharpe ratio is for; nothing in the run was decided by it.
    """
    models = board.loc[board["kind"] == "model"]
    trained = models.loc[[not ModelType(name).is_baseline for name in models["model"]]]
    ranked = (models if trained.empty else trained).sort_values("log_loss_cal", kind="stable", na_position="last")
    return str(ranked["model"].iloc[0])
