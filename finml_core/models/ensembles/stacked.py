"""A model that learns how far to trust other models."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from finml_core.checks import check_between, check_integer
from finml_core.errors import DataError, SplitError
from finml_core.models.ensembles.members import fitted, taken
from finml_core.models.linear import LogisticClassifier
from finml_core.models.targets import two_classes
from finml_core.numerics import logit
from finml_core.purging import Timeline, block_rows, label_times, purged_train, row_times
from finml_core.typing import FloatArray, IntArray


class StackedEnsemble(ClassifierMixin, BaseEstimator):
    """Logistic regression on the log-odds that several classifiers state (Wolpert, 1992).

    It learns from out-of-fold predictions only: each row's came from members that were trained without it, without rows
    whose labels touch its block, and without the embargo after it. Fitting it on what the members say of their own
    training rows would reward whoever remembers best. Afterwards every member is trained on all rows.

    Parameters
    ----------
    estimators : mapping of name to classifier
    n_splits : int
        Blocks of consecutive timestamps, each predicted once.
    embargo_pct : float
        Share of the timestamps left out after each block's last label.
    C : float
        Inverse penalty of the regression; it stands on standardised log-odds.

    Attributes
    ----------
    estimators_ : the members by name, trained on all rows
    out_of_fold_ : DataFrame of shape (n, n_members), what each member said of rows that it had not seen
    final_ : the fitted LogisticClassifier
    """

    def __init__(self, estimators: Mapping[str, Any], *, n_splits: int = 5, embargo_pct: float = 0.01, C: float = 1.0):
        self.estimators = estimators
        self.n_splits = n_splits
        self.embargo_pct = embargo_pct
        self.C = C

    def fit(self, X: pd.DataFrame, y, sample_weight=None, label_end=None, context=None) -> "StackedEnsemble":
        """Train members fold by fold, then the regression on what they said, then the members on all rows.

        Parameters
        ----------
        X : DataFrame indexed by (symbol, ts), or by ts
        y : array of shape (n,)
            Two classes.
        sample_weight, label_end : arrays of shape (n,), optional
            Without label ends nothing can be purged.
        context : DataFrame, optional
            The feature frame of all rows, for members that read windows; X itself where there is none.

        Raises
        ------
        SplitError, DataError
            If a block leaves nothing to train on, or no row has been predicted by all members.
        """
        check_integer("n_splits", self.n_splits, 2)
        check_between("embargo_pct", self.embargo_pct, 0.0, 0.5)
        if not isinstance(X, pd.DataFrame):
            raise DataError(f"X is {type(X).__name__}; blocks of time need a frame indexed by (symbol, ts).")
        if not self.estimators:
            raise DataError("there are no estimators to stack; give at least one.")
        y, context = np.asarray(y), X if context is None else context
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        self.classes_, _ = two_classes(y, weight)
        ends = None if label_end is None else _as_series(label_end, X.index)
        stated = self._out_of_fold(X, y, weight, ends, context)
        known = stated.notna().all(axis=1).to_numpy()
        if not known.any():
            raise DataError("no row was predicted by all members; windows may be longer than the history.")
        self.final_ = LogisticClassifier(C=self.C).fit(logit(stated[known]), y[known], sample_weight=weight[known])
        offered = {"label_end": ends, "context": context}
        self.estimators_ = {name: fitted(each, X, y, weight, **offered) for name, each in self.estimators.items()}
        self.out_of_fold_ = stated
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def predict_proba(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> FloatArray:
        """Probability of the two classes, shape (n, 2); missing where a member has none."""
        check_is_fitted(self)
        stated = np.column_stack([_p_up(member, X, context) for member in self.estimators_.values()])
        known = ~np.isnan(stated).any(axis=1)
        p = np.full((len(X), 2), np.nan)
        if known.any():
            p[known] = self.final_.predict_proba(logit(stated[known]))
        return p

    def predict(self, X: pd.DataFrame, context: pd.DataFrame | None = None):
        """The likelier class of each row; the first where none is known."""
        return self.classes_[(self.predict_proba(X, context)[:, 1] >= 0.5).astype(int)]

    def _out_of_fold(self, X: pd.DataFrame, y: np.ndarray, weight: FloatArray, ends: Any, context: Any) -> pd.DataFrame:
        stated = pd.DataFrame(np.nan, index=X.index, columns=list(self.estimators))
        for train, test in self._blocks(X.index, ends):
            offered = {"label_end": None if ends is None else ends.iloc[train], "context": context}
            for column, estimator in enumerate(self.estimators.values()):
                member = fitted(estimator, X.iloc[train], y[train], weight[train], **offered)
                stated.iloc[test, column] = _p_up(member, X.iloc[test], context)
        return stated

    def _blocks(self, index: pd.Index, ends: pd.Series | None) -> Iterator[tuple[IntArray, IntArray]]:
        timeline = Timeline(row_times(index), None if ends is None else label_times(ends, index))
        n_stamps = len(timeline.stamps)
        if n_stamps < self.n_splits:
            raise SplitError(f"{n_stamps} timestamps cannot make {self.n_splits} blocks; use fewer, or more history.")
        embargo = int(self.embargo_pct * n_stamps)
        for positions in np.array_split(np.arange(n_stamps), self.n_splits):
            block = int(positions[0]), int(positions[-1]) + 1
            train = purged_train(timeline, [block], embargo=embargo, window=(0, n_stamps))
            if not len(train):
                raise SplitError(f"no row is left to train on beside block {block}; use fewer splits or more history.")
            yield train, block_rows(timeline, [block])


def _as_series(label_end: Any, index: pd.Index) -> pd.Series:
    return pd.Series(label_times(label_end, index), index).astype("datetime64[us]")


def _p_up(member: Any, X: pd.DataFrame, context: pd.DataFrame | None) -> FloatArray:
    return member.predict_proba(X, **taken(member.predict_proba, context=context))[:, 1]
