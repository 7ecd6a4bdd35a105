"""Training that goes on where it was interrupted."""

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from finml_core.models.training.callbacks import Callback
from finml_core.models.training.state import TrainingState

FILE = "checkpoint.safetensors"
PLAIN = (
    "epoch", "step", "is_stopped", "history", "best_loss", "best_epoch", "rate_factor", "plateau_loss", "plateau_epoch",
)  # fmt: skip


class Checkpoint(Callback):
    """Keeps the state after each epoch in one file, and takes it up again at the start.

    On the CPU a training that was interrupted and resumed ends with the same bits as one that was not: the shuffle and
    the dropout of an epoch depend on the seed and the epoch's number only.

    Parameters
    ----------
    folder : Path
        Made when needed. The file is replaced as a whole.
    identity : str
        Names settings and data; a checkpoint of another identity, or one that cannot be read, is passed over.
    """

    def __init__(self, folder: Path, identity: str):
        self.folder = Path(folder)
        self.identity = identity

    def on_train_start(self, state: TrainingState) -> None:
        path = self.folder / FILE
        if not path.exists():
            return
        try:
            with safe_open(path, framework="pt") as file:
                plain = json.loads(file.metadata()["state"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError):
            return  # half a file is as good as none: the training starts anew
        if plain.pop("identity") == self.identity:
            _restore(state, plain, tensors)

    def on_epoch_end(self, state: TrainingState) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        plain = {"identity": self.identity, **{name: getattr(state, name) for name in PLAIN}}
        unfinished = self.folder / f".{FILE}.{os.getpid()}"
        save_file(_tensors(state), unfinished, metadata={"state": json.dumps(plain)})
        os.replace(unfinished, self.folder / FILE)


def _tensors(state: TrainingState) -> dict[str, torch.Tensor]:
    return {
        **{f"network/{name}": value for name, value in state.network.state_dict().items()},
        **{f"best/{name}": value for name, value in state.best_weights.items()},
        **{f"moment/{name}": value for name, value in state.optimizer.moments().items()},
    }


def _restore(state: TrainingState, plain: dict, tensors: dict[str, torch.Tensor]) -> None:
    device = next(state.network.parameters()).device
    parts: dict[str, dict[str, torch.Tensor]] = {"network": {}, "best": {}, "moment": {}}
    for name, value in tensors.items():
        part, _, rest = name.partition("/")
        parts[part][rest] = value.to(device) if part == "best" else value
    state.network.load_state_dict(parts["network"])
    state.optimizer.restore(parts["moment"])
    state.best_weights = parts["best"]
    for name in PLAIN:
        setattr(state, name, plain[name])
