"""Which families of features an experiment's skill rests on."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.data import Dataset
from finml_core.experiments.leak_controls import probe_of
from finml_core.experiments.predict import Split
from finml_core.experiments.progress import Progress
from finml_core.features.registry import make_registry
from finml_core.inspection import AblationTester
from finml_core.metrics import auc
from finml_core.models import ModelFactory


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
    tell = progress or Progress()
    samples, probe = data.samples, probe_of(config.models)
    return AblationTester(scorer=_auc).run(
        lambda: ModelFactory.create_model(probe, config.model),
        samples.X,
        samples.y,
        splits,
        feature_families(config, samples.X) if by == "family" else None,
        fit_arguments=lambda train: {"sample_weight": samples.sample_weight.iloc[train].to_numpy()},
        tell=lambda share, words: tell("ablation", share, words),
    )


def feature_families(config: ExperimentConfig, X: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of each family, in the order of the registry."""
    registry = make_registry(config.features)
    families: dict[str, list[str]] = {}
    for column in X.columns:
        families.setdefault(registry[column].family if column in registry else "other", []).append(column)
    return families


def _auc(estimator: Any, X: pd.DataFrame, y: pd.Series) -> float:
    return auc(y, estimator.predict_proba(X)[:, 1])
