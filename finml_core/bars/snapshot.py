"""Bars pinned by their content: one immutable Parquet file for each distinct set."""

import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from finml_core.bars.selection import typed
from finml_core.errors import DataError, StoreError
from finml_core.schemas import KEY, OHLCV, OPTIONAL_BARS, as_bars, segments

HASH_LENGTH = 32
SUMMARY = b"finml_bars"  # key in the footer of the file


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
        _write(bars, draft)
        os.replace(draft, path)
    except OSError as error:
        raise StoreError(f"the snapshot {path} cannot be written: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return snapshot_id


def list_snapshots(folder: str | os.PathLike[str], used_by: Mapping[str, Iterable[str]] | None = None) -> pd.DataFrame:
    """Snapshots in a folder, latest first, with the runs that need them.

    Parameters
    ----------
    used_by : {snapshot id: names of runs}, from whoever keeps the runs

    Returns
    -------
    DataFrame with `snapshot_id, n_symbols, n_bars, first, last, bytes, written_at, n_runs, runs`
        `first` and `last` are the stamps of its span; `runs` is one text. Snapshots that a run needs and the folder
        lacks have missing sizes, and a file that cannot be read has only `bytes`.
    """
    runs = {snapshot: sorted(names) for snapshot, names in (used_by or {}).items()}
    paths = {path.stem: path for path in Path(folder).glob("*.parquet") if _is_hash(path.stem)}
    rows = []
    for snapshot_id in sorted({*paths, *(name for name in runs if runs[name])}):
        path = paths.get(snapshot_id)
        size, written_at = _stat(path)
        names = runs.get(snapshot_id, [])
        rows.append((snapshot_id, *_content(path), size, written_at, len(names), ", ".join(names)))
    columns = ["snapshot_id", "n_symbols", "n_bars", "first", "last", "bytes", "written_at", "n_runs", "runs"]
    types = {
        **dict.fromkeys(("snapshot_id", "runs"), "str"),
        **dict.fromkeys(("n_symbols", "n_bars", "bytes"), "Int64"),
        **dict.fromkeys(("first", "last", "written_at"), "datetime64[us]"),
        "n_runs": "int64",
    }
    listed = pd.DataFrame(rows, columns=columns).astype(types)
    return listed.sort_values("written_at", ascending=False, ignore_index=True)


def delete_snapshot(folder: str | os.PathLike[str], snapshot_id: str, *, used_by: Iterable[str]) -> None:
    """Delete a snapshot that no run needs.

    Raises
    ------
    StoreError
        If runs need it (`used_by` names them), or it is not there.
    """
    names = sorted(used_by)
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise StoreError(
            f"the snapshot {snapshot_id} is needed by {', '.join(names[:3])}{more}; delete those runs first."
        )
    path = Path(folder) / f"{snapshot_id}.parquet"
    if not _is_hash(snapshot_id) or not path.is_file():
        raise StoreError(f"there is no snapshot {snapshot_id!r} in {folder}.")
    path.unlink()


def _is_hash(text: str) -> bool:
    return re.fullmatch(rf"[0-9a-f]{{{HASH_LENGTH}}}", text) is not None


def _stat(path: Path | None) -> tuple[int | None, pd.Timestamp]:
    if path is None:
        return None, pd.NaT
    stat = path.stat()
    return stat.st_size, pd.Timestamp(stat.st_mtime, unit="s")


def _write(bars: pd.DataFrame, path: Path) -> None:
    """Parquet with its number of symbols and its span in the footer, so that listing reads no bars."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.Table.from_pandas(bars, preserve_index=False)
    summary = {
        "n_symbols": int(bars["symbol"].nunique()),
        "first": str(bars["ts"].min()),
        "last": str(bars["ts"].max()),
    }
    table = table.replace_schema_metadata({**table.schema.metadata, SUMMARY: json.dumps(summary).encode()})
    parquet.write_table(table, path, compression="zstd")


def _content(path: Path | None) -> tuple[int | None, int | None, pd.Timestamp, pd.Timestamp]:
    """Symbols, bars, first and last stamp of a snapshot."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        if path is None:
            return None, None, pd.NaT, pd.NaT
        footer = parquet.read_metadata(path)
        if SUMMARY in (footer.metadata or {}):
            summary = json.loads(footer.metadata[SUMMARY])
        else:  # written by an earlier version
            keys = pd.read_parquet(path, columns=list(KEY))
            summary = {"n_symbols": keys["symbol"].nunique(), "first": keys["ts"].min(), "last": keys["ts"].max()}
        return summary["n_symbols"], footer.num_rows, pd.Timestamp(summary["first"]), pd.Timestamp(summary["last"])
    except (pa.ArrowException, OSError):
        return None, None, pd.NaT, pd.NaT


def load_snapshot(folder: str | os.PathLike[str], snapshot_id: str) -> pd.DataFrame:
    """The bars of a snapshot, verified against their hash.

    Raises
    ------
    StoreError
        If there is no such snapshot, or its content is not what its name says.
    """
    path = Path(folder) / f"{snapshot_id}.parquet"
    if not _is_hash(snapshot_id) or not path.is_file():
        raise StoreError(f"there is no snapshot {snapshot_id!r} in {folder}; run again to pin the bars anew.")
    try:
        bars = typed(pd.read_parquet(path))
        is_intact = content_hash(bars) == snapshot_id
    except (OSError, ValueError, KeyError, DataError) as error:
        raise StoreError(f"the snapshot {path} cannot be read: {error}.") from error
    if not is_intact:
        raise StoreError(f"the snapshot {path} does not hold what its name says; delete it and pin the bars anew.")
    return bars
