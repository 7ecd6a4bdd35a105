"""What the page Features computes, each once, keyed by symbols, dates and the store's version.

Large tables are kept as resources, which are handed out without a copy; nobody may write to them. What takes long is
computed by a process of its own and kept on disk: the page says how far it is, and the next reader finds it there.
"""

import os
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

import pandas as pd
import streamlit as st

from finml_core.experiments.feature_choice import FeatureChoice, choose_features
from finml_core.experiments.feature_study import (
    FeatureStudy,
    Universe,
    feature_values,
    lay_out,
    study_features,
)
from finml_core.features import make_registry
from finml_core.report import features as reports
from finml_core.report import signals
from finml_core.runs import feature_studies as runs
from finml_core.runs.feature_cache import feature_cache
from finml_core.runs.home import home
from finml_core.runs.study_store import study_name
from pages._ui import load

QUICK_BARS = 100_000  # so many are studied in a few seconds, here; more by a process of their own
QUICK_METHODS = ("f_test", "mutual_information")
ALLOWED = "FINML_ALLOW_USER_CODE"
COMPILED_FIRST = "On a fresh machine their code is compiled first: about half a minute, once."


class NotYet(Exception):
    """This is for a process of its own: `order` says what it is to compute."""

    def __init__(self, order: runs.StudyOrder):
        super().__init__(order.name)
        self.order = order


@dataclass(frozen=True)
class Key:
    """The bars that are looked at."""

    symbols: tuple[str, ...]
    start: date | None
    end: date | None
    version: int = field(default_factory=load.data_version)

    @cached_property
    def short(self) -> str:
        """The same in few letters: hundreds of symbols would be hashed for each of the caches below."""
        text = "\n".join([*self.symbols, str(self.start), str(self.end), str(self.version), str(home())])
        return sha256(text.encode()).hexdigest()


BY_KEY = {Key: lambda key: key.short}


def universe(key: Key) -> Universe:
    """The bars, laid out."""
    return _universe(key)


@st.cache_resource(hash_funcs=BY_KEY, max_entries=2, show_spinner="Laying out the bars")
def _universe(key: Key) -> Universe:
    return lay_out(load.bar_store().load(list(key.symbols), load.first_moment(key.start), load.last_moment(key.end)))


def study_of(key: Key) -> FeatureStudy:
    """What was found out about every feature.

    Raises
    ------
    NotYet
        If nobody has studied so many bars yet.
    """
    return _study_of(key)


@st.cache_resource(
    hash_funcs=BY_KEY,
    max_entries=4,
    show_spinner=f"Judging every feature, once for these bars. {COMPILED_FIRST}",
    show_time=True,
)
def _study_of(key: Key) -> FeatureStudy:
    world, experiment = _universe(key), load.default_experiment()
    study = runs.load_study(runs.studies(home()), experiment, world)
    if study is not None:
        return study
    if len(world.bars) > QUICK_BARS:
        raise NotYet(_order(world, key, runs.BOARD))
    return study_features(experiment.features, world, feature_cache(home()))


def _order(world: Universe, key: Key, piece: str) -> runs.StudyOrder:
    first, last = load.first_moment(key.start), load.last_moment(key.end)
    return runs.StudyOrder(
        home=str(home().resolve()),
        symbols=key.symbols,
        start=None if first is None else first.isoformat(),
        end=None if last is None else last.isoformat(),
        piece=piece,
        name=study_name(world.content, load.default_experiment(), piece),
    )


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


@st.cache_data(hash_funcs=BY_KEY, max_entries=32, show_spinner=False)
def _board(key: Key, horizon: int) -> pd.DataFrame:
    board = _study_of(key).board
    return signals.corrected(board[board["horizon"] == horizon])


def board(key: Key, horizon: int) -> pd.DataFrame:
    """Every feature over one horizon with corrected p-values, strongest first."""
    return _board(key, horizon)


@st.cache_data(hash_funcs=BY_KEY, max_entries=8, show_spinner=False)
def _stationarity(key: Key) -> pd.DataFrame:
    from finml_core.features import stationarity_table

    return stationarity_table(_study_of(key).unit_roots)


def stationarity(key: Key) -> pd.DataFrame:
    """ADF and KPSS of every feature over the sampled symbols, with a verdict."""
    return _stationarity(key)


def audit(key: Key) -> pd.DataFrame:
    """Every feature computed again on other histories of some bars."""
    return study_of(key).audit


def audit_bars(key: Key) -> pd.DataFrame:
    """The bars that are audited: the last of a few symbols."""
    return universe(key).audited


@st.cache_resource(hash_funcs=BY_KEY, max_entries=8, show_spinner=False)
def _values(key: Key, name: str) -> pd.Series:
    world = _universe(key)
    found = feature_values(load.default_experiment().features, world, feature_cache(home()), name)
    return pd.Series(found, index=world.close.index, name=name)


def values(key: Key, name: str) -> pd.Series:
    """One feature of all symbols, on (symbol, ts)."""
    return _values(key, name)


@st.cache_resource(hash_funcs=BY_KEY, max_entries=32, show_spinner=False)
def _study(key: Key, name: str, n_buckets: int) -> signals.SignalStudy:
    feature = _values(key, name)
    return signals.study_signal(feature, _universe(key).outcomes, name=name, n_buckets=n_buckets)


def study(key: Key, name: str, n_buckets: int) -> signals.SignalStudy:
    """One feature compared with what followed."""
    return _study(key, name, n_buckets)


@st.cache_data(hash_funcs=BY_KEY, max_entries=64, show_spinner=False)
def _histogram(key: Key, name: str) -> Any:
    return reports.distribution(_values(key, name))


def histogram(key: Key, name: str) -> tuple[pd.DataFrame, int, float]:
    """How often each value occurs; how many there are; the median."""
    return _histogram(key, name)


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


@st.cache_data(hash_funcs=BY_KEY, max_entries=8, show_spinner=False)
def _market_regimes(key: Key) -> pd.Series:
    from finml_core.regimes import RuleRegimeDetector, label_regimes

    index = reports.equal_weight_bars(_universe(key).close)
    return label_regimes(RuleRegimeDetector().fit(index).filter(index))["regime"]


def market_regimes(key: Key) -> pd.Series:
    """The regime of the equal-weight index of these symbols at each bar, filtered."""
    return _market_regimes(key)


@st.cache_data(hash_funcs=BY_KEY, max_entries=8, show_spinner="Comparing every pair of features")
def _correlation(key: Key) -> pd.DataFrame:
    from finml_core.features import rank_correlations

    return rank_correlations(_study_of(key).sample)


def correlation(key: Key) -> pd.DataFrame:
    """Rank correlation of every pair of features on the sampled symbols."""
    return _correlation(key)


def clusters(key: Key, threshold: float) -> pd.DataFrame:
    """Features that move together, in the order of the tree."""
    from finml_core.features import cluster_features

    return cluster_features(correlation(key), threshold=threshold)


@st.cache_resource(
    hash_funcs=BY_KEY, max_entries=16, show_spinner="Choosing features inside each training fold", show_time=True
)
def _selection(key: Key, method: str, horizon: int) -> FeatureChoice:
    world, experiment = _universe(key), load.default_experiment()
    choice = runs.load_choice(runs.studies(home()), experiment, world, method, horizon)
    if choice is not None:
        return choice
    if method not in QUICK_METHODS:
        raise NotYet(_order(world, key, runs.choice_piece(method, horizon)))
    sample = _study_of(key).sample
    return choose_features(world, sample, experiment.split, method, horizon)


def selection(key: Key, method: str, horizon: int) -> FeatureChoice:
    """What each training fold would choose.

    Raises
    ------
    NotYet
        If that takes long and nobody has asked for it yet.
    """
    return _selection(key, method, horizon)


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
