"""The NVIDIA cards that a process may use, read through the driver's own library (nvidia-ml-py)."""

import os
from collections.abc import Mapping
from typing import Any

MIB = 2**20
VISIBLE = "CUDA_VISIBLE_DEVICES"


class Cards:
    """How busy each card is; there are none without the driver or without `nvidia-ml-py`, and `reason` says which.

    The numbers are those of the whole card, other processes on it included.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ):
        self.reason = ""
        self._handles: dict[str, Any] = {}
        try:
            import pynvml
        except ImportError:
            self.reason = "nvidia-ml-py is not installed"
            return
        self._library = pynvml
        try:
            pynvml.nvmlInit()
            handles = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
            known = {number: (pynvml.nvmlDeviceGetUUID(handle), handle) for number, handle in enumerate(handles)}
            self._handles = {
                f"card {number} ({pynvml.nvmlDeviceGetName(handle)})": handle
                for number, (uuid, handle) in known.items()
                if _is_visible(number, uuid, environment.get(VISIBLE))
            }
        except pynvml.NVMLError as error:
            self.reason = f"no NVIDIA driver answers ({error})"

    def sample(self) -> dict[str, tuple[float, float]]:
        """Share of the last moments in which each card worked, in [0, 1], and MiB of its memory that are taken.

        A card that no longer answers is left out from then on, and `reason` says why.
        """
        found = {}
        for name, handle in list(self._handles.items()):
            try:
                busy = self._library.nvmlDeviceGetUtilizationRates(handle).gpu / 100
                found[name] = (busy, self._library.nvmlDeviceGetMemoryInfo(handle).used / MIB)
            except self._library.NVMLError as error:
                self.reason = f"{name} stopped answering ({error})"
                del self._handles[name]
        return found


def _is_visible(number: int, uuid: str, visible: str | None) -> bool:
    """Whether CUDA_VISIBLE_DEVICES, a list of numbers or of beginnings of identities, lets a process use the card."""
    if visible is None:
        return True
    return any(
        entry == str(number) or (not entry.isdigit() and uuid.startswith(entry))
        for entry in (part.strip() for part in visible.split(","))
        if entry
    )
