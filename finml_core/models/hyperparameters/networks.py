"""Sliders of the networks and of the loop that trains them."""

from collections.abc import Mapping

from finml_core.models.configs.networks import ATTENTIONS, POSITIONS
from finml_core.models.configs.training import SCHEDULES
from finml_core.models.hyperparameters.slider import Hyperparameter
from finml_core.models.types import ModelType


def _whole(family: str, name: str, label: str, low: int, high: int, step: int, help: str) -> Hyperparameter:
    return Hyperparameter(
        name=name, label=label, kind="int", path=(family, name), low=low, high=high, step=step, help=help
    )


def _choice(family: str, name: str, label: str, choices: tuple[str, ...], help: str) -> Hyperparameter:
    return Hyperparameter(name=name, label=label, kind="choice", path=(family, name), choices=choices, help=help)


def _hidden(family: str, label: str = "Hidden units") -> Hyperparameter:
    return _whole(family, "hidden_dim", label, 8, 512, 8, "Memory of the network; more of it fits more noise.")


def _layers(family: str) -> Hyperparameter:
    return _whole(family, "num_layers", "Layers", 1, 6, 1, "Layers on top of each other.")


def _heads(family: str) -> Hyperparameter:
    return Hyperparameter(
        name="nhead", label="Heads", kind="log", path=(family, "nhead"), low=1, high=8, step=2,
        help="Parts of the width that attend by themselves; the width must divide by them.",
    )  # fmt: skip


def _wide(family: str) -> Hyperparameter:
    return _whole(family, "dim_feedforward", "Inner width", 16, 2048, 16, "Between the two products of a layer.")


def _attention_layers(family: str) -> Hyperparameter:
    return _whole(family, "num_encoder_layers", "Attention layers", 1, 6, 1, "Attention layers on top of each other.")


def _dropout(family: str) -> Hyperparameter:
    return Hyperparameter(
        name="dropout", label="Dropout", kind="float", path=(family, "dropout"), low=0.0, high=0.7, step=0.05,
        help="Share of units that is silent in a training step.",
    )  # fmt: skip


def _recurrent(family: str) -> tuple[Hyperparameter, ...]:
    return (
        _hidden(family),
        _layers(family),
        _dropout(family),
        _choice(family, "attention", "Attention", ATTENTIONS, "How the decision bar weighs the states before it."),
        *TRAINING,
    )


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
        name="schedule", label="Schedule", kind="choice", path=("train", "schedule"), choices=SCHEDULES,
        help="What the learning rate does after the warm-up.",
    ),
    Hyperparameter(
        name="device", label="Device", kind="choice", path=("train", "device"), choices=("auto", "cpu", "cuda"),
        help="auto takes a CUDA device where there is one.",
    ),
)  # fmt: skip
NETWORK_SLIDERS: Mapping[ModelType, tuple[Hyperparameter, ...]] = {
    ModelType.LSTM: _recurrent("lstm"),
    ModelType.GRU: _recurrent("gru"),
    ModelType.TRANSFORMER: (
        _whole("transformer", "d_model", "Width", 8, 512, 8, "Numbers for each bar; divides by the heads."),
        _heads("transformer"),
        _attention_layers("transformer"),
        _wide("transformer"),
        _dropout("transformer"),
        _choice("transformer", "positional", "Position", POSITIONS, "How a bar's age is told."),
        *TRAINING,
    ),
    ModelType.HYBRID: (
        _hidden("hybrid"),
        _layers("hybrid"),
        _heads("hybrid"),
        _attention_layers("hybrid"),
        _wide("hybrid"),
        _dropout("hybrid"),
        *TRAINING,
    ),
    ModelType.CONV_LSTM: (
        _hidden("conv_lstm", "Channels"),
        _layers("conv_lstm"),
        _whole("conv_lstm", "segment", "Segment (bars)", 1, 20, 1, "Bars that are read at once."),
        _whole("conv_lstm", "kernel_size", "Kernel (bars)", 1, 9, 2, "Neighbouring bars that a gate looks at; odd."),
        _dropout("conv_lstm"),
        *TRAINING,
    ),
    ModelType.NEURAL_ODE: (
        _hidden("neural_ode"),
        _whole("neural_ode", "flow_dim", "Flow width", 8, 256, 8, "Width of the derivative's hidden layer."),
        _layers("neural_ode"),
        _whole("neural_ode", "steps_per_bar", "Steps a bar", 1, 4, 1, "Runge-Kutta steps between two bars."),
        _dropout("neural_ode"),
        *TRAINING,
    ),
}
