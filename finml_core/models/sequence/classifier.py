"""Networks for the direction of what follows."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from finml_core.errors import DataError
from finml_core.models.heads import Head
from finml_core.models.sequence.base import SequenceModel
from finml_core.models.sequence.prepared import Outcomes
from finml_core.numerics import expit
from finml_core.typing import FloatArray


class SequenceClassifier(ClassifierMixin, SequenceModel):
    __doc__ = f"""{SequenceModel.__doc__}
    classes_ : the two classes, sorted

    As a classifier it states the probability of the second of two classes, for one horizon or several at once.
    """

    def predict_proba(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> FloatArray:
        """Probability of the two classes in each row of X, shape (n, 2), or (n, n_horizons, 2) of several horizons.

        A row's answer depends on the rows of its window alone, so none of it is from its future. Missing where
        the window is not full; with `context` the rows before X's first ones are found there.
        """
        p = expit(self._answers(X, context))
        both = np.stack([1 - p, p], axis=-1)
        return both[:, 0] if self.head_.n_horizons == 1 else both

    def predict(self, X: pd.DataFrame, context: pd.DataFrame | None = None):
        """The likelier class of each row (and horizon); missing where the window is not full, and then as float."""
        p = self.predict_proba(X, context)[..., 1]
        chosen = self.classes_[(p >= 0.5).astype(int)]
        if not np.isnan(p).any():
            return chosen
        if not np.issubdtype(self.classes_.dtype, np.number):
            return np.where(np.isnan(p), None, chosen.astype(object))
        return np.where(np.isnan(p), np.nan, chosen.astype(float))

    def outcomes(self, y: Any, n_rows: int) -> Outcomes:
        y = np.asarray(y)
        if len(y) != n_rows or y.ndim not in (1, 2):
            raise DataError(f"y has shape {y.shape} for {n_rows} rows; give one outcome a row, or a column a horizon.")
        table = y.reshape(n_rows, -1)
        is_missing = pd.isna(table)
        if is_missing[:, 0].any():
            raise DataError(f"y is missing in {int(is_missing[:, 0].sum())} rows; leave these rows out.")
        classes = np.unique(table[~is_missing])
        if len(classes) != 2:
            raise DataError(f"y has {len(classes)} classes; a classifier of direction needs two.")
        target = np.where(is_missing, np.nan, (table == classes[1]).astype(float))
        return Outcomes(target=target, head=Head(n_horizons=table.shape[1]), learned={"classes_": classes})

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
