"""Every feature of a universe of bars studied: as a signal, for unit roots, and for looking ahead.

The features of a large universe are made family by family and judged at once, so that all of them together are never in
memory.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from finml_core.errors import DataError
from finml_core.features import FeatureCache, FeatureConfig, FeatureEngineer, make_registry, unit_root_tests
from finml_core.features.cache import bars_hash
from finml_core.report import signals
from finml_core.report.outcomes import Outcomes, make_outcomes
from finml_core.schemas import adjusted, as_bars, key_index, segments
from finml_core.splits import audit_features
from finml_core.typing import FloatArray

HORIZONS = (1, 2, 5, 10, 20)  # bars ahead
MOST_SAMPLED = 5  # symbols of the sample, with their whole history
UNIT_ROOT_BARS = 1260  # the last of each sampled symbol
AUDIT_SYMBOLS, AUDIT_BARS, AUDIT_CUTS = 3, 750, 2
JUDGED = 0.9  # share of the work after which every feature has been judged as a signal

Tell = Callable[[float, str], None]  # receives the share that is done and what is being done


@dataclass(frozen=True)
class Universe:
    """Bars with what every study of them needs."""

    bars: pd.DataFrame  # sorted long bars
    close: pd.Series  # adjusted, on (symbol, ts)
    rows: dict[str, slice]  # of each symbol
    sample: tuple[str, ...]  # a few symbols with about the longest histories
    content: str  # hash of the bars

    @cached_property
    def outcomes(self) -> Outcomes:
        """The returns that follow each bar, over every horizon; made when first asked for."""
        return make_outcomes(self.close, HORIZONS)

    @property
    def audited(self) -> pd.DataFrame:
        """The bars that features are audited on: the last of a few symbols."""
        parts = [self.bars.iloc[self.rows[name]].tail(AUDIT_BARS) for name in self.sample[:AUDIT_SYMBOLS]]
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, kw_only=True)
class FeatureStudy:
    """What was found out about every feature; no table may be written to."""

    board: pd.DataFrame  # `report.signals.signal_board`: every feature and horizon
    sample: pd.DataFrame  # the features of the sample's symbols
    unit_roots: pd.DataFrame  # `features.unit_root_tests` on the sample
    audit: pd.DataFrame  # `splits.audit_features` on the audited bars
    left_out: dict[str, str]  # features that could not be made, with the reason


def lay_out(bars: pd.DataFrame) -> Universe:
    """Long bars of one symbol or more, in any order, as a universe to study.

    Raises
    ------
    DataError
        If there are none.
    """
    bars = as_bars(bars)
    if bars.empty:
        raise DataError("there are no bars to study; choose other symbols or dates.")
    edges = segments(bars)
    names = [str(name) for name in bars["symbol"].iloc[edges[:-1]]]
    rows = {name: slice(int(a), int(b)) for name, a, b in zip(names, edges[:-1], edges[1:], strict=True)}
    close = pd.Series(adjusted(bars)["close"].to_numpy(), index=key_index(bars), name="close")
    return Universe(bars, close, rows, _sample(rows), bars_hash(bars))


def study_features(
    config: FeatureConfig, world: Universe, cache: FeatureCache, tell: Tell | None = None
) -> FeatureStudy:
    """Judge every feature that `config` makes of these bars; the features stay in the cache, family by family."""
    tell = tell or _in_silence
    engineers = by_family(config, world)
    total, done = sum(len(engineer.features_) for engineer in engineers.values()), 0
    rows = np.concatenate([np.arange(world.rows[name].start, world.rows[name].stop) for name in world.sample])
    boards, samples, left_out = [], [], {}
    for family, engineer in engineers.items():
        left_out |= engineer.notes_
        if not engineer.features_:
            continue
        tell(JUDGED * done / total, f"{family.replace('_', ' ')}: {done} of {total} features are judged")
        table = cache.transform(engineer, world.bars, snapshot=world.content)
        boards.append(signals.signal_board(table, world.outcomes))
        samples.append(table.iloc[rows])
        done += len(engineer.features_)
    sample = pd.concat(samples, axis=1)
    tell(JUDGED, "testing for unit roots")
    unit_roots = unit_root_tests(sample, max_bars=UNIT_ROOT_BARS)
    tell(0.95, "computing every feature again on other histories")
    return FeatureStudy(
        board=pd.concat(boards, ignore_index=True),
        sample=sample,
        unit_roots=unit_roots,
        audit=_audit(config, world),
        left_out=left_out,
    )


def feature_values(config: FeatureConfig, world: Universe, cache: FeatureCache, name: str) -> FloatArray:
    """One feature of shape (n_bars,): as a study left it in the cache, else computed now."""
    feature = make_registry(config)[name]
    engineer = FeatureEngineer(replace(config, families=(feature.family,))).fit(world.bars)
    kept = cache.read(engineer, name, world.content, len(world.bars))
    return feature.compute(world.bars).to_numpy() if kept is None else kept


def by_family(config: FeatureConfig, world: Universe) -> dict[str, FeatureEngineer]:
    """A fitted engineer a family, without those that no feature can be made of here."""
    possible = FeatureEngineer(config).fit(world.bars)
    families = dict.fromkeys(feature.family for feature in possible.features_.values())
    return {family: FeatureEngineer(replace(config, families=(family,))).fit(world.bars) for family in families}


def _audit(config: FeatureConfig, world: Universe) -> pd.DataFrame:
    engineer = FeatureEngineer(config)
    warm_up = {feature.name: feature.lookback - 1 + feature.warm_up for feature in make_registry(config).values()}
    return audit_features(
        lambda part: engineer.fit(part).transform(part), world.audited, n_cuts=AUDIT_CUTS, warm_up=warm_up
    )


def _sample(rows: dict[str, slice]) -> tuple[str, ...]:
    """A few symbols with about the longest histories, spread over the alphabet."""
    length = {name: where.stop - where.start for name, where in rows.items()}
    longest = [name for name in sorted(rows) if length[name] >= 0.9 * max(length.values())]
    places = np.unique(np.linspace(0, len(longest) - 1, MOST_SAMPLED).round().astype(int))
    return tuple(longest[place] for place in places)


def _in_silence(share: float, message: str) -> None:
    return None
