"""A logistic regression that learns which strategy to believe in which regime."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from finml_core.errors import DataError
from finml_core.schemas import REGIMES

MIN_ROWS = 30  # fewer rows teach a regression with interactions nothing


@dataclass(frozen=True, kw_only=True)
class MetaLearner:
    """A fitted pipeline and the columns that it was fitted on."""

    pipeline: Any
    columns: tuple[str, ...]
    strategies: tuple[str, ...]

    def predict(self, regimes: pd.DataFrame, strategy_signals: pd.DataFrame) -> pd.Series:
        """Probability of y = 1 for each row; a strategy that says nothing counts as 0, unknown regimes are missing."""
        signals = strategy_signals.reindex(columns=list(self.strategies)).fillna(0.0)
        features = meta_features(regimes, signals).reindex(columns=list(self.columns))
        known = features.notna().all(axis=1)
        probability = pd.Series(np.nan, index=features.index)
        if known.any():
            probability[known] = self.pipeline.predict_proba(features[known].to_numpy())[:, 1]
        return probability


def meta_features(regimes: pd.DataFrame, strategy_signals: pd.DataFrame) -> pd.DataFrame:
    """Regime columns, signals, and the product of each pair (`RANGING x zscore`), row by row.

    Parameters
    ----------
    regimes : DataFrame
        Columns named as RegimeTypes hold probabilities; other columns are left aside.
    strategy_signals : DataFrame on the same index
        Sign times confidence, one column a strategy.

    Raises
    ------
    DataError
        If no column names a regime, or the indices differ.
    """
    names = [name for name in REGIMES if name in regimes.columns]
    if not names:
        raise DataError(f"no column names a regime; give probabilities under: {', '.join(REGIMES)}.")
    if not regimes.index.equals(strategy_signals.index):
        raise DataError(f"{len(regimes)} rows of regimes and {len(strategy_signals)} of signals are not the same rows.")
    products = {
        f"{name} x {strategy}": regimes[name] * strategy_signals[strategy]
        for name in names
        for strategy in strategy_signals.columns
    }
    return pd.concat([regimes[names], strategy_signals, pd.DataFrame(products, index=regimes.index)], axis=1)


def fit_meta_learner(
    regimes: pd.DataFrame, y: pd.Series, strategy_signals: pd.DataFrame, *, strength: float = 0.1
) -> MetaLearner:
    """Fit on the complete rows; `strength` is scikit-learn's C, so that small means shrunk.

    Only rows whose outcome is known at the time of fitting belong here: that is the caller's to see to.

    Raises
    ------
    DataError
        For too few complete rows, or outcomes of one class.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = meta_features(regimes, strategy_signals.fillna(0.0))
    outcome = pd.Series(np.asarray(y, dtype=float), index=features.index)
    known = features.notna().all(axis=1) & outcome.notna()
    n_classes = outcome[known].nunique()
    if known.sum() < MIN_ROWS or n_classes != 2:
        raise DataError(
            f"{int(known.sum())} complete rows with {n_classes} classes teach nothing; "
            f"give at least {MIN_ROWS} rows and outcomes of both classes."
        )
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    pipeline.fit(features[known].to_numpy(), outcome[known].to_numpy())
    return MetaLearner(
        pipeline=pipeline, columns=tuple(features.columns), strategies=tuple(map(str, strategy_signals.columns))
    )
