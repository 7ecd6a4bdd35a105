"""What the page Features computes, each once, keyed by symbols, dates and the store's version.

Large tables are kept as resources, which are handed out without a copy; nobody may write to them. Features of a large
universe are made family by family and judged at once, so that all of them together are never in memory.
"""

import os
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from finml_core.features import make_registry
from finml_core.report import features as reports
from finml_core.report import signals
from finml_core.report.outcomes import Outcomes, make_outcomes
from finml_core.schemas import adjusted, as_bars, key_index, segments
from pages._ui import load

HORIZONS = (1, 2, 5, 10, 20)
MOST_SAMPLED = 5  # symbols of the sample, with their whole history
UNIT_ROOT_BARS = 1260  # the last of each sampled symbol
MOST_ROWS = 5_000  # rows that a selection learns from
AUDIT_SYMBOLS, AUDIT_BARS, AUDIT_CUTS = 3, 750, 2
ALLOWED = "FINML_ALLOW_USER_CODE"


@dataclass(frozen=True)
class Key:
    """The bars that are looked at."""

    symbols: tuple[str, ...]
    start: date | None
    end: date | None
    version: int = field(default_factory=load.data_version)

    @property
    def asked(self) -> tuple[tuple[str, ...], date | None, date | None, int]:
        """As an argument of a cache."""
        return self.symbols, self.start, self.end, self.version


@dataclass(frozen=True)
class Universe:
    """Bars, adjusted closes and the returns that follow them."""

    bars: pd.DataFrame
    close: pd.Series
    outcomes: Outcomes
    rows: dict[str, slice]  # of each symbol
    sample: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """Every feature and horizon, and the values of the sample's symbols."""

    board: pd.DataFrame
    sample: pd.DataFrame
    left_out: dict[str, str]


def universe(key: Key) -> Universe:
    """The bars and what follows them."""
    return _universe(*key.asked)


@st.cache_resource(max_entries=2, show_spinner="Laying out bars and the returns that follow")
def _universe(symbols: tuple[str, ...], start: date | None, end: date | None, version: int) -> Universe:
    bars = as_bars(load.bar_store().load(list(symbols), load.first_moment(start), load.last_moment(end)))
    close = pd.Series(adjusted(bars)["close"].to_numpy(), index=key_index(bars), name="close")
    edges = segments(bars)
    names = [str(name) for name in bars["symbol"].iloc[edges[:-1]]]
    rows = {name: slice(int(a), int(b)) for name, a, b in zip(names, edges[:-1], edges[1:], strict=True)}
    return Universe(bars, close, make_outcomes(close, HORIZONS), rows, _sample(rows))


def _sample(rows: dict[str, slice]) -> tuple[str, ...]:
    """A few symbols with about the longest histories, spread over the alphabet."""
    length = {name: where.stop - where.start for name, where in rows.items()}
    longest = [name for name in sorted(rows) if length[name] >= 0.9 * max(length.values())]
    places = np.unique(np.linspace(0, len(longest) - 1, MOST_SAMPLED).round().astype(int))
    return tuple(longest[place] for place in places)


def judged(key: Key) -> Judged:
    """Every feature as a signal over every horizon."""
    return _judged(*key.asked)


@st.cache_resource(max_entries=4, show_spinner="Judging every feature (once for these bars)", show_time=True)
def _judged(symbols: tuple[str, ...], start: date | None, end: date | None, version: int) -> Judged:
    from finml_core.features import FeatureEngineer

    config, world = load.default_experiment().features, _universe(symbols, start, end, version)
    whole = FeatureEngineer(config).fit(world.bars)
    rows = np.concatenate([np.arange(world.rows[name].start, world.rows[name].stop) for name in world.sample])
    boards, samples = [], []
    for family in dict.fromkeys(feature.family for feature in whole.features_.values()):
        part = FeatureEngineer(replace(config, families=(family,))).fit(world.bars)
        table = part.transform(world.bars)
        boards.append(signals.signal_board(table, world.outcomes))
        samples.append(table.iloc[rows])
    return Judged(pd.concat(boards, ignore_index=True), pd.concat(samples, axis=1), dict(whole.notes_))


def metadata() -> pd.DataFrame:
    """What is known about each feature of the default configuration."""
    rows = [
        {
            "name": feature.name,
            "family": feature.family,
            "formula": feature.formula,
            "lookback": feature.lookback,
            "warm_up": feature.warm_up,
            "inputs": ", ".join(feature.inputs),
            "reference": feature.reference,
        }
        for feature in registry().values()
    ]
    return pd.DataFrame(rows)


@st.cache_resource
def registry() -> dict[str, Any]:
    """Every feature of the default configuration by name."""
    return dict(make_registry(load.default_experiment().features))


@st.cache_data(max_entries=32, show_spinner=False)
def _board(symbols: tuple[str, ...], start: date | None, end: date | None, version: int, horizon: int) -> pd.DataFrame:
    board = _judged(symbols, start, end, version).board
    return signals.corrected(board[board["horizon"] == horizon])


def board(key: Key, horizon: int) -> pd.DataFrame:
    """Every feature over one horizon with corrected p-values, strongest first."""
    return _board(*key.asked, horizon)


@st.cache_data(max_entries=8, show_spinner="Testing for unit roots")
def _unit_roots(symbols: tuple[str, ...], start: date | None, end: date | None, version: int) -> pd.DataFrame:
    from finml_core.features import unit_root_tests

    return unit_root_tests(_judged(symbols, start, end, version).sample, max_bars=UNIT_ROOT_BARS)


def unit_roots(key: Key) -> pd.DataFrame:
    """ADF and KPSS of every feature and sampled symbol."""
    return _unit_roots(*key.asked)


@st.cache_data(max_entries=8, show_spinner="Auditing every feature on other histories")
def _audit(symbols: tuple[str, ...], start: date | None, end: date | None, version: int) -> pd.DataFrame:
    from finml_core.features import FeatureEngineer
    from finml_core.splits import audit_features

    engineer = FeatureEngineer(load.default_experiment().features)
    warm_up = {feature.name: feature.lookback - 1 + feature.warm_up for feature in registry().values()}
    return audit_features(
        lambda part: engineer.fit(part).transform(part),
        _audit_bars(_universe(symbols, start, end, version)),
        n_cuts=AUDIT_CUTS,
        warm_up=warm_up,
    )


def audit(key: Key) -> pd.DataFrame:
    """Every feature computed again on other histories of some bars."""
    return _audit(*key.asked)


def audit_bars(key: Key) -> pd.DataFrame:
    """The bars that are audited: the last of a few symbols."""
    return _audit_bars(universe(key))


def _audit_bars(world: Universe) -> pd.DataFrame:
    parts = [world.bars.iloc[world.rows[name]].tail(AUDIT_BARS) for name in world.sample[:AUDIT_SYMBOLS]]
    return pd.concat(parts, ignore_index=True)


@st.cache_resource(max_entries=8, show_spinner=False)
def _values(symbols: tuple[str, ...], start: date | None, end: date | None, version: int, name: str) -> pd.Series:
    return registry()[name].compute(_universe(symbols, start, end, version).bars)


def values(key: Key, name: str) -> pd.Series:
    """One feature of all symbols, on (symbol, ts)."""
    return _values(*key.asked, name)


@st.cache_resource(max_entries=32, show_spinner=False)
def _study(
    symbols: tuple[str, ...], start: date | None, end: date | None, version: int, name: str, n_buckets: int
) -> signals.SignalStudy:
    feature = _values(symbols, start, end, version, name)
    return signals.study_signal(
        feature, _universe(symbols, start, end, version).outcomes, name=name, n_buckets=n_buckets
    )


def study(key: Key, name: str, n_buckets: int) -> signals.SignalStudy:
    """One feature compared with what followed."""
    return _study(*key.asked, name, n_buckets)


@st.cache_data(max_entries=64, show_spinner=False)
def _histogram(symbols: tuple[str, ...], start: date | None, end: date | None, version: int, name: str) -> Any:
    feature = _values(symbols, start, end, version, name)
    return reports.histogram(feature), int(feature.notna().sum()), float(feature.median())


def histogram(key: Key, name: str) -> tuple[pd.DataFrame, int, float]:
    """How often each value occurs; how many there are; the median."""
    return _histogram(*key.asked, name)


def history(key: Key, name: str, symbol: str) -> pd.DataFrame:
    """ts, close (adjusted), value of one feature of one symbol."""
    world, feature = universe(key), values(key, name)
    rows = world.rows[symbol]
    return pd.DataFrame(
        {
            "ts": world.bars["ts"].iloc[rows].to_numpy(),
            "close": world.close.iloc[rows].to_numpy(),
            "value": feature.iloc[rows].to_numpy(),
        }
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _market_regimes(symbols: tuple[str, ...], start: date | None, end: date | None, version: int) -> pd.Series:
    from finml_core.regimes import RuleRegimeDetector, label_regimes

    index = reports.equal_weight_bars(_universe(symbols, start, end, version).close)
    return label_regimes(RuleRegimeDetector().fit(index).filter(index))["regime"]


def market_regimes(key: Key) -> pd.Series:
    """The regime of the equal-weight index of these symbols at each bar, filtered."""
    return _market_regimes(*key.asked)


@st.cache_data(max_entries=8, show_spinner="Comparing every pair of features")
def _correlation(symbols: tuple[str, ...], start: date | None, end: date | None, version: int) -> pd.DataFrame:
    from finml_core.features import rank_correlations

    return rank_correlations(_judged(symbols, start, end, version).sample)


def correlation(key: Key) -> pd.DataFrame:
    """Rank correlation of every pair of features on the sampled symbols."""
    return _correlation(*key.asked)


def clusters(key: Key, threshold: float) -> pd.DataFrame:
    """Features that move together, in the order of the tree."""
    from finml_core.features import cluster_features

    return cluster_features(correlation(key), threshold=threshold)


@st.cache_data(max_entries=16, show_spinner="Choosing features inside each training fold", show_time=True)
def _selection(
    symbols: tuple[str, ...], start: date | None, end: date | None, version: int, method: str, horizon: int
) -> tuple[dict[int, pd.DataFrame], list[str], int]:
    from finml_core.features import select_features
    from finml_core.labels import LabelConfig, make_labels

    world, sample = _universe(symbols, start, end, version), _judged(symbols, start, end, version).sample
    bars = world.bars[world.bars["symbol"].isin(world.sample)]
    labels = make_labels(bars, LabelConfig(horizon=horizon)).reindex(sample.index)
    known = labels["y"].notna() & labels["label_end"].notna()
    features, left_out = reports.complete_columns(sample[known.to_numpy()])
    stamps = np.unique(features.index.get_level_values("ts"))
    step = -(-len(features) // MOST_ROWS)
    features = features[features.index.get_level_values("ts").isin(stamps[::step])]
    outcome = labels.loc[features.index]
    splitter = load.default_experiment().split.build()
    folds = {
        number: select_features(
            features, outcome["y"], method=method, rows=train, label_end=outcome["label_end"], seed=number
        )
        for number, (train, _) in enumerate(splitter.split(features, outcome["y"], outcome["label_end"]))
    }
    return folds, left_out, len(features)


def selection(key: Key, method: str, horizon: int) -> tuple[dict[int, pd.DataFrame], list[str], int]:
    """`select_features` by the training rows of each fold; the features left out; the rows."""
    return _selection(*key.asked, method, horizon)


def user_code_allowed() -> bool:
    """Whether whoever started the server lets readers bring code."""
    return os.environ.get(ALLOWED) == "1"


def audit_source(key: Key, source: str) -> pd.DataFrame:
    """Audit a reader's feature in a process of its own, if that is allowed here."""
    from finml_core.errors import RunError
    from finml_core.runs import audit_user_feature

    if not user_code_allowed():
        raise RunError(f"this server runs no code of its readers; start it with {ALLOWED}=1 to allow that.")
    return audit_user_feature(source, audit_bars(key))
