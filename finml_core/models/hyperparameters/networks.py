"""Sliders of the networks and of the loop that trains them."""

from collections.abc import Mapping

from finml_core.models.hyperparameters.slider import Hyperparameter
from finml_core.models.types import ModelType


def _recurrent(family: str) -> tuple[Hyperparameter, ...]:
    return (
        Hyperparameter(
            name="hidden_dim", label="Hidden units", kind="int", path=(family, "hidden_dim"), low=8, high=512, step=8,
            help="Memory of the network; more of it fits more noise.",
        ),
        Hyperparameter(
            name="num_layers", label="Layers", kind="int", path=(family, "num_layers"), low=1, high=6, step=1,
            help="Recurrent layers on top of each other.",
        ),
        Hyperparameter(
            name="dropout", label="Dropout", kind="float", path=(family, "dropout"), low=0.0, high=0.7, step=0.05,
            help="Share of units that is silent in a training step.",
        ),
        *TRAINING,
    )  # fmt: skip


TRAINING = (
    Hyperparameter(
        name="sequence_length", label="Window (bars)", kind="int", path=("sequence_length",), low=5, high=120, step=5,
        help="Bars that the network reads, the decision bar included.",
    ),
    Hyperparameter(
        name="epochs", label="Epochs", kind="int", path=("train", "epochs"), low=1, high=100, step=1,
        help="Passes over the training rows at most; early stopping may end before.",
    ),
    Hyperparameter(
        name="batch_size", label="Batch size", kind="int", path=("train", "batch_size"), low=32, high=2048, step=32,
        help="Windows a step.",
    ),
    Hyperparameter(
        name="learning_rate", label="Learning rate", kind="log", path=("train", "learning_rate"), low=1e-4, high=1e-2,
        step=1.25, help="Peak of the schedule, after the warm-up.",
    ),
    Hyperparameter(
        name="weight_decay", label="Weight decay", kind="log", path=("train", "weight_decay"), low=1e-4, high=1.0,
        step=2.0, help="Pull of the weights towards 0.",
    ),
    Hyperparameter(
        name="patience", label="Patience (epochs)", kind="int", path=("train", "patience"), low=1, high=20, step=1,
        help="Epochs without a better loss on the held-out tail before training stops.",
    ),
    Hyperparameter(
        name="device", label="Device", kind="choice", path=("train", "device"), choices=("auto", "cpu", "cuda"),
        help="auto takes a CUDA device where there is one.",
    ),
)  # fmt: skip
NETWORK_SLIDERS: Mapping[ModelType, tuple[Hyperparameter, ...]] = {
    ModelType.LSTM: _recurrent("lstm"),
    ModelType.GRU: _recurrent("gru"),
}
