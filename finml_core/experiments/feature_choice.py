"""What each training fold would choose of the features of a universe's sample."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.experiments.config import SplitConfig
from finml_core.experiments.feature_study import Tell, Universe
from finml_core.features import select_features
from finml_core.labels import LabelConfig, make_labels
from finml_core.report.features import complete_columns

MOST_ROWS = 5_000  # that a choice learns from


@dataclass(frozen=True, kw_only=True)
class FeatureChoice:
    """The tables of `features.select_features` by the training rows of each fold."""

    folds: dict[int, pd.DataFrame]
    left_out: tuple[str, ...]  # too often missing, or constant
    n_rows: int


def choose_features(
    world: Universe, sample: pd.DataFrame, split: SplitConfig, method: str, horizon: int, tell: Tell | None = None
) -> FeatureChoice:
    """Score the sample's features in every training fold of `split`, by the direction over `horizon` bars."""
    bars = world.bars[world.bars["symbol"].isin(world.sample)]
    labels = make_labels(bars, LabelConfig(horizon=horizon)).reindex(sample.index)
    known = labels["y"].notna() & labels["label_end"].notna()
    features, left_out = complete_columns(sample[known.to_numpy()])
    stamps = np.unique(features.index.get_level_values("ts"))
    step = -(-len(features) // MOST_ROWS)
    features = features[features.index.get_level_values("ts").isin(stamps[::step])]
    outcome = labels.loc[features.index]
    splits = list(split.build().split(features, outcome["y"], outcome["label_end"]))
    folds = {}
    for number, (train, _) in enumerate(splits):
        if tell is not None:
            tell(number / len(splits), f"choosing in training fold {number + 1} of {len(splits)}")
        folds[number] = select_features(
            features, outcome["y"], method=method, rows=train, label_end=outcome["label_end"], seed=number
        )
    return FeatureChoice(folds=folds, left_out=tuple(left_out), n_rows=len(features))
