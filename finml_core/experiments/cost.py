"""What a run will cost, before it is started: rows, windows, weights, and time at a measured pace."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from finml_core.experiments.config import ExperimentConfig
from finml_core.features.registry import make_registry
from finml_core.models import ModelType
from finml_core.models.count import count_parameters

COST = ("model", "trainings", "paths", "rows", "windows", "parameters", "seconds")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a model was trained before."""

    seconds_per_row: float  # of one training
    windows_per_second: float = float("nan")  # of a network: training windows of all epochs
    window_work: float = float("nan")  # of that network: parameters x bars a window


def estimate_cost(config: ExperimentConfig, n_bars: Mapping[str, int], paces: Mapping[str, Pace]) -> pd.DataFrame:
    """A row a model: trainings (folds x seeds), the paths they make, rows and windows of one, weights, seconds of all.

    Parameters
    ----------
    config : ExperimentConfig
    n_bars : mapping
        Bars of each symbol of the experiment.
    paces : mapping
        By model; a model that nobody has timed yet gets missing seconds.

    Returns
    -------
    DataFrame with model, trainings, paths, rows, windows, parameters, seconds
        Rows count every bar: where only events or bets are asked about, there are fewer. Windows and parameters are
        missing for a model that reads rows. Seconds of a network count all its epochs, which early stopping may cut
        short, and grow with weights and bars a window.
    """
    features = [each for each in make_registry(config.features).values() if _is_used(each, config)]
    n_columns = 2 * len(features) + 2 if config.primary.is_there else len(features)  # each also times the side
    warm_up = max((each.lookback for each in features), default=0)
    warm_up = max(warm_up, config.primary.warm_up) + config.label.horizon
    rows = [max(n_bars[symbol] - warm_up, 0) for symbol in config.symbols]
    n_folds, n_train = _folds(config, sum(rows), max(rows, default=0))
    table = [_cost(model, config, n_folds, n_train, n_columns, paces.get(model.value)) for model in config.models]
    return pd.DataFrame(table, columns=list(COST))


def _is_used(feature: object, config: ExperimentConfig) -> bool:
    return config.features.include_levels or not feature.is_level  # type: ignore[attr-defined]


def _folds(config: ExperimentConfig, n_rows: int, n_times: int) -> tuple[int, float]:
    """Number of folds and training rows of a middle one; what is purged is left out of account."""
    split = config.split
    if split.kind == "purged_kfold":
        return split.n_splits, n_rows * (split.n_splits - 1) / split.n_splits
    if split.kind == "combinatorial":
        return split.build().get_n_splits(), n_rows * (split.n_splits - split.n_test_splits) / split.n_splits
    n_folds = max((n_times - split.train_size - split.test_size) // split.step_size + 1, 0)
    n_train = split.train_size + (split.step_size * (n_folds - 1) / 2 if split.expanding and n_folds else 0)
    return n_folds, n_train * n_rows / max(n_times, 1)


def _cost(
    model: ModelType, config: ExperimentConfig, n_folds: int, n_train: float, n_features: int, pace: Pace | None
) -> dict[str, object]:
    trainings = n_folds * (config.n_seeds if model.draws else 1)
    row = {"model": model.value, "trainings": trainings, "paths": config.split.n_paths, "rows": n_train}
    windows = parameters = seconds = float("nan")
    if model.is_sequence:
        windows = n_train * (1 - config.model.train.validation_share)
        parameters = float(count_parameters(getattr(config.model, model.value), n_features))
        if pace is not None:
            work = parameters * config.model.sequence_length / pace.window_work
            seconds = trainings * windows * config.model.train.epochs / pace.windows_per_second * work
    elif pace is not None:
        seconds = trainings * n_train * pace.seconds_per_row
    return {**row, "windows": windows, "parameters": parameters, "seconds": seconds}
