"""What a trained model ran on, in the words of a leaderboard."""

from dataclasses import dataclass
from typing import Any

MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class DeviceUse:
    """Name of the device and memory taken on it, at most so far in this process."""

    device: str  # cpu, or a card's number and name
    memory_mib: float  # of the card: most that tensors held; of a CPU: the process's resident memory


def device_use(model: Any) -> DeviceUse:
    """Where a fitted model was trained; models without a device of their own ran on the CPU."""
    device = getattr(model, "device_", None)
    if device is None or device.type == "cpu":
        import psutil

        return DeviceUse(device="cpu", memory_mib=psutil.Process().memory_info().rss / MIB)
    import torch

    held = torch.cuda.max_memory_allocated(device)
    return DeviceUse(device=f"{device} ({torch.cuda.get_device_name(device)})", memory_mib=held / MIB)
