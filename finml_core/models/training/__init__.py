"""The one training loop and its callbacks; importing this loads torch."""

from finml_core.models.training.callbacks import (
    Callback,
    CancelCheck,
    EarlyStopping,
    GradientClipping,
    LearningRateSchedule,
    ProgressReport,
)
from finml_core.models.training.checkpoint import Checkpoint
from finml_core.models.training.device import resolve_device, seeded
from finml_core.models.training.state import Course, TrainingState
from finml_core.models.training.together import Member, train_together
from finml_core.models.training.trainer import train_network, train_with_smaller_batches
from finml_core.models.training.windows import WindowData, gather_windows

__all__ = [
    "Callback",
    "CancelCheck",
    "Checkpoint",
    "Course",
    "EarlyStopping",
    "GradientClipping",
    "LearningRateSchedule",
    "Member",
    "ProgressReport",
    "TrainingState",
    "WindowData",
    "gather_windows",
    "resolve_device",
    "seeded",
    "train_network",
    "train_together",
    "train_with_smaller_batches",
]
