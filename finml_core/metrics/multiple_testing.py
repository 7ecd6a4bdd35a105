"""Many tests at once: p-values corrected for how many were looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from finml_core.checks import check_between, check_choice
from finml_core.errors import DataError
from finml_core.typing import FloatArray


@dataclass(frozen=True, kw_only=True)
class MultipleHypothesisCorrection:
    """Which of many hypotheses can be rejected together.

    `bonferroni` and `holm` bound the chance of any false rejection by `alpha`; `bh` (Benjamini & Hochberg, 1995; tests
    independent or positively dependent) and `by` (Benjamini & Yekutieli, 2001; any dependence) bound the expected share
    of false ones among the rejections.
    """

    method: Literal["bonferroni", "holm", "bh", "by"] = "bh"
    alpha: float = 0.05

    def __post_init__(self) -> None:
        check_choice("method", self.method, METHODS)
        check_between("alpha", self.alpha, 0, 1)

    def correct(self, p_values: pd.Series | ArrayLike) -> pd.DataFrame:
        """Corrected p-values and rejections.

        Parameters
        ----------
        p_values : Series or array of shape (n_tests,)
            In [0, 1], none missing.

        Returns
        -------
        DataFrame on the Series' index, in the given order
            p_value, p_corrected, rejected (p_corrected at most alpha).

        Raises
        ------
        DataError
            For a p-value that is missing or outside [0, 1].
        """
        p = np.asarray(p_values, dtype=float)
        wrong = ~((p >= 0) & (p <= 1))
        if wrong.any():
            raise DataError(f"a p-value is {p[wrong][0]:g}, but must be between 0 and 1.")
        index = p_values.index if isinstance(p_values, pd.Series) else None
        corrected = _in_order(METHODS[self.method], p)
        return pd.DataFrame({"p_value": p, "p_corrected": corrected, "rejected": corrected <= self.alpha}, index=index)


def bonferroni(p: FloatArray) -> FloatArray:
    """Each p-value times the number of tests."""
    return p * len(p)


def holm(p: FloatArray) -> FloatArray:
    """Sorted p-values, each times the number of tests not yet rejected, never falling (Holm, 1979)."""
    return np.maximum.accumulate(p * np.arange(len(p), 0, -1))


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Sorted p-values, each times the number of tests over its rank, never falling (Benjamini & Hochberg, 1995)."""
    return np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]


def benjamini_yekutieli(p: FloatArray) -> FloatArray:
    """As Benjamini and Hochberg, times the harmonic number of the tests (Benjamini & Yekutieli, 2001)."""
    return benjamini_hochberg(p) * (1 / np.arange(1, len(p) + 1)).sum()


METHODS = {"bonferroni": bonferroni, "holm": holm, "bh": benjamini_hochberg, "by": benjamini_yekutieli}


def _in_order(correct: Callable[[FloatArray], FloatArray], p: FloatArray) -> FloatArray:
    """Correct the sorted p-values, at most 1, and give them back in the order in which they came."""
    order = np.argsort(p, kind="stable")
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(correct(p[order]), 1.0)
    return corrected
