"""What all sequence models share: rows of a feature frame in, a network over their windows, answers out."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from finml_core.checks import check_columns, check_integer
from finml_core.models.configs import LSTMConfig, TrainConfig
from finml_core.models.configs.networks import AnyNetworkConfig
from finml_core.models.errors import ModelError
from finml_core.models.networks import make_network
from finml_core.models.sequence.prepared import (
    Outcomes,
    Prepared,
    check_frame,
    matching_context,
    prepare,
    standardised,
)
from finml_core.models.training import (
    Callback,
    CancelCheck,
    Checkpoint,
    Course,
    EarlyStopping,
    GradientClipping,
    LearningRateSchedule,
    ProgressReport,
    WindowData,
    gather_windows,
    resolve_device,
    seeded,
    train_with_smaller_batches,
)
from finml_core.models.windows import WindowIndex, WindowMap
from finml_core.typing import FloatArray

PREDICTION_BATCH = 2048


class SequenceModel(BaseEstimator, ABC):
    """A network over windows of feature rows.

    The window of a row is the `sequence_length` rows of its symbol up to and including the row itself, which is the
    decision row. Windows never cross symbols, nor gaps longer than `longest_gap` where one is declared. They are found
    in `context`, the feature frame of all rows: features are known at their own timestamp, so looking back over rows
    that are purged or tested is no leak; their labels are not looked at. Without `context` the rows given to `fit` or
    `predict` are all there is, neighbours in them count as neighbours in time, and gaps between them (as purged folds
    leave) cannot be seen. So pass it whenever the rows are a part.

    Features are standardised by the rows that are learned from, those of the validation tail and of the context left
    out. Rows without a full window of complete features are not learned from, and get missing answers.

    Parameters
    ----------
    network : config of a network, optional
        LSTMConfig, GRUConfig, TransformerConfig, HybridConfig, ConvLSTMConfig or NeuralODEConfig.
    train : TrainConfig, optional
        Early stopping watches the last `validation_share` of the training timestamps; rows whose `label_end` reaches
        into them are left out. The weights of the best epoch are kept.
    sequence_length : int
        Rows a window.
    longest_gap : text, optional
        As "10D": rows of a symbol further apart are no neighbours.
    progress : callable, optional
        Given a dict after each epoch: epoch, epochs, train_loss, validation_loss, best_epoch, windows_per_second.
    should_stop : callable, optional
        Asked before each batch; on True `fit` raises TrainingCancelled.
    checkpoint_folder : path, optional
        Where an interrupted training is kept and taken up again.

    Attributes
    ----------
    network_ : the trained module, on `device_`
    mean_, scale_ : of each feature, from the rows learned from
    head_ : what the network's outputs mean
    history_ : list of dict(epoch, train_loss, validation_loss)
    best_epoch_ : the epoch whose weights are kept
    n_parameters_, n_windows_, batch_size_ : size of the network, windows learned from, windows a step
    """

    def __init__(
        self,
        *,
        network: AnyNetworkConfig | None = None,
        train: TrainConfig | None = None,
        sequence_length: int = 20,
        longest_gap: str | None = None,
        progress: Callable[[dict[str, Any]], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        checkpoint_folder: str | Path | None = None,
    ):
        self.network = network
        self.train = train
        self.sequence_length = sequence_length
        self.longest_gap = longest_gap
        self.progress = progress
        self.should_stop = should_stop
        self.checkpoint_folder = checkpoint_folder

    def __sklearn_clone__(self) -> "SequenceModel":
        # configs are frozen and callbacks belong to the caller: neither is copied
        return type(self)(**self.get_params(deep=False))

    def fit(self, X: pd.DataFrame, y, sample_weight=None, label_end=None, context: pd.DataFrame | None = None) -> Any:
        """Train on the rows of X.

        Parameters
        ----------
        X : DataFrame of shape (n, n_features)
            Indexed by (symbol, ts), or by ts alone for one symbol; any row order.
        y : array of shape (n,), or (n, n_horizons)
            Outcomes; of several horizons all but the first may be missing in some rows.
        sample_weight : array of shape (n,), optional
            At least 0, and above 0 somewhere.
        label_end : Series or array of shape (n,), optional
            When each outcome is known, that of the longest horizon; without it the validation tail is not purged.
        context : DataFrame, optional
            The feature frame of all rows, X's among them; feature values are read from it.

        Raises
        ------
        DataError
            If shapes or outcomes do not fit, or no row has a full window.
        TrainingCancelled
            If `should_stop` said so.
        """
        self.settings()
        check_frame(X)
        outcomes = self.outcomes(y, len(X))
        windows = WindowMap(matching_context(context, X), longest_gap=self.longest_gap)
        prepared = self.prepared(windows, X, outcomes, sample_weight, label_end)
        return self.train_prepared(X.columns, prepared, self.should_stop)

    def train_prepared(
        self, columns: pd.Index, prepared: Prepared, should_stop: Callable[[], bool] | None
    ) -> "SequenceModel":
        """Train on what is prepared; `fit`, and `fit_folds` where it trains folds apart, do their work here."""
        network, config = self.settings()
        device = resolve_device(config.device)
        matrix = prepared.matrix(device)
        train_data = prepared.train.on(matrix, self.sequence_length)
        held_out = prepared.validation
        validation_data = None if held_out is None else held_out.on(matrix, self.sequence_length)
        state = train_with_smaller_batches(
            lambda: fresh_network(network, prepared, config.seed, device),
            train_data,
            validation_data,
            config,
            self._callbacks(network, config, train_data, validation_data, should_stop),
            prepared.head,
        )
        return self.finish(columns, prepared, state.network, state)

    def settings(self) -> tuple[AnyNetworkConfig, TrainConfig]:
        """The configs of network and training, the defaults where none is given."""
        check_integer("sequence_length", self.sequence_length, 1)
        return self.network or LSTMConfig(), self.train or TrainConfig()

    @abstractmethod
    def outcomes(self, y: Any, n_rows: int) -> Outcomes:
        """Outcomes as numbers, and what the head makes of them."""

    def prepared(
        self, windows: WindowMap, X: pd.DataFrame, outcomes: Outcomes, sample_weight: Any, label_end: Any
    ) -> Prepared:
        """All that a training on the rows of X needs."""
        config = self.train or TrainConfig()
        return prepare(
            windows,
            X.index,
            outcomes,
            sample_weight,
            label_end,
            length=self.sequence_length,
            validation_share=config.validation_share,
            balanced=config.balanced and outcomes.head.kind == "direction",
        )

    def finish(self, columns: pd.Index, prepared: Prepared, network: torch.nn.Module, course: Course) -> Any:
        """Take over what a training has learned; `fit` and `fit_folds` end here."""
        for name, value in prepared.learned.items():
            setattr(self, name, value)
        self.feature_names_in_ = np.asarray(columns, dtype=object)
        self.n_features_in_ = len(columns)
        self.mean_, self.scale_ = prepared.mean, prepared.scale
        self.target_mean_, self.target_scale_ = prepared.target_mean, prepared.target_scale
        self.head_ = prepared.head
        self.network_ = network.eval()
        self.network_config_, _ = self.settings()
        self.device_ = next(network.parameters()).device
        self.history_ = course.history
        self.best_epoch_ = course.best_epoch or course.epoch
        self.batch_size_ = course.config.batch_size
        self.n_windows_ = len(prepared.train.end)
        self.n_parameters_ = sum(parameter.numel() for parameter in network.parameters())
        return self

    def attention_weights(self, X: pd.DataFrame, context: pd.DataFrame | None = None) -> FloatArray:
        """How much the decision row looks at each row of its window, shape (n, n_heads, sequence_length).

        The last row of the window is the decision row itself; each head's weights sum to 1. Missing where the window
        is not full.

        Raises
        ------
        ModelError
            For a network without attention.
        """
        attend = getattr(getattr(self, "network_", None), "attend", None)
        weights = self._over_windows(X, context, lambda network, windows: attend(windows) if attend else None)
        if weights is None:
            raise ModelError(
                f"{type(self.network_config_).__name__} as it is set has no attention to show; use TransformerConfig, "
                "HybridConfig, or attention='dot' in an LSTMConfig or GRUConfig."
            )
        return weights

    def _answers(self, X: pd.DataFrame, context: pd.DataFrame | None) -> FloatArray:
        """The head's reading for each row of X, (n, n_horizons) or (n, n_horizons, Q); missing without a window."""
        answers = self._over_windows(X, context, lambda network, windows: self.head_.read(network(windows).double()))
        return np.full((len(X), self.head_.n_horizons), np.nan) if answers is None else answers

    def _over_windows(
        self,
        X: pd.DataFrame,
        context: pd.DataFrame | None,
        look: Callable[[torch.nn.Module, torch.Tensor], torch.Tensor | None],
    ) -> FloatArray | None:
        check_is_fitted(self)
        check_frame(X)
        context = X if context is None else context
        check_columns(context, self.feature_names_in_, what="the frame of features")
        found = WindowMap(context[list(self.feature_names_in_)], longest_gap=self.longest_gap)
        windows = found.locate(X.index, self.sequence_length)
        if not windows.is_full.any():
            return None
        seen = self._look(found.values, windows, look)
        if seen is None:
            return None
        whole = np.full((len(X), *seen.shape[1:]), np.nan)
        whole[windows.is_full] = seen
        return whole

    def _look(self, values: FloatArray, windows: WindowIndex, look: Callable) -> FloatArray | None:
        matrix = standardised(values, self.mean_, self.scale_, self.device_)
        end = torch.from_numpy(windows.end[windows.is_full]).to(self.device_)
        batch = PREDICTION_BATCH
        while True:
            try:
                with torch.inference_mode():
                    parts = [
                        look(self.network_, gather_windows(matrix, part, self.sequence_length))
                        for part in end.split(batch)
                    ]
                return None if parts[0] is None else torch.cat(parts).double().cpu().numpy()
            except torch.OutOfMemoryError as error:
                if batch == 1:
                    raise ModelError(
                        f"the device {self.device_} has too little memory for one window of {self.sequence_length} "
                        "rows; predict on the CPU."
                    ) from error
                batch //= 2
                torch.cuda.empty_cache()

    def _callbacks(
        self,
        network: AnyNetworkConfig,
        config: TrainConfig,
        train: WindowData,
        validation: WindowData | None,
        should_stop: Callable[[], bool] | None,
    ) -> list[Callback]:
        callbacks: list[Callback] = [LearningRateSchedule(), GradientClipping()]
        if should_stop is not None:
            callbacks.insert(0, CancelCheck(should_stop))
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
        return tags


def fresh_network(network: AnyNetworkConfig, prepared: Prepared, seed: int, device: torch.device) -> torch.nn.Module:
    """A network with the weights that `seed` gives, on the device."""
    with seeded(seed, device):
        return make_network(network, n_features=len(prepared.mean), n_outputs=prepared.head.n_outputs).to(device)


def _identity(network: AnyNetworkConfig, config: TrainConfig, train: WindowData, validation: WindowData | None) -> str:
    """Fingerprint of settings and data: a checkpoint of anything else must not be taken up."""
    digest = hashlib.sha256(repr((network, config, train.length)).encode())
    digest.update(train.matrix.cpu().numpy().tobytes())
    for data in (train, validation):
        for tensor in () if data is None else (data.end, data.target, data.weight):
            digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()
