"""Bars pinned by their content: one immutable Parquet file for each distinct set."""

import hashlib
import json
import os
import re
import uuid
from pathlib import Path

import numpy as np
import pandas as pd

from finml_core.bars.selection import typed
from finml_core.errors import DataError, StoreError
from finml_core.schemas import OHLCV, OPTIONAL_BARS, as_bars, segments

HASH_LENGTH = 32


def content_hash(bars: pd.DataFrame) -> str:
    """A name for the content of bars: the same for any row order, column order and file layout.

    Optional columns without a value do not count, nor does the sign of a zero or the kind of a missing value.
    """
    bars = as_bars(bars)
    offsets = segments(bars)
    names = bars["symbol"].iloc[offsets[:-1]].tolist()
    digest = hashlib.sha256(json.dumps([names, np.diff(offsets).tolist()]).encode())
    digest.update(bars["ts"].to_numpy().astype("datetime64[us]").astype("<i8").tobytes())
    for column in (*OHLCV, *OPTIONAL_BARS):
        if column in OPTIONAL_BARS and (column not in bars.columns or bars[column].isna().all()):
            continue
        values = bars[column].to_numpy(dtype="<f8") + 0.0  # -0.0 becomes 0.0
        digest.update(column.encode())
        digest.update(np.where(np.isnan(values), np.nan, values).tobytes())
    return digest.hexdigest()[:HASH_LENGTH]


def write_snapshot(bars: pd.DataFrame, folder: str | os.PathLike[str]) -> str:
    """Write bars as `folder/<hash>.parquet` unless they are there already; returns the hash."""
    snapshot_id = content_hash(bars)
    path = Path(folder) / f"{snapshot_id}.parquet"
    if path.exists():
        return snapshot_id
    draft = path.with_name(f".{snapshot_id}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        bars.to_parquet(draft, index=False, compression="zstd")
        os.replace(draft, path)
    except OSError as error:
        raise StoreError(f"the snapshot {path} cannot be written: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return snapshot_id


def load_snapshot(folder: str | os.PathLike[str], snapshot_id: str) -> pd.DataFrame:
    """The bars of a snapshot, verified against their hash.

    Raises
    ------
    StoreError
        If there is no such snapshot, or its content is not what its name says.
    """
    path = Path(folder) / f"{snapshot_id}.parquet"
    if not re.fullmatch(rf"[0-9a-f]{{{HASH_LENGTH}}}", snapshot_id) or not path.is_file():
        raise StoreError(f"there is no snapshot {snapshot_id!r} in {folder}; run again to pin the bars anew.")
    try:
        bars = typed(pd.read_parquet(path))
        is_intact = content_hash(bars) == snapshot_id
    except (OSError, ValueError, KeyError, DataError) as error:
        raise StoreError(f"the snapshot {path} cannot be read: {error}.") from error
    if not is_intact:
        raise StoreError(f"the snapshot {path} does not hold what its name says; delete it and pin the bars anew.")
    return bars
