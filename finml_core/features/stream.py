"""A panel that grows: the features of new bars, computed from the last bars that they reach back into."""

from collections import defaultdict

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from finml_core.features.engineer import FeatureEngineer
from finml_core.features.feature import Feature, compare
from finml_core.features.frames import as_long, on_input_index
from finml_core.features.panel import NOTHING, Panel, in_threads, pack, parts_of, program_of
from finml_core.features.recent import Added, RecentBars
from finml_core.features.segment import COLUMNS
from finml_core.typing import FloatArray

SHORTEST = 32  # bars: features that reach back less far are computed together


class FeatureStream:
    """Remembers the bars that features reach back into, and computes the features of what is appended.

    Values are those of `FeatureEngineer.transform` of all bars together, to 1e-9. Features that compare symbols compare
    what has been appended so far: append the bars of one time together.

    Parameters
    ----------
    engineer : fitted FeatureEngineer
    history : DataFrame
        Bars so far, long or plain; may be empty. It is looked at once and not kept.
    """

    def __init__(self, engineer: FeatureEngineer, history: pd.DataFrame):
        check_is_fitted(engineer)
        self.engineer = engineer
        features = list(engineer.features_.values())
        self._names = list(engineer.features_)
        self._groups = _by_reach([feature for feature in features if not feature.compares_symbols])
        self._comparing = [feature for feature in features if feature.compares_symbols]
        # what is compared may lie at any time, so then nothing is forgotten
        n_kept = None if self._comparing else max(feature.reach for feature in features)
        self._recent = RecentBars(n_kept)
        self._recent.add(as_long(history))

    def append(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Features of these bars, in the shape that `FeatureEngineer.transform` gives; then they are history.

        Raises
        ------
        DataError
            If a bar is not later than its symbol's history.
        """
        new = as_long(bars)
        added = self._recent.add(new)
        values = np.empty((len(self._names), len(new)), self.engineer.dtype)
        if len(new):
            self._fill_own(added, values)
            self._fill_comparing(added, values, new["ts"].min())
        return on_input_index(values.T, self._names, new, bars)

    def _fill_own(self, added: Added, values: FloatArray) -> None:
        """Features of one symbol alone, each group from as many bars as it reaches back into."""
        factor = self._recent.factor()
        known = self._recent.columns() | ({} if factor is None else {"factor": factor})
        columns = [known.get(name, NOTHING) for name in COLUMNS]
        work = []
        for reach, features in self._groups.items():
            starts, lengths = self._recent.span(added, reach - 1)
            firsts = lengths - added.counts
            blocks = pack(starts, lengths, firsts, added.starts - firsts)
            program = program_of(tuple(feature.call for feature in features), is_adjusted=factor is not None)
            rows = np.array([self._names.index(feature.name) for feature in features])
            work += parts_of(program, columns, blocks, values, rows)
        in_threads(work)

    def _fill_comparing(self, added: Added, values: FloatArray, first: pd.Timestamp) -> None:
        if not self._comparing:
            return
        bars, factor, places = self._recent.since(added, max(feature.reach for feature in self._comparing))
        panel = Panel(bars, factor, asked=first)
        columns = [(feature, np.empty(len(panel))) for feature in self._comparing]
        compare(columns, panel)
        for feature, column in columns:
            values[self._names.index(feature.name)] = column[places]


def _by_reach(features: list[Feature]) -> dict[int, list[Feature]]:
    """Features by the bars they are given, a power of two: few groups, none given more than twice what it needs."""
    groups = defaultdict(list)
    for feature in features:
        groups[max(SHORTEST, 1 << (feature.reach - 1).bit_length())].append(feature)
    return dict(groups)
