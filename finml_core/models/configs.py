"""Settings of all models, frozen and checked when made; free of torch, so that a page can build them."""

from dataclasses import dataclass

from finml_core.checks import check_at_least, check_between, check_choice, check_integer, check_positive
from finml_core.errors import ConfigError

SCHEDULES = ("cosine", "constant")


@dataclass(frozen=True, kw_only=True)
class LogisticConfig:
    """Logistic regression with an L2 penalty on standardised features."""

    C: float = 0.01  # inverse strength of the penalty; small is strong
    max_iter: int = 1000  # iterations of the solver at most

    def __post_init__(self) -> None:
        check_positive("C", self.C)
        check_integer("max_iter", self.max_iter, 1)


@dataclass(frozen=True, kw_only=True)
class LightGBMConfig:
    """Boosted trees; the defaults suit some thousands of rows with many noisy features: shallow, slow, random."""

    n_estimators: int = 100  # trees
    learning_rate: float = 0.03  # share of each tree that is kept
    num_leaves: int = 8  # leaves a tree
    max_depth: int = 3  # levels a tree; 0 leaves it to num_leaves
    min_child_samples: int = 200  # rows a leaf at least
    subsample: float = 0.7  # share of rows for each tree
    colsample_bytree: float = 0.5  # share of features for each tree
    reg_lambda: float = 10.0  # L2 penalty on leaf values
    max_bin: int = 63  # bins of a feature
    patience: int = 0  # trees without a better loss on the purged tail before stopping; 0 grows all
    n_jobs: int = 1  # threads; some thousand rows gain little from a second, and lose much beside other work

    def __post_init__(self) -> None:
        check_integer("n_estimators", self.n_estimators, 1)
        check_between("learning_rate", self.learning_rate, 1e-4, 1.0)
        check_integer("num_leaves", self.num_leaves, 2)
        check_integer("max_depth", self.max_depth, 0)
        check_integer("min_child_samples", self.min_child_samples, 1)
        check_between("subsample", self.subsample, 0.01, 1.0)
        check_between("colsample_bytree", self.colsample_bytree, 0.01, 1.0)
        check_at_least("reg_lambda", self.reg_lambda, 0.0)
        check_integer("max_bin", self.max_bin, 2)
        check_integer("patience", self.patience, 0)
        check_integer("n_jobs", self.n_jobs, 1)


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """What the recurrent networks share; each has a class of its own."""

    hidden_dim: int = 32  # units a layer
    num_layers: int = 1
    dropout: float = 0.2  # share of units dropped between layers and before the head
    layer_norm: bool = True  # normalise the last hidden state before the head

    def __post_init__(self) -> None:
        check_integer("hidden_dim", self.hidden_dim, 1)
        check_integer("num_layers", self.num_layers, 1)
        check_between("hidden_dim", self.hidden_dim, 1, 4096)
        check_between("num_layers", self.num_layers, 1, 16)
        check_between("dropout", self.dropout, 0.0, 0.9)


@dataclass(frozen=True, kw_only=True)
class LSTMConfig(NetworkConfig):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997)."""


@dataclass(frozen=True, kw_only=True)
class GRUConfig(NetworkConfig):
    """Gated recurrent units (Cho et al., 2014)."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """The one training loop of all networks."""

    epochs: int = 15  # passes over the training rows at most
    batch_size: int = 256  # windows a step
    learning_rate: float = 1e-3  # peak of the schedule
    weight_decay: float = 1e-2  # decoupled, as in AdamW
    schedule: str = "cosine"  # after the warm-up: cosine or constant
    warmup_share: float = 0.1  # share of all steps in which the rate climbs to its peak
    patience: int = 4  # epochs without a better loss on the purged tail before stopping
    validation_share: float = 0.15  # last share of the training timestamps, held out to stop; 0 trains all epochs
    gradient_clip: float = 1.0  # largest norm of the gradient
    mixed_precision: bool = True  # bfloat16 on a CUDA device
    device: str = "auto"  # auto, cpu, cuda or cuda:N
    seed: int = 0

    def __post_init__(self) -> None:
        check_integer("epochs", self.epochs, 1)
        check_integer("batch_size", self.batch_size, 1)
        check_positive("learning_rate", self.learning_rate)
        check_at_least("weight_decay", self.weight_decay, 0.0)
        check_choice("schedule", self.schedule, SCHEDULES)
        check_between("warmup_share", self.warmup_share, 0.0, 0.9)
        check_integer("patience", self.patience, 1)
        check_between("validation_share", self.validation_share, 0.0, 0.5)
        check_positive("gradient_clip", self.gradient_clip)
        check_integer("seed", self.seed, 0)
        if self.device not in ("auto", "cpu", "cuda") and not self.device.removeprefix("cuda:").isdigit():
            raise ConfigError(f"device is {self.device!r}; choose one of: auto, cpu, cuda, cuda:0, cuda:1 and so on.")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Settings of every family in one place; a model reads its own, and `seed` rules over that in `train`."""

    seed: int = 0
    logistic: LogisticConfig = LogisticConfig()
    lightgbm: LightGBMConfig = LightGBMConfig()
    lstm: LSTMConfig = LSTMConfig()
    gru: GRUConfig = GRUConfig()
    train: TrainConfig = TrainConfig()  # of every network
    sequence_length: int = 20  # bars a window, the decision bar included

    def __post_init__(self) -> None:
        check_integer("seed", self.seed, 0)
        check_integer("sequence_length", self.sequence_length, 1)
