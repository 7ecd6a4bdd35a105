"""From bars to samples: the part of the line that learns nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from finml_core.errors import DataError
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.outcomes import label_bars
from finml_core.experiments.primary import primary_opinion, with_side
from finml_core.features import FeatureCache, FeatureEngineer
from finml_core.labels import LabelConfig, average_uniqueness, label_weight, training_weight
from finml_core.samples import Samples, make_samples
from finml_core.schemas import as_bars
from finml_core.typing import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What models learn from, and what they may be asked about."""

    bars: pd.DataFrame  # sorted long bars, as supplied
    features: pd.DataFrame  # every bar, missing in the warm-up
    samples: Samples  # complete rows with a known outcome
    asked: pd.Series | None = None  # booleans on the bars' (symbol, ts): those a model is asked about; None for all


def make_dataset(config: ExperimentConfig, bars: pd.DataFrame, cache: FeatureCache | None = None) -> Dataset:
    """Choose the bars, compute features and labels, and keep the complete rows.

    With a `cache`, features that any process has computed of the same bars and configuration are read from there.

    Raises
    ------
    DataError
        If a symbol of the experiment has no bars in its range, or no complete row is left.
    """
    bars = choose_bars(config, bars)
    features = compute_features(config, bars, cache)
    labels, asked = label_bars(config.label, config.primary, bars)
    samples = make_samples(features, labels, asked)
    if config.label.is_relative:
        samples = replace(samples, weigh=_weigher(config.label, bars, labels["label_end"], samples.X.index))
    return Dataset(bars=bars, features=features, samples=samples, asked=asked)


def _weigher(
    label: LabelConfig, bars: pd.DataFrame, label_end: pd.Series, index: pd.MultiIndex
) -> Callable[[IntArray], FloatArray]:
    """What weighs the training rows of a fold among themselves."""
    ageless = replace(label, decay=False, weights="uniqueness" if label.weights == "time_decay" else label.weights)
    weight = label_weight(bars, label_end, ageless).reindex(index)
    uniqueness = average_uniqueness(label_end).reindex(index)
    return lambda rows: training_weight(weight.iloc[rows], uniqueness.iloc[rows], label)


def compute_features(config: ExperimentConfig, bars: pd.DataFrame, cache: FeatureCache | None = None) -> pd.DataFrame:
    """What models read at each bar; where a primary strategy chooses the side, it is among the features."""
    engineer = FeatureEngineer(config.features).fit(bars)
    features = engineer.transform(bars) if cache is None else cache.transform(engineer, bars)
    return with_side(features, primary_opinion(config.primary, bars)) if config.primary.is_there else features


def rows_after(data: Dataset, tested: IntArray) -> pd.DataFrame:
    """Complete feature rows that are asked about and later than every tested sample: the last ones have no outcome yet.

    Walk-forward blocks that do not fit leave scored rows here too; nobody trained on them.
    """
    last = data.samples.X.index[tested].get_level_values("ts").max()
    is_later = data.features.index.get_level_values("ts") > last
    if data.asked is not None:
        is_later &= data.asked.to_numpy()
    return data.features.loc[is_later].dropna()


def choose_bars(config: ExperimentConfig, bars: pd.DataFrame) -> pd.DataFrame:
    """The bars of the experiment's symbols and dates, sorted."""
    bars = as_bars(bars)
    keep = bars["symbol"].isin(config.symbols)
    if config.start is not None:
        keep &= bars["ts"] >= pd.Timestamp(config.start)
    if config.end is not None:
        keep &= bars["ts"] < pd.Timestamp(config.end).normalize() + pd.Timedelta(days=1)
    chosen = bars.loc[keep].reset_index(drop=True)
    missing = sorted(set(config.symbols) - set(chosen["symbol"].unique()))
    if missing:
        raise DataError(
            f"no bars of {', '.join(missing)} from {config.start or 'the first day'} to {config.end or 'the last'}; "
            "choose other symbols or dates, or ingest them first."
        )
    return chosen
