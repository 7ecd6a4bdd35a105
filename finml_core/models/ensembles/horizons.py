"""Several horizons at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.utils.validation import check_is_fitted

from finml_core.checks import check_columns, check_integer
from finml_core.errors import ConfigError, DataError
from finml_core.models.ensembles.members import fitted, taken
from finml_core.typing import FloatArray

FAR = pd.Timestamp("2262-01-01")  # the end of a label whose end is not known yet


class MultiHorizonForecaster(BaseEstimator):
    """One answer a horizon: by one network with a head for each, or by one tabular model for each.

    Parameters
    ----------
    estimator : classifier or regressor of any family, not fitted
    horizons : sequence of int
        Bars ahead, rising; columns of `y` have these names.

    Attributes
    ----------
    estimators_ : one fitted network, or one model a horizon
    """

    def __init__(self, estimator: Any, *, horizons: Sequence[int] = (1, 5, 10, 20)):
        self.estimator = estimator
        self.horizons = horizons

    def fit(
        self,
        X: pd.DataFrame,
        y: pd.DataFrame,
        sample_weight=None,
        label_end: pd.DataFrame | None = None,
        context: pd.DataFrame | None = None,
    ) -> "MultiHorizonForecaster":
        """Learn every horizon from the rows whose outcome it knows.

        Parameters
        ----------
        X : DataFrame indexed by (symbol, ts), or by ts
        y : DataFrame on the same index, a column a horizon
            Missing where the outcome is not known yet.
        sample_weight : array of shape (n,), optional
        label_end : DataFrame like y, optional
            When each outcome is known.
        context : DataFrame, optional
            The feature frame of all rows.

        Raises
        ------
        ConfigError, DataError
            For horizons that do not rise, or frames that do not fit.
        """
        horizons = self._checked_horizons()
        check_columns(y, horizons, what="y")
        if not y.index.equals(X.index):
            raise DataError("y has another index than X; make both from the same rows.")
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        self.is_joint_ = hasattr(self.estimator, "sequence_length")
        if self.is_joint_:
            known = y[horizons[0]].notna().to_numpy()
            ends = None if label_end is None else label_end.loc[known, horizons[-1]].fillna(FAR)
            model = clone(self.estimator)
            model.fit(X[known], y.loc[known, horizons], weight[known], ends, X if context is None else context)
            self.estimators_ = [model]
        else:
            self.estimators_ = [self._fit_one(horizon, X, y, weight, label_end, context) for horizon in horizons]
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> pd.DataFrame:
        """Probability of a rise, or the expected outcome, of each row and horizon; missing without a full window."""
        check_is_fitted(self)
        answers = [self._answers(model, X, context) for model in self.estimators_]
        table = answers[0].reshape(len(X), -1) if self.is_joint_ else np.column_stack(answers)
        return pd.DataFrame(table, index=X.index, columns=list(self.horizons))

    def _answers(self, model: Any, X: pd.DataFrame, context: pd.DataFrame | None) -> FloatArray:
        method = model.predict_proba if is_classifier(model) else model.predict
        stated = method(X, **taken(method, context=context))
        return stated[..., 1] if is_classifier(model) else stated

    def _fit_one(
        self, horizon: int, X: pd.DataFrame, y: pd.DataFrame, weight: FloatArray, label_end: Any, context: Any
    ) -> Any:
        known = y[horizon].notna().to_numpy()
        ends = None if label_end is None else label_end.loc[known, horizon]
        return fitted(self.estimator, X[known], y.loc[known, horizon], weight[known], label_end=ends, context=context)

    def _checked_horizons(self) -> list[int]:
        horizons = list(self.horizons)
        for horizon in horizons:
            check_integer("a horizon", horizon, 1)
        if not horizons or sorted(set(horizons)) != horizons:
            raise ConfigError(f"horizons are {tuple(horizons)}; give at least one, each longer than the one before.")
        return horizons
