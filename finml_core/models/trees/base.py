"""What all trees share: checks, class balance, the purged tail, features that may only push one way."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, is_classifier
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from finml_core.errors import DataError
from finml_core.models.configs.tabular import TreesConfig
from finml_core.models.tail import purged_tail
from finml_core.models.targets import balanced_weight, two_classes
from finml_core.typing import BoolArray, FloatArray, IntArray

TAIL_SHARE = 0.15  # of the training timestamps, where `patience` asks for early stopping


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What trees are grown on: complete in `target` and `weight`, perhaps not in X."""

    X: FloatArray  # (n, n_features)
    target: FloatArray  # (n,); 0 and 1 for classes
    weight: FloatArray  # (n,)
    spans: tuple[IntArray, IntArray] | None = None  # first and last row that each one's label covers, where it matters

    def part(self, chosen: BoolArray) -> "Rows":
        """The chosen rows."""
        if self.spans is not None:
            raise DataError("rows whose labels overlap cannot be divided: the rest would not be counted.")
        return Rows(X=self.X[chosen], target=self.target[chosen], weight=self.weight[chosen])


class TreeModel(BaseEstimator, ABC):
    """Trees of any library; the arguments are those of its config, and a seed.

    The same seed gives the same trees. Missing features are allowed. With `patience` above 0 growth stops by the loss
    on the last 15 % of the training timestamps, purged by `label_end`; X needs timestamps in its index then. With
    `increasing` or `decreasing` X needs names of its columns.
    """

    config: ClassVar[type[TreesConfig]]

    def fit(self, X, y, sample_weight=None, label_end=None) -> Any:
        """Grow the trees; `label_end` serves early stopping, and draws of rows that look at overlap."""
        config = self.config(**{name: value for name, value in self.get_params().items() if name != "seed"})
        index = getattr(X, "index", None)
        validation = {"dtype": np.float64, "ensure_all_finite": "allow-nan", "y_numeric": not is_classifier(self)}
        validation["ensure_min_samples"] = 2
        X, y = validate_data(self, X, y, **validation)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        target = self._learned(y, weight)
        if config.balanced and is_classifier(self):
            weight = balanced_weight(target, weight)
        spans = self._spans(index, label_end)
        rows = Rows(X=X, target=target.astype(np.float64), weight=weight, spans=spans)
        train, tail = _parts(rows, index, label_end, getattr(config, "patience", 0))
        self._grow(config, train, tail, self._directions(config))
        return self

    def _spans(self, index: pd.Index | None, label_end: Any) -> tuple[IntArray, IntArray] | None:
        """The rows that each label covers, where the trees are grown with an eye to that."""
        return None

    @abstractmethod
    def _learned(self, y: np.ndarray, weight: FloatArray) -> np.ndarray:
        """The outcome as a number for each row."""

    @abstractmethod
    def _grow(self, config: Any, train: Rows, tail: Rows | None, directions: list[int]) -> None:
        """Set `n_trees_` and the trees; `directions` has +1, -1 or 0 for each feature."""

    @abstractmethod
    def _answers(self, X: FloatArray) -> FloatArray:
        """Probability of the second class, or the expected outcome, of each row."""

    def _checked_answers(self, X) -> FloatArray:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        return np.asarray(self._answers(X), dtype=np.float64)

    def _directions(self, config: TreesConfig) -> list[int]:
        direction = {**dict.fromkeys(config.increasing, 1), **dict.fromkeys(config.decreasing, -1)}
        names = list(getattr(self, "feature_names_in_", []))
        unknown = [name for name in direction if name not in names]
        if unknown:
            raise DataError(
                f"{unknown[0]!r} is to push one way, but is no feature here; X has {', '.join(names) or 'no names'}."
            )
        return [direction.get(name, 0) for name in names] if names else [0] * self.n_features_in_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class TreeClassifier(ClassifierMixin, TreeModel):
    """Trees for two classes."""

    def _learned(self, y: np.ndarray, weight: FloatArray) -> np.ndarray:
        self.classes_, code = two_classes(y, weight)
        return code

    def predict_proba(self, X) -> FloatArray:
        """Probability of the two classes, shape (n, 2)."""
        p = self._checked_answers(X)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        """The likelier class of each row."""
        chosen = self.predict_proba(X).argmax(axis=1)
        return self.classes_[chosen]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


class TreeRegressor(RegressorMixin, TreeModel):
    """Trees for a number, by squared error."""

    def _learned(self, y: np.ndarray, weight: FloatArray) -> np.ndarray:
        return y

    def predict(self, X) -> FloatArray:
        """Expected outcome of each row, shape (n,)."""
        return self._checked_answers(X)


def _parts(rows: Rows, index: pd.Index | None, label_end: Any, patience: int) -> tuple[Rows, Rows | None]:
    if not patience:
        return rows, None
    if index is None:
        raise DataError(
            f"patience is {patience}, but X has no timestamps to hold its end out; "
            "give a frame indexed by (symbol, ts)."
        )
    parts = purged_tail(index, label_end, TAIL_SHARE)
    return (rows, None) if parts is None else (rows.part(parts[0]), rows.part(parts[1]))
