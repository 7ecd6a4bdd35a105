"""The one estimator of all networks: rows of a feature frame in, probabilities out."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from finml_core.checks import check_columns, check_integer
from finml_core.errors import DataError
from finml_core.models.configs import LSTMConfig, NetworkConfig, TrainConfig
from finml_core.models.networks import make_network
from finml_core.models.tail import purged_tail
from finml_core.models.training import (
    CancelCheck,
    Checkpoint,
    EarlyStopping,
    GradientClipping,
    LearningRateSchedule,
    ProgressReport,
    WindowData,
    resolve_device,
    seeded,
    train_with_smaller_batches,
)
from finml_core.models.training.callbacks import Callback
from finml_core.models.training.windows import gather_windows
from finml_core.models.windows import WindowIndex, find_windows
from finml_core.typing import BoolArray, FloatArray

LARGEST = 10.0  # deviations; a standardised feature beyond is cut, lest one wild bar rules a window
PREDICTION_BATCH = 4096


class SequenceClassifier(ClassifierMixin, BaseEstimator):
    """A network over windows of feature rows, for two classes.

    The window of a row is the `sequence_length` rows of its symbol up to and including the row itself, which is the
    decision row. Windows never cross symbols. They are found in `context`, the feature frame of all rows: features are
    known at their own timestamp, so looking back over rows that are purged or tested is no leak; their labels are not
    looked at. Without `context` the rows given to `fit` or `predict_proba` are all there is, neighbours in them count
    as neighbours in time, and gaps between them (as purged folds leave) cannot be seen. So pass it whenever the rows
    are a part.

    Features are standardised by the rows that are learned from, those of the validation tail and of the context left
    out. Rows without a full window of complete features are not learned from, and get missing probabilities.

    Parameters
    ----------
    network : LSTMConfig or GRUConfig, optional
    train : TrainConfig, optional
        Early stopping watches the last `validation_share` of the training timestamps; rows whose `label_end` reaches
        into them are left out. The weights of the best epoch are kept.
    sequence_length : int
        Rows a window.
    progress : callable, optional
        Given a dict after each epoch: epoch, epochs, train_loss, validation_loss, best_epoch, windows_per_second.
    should_stop : callable, optional
        Asked before each batch; on True `fit` raises TrainingCancelled.
    checkpoint_folder : path, optional
        Where an interrupted training is kept and taken up again.

    Attributes
    ----------
    classes_ : the two classes, sorted
    network_ : the trained module, on `device_`
    mean_, scale_ : of each feature, from the rows learned from
    history_ : list of dict(epoch, train_loss, validation_loss)
    best_epoch_ : the epoch whose weights are kept
    n_parameters_, n_windows_, batch_size_ : size of the network, windows learned from, windows a step
    """

    def __init__(
        self,
        *,
        network: NetworkConfig | None = None,
        train: TrainConfig | None = None,
        sequence_length: int = 20,
        progress: Callable[[dict[str, Any]], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        checkpoint_folder: str | Path | None = None,
    ):
        self.network = network
        self.train = train
        self.sequence_length = sequence_length
        self.progress = progress
        self.should_stop = should_stop
        self.checkpoint_folder = checkpoint_folder

    def __sklearn_clone__(self) -> "SequenceClassifier":
        # configs are frozen and callbacks belong to the caller: neither is copied
        return type(self)(**self.get_params(deep=False))

    def fit(
        self,
        X: pd.DataFrame,
        y,
        sample_weight=None,
        label_end=None,
        context: pd.DataFrame | None = None,
    ) -> "SequenceClassifier":
        """Train on the rows of X.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            Indexed by (symbol, ts), or by ts alone for one symbol; any row order.
        y : array of shape (n,)
            Two classes.
        sample_weight : array of shape (n,), optional
            At least 0, and above 0 somewhere.
        label_end : Series or array of shape (n,), optional
            When each outcome is known; without it the validation tail is not purged.
        context : DataFrame, optional
            The feature frame of all rows, X's among them; feature values are read from it.

        Raises
        ------
        DataError
            If shapes differ, y has not two classes, or no row has a full window.
        TrainingCancelled
            If `should_stop` said so.
        """
        check_integer("sequence_length", self.sequence_length, 1)
        network, config = self.network or LSTMConfig(), self.train or TrainConfig()
        _check_frame(X)
        context = X if context is None else _matching_context(context, X)
        classes, target = _two_classes(y, len(X))
        weight = _checked_weight(sample_weight, len(X))
        windows = find_windows(context, X.index, self.sequence_length)
        learned, held_out = _divide(windows.is_full, X.index, label_end, config.validation_share, self.sequence_length)
        device = resolve_device(config.device)
        values = context.to_numpy(dtype=np.float64)[windows.order]
        mean, scale = _location_and_scale(values[windows.end[learned]])
        matrix = _standardised(values, mean, scale, device)

        def data_of(rows: np.ndarray) -> WindowData:
            rows = rows[np.argsort(windows.end[rows])]  # the order of X makes no difference
            return WindowData(
                matrix=matrix,
                end=torch.from_numpy(windows.end[rows]).to(device),
                target=torch.from_numpy(target[rows].astype(np.float32)).to(device),
                weight=torch.from_numpy(_unit_mean(weight[rows]).astype(np.float32)).to(device),
                length=self.sequence_length,
            )

        def fresh_network() -> torch.nn.Module:
            with seeded(config.seed, device):
                return make_network(network, n_features=X.shape[1]).to(device)

        train_data = data_of(learned)
        validation_data = None if held_out is None else data_of(held_out)
        state = train_with_smaller_batches(
            fresh_network,
            train_data,
            validation_data,
            config,
            self._callbacks(network, config, train_data, validation_data),
        )
        self.classes_ = classes
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.mean_, self.scale_ = mean, scale
        self.network_ = state.network.eval()
        self.network_config_ = network
        self.device_ = device
        self.history_ = state.history
        self.best_epoch_ = state.best_epoch or state.epoch
        self.batch_size_ = state.config.batch_size
        self.n_windows_ = len(train_data)
        self.n_parameters_ = sum(parameter.numel() for parameter in state.network.parameters())
        return self

    def predict_proba(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> FloatArray:
        """Probability of the two classes in each row of X, shape (n, 2).

        A row's answer depends on the rows of its window alone, so none of it is from its future. Missing where
        the window is not full; with `context` the rows before X's first ones are found there.
        """
        check_is_fitted(self)
        _check_frame(X)
        context = X if context is None else context
        check_columns(context, self.feature_names_in_, what="the frame of features")
        context = context[list(self.feature_names_in_)]
        windows = find_windows(context, X.index, self.sequence_length)
        p = np.full(len(X), np.nan)
        if windows.is_full.any():
            p[windows.is_full] = self._predict(context, windows)
        return np.column_stack([1 - p, p])

    def predict(self, X: pd.DataFrame, context: pd.DataFrame | None = None):
        """The likelier class of each row; missing where the window is not full, and then as float."""
        p = self.predict_proba(X, context)[:, 1]
        chosen = self.classes_[(p >= 0.5).astype(int)]
        if not np.isnan(p).any():
            return chosen
        if not np.issubdtype(self.classes_.dtype, np.number):
            return np.where(np.isnan(p), None, chosen.astype(object))
        return np.where(np.isnan(p), np.nan, chosen.astype(float))

    def _predict(self, context: pd.DataFrame, windows: WindowIndex) -> FloatArray:
        values = context.to_numpy(dtype=np.float64)[windows.order]
        matrix = _standardised(values, self.mean_, self.scale_, self.device_)
        end = torch.from_numpy(windows.end[windows.is_full]).to(self.device_)
        with torch.inference_mode():
            scores = [
                self.network_(gather_windows(matrix, part, self.sequence_length))[:, 0]
                for part in end.split(PREDICTION_BATCH)
            ]
            return torch.sigmoid(torch.cat(scores).double()).cpu().numpy()

    def _callbacks(
        self, network: NetworkConfig, config: TrainConfig, train: WindowData, validation: WindowData | None
    ) -> list[Callback]:
        callbacks: list[Callback] = [LearningRateSchedule(), GradientClipping()]
        if self.should_stop is not None:
            callbacks.insert(0, CancelCheck(self.should_stop))
        if validation is not None:
            callbacks.append(EarlyStopping())
        if self.checkpoint_folder is not None:
            identity = _identity(network, config, train, validation)
            callbacks.append(Checkpoint(Path(self.checkpoint_folder), identity))
        if self.progress is not None:
            callbacks.append(ProgressReport(self.progress))
        return callbacks

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


def _check_frame(X: pd.DataFrame) -> None:
    if not isinstance(X, pd.DataFrame):
        raise DataError(
            f"X is {type(X).__name__}; sequence models need a frame indexed by (symbol, ts), or by ts for one symbol."
        )


def _matching_context(context: pd.DataFrame, X: pd.DataFrame) -> pd.DataFrame:
    check_columns(context, X.columns, what="the context")
    return context[list(X.columns)]


def _two_classes(y, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    y = np.asarray(y)
    if y.shape != (n_rows,):
        raise DataError(f"y has shape {y.shape} for {n_rows} rows; give one outcome a row.")
    if pd.isna(y).any():
        raise DataError(f"y is missing in {int(pd.isna(y).sum())} rows; leave these rows out.")
    classes, code = np.unique(y, return_inverse=True)
    if len(classes) != 2:
        raise DataError(f"y has {len(classes)} classes; a classifier of direction needs two.")
    return classes, code


def _checked_weight(sample_weight, n_rows: int) -> FloatArray:
    weight = np.ones(n_rows) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    if weight.shape != (n_rows,):
        raise DataError(f"sample_weight has shape {weight.shape} for {n_rows} rows; give one weight a row.")
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise DataError("sample_weight holds a missing, infinite or negative weight; all must be at least 0.")
    return weight


def _divide(
    is_full: BoolArray, index: pd.Index, label_end: Any, share: float, length: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Row numbers to learn from, and those of the validation tail if there is one."""
    usable = np.flatnonzero(is_full)
    if not len(usable):
        raise DataError(
            f"none of {len(index)} training rows has a full window of {length} rows; use a shorter window, or pass the "
            "whole feature frame as context."
        )
    if label_end is not None:
        label_end = label_end.iloc[usable] if isinstance(label_end, pd.Series) else np.asarray(label_end)[usable]
    parts = purged_tail(index[usable], label_end, share)
    if parts is None:
        return usable, None
    return usable[parts[0]], usable[parts[1]]


def _location_and_scale(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation (ddof 0) of each feature; a constant feature has scale 1."""
    scale = rows.std(axis=0)
    return rows.mean(axis=0), np.where(scale > 0, scale, 1.0)


def _standardised(values: FloatArray, mean: FloatArray, scale: FloatArray, device: torch.device) -> torch.Tensor:
    scaled = np.clip((values - mean) / scale, -LARGEST, LARGEST)
    # missing rows stay in place as 0, and no window that is used covers one
    return torch.from_numpy(np.nan_to_num(scaled).astype(np.float32)).to(device)


def _unit_mean(weight: FloatArray) -> FloatArray:
    if weight.sum() <= 0:
        raise DataError("sample_weight is 0 in every row that can be used; give some row a weight.")
    return weight / weight.mean()


def _identity(network: NetworkConfig, config: TrainConfig, train: WindowData, validation: WindowData | None) -> str:
    """Fingerprint of settings and data: a checkpoint of anything else must not be taken up."""
    digest = hashlib.sha256(repr((network, config, train.length)).encode())
    digest.update(train.matrix.cpu().numpy().tobytes())
    for data in (train, validation):
        for tensor in () if data is None else (data.end, data.target, data.weight):
            digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()
