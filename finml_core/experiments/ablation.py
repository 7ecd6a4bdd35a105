"""Which families of features an experiment's skill rests on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.data import Dataset
from finml_core.experiments.fitting import taken
from finml_core.experiments.leak_controls import probe_of
from finml_core.experiments.paths import path_of_rows
from finml_core.experiments.predict import Split
from finml_core.experiments.primary import plain_feature
from finml_core.experiments.progress import Progress
from finml_core.features.registry import make_registry
from finml_core.inspection import AblationTester
from finml_core.metrics import auc
from finml_core.models import ModelFactory, ModelType
from finml_core.typing import FloatArray


def ablate(
    config: ExperimentConfig,
    data: Dataset,
    splits: Sequence[Split],
    *,
    by: str = "family",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Leave out one family (or, with `by="feature"`, one feature) at a time; score AUC within the same folds.

    Returns
    -------
    DataFrame
        As `AblationTester.run`, most important first.
    """
    return ablate_and_keep(config, data, splits, by=by, model=probe_of(config.models), progress=progress)[0]


def ablate_and_keep(
    config: ExperimentConfig,
    data: Dataset,
    splits: Sequence[Split],
    *,
    by: str,
    model: ModelType,
    progress: Progress | None = None,
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """As `ablate` with a model that reads rows; and, by group, the forecasts made without it.

    Returns
    -------
    (DataFrame, dict of DataFrames)
        The forecasts have symbol, ts, fold, path, model, p_raw, y_true, label_return, label_end.
    """
    tell, samples = progress or Progress(), data.samples
    groups = feature_families(config, samples.X) if by == "family" else {name: [name] for name in samples.X.columns}
    kept = _Keeper()
    table = AblationTester(scorer=kept).run(
        lambda: ModelFactory.create_model(model, config.model),
        samples.X,
        samples.y,
        splits,
        groups,
        fit_arguments=lambda train: {
            "sample_weight": samples.training_weight(train),
            **taken(ModelFactory.create_model(model, config.model).fit, label_end=samples.label_end.iloc[train]),
        },
        tell=lambda share, words: tell("ablation", share, words),
    )
    rows = _tested(config, data, splits, model)
    without = {name: tuple(c for c in samples.X.columns if c not in set(own)) for name, own in groups.items()}
    forecasts = {name: rows.assign(p_raw=np.concatenate(kept.forecasts[columns])) for name, columns in without.items()}
    return table, forecasts


def feature_families(config: ExperimentConfig, X: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of each family, in the order of the registry."""
    registry = make_registry(config.features)
    families: dict[str, list[str]] = {}
    for column in X.columns:
        feature = registry.get(plain_feature(column))
        families.setdefault(feature.family if feature else "other", []).append(column)
    return families


class _Keeper:
    """A scorer by AUC that keeps the forecasts of each choice of columns, fold after fold."""

    def __init__(self) -> None:
        self.forecasts: dict[tuple[str, ...], list[FloatArray]] = {}

    def __call__(self, estimator: Any, X: pd.DataFrame, y: pd.Series) -> float:
        p_up = estimator.predict_proba(X)[:, 1]
        self.forecasts.setdefault(tuple(X.columns), []).append(p_up)
        return auc(y, p_up)


def _tested(config: ExperimentConfig, data: Dataset, splits: Sequence[Split], model: ModelType) -> pd.DataFrame:
    """The tested rows of all folds below each other, with their outcomes."""
    samples = data.samples
    rows = np.concatenate([test for _, test in splits])
    return (
        samples.X.index[rows]
        .to_frame(index=False)
        .assign(
            fold=np.repeat(np.arange(len(splits)), [len(test) for _, test in splits]),
            path=np.concatenate(path_of_rows(config.split, samples.X.index.get_level_values("ts"), splits)),
            model=model.value,
            y_true=samples.y.to_numpy()[rows],
            label_return=samples.label_return.to_numpy()[rows],
            label_end=samples.label_end.to_numpy()[rows],
        )
    )
