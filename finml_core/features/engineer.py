"""Bars in, one float column a feature out, in scikit-learn's contract."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from finml_core.checks import check_choice
from finml_core.errors import DataError
from finml_core.features.config import FeatureConfig
from finml_core.features.feature import Feature, compare
from finml_core.features.frames import as_long, is_intraday, on_input_index
from finml_core.features.panel import Panel, in_threads
from finml_core.features.registry import make_registry
from finml_core.typing import FloatArray


class FeatureEngineer(TransformerMixin, BaseEstimator):
    """Features of each symbol from its own past bars.

    Nothing is estimated: `fit` checks the bars and decides on the columns. Features whose input is missing in every bar
    are left out, and `notes_` says why; features in price units are left out unless the configuration includes them.

    Parameters
    ----------
    config : FeatureConfig, optional
        Families and windows; None means the defaults.
    dtype : "float64" or "float32"
        Of the result; everything is computed in float64.

    Attributes
    ----------
    features_ : dict of Feature by name, in the order of the columns
    notes_ : dict of name to the reason why that feature was left out
    """

    def __init__(self, config: FeatureConfig | None = None, dtype: str = "float64"):
        self.config = config
        self.dtype = dtype

    def fit(self, X: pd.DataFrame, y: Any = None) -> "FeatureEngineer":
        """Check bars (long, or the plain frame of one asset) and store the columns that `transform` gives.

        Raises
        ------
        DataError
            If the bars break their contract, or no feature can be made of them.
        """
        check_choice("dtype", self.dtype, ("float64", "float32"))
        config = self.config or FeatureConfig()
        bars = as_long(X)
        intraday = is_intraday(bars)
        self.features_ = {}
        self.notes_ = {}
        for name, feature in make_registry(config).items():
            absent = _absent_inputs(feature, bars)
            if absent:
                self.notes_[name] = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing in every bar"
            elif feature.intraday_only and not intraday:
                self.notes_[name] = "no symbol has two bars on one day"
            elif config.include_levels or not feature.is_level:
                self.features_[name] = feature
        if not self.features_:
            raise DataError(
                f"no feature of {', '.join(config.families)} can be made of {len(bars)} bars: "
                f"{'; '.join(sorted(set(self.notes_.values()))) or 'all are levels, set include_levels'}."
            )
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Features of `X`, whose symbols may be new; `X` is not changed.

        Parameters
        ----------
        X : DataFrame
            Long bars as supplied (adjusted inside where `adj_close` is given), or the plain frame of one asset.

        Returns
        -------
        DataFrame of shape (n_bars, n_features)
            Indexed by (symbol, ts) and sorted, or on the plain frame's own index. Row t reads bars up to t. Missing in
            the first `lookback - 1` rows of each symbol, and where an input is missing; never infinite.
        """
        check_is_fitted(self)
        bars = as_long(X)
        by_feature = compute(list(self.features_.values()), Panel(bars), self.dtype)
        return on_input_index(by_feature.T, list(self.features_), bars, X)

    def update(self, history: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
        """Features of the new bars alone, from as much of the history as they reach back into.

        Equal to 1e-9 to the new rows of `transform` of both together. A panel that grows bar by bar is better kept in a
        `FeatureStream`, which looks at the history once.

        Parameters
        ----------
        history, new : DataFrame of bars, long or plain
            All earlier bars, and those that follow: each symbol's new bars are later than its history.

        Raises
        ------
        DataError
            If a new bar is not later than its symbol's history.
        """
        from finml_core.features.stream import FeatureStream

        return FeatureStream(self, history).append(new)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that `transform` gives."""
        check_is_fitted(self)
        return np.array(list(self.features_), dtype=object)


def compute(features: Sequence[Feature], panel: Panel, dtype: str = "float64") -> FloatArray:
    """Values of the features of shape (n_features, n_bars), one contiguous row a feature."""
    out = np.empty((len(features), len(panel)), dtype)

    pairs = list(zip(features, out, strict=True))
    alone = [number for number, feature in enumerate(features) if not feature.compares_symbols]
    dated = [(feature, values) for feature, values in pairs if feature.compares_symbols and feature.inputs == ("ts",)]
    compared = [
        (feature, values) for feature, values in pairs if feature.compares_symbols and feature.inputs != ("ts",)
    ]

    work = [partial(compare, dated, panel)] if dated else []
    if alone:
        work += panel.write([features[number].call for number in alone], out, np.array(alone))
    in_threads(work)
    if out.dtype == np.float64:  # symbols may be compared by them
        for number in alone:
            panel.keep(out[number], features[number].rule, **features[number].parameters)
    compare(compared, panel)
    return out


def _absent_inputs(feature: Feature, bars: pd.DataFrame) -> list[str]:
    if len(bars) == 0:
        return []
    return [name for name in feature.inputs if name not in bars.columns or bars[name].isna().all()]
