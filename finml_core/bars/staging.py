"""The long part of an ingest, without any lock: raw rows are parsed and checked into a file beside the store."""

import glob
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from finml_core.bars.connection import connect_utc
from finml_core.bars.files import source_label
from finml_core.bars.mapping import resolve_mapping
from finml_core.bars.options import IngestOptions
from finml_core.bars.parse import PARSED, parsed_rows, raw_texts
from finml_core.bars.source import Source, literal, open_sources, unreadable
from finml_core.errors import DataError, StoreError

SUFFIX = ".staging"
ABANDONED_S = 6 * 3600  # a staging file that nobody touched for so long was left by a killed process
N_SYMBOLS = 100
RAW_LENGTH = 10_000  # characters of a bad row that are kept
CREATE_BAD = "CREATE TABLE bad (row_number BIGINT, reason VARCHAR, symbol VARCHAR, ts TIMESTAMP, raw VARCHAR)"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A checked source, waiting in a file: tables `good` (sorted by symbol, ts) and `bad`."""

    path: Path
    label: str
    mapping: dict[str, str]
    rows_read: int
    n_good: int
    quarantined: dict[str, int]
    symbols: tuple[str, ...]
    notes: tuple[str, ...]


@contextmanager
def staged(
    source: Any, mapping: Mapping[str, str | None] | None, options: IngestOptions, *, beside: Path
) -> Iterator[Staged]:
    """Parse and check `source` into a file beside the store; the file is gone afterwards.

    Raises
    ------
    DataError
        For an unreadable source, a missing column, 0 rows or no usable row; then nothing is left behind.
    """
    with _staging_file(beside) as path:
        with connect_utc(path) as connection:
            opened = _stage(connection, source, mapping, options, path.with_name(path.name + ".tmp"))
            label = opened[0][0].label if len(opened) == 1 else options.source or source_label(source)
            rows_read = sum(n_rows for _, _, n_rows in opened)
            quarantined = dict(
                connection.execute("SELECT reason, count(*) FROM bad GROUP BY reason ORDER BY 2 DESC, 1").fetchall()
            )
            n_good = connection.execute("SELECT count(*) FROM good").fetchall()[0][0]
            _check_usable(label, options, rows_read, n_good, quarantined)
            query = f"SELECT DISTINCT symbol FROM good ORDER BY symbol LIMIT {N_SYMBOLS}"
            symbols = tuple(symbol for (symbol,) in connection.execute(query).fetchall())
        first, resolved, _ = opened[0]
        yield Staged(
            path=path,
            label=label,
            mapping=resolved,
            rows_read=rows_read,
            n_good=n_good,
            quarantined=quarantined,
            symbols=symbols,
            notes=_notes(first, resolved, options, len(opened)),
        )


def preview(
    source: Any, mapping: Mapping[str, str | None] | None = None, options: IngestOptions | None = None, n: int = 20
) -> pd.DataFrame:
    """The first `n` rows as they would be stored: the columns of bars, and `reason` (missing for a usable row).

    Of several files it shows the first. Duplicates and lines that cannot be split into columns are found by the ingest
    (or its dry run) only.
    """
    options = options or IngestOptions()
    with connect_utc() as connection, tempfile.TemporaryDirectory() as scratch:
        opened = next(open_sources(connection, source, options, Path(scratch)))
        resolved = resolve_mapping(opened.columns, mapping, what=opened.label)
        try:
            frame = connection.execute(parsed_rows(opened, resolved, options, limit=n)).df()
        except duckdb.Error as error:
            raise unreadable(opened.label, opened.kind, error) from error
    optional = [column for column in ("adj_close", "bid", "ask") if column not in resolved]
    return frame.drop(columns=["row_number", *optional])


def source_columns(source: Any, options: IngestOptions | None = None) -> dict[str, str]:
    """Names and types of a source's columns (of its first file), for mapping them by hand."""
    with connect_utc() as connection, tempfile.TemporaryDirectory() as scratch:
        return next(open_sources(connection, source, options or IngestOptions(), Path(scratch))).columns


Opened = tuple[Source, dict[str, str], int]  # a file, its mapping, its rows


def _stage(
    connection: duckdb.DuckDBPyConnection,
    source: Any,
    mapping: Mapping[str, str | None] | None,
    options: IngestOptions,
    scratch: Path,
) -> list[Opened]:
    """All files of the source into `good` and `bad`; row numbers run on from file to file."""
    connection.execute(CREATE_BAD)
    opened: list[Opened] = []
    offset = 0
    for file in open_sources(connection, source, options, scratch):
        resolved = resolve_mapping(file.columns, mapping, what=file.label)
        try:
            n_rows = _parse(connection, file, resolved, options, offset, is_first=not opened)
        except duckdb.Error as error:
            raise unreadable(file.label, file.kind, error) from error
        opened.append((file, resolved, n_rows))
        offset += n_rows
    _sort(connection)
    _quarantine_duplicates(connection)
    start = 0
    for file, _, n_rows in opened:
        _add_raw_texts(connection, file, start, n_rows)
        start += n_rows
    return opened


def _parse(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    mapping: dict[str, str],
    options: IngestOptions,
    offset: int,
    *,
    is_first: bool,
) -> int:
    columns = ", ".join((*PARSED, "reason"))
    rows = f"SELECT row_number + {int(offset)} AS row_number, {columns} FROM ({parsed_rows(source, mapping, options)})"
    connection.execute(f"CREATE TABLE parsed AS {rows}" if is_first else f"INSERT INTO parsed {rows}")
    query = "SELECT count(*) FROM parsed WHERE row_number > ?"
    n_rows = connection.execute(query, [offset]).fetchall()[0][0]
    malformed = _quarantine_malformed(connection, source.label, offset) if source.kind == "csv" else 0
    return n_rows + malformed


def _sort(connection: duckdb.DuckDBPyConnection) -> None:
    """Part `parsed` into `bad` and `good`, the latter sorted by symbol, ts and row."""
    connection.execute(
        """INSERT INTO bad SELECT row_number, reason, symbol, ts, NULL::VARCHAR AS raw
           FROM parsed WHERE reason IS NOT NULL"""
    )
    if _is_sorted(connection):  # then it is not written a second time
        connection.execute("DELETE FROM parsed WHERE reason IS NOT NULL")
        connection.execute("ALTER TABLE parsed RENAME TO good")
    else:
        connection.execute(
            f"""CREATE TABLE good AS SELECT row_number, {", ".join(PARSED)} FROM parsed
                WHERE reason IS NULL ORDER BY symbol, ts, row_number"""
        )
        connection.execute("DROP TABLE parsed")


def _is_sorted(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the usable rows come in the order of symbol and ts already, as most files do."""
    query = """SELECT 1 FROM (
                   SELECT symbol, ts, lag(symbol) OVER () AS symbol_before, lag(ts) OVER () AS ts_before
                   FROM parsed WHERE reason IS NULL)
               WHERE symbol < symbol_before OR (symbol = symbol_before AND ts < ts_before) LIMIT 1"""
    return connection.execute(query).fetchone() is None


def _quarantine_duplicates(connection: duckdb.DuckDBPyConnection) -> None:
    """Of equal keys the first row stays; rows are sorted, so each later one follows its equal."""
    connection.execute(
        """CREATE TEMP TABLE repeated AS SELECT row_number FROM (
               SELECT row_number, symbol = lag(symbol) OVER () AND ts = lag(ts) OVER () AS is_repeated FROM good)
           WHERE is_repeated"""
    )
    if connection.execute("SELECT count(*) FROM repeated").fetchall()[0][0]:
        connection.execute(
            """INSERT INTO bad SELECT row_number, 'duplicate', symbol, ts, NULL
               FROM good SEMI JOIN repeated USING (row_number)"""
        )
        connection.execute("DELETE FROM good WHERE row_number IN (SELECT row_number FROM repeated)")


def _quarantine_malformed(connection: duckdb.DuckDBPyConnection, label: str, offset: int) -> int:
    """Lines with too few or too many columns, or broken text; numbered from behind so as not to meet row numbers.

    A quote that is never closed swallows all lines after it, so it is no single bad row but an error.
    """
    query = "SELECT min(line) FROM reject_errors WHERE contains(rtrim(csv_line, chr(10) || chr(13)), chr(10))"
    swallowing = connection.execute(query).fetchall()[0][0]
    if swallowing is not None:
        raise DataError(f"{label}: the quote opened in line {swallowing} is never closed; mend that line.")
    connection.execute(
        f"""INSERT INTO bad
           SELECT -(CAST(line AS BIGINT) + {int(offset)}), 'malformed line', NULL, NULL,
                  left(any_value(csv_line), {RAW_LENGTH})
           FROM reject_errors GROUP BY line"""
    )
    count = connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchall()[0][0]
    connection.execute("DROP TABLE reject_errors")
    connection.execute("DROP TABLE reject_scans")
    return count


def _add_raw_texts(connection: duckdb.DuckDBPyConnection, source: Source, start: int, n_rows: int) -> None:
    wanted = f"row_number > {int(start)} AND row_number <= {int(start + n_rows)} AND raw IS NULL"
    if connection.execute(f"SELECT count(*) FROM bad WHERE {wanted}").fetchall()[0][0]:
        connection.execute(
            f"""UPDATE bad SET raw = left(texts.raw, {RAW_LENGTH})
                FROM (SELECT row_number + {int(start)} AS row_number, raw FROM ({raw_texts(source)})
                      WHERE row_number + {int(start)} IN (SELECT row_number FROM bad WHERE {wanted})) AS texts
                WHERE bad.row_number = texts.row_number"""
        )


def _check_usable(label: str, options: IngestOptions, rows_read: int, n_good: int, quarantined: dict[str, int]) -> None:
    if rows_read == 0:
        raise DataError(f"{label} has 0 rows; nothing was stored.")
    if n_good:
        return
    reasons = ", ".join(f"{reason} ({count})" for reason, count in quarantined.items())
    advice = ""
    if "unreadable timestamp" in quarantined and options.day_first is None:
        advice = " If its dates look like 03/04/2020, say whether the day comes first (day_first)."
    elif "price is no number" in quarantined and options.decimal == ".":
        advice = " If it writes 1,5 for one and a half, set decimal to ','."
    raise DataError(f"{label} has no usable row among {rows_read}: {reasons}. Nothing was stored.{advice}")


def _notes(source: Source, mapping: dict[str, str], options: IngestOptions, n_files: int) -> tuple[str, ...]:
    kind = source.columns[mapping["ts"]]
    notes = []
    if n_files > 1:
        notes.append(f"{n_files} files" + ("" if "symbol" in mapping else ", each named as its symbol"))
    elif "symbol" not in mapping:
        notes.append(f"no symbol column: all rows are {source.default_symbol}")
    elif options.symbol is not None:
        notes.append(f"the source has its own symbol column, so {options.symbol!r} was not used")
    if "volume" not in mapping:
        notes.append("no volume column: volume is missing")
    if kind == "TIMESTAMP WITH TIME ZONE":
        notes.append("stamps carry a time zone and were turned into UTC")
    elif options.time_zone != "UTC":
        notes.append(f"stamps were read as {options.time_zone} and turned into UTC")
    if options.stamp == "open":
        notes.append(f"stamps of bar opens were moved by {options.bar_size} to the close")
    return tuple(notes)


@contextmanager
def _staging_file(store: Path) -> Iterator[Path]:
    folder = store.parent
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder {folder} cannot be made: {error}.") from error
    _remove_abandoned(store)
    path = folder / f"{store.name}.{uuid.uuid4().hex[:12]}{SUFFIX}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
        shutil.rmtree(path.with_name(path.name + ".tmp"), ignore_errors=True)
        for parent in made:
            if not parent.exists() or any(parent.iterdir()):
                break
            parent.rmdir()


def _remove_abandoned(store: Path) -> None:
    for path in store.parent.glob(f"{glob.escape(store.name)}.*{SUFFIX}*"):
        if time.time() - path.stat().st_mtime < ABANDONED_S:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make a staging file readable as the schema `staging` of another connection."""
    connection.execute(f"ATTACH {literal(str(path))} AS staging (READ_ONLY)")
