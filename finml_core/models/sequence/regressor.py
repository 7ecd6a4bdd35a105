"""Networks for a number: the return that follows, or its quantiles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin

from finml_core.errors import ConfigError, DataError
from finml_core.models.configs import TrainConfig
from finml_core.models.configs.networks import AnyNetworkConfig
from finml_core.models.heads import Head, check_quantiles
from finml_core.models.sequence.base import SequenceModel
from finml_core.models.sequence.prepared import Outcomes
from finml_core.typing import FloatArray


class SequenceRegressor(RegressorMixin, SequenceModel):
    __doc__ = f"""{SequenceModel.__doc__}
    target_mean_, target_scale_ : of each horizon's outcome, from the rows learned from

    As a regressor it states the expected outcome, by squared error, for one horizon or several at once; with
    `quantiles`, rising levels that hold 0.5, these quantiles of it, which never cross.
    """

    def __init__(
        self,
        *,
        network: AnyNetworkConfig | None = None,
        train: TrainConfig | None = None,
        sequence_length: int = 20,
        quantiles: tuple[float, ...] = (),
        longest_gap: str | None = None,
        progress: Callable[[dict[str, Any]], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        checkpoint_folder: str | Path | None = None,
    ):
        super().__init__(
            network=network,
            train=train,
            sequence_length=sequence_length,
            longest_gap=longest_gap,
            progress=progress,
            should_stop=should_stop,
            checkpoint_folder=checkpoint_folder,
        )
        self.quantiles = quantiles

    def predict(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> FloatArray:
        """Expected outcome (or its median) of each row, shape (n,), or (n, n_horizons) of several horizons.

        Missing where the window is not full.
        """
        stated = self._stated(X, context)
        if self.head_.quantiles:
            stated = stated[..., self.head_.quantiles.index(0.5)]
        return stated[:, 0] if self.head_.n_horizons == 1 else stated

    def predict_quantiles(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> FloatArray:
        """Quantiles of the outcome, rising along the last axis: (n, Q), or (n, n_horizons, Q) of several horizons.

        Raises
        ------
        ConfigError
            If the model was made without `quantiles`.
        """
        stated = self._stated(X, context)
        if not self.head_.quantiles:
            raise ConfigError("this model states a point; make it with quantiles=(0.1, 0.5, 0.9) and fit it again.")
        return stated[:, 0] if self.head_.n_horizons == 1 else stated

    def _stated(self, X: pd.DataFrame, context: pd.DataFrame | None) -> FloatArray:
        answers = self._answers(X, context)
        if self.head_.quantiles and answers.ndim == 2:  # no row has a window
            answers = np.repeat(answers[..., None], len(self.head_.quantiles), axis=-1)
        spread = (..., None) if answers.ndim == 3 else ...
        return answers * self.target_scale_[spread] + self.target_mean_[spread]

    def outcomes(self, y: Any, n_rows: int) -> Outcomes:
        check_quantiles(self.quantiles)
        if self.quantiles and 0.5 not in self.quantiles:
            raise ConfigError(f"quantiles are {self.quantiles}; 0.5 must be among them, for `predict` to state.")
        y = np.asarray(y, dtype=float)
        if len(y) != n_rows or y.ndim not in (1, 2):
            raise DataError(f"y has shape {y.shape} for {n_rows} rows; give one outcome a row, or a column a horizon.")
        table = y.reshape(n_rows, -1)
        if np.isnan(table[:, 0]).any() or np.isinf(table).any():
            raise DataError("y is missing or infinite in some row; leave these rows out.")
        kind = "quantile" if self.quantiles else "return"
        head = Head(kind=kind, n_horizons=table.shape[1], quantiles=tuple(self.quantiles))
        return Outcomes(target=table, head=head, learned={})
