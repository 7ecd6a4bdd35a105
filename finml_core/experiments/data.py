"""From bars to samples: the part of the line that learns nothing."""

from dataclasses import dataclass

import pandas as pd

from finml_core.errors import DataError
from finml_core.experiments.config import ExperimentConfig
from finml_core.features import FeatureCache, FeatureEngineer
from finml_core.labels import make_labels
from finml_core.samples import Samples, make_samples
from finml_core.schemas import as_bars
from finml_core.typing import IntArray


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What models learn from, and what they may be asked about."""

    bars: pd.DataFrame  # sorted long bars, as supplied
    features: pd.DataFrame  # every bar, missing in the warm-up
    samples: Samples  # complete rows with a known outcome


def make_dataset(config: ExperimentConfig, bars: pd.DataFrame, cache: FeatureCache | None = None) -> Dataset:
    """Choose the bars, compute features and labels, and keep the complete rows.

    With a `cache`, features that any process has computed of the same bars and configuration are read from there.

    Raises
    ------
    DataError
        If a symbol of the experiment has no bars in its range, or no complete row is left.
    """
    bars = choose_bars(config, bars)
    engineer = FeatureEngineer(config.features).fit(bars)
    features = engineer.transform(bars) if cache is None else cache.transform(engineer, bars)
    labels = make_labels(bars, config.label)
    return Dataset(bars=bars, features=features, samples=make_samples(features, labels))


def rows_after(data: Dataset, tested: IntArray) -> pd.DataFrame:
    """Complete feature rows later than every tested sample: the last ones have no outcome yet.

    Walk-forward blocks that do not fit leave scored rows here too; nobody trained on them.
    """
    last = data.samples.X.index[tested].get_level_values("ts").max()
    later = data.features.loc[data.features.index.get_level_values("ts") > last]
    return later.dropna()


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
