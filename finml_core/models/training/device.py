"""Where a network is trained, and its randomness."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from finml_core.errors import ConfigError


def resolve_device(name: str) -> torch.device:
    """The device of that name; "auto" is a CUDA device where there is one.

    Raises
    ------
    ConfigError
        If a CUDA device is asked for and there is none of that number.
    """
    n_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if n_devices else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= n_devices:
        raise ConfigError(f"device is {name!r}, but this machine has {n_devices} CUDA devices; choose auto or cpu.")
    return device


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Inside, torch draws from `seed`; afterwards its global generators are as before."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.random.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
