"""The one place where rows are dropped: features and labels become samples with nothing missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.checks import check_columns
from finml_core.errors import DataError
from finml_core.schemas import LABELS
from finml_core.typing import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Aligned rows that a model may learn from, indexed by (symbol, ts)."""

    X: pd.DataFrame  # (n_samples, n_features), nothing missing
    y: pd.Series
    label_return: pd.Series  # fraction over (ts, label_end]
    label_end: pd.Series  # when the outcome is known
    sample_weight: pd.Series
    dropped: Mapping[str, int]  # rows left out, by reason
    weigh: Callable[[IntArray], FloatArray] | None = None  # weights of training rows that depend on one another

    def __len__(self) -> int:
        return len(self.y)

    def training_weight(self, rows: IntArray) -> FloatArray:
        """Weights of the samples `rows` for a model that learns from these and no others."""
        return self.sample_weight.iloc[rows].to_numpy() if self.weigh is None else self.weigh(rows)


def make_samples(features: pd.DataFrame, labels: pd.DataFrame, asked: pd.Series | None = None) -> Samples:
    """Join features and labels on their index and keep the complete rows, counting the rest.

    Parameters
    ----------
    features : DataFrame of shape (n_bars, n_features), indexed by (symbol, ts)
    labels : DataFrame with `y, label_return, label_end, sample_weight` on the same index
    asked : Series of booleans on the same index, optional
        The rows that were to get a label; the others are counted as no event. All by default.

    Raises
    ------
    DataError
        If the indices differ, or no complete row is left.
    """
    check_columns(labels, LABELS, what="the frame of labels")
    if not features.index.equals(labels.index):
        raise DataError(
            f"features have {len(features)} rows and labels {len(labels)}, on different indices; "
            "make both from the same bars."
        )
    # an infinite feature is a defect of its kernel and must not be dropped in silence
    infinite = np.isinf(features.to_numpy(dtype=float)).any(axis=0)
    if infinite.any():
        raise DataError(f"feature {features.columns[infinite][0]!r} is infinite in some row.")
    has_features = features.notna().all(axis=1)
    has_label = labels[["y", "label_end"]].notna().all(axis=1)
    is_asked = pd.Series(True, index=labels.index) if asked is None else asked.astype(bool)
    keep = has_features & has_label & is_asked
    if not keep.any():
        raise DataError(
            f"no complete row among {len(features)}: {int((~has_features).sum())} lack a feature, "
            f"{int((~has_label).sum())} lack a label{'' if asked is None else f', {int((~is_asked).sum())} no event'}. "
            "Use more history, shorter windows or a shorter horizon."
        )
    kept = labels.loc[keep]
    unasked = {} if asked is None else {"no event": int((has_features & ~is_asked).sum())}
    return Samples(
        X=features.loc[keep],
        y=kept["y"],
        label_return=kept["label_return"],
        label_end=kept["label_end"],
        sample_weight=kept["sample_weight"],
        dropped={
            "feature missing (warm-up)": int((~has_features).sum()),
            **unasked,
            "label unknown yet": int((has_features & is_asked & ~has_label).sum()),
        },
    )
