"""Outcomes as models learn them: two classes as 0 and 1, weighed alike where asked."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from finml_core.errors import DataError
from finml_core.typing import FloatArray, IntArray


def two_classes(y: ArrayLike, weight: FloatArray) -> tuple[np.ndarray, IntArray]:
    """The two classes, sorted, and for each row which of them it has: 0 or 1.

    Raises
    ------
    DataError
        For more classes than two, or fewer; a class without any weight is none.
    """
    check_classification_targets(y)
    classes, code = np.unique(y, return_inverse=True)
    if len(classes) > 2:
        raise DataError(
            f"Only binary classification is supported. The type of the target is {type_of_target(y)}, "
            f"with {len(classes)} classes."
        )
    weighty = classes[np.bincount(code, weights=weight) > 0]
    if len(weighty) < 2:
        raise DataError(f"the training rows have only one class of any weight, {weighty.tolist()}; two are needed.")
    return classes, code


def balanced_weight(code: IntArray, weight: FloatArray) -> FloatArray:
    """`weight` scaled within each class so that all classes weigh alike and the sum stays."""
    total = np.bincount(code, weights=weight)
    is_there = total > 0
    factor = np.divide(weight.sum() / is_there.sum(), total, out=np.ones(len(total)), where=is_there)
    return weight * factor[code]
