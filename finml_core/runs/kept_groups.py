"""Copies and clusters of the ledger, kept beside it: a new process goes on from them instead of comparing all anew."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from finml_core.runs.files import write_whole
from finml_core.typing import FloatArray, IntArray

FOLDER, FILE = ".groups", "groups.npz"  # a folder of its own: the ledger's time of change is the state of its trials
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class KeptRoom:
    """The originals of one size of bars."""

    ids: list[str]
    correlation: FloatArray  # of the originals
    labels: IntArray | None  # their clusters; None where they were not asked for
    nearest: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class KeptGroups:
    """What `TrialGroups` knows of the trials that it has met."""

    original: dict[str, str]
    rooms: dict[int, KeptRoom]


def read_groups(ledger: Path, rules: dict[str, Any]) -> KeptGroups | None:
    """What was kept under the same rules; None if nothing was, or nothing that can be read."""
    try:
        with (ledger / FOLDER / FILE).open("rb") as file, np.load(file, allow_pickle=False) as kept:
            told = json.loads(kept["told"].tobytes().decode())
            if told["format"] != FORMAT or told["rules"] != rules:
                return None
            rooms = {
                int(number): KeptRoom(
                    ids=room["ids"],
                    correlation=kept[f"correlation_{number}"],
                    labels=kept[f"labels_{number}"] if room["has_labels"] else None,
                    nearest=room["nearest"],
                )
                for number, room in told["rooms"].items()
            }
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        zipfile.BadZipFile,
    ):  # none was kept, or it was torn: all is compared anew
        return None
    return KeptGroups(original=told["original"], rooms=rooms)


def write_groups(ledger: Path, groups: KeptGroups, rules: dict[str, Any]) -> None:
    """Keep them in place of what was kept before, in one step; where nothing may be written, nothing is kept."""
    told = {
        "format": FORMAT,
        "rules": rules,
        "original": groups.original,
        "rooms": {
            str(number): {"ids": room.ids, "nearest": room.nearest, "has_labels": room.labels is not None}
            for number, room in groups.rooms.items()
        },
    }
    arrays: dict[str, np.ndarray] = {"told": np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)}
    for number, room in groups.rooms.items():
        arrays[f"correlation_{number}"] = room.correlation
        if room.labels is not None:
            arrays[f"labels_{number}"] = room.labels

    def write(unfinished: Path) -> None:
        with unfinished.open("wb") as file:
            np.savez(file, **arrays)

    try:
        write_whole(ledger / FOLDER / FILE, write)
    except OSError as error:
        print(f"copies and clusters of the trials could not be kept: {error}", flush=True)
