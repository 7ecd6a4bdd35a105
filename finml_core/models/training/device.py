"""Where a network is trained, and its randomness."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from finml_core.errors import ConfigError
from finml_core.models.networks import set_generator

_global_draws = threading.RLock()  # torch's global generators belong to one thread at a time
WORTH_THREADS = 1e9  # multiplications in a batch above which threads pay


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
def frugal_threads(network: nn.Module, n_rows: int) -> Iterator[None]:
    """Inside, torch runs on one thread if a batch of `n_rows` rows is little work for this network.

    Small products are over before a second thread has begun, and beside other work (the dashboard's server) each of the
    hundreds of operations in a step waits for the slower thread. One thread also gives the same bits on any machine.
    """
    n_threads = torch.get_num_threads()
    n_weights = sum(parameter.numel() for parameter in network.parameters())
    if n_weights * n_rows < WORTH_THREADS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Inside, torch draws from `seed`, for one thread at a time; afterwards its global generators are as before."""
    devices = [device] if device.type == "cuda" else []
    with _global_draws, torch.random.fork_rng(devices=devices):
        torch.random.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


@contextmanager
def drawing(network: nn.Module, seed: int, device: torch.device) -> Iterator[torch.Generator]:
    """Inside, the network's dropout draws from generators of its own; the one that is given shuffles its windows.

    The draws are those that `seeded` would give, and other threads' trainings do not meet them.
    """
    order = torch.Generator().manual_seed(seed)
    set_generator(network, order if device.type == "cpu" else torch.Generator(device).manual_seed(seed))
    try:
        yield order
    finally:
        set_generator(network, None)
