"""What a page needs to know of each model before it exists: a label, a sentence, and one slider a setting."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from finml_core.checks import check_choice
from finml_core.models.configs import ModelConfig
from finml_core.models.types import ModelType


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """One setting of a model; `low` and `high` are sensible ends of a slider, the config allows more."""

    name: str
    label: str
    kind: str  # int, float, log (a float whose slider is logarithmic) or choice
    path: tuple[str, ...]  # where it stands in ModelConfig
    low: float | None = None
    high: float | None = None
    step: float | None = None  # a log slider's step is a factor
    choices: tuple[str, ...] = ()
    help: str = ""

    @property
    def default(self) -> Any:
        """The value that ModelConfig has by itself."""
        value: Any = ModelConfig()
        for part in self.path:
            value = getattr(value, part)
        return value

    @property
    def options(self) -> tuple[float, ...]:
        """Stops of a logarithmic slider: from `low` by the factor `step` to `high`, the default among them."""
        if self.low is None or self.high is None or self.step is None:
            return ()
        count = math.floor(math.log(self.high / self.low) / math.log(self.step) + 1e-9)
        stops = {float(f"{self.low * self.step**number:.3g}") for number in range(count + 1)}
        return tuple(sorted({*stops, self.high, self.default}))


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """A model as a page offers it."""

    model_type: ModelType
    label: str
    family: str  # baseline, linear, trees or network
    summary: str
    hyperparameters: tuple[Hyperparameter, ...]


def describe_models() -> tuple[ModelDescription, ...]:
    """Every model in the order of leaderboards; loads no library."""
    return tuple(
        ModelDescription(
            model_type=model_type,
            label=label,
            family=family,
            summary=summary,
            hyperparameters=HYPERPARAMETERS[model_type],
        )
        for model_type, (label, family, summary) in TEXTS.items()
    )


def with_values(config: ModelConfig, model_type: ModelType | str, values: Mapping[str, Any]) -> ModelConfig:
    """`config` with some settings of one model changed, by the names that its sliders have.

    Raises
    ------
    ConfigError
        For a name that this model does not have, or a value that its config refuses.
    """
    known = {parameter.name: parameter for parameter in HYPERPARAMETERS[ModelType(model_type)]}
    for name, value in values.items():
        check_choice(f"setting of {ModelType(model_type).value}", name, known)
        config = _replaced(config, known[name].path, value)
    return config


def _replaced(config: Any, path: tuple[str, ...], value: Any) -> Any:
    head, *rest = path
    return replace(config, **{head: _replaced(getattr(config, head), tuple(rest), value) if rest else value})


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


TEXTS = {
    ModelType.NAIVE: ("Base rate", "baseline", "States the share of rises among the training rows, whatever the bar."),
    ModelType.LOGISTIC: ("Logistic regression", "linear", "A weighted sum of standardised features, with L2 penalty."),
    ModelType.LIGHTGBM: ("LightGBM", "trees", "Shallow boosted trees on random shares of rows and features."),
    ModelType.LSTM: ("LSTM", "network", "A recurrent network with a memory cell over a window of bars."),
    ModelType.GRU: ("GRU", "network", "A recurrent network with two gates over a window of bars."),
}
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
HYPERPARAMETERS: Mapping[ModelType, tuple[Hyperparameter, ...]] = {
    ModelType.NAIVE: (),
    ModelType.LOGISTIC: (
        Hyperparameter(
            name="C", label="Inverse penalty C", kind="log", path=("logistic", "C"), low=1e-4, high=10.0, step=2.0,
            help="Small values shrink the weights harder.",
        ),
    ),
    ModelType.LIGHTGBM: (
        Hyperparameter(
            name="n_estimators", label="Trees", kind="int", path=("lightgbm", "n_estimators"), low=10, high=1000,
            step=10, help="Boosting rounds.",
        ),
        Hyperparameter(
            name="learning_rate", label="Learning rate", kind="log", path=("lightgbm", "learning_rate"), low=0.005,
            high=0.3, step=1.25, help="Share of each tree that is kept.",
        ),
        Hyperparameter(
            name="num_leaves", label="Leaves", kind="int", path=("lightgbm", "num_leaves"), low=2, high=64, step=1,
            help="Leaves a tree at most.",
        ),
        Hyperparameter(
            name="max_depth", label="Depth", kind="int", path=("lightgbm", "max_depth"), low=0, high=12, step=1,
            help="Levels a tree at most; 0 leaves it to the number of leaves.",
        ),
        Hyperparameter(
            name="min_child_samples", label="Rows a leaf", kind="int", path=("lightgbm", "min_child_samples"), low=10,
            high=1000, step=10, help="Rows that a leaf needs at least.",
        ),
        Hyperparameter(
            name="subsample", label="Share of rows", kind="float", path=("lightgbm", "subsample"), low=0.1, high=1.0,
            step=0.05, help="Rows drawn for each tree.",
        ),
        Hyperparameter(
            name="colsample_bytree", label="Share of features", kind="float", path=("lightgbm", "colsample_bytree"),
            low=0.1, high=1.0, step=0.05, help="Features drawn for each tree.",
        ),
        Hyperparameter(
            name="reg_lambda", label="L2 penalty", kind="float", path=("lightgbm", "reg_lambda"), low=0.0, high=100.0,
            step=1.0, help="Pull of the leaf values towards 0.",
        ),
        Hyperparameter(
            name="patience", label="Patience (trees)", kind="int", path=("lightgbm", "patience"), low=0, high=100,
            step=5, help="Trees without a better loss on the held-out tail before growth stops; 0 grows all.",
        ),
    ),
    ModelType.LSTM: _recurrent("lstm"),
    ModelType.GRU: _recurrent("gru"),
}  # fmt: skip
