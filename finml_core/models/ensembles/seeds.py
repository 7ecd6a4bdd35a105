"""One model from several seeds: their mean, and how far they are apart."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from finml_core.checks import check_integer
from finml_core.models.ensembles.members import fitted, taken, with_seed
from finml_core.typing import FloatArray


class SeedEnsemble(ClassifierMixin, BaseEstimator):
    """The mean probability of one classifier trained from several seeds.

    What differs between seeds is luck: the mean carries less of it, and `deviation` says how much one training has.
    Networks are trained by `fit_folds`, all seeds at once where that is faster.

    Parameters
    ----------
    estimator : a classifier that draws
        Anything with `seed`, or with a `train` that has one.
    n_seeds : int
    first_seed : int
        The members draw from `first_seed`, `first_seed` + 1 and so on.

    Attributes
    ----------
    estimators_ : the fitted members
    """

    def __init__(self, estimator: Any, *, n_seeds: int = 5, first_seed: int = 0):
        self.estimator = estimator
        self.n_seeds = n_seeds
        self.first_seed = first_seed

    def fit(self, X: pd.DataFrame, y, sample_weight=None, label_end=None, context=None) -> "SeedEnsemble":
        """Train every member on the same rows."""
        check_integer("n_seeds", self.n_seeds, 1)
        check_integer("first_seed", self.first_seed, 0)
        members = [with_seed(self.estimator, self.first_seed + number) for number in range(self.n_seeds)]
        if hasattr(self.estimator, "sequence_length"):
            from finml_core.models.sequence import Fold, fit_folds

            fold = Fold(X=X, y=y, sample_weight=sample_weight, label_end=label_end)
            members = fit_folds(members, [fold] * self.n_seeds, context=context)
        else:
            offered = {"label_end": label_end, "context": context}
            members = [fitted(member, X, y, sample_weight, **offered) for member in members]
        self.estimators_ = members
        self.classes_ = members[0].classes_
        self.n_features_in_ = members[0].n_features_in_
        return self

    def predict_proba(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> FloatArray:
        """Mean probability of the two classes, shape (n, 2); missing where a member has none."""
        p = self.member_probabilities(X, context).mean(axis=1)
        return np.column_stack([1 - p, p])

    def predict(self, X: pd.DataFrame, context: pd.DataFrame | None = None):
        """The likelier class of each row; the first where none is known."""
        return self.classes_[(self.predict_proba(X, context)[:, 1] >= 0.5).astype(int)]

    def deviation(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> FloatArray:
        """Standard deviation (ddof 1) of the members' probabilities, shape (n,); missing for a single seed."""
        p = self.member_probabilities(X, context)
        return p.std(axis=1, ddof=1) if p.shape[1] > 1 else np.full(len(p), np.nan)

    def member_probabilities(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> FloatArray:
        """Probability of the second class by each member, shape (n, n_seeds)."""
        check_is_fitted(self)
        return np.column_stack(
            [
                member.predict_proba(X, **taken(member.predict_proba, context=context))[:, 1]
                for member in self.estimators_
            ]
        )
