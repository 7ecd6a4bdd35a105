"""Settings of the training loop."""

from dataclasses import dataclass

from finml_core.checks import check_at_least, check_between, check_choice, check_integer, check_positive
from finml_core.errors import ConfigError

SCHEDULES = ("cosine", "plateau", "constant")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """The one training loop of all networks."""

    epochs: int = 15  # passes over the training rows at most
    batch_size: int = 256  # windows a step
    learning_rate: float = 1e-3  # peak of the schedule
    weight_decay: float = 1e-2  # decoupled, as in AdamW
    schedule: str = "cosine"  # after the warm-up: cosine, constant, or plateau (halved when the loss stands still)
    warmup_share: float = 0.1  # share of all steps in which the rate climbs to its peak
    plateau_patience: int = 2  # epochs without a better loss before a plateau halves the rate
    patience: int = 4  # epochs without a better loss on the purged tail before stopping
    validation_share: float = 0.15  # last share of the training timestamps, held out to stop; 0 trains all epochs
    gradient_clip: float = 1.0  # largest norm of the gradient
    balanced: bool = False  # weigh the classes alike; for classification
    mixed_precision: bool = True  # bfloat16 on a CUDA device
    bfloat16_on_cpu: bool = False  # the same on a CPU: pays for LSTM and GRU where the CPU has instructions for it
    compile: bool = False  # torch.compile; pays on CUDA devices only, after its minutes
    device: str = "auto"  # auto, cpu, cuda or cuda:N
    seed: int = 0

    def __post_init__(self) -> None:
        check_integer("epochs", self.epochs, 1)
        check_integer("batch_size", self.batch_size, 1)
        check_positive("learning_rate", self.learning_rate)
        check_at_least("weight_decay", self.weight_decay, 0.0)
        check_choice("schedule", self.schedule, SCHEDULES)
        check_between("warmup_share", self.warmup_share, 0.0, 0.9)
        check_integer("plateau_patience", self.plateau_patience, 1)
        check_integer("patience", self.patience, 1)
        check_between("validation_share", self.validation_share, 0.0, 0.5)
        check_positive("gradient_clip", self.gradient_clip)
        check_integer("seed", self.seed, 0)
        if self.device not in ("auto", "cpu", "cuda") and not self.device.removeprefix("cuda:").isdigit():
            raise ConfigError(f"device is {self.device!r}; choose one of: auto, cpu, cuda, cuda:0, cuda:1 and so on.")

    def uses_bfloat16(self, device_type: str) -> bool:
        """Whether products run in bfloat16 on such a device."""
        return self.mixed_precision if device_type == "cuda" else self.bfloat16_on_cpu
