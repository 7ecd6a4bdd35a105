"""Files and frames as one relation of raw rows inside DuckDB, in their own order."""

import csv
import gzip
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from finml_core.bars.files import source_files
from finml_core.bars.lines import check_lines
from finml_core.bars.options import IngestOptions
from finml_core.errors import DataError
from finml_core.schemas import DEFAULT_SYMBOL, KEY

FIRST_LINE_BYTES = 1_000_000
MAX_COLUMNS = 2_000
KINDS = {
    ".csv": "csv", ".txt": "csv", ".tsv": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".feather": "arrow", ".arrow": "arrow", ".ipc": "arrow",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Source:
    """Raw rows that the connection at hand can select from."""

    relation: str  # SQL after FROM
    columns: dict[str, str]  # name -> DuckDB type
    label: str  # for messages and the log
    default_symbol: str
    kind: str  # csv, parquet, arrow or frame


def open_sources(
    connection: duckdb.DuckDBPyConnection, source: Any, options: IngestOptions, scratch: Path
) -> Iterator[Source]:
    """Make each file of a source (or the one frame) selectable on `connection`, one after the other.

    Raises
    ------
    DataError
        If there is no such file, its kind is unknown, or it cannot be read as that kind.
    """
    paths = source_files(source, scratch)
    if paths is None:
        yield _open_frame(connection, source, options)
        return
    for path in paths:
        yield _open_path(connection, path, options, is_one=len(paths) == 1)


def quoted(identifier: str) -> str:
    """A name as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def _open_path(connection: duckdb.DuckDBPyConnection, path: Path, options: IngestOptions, *, is_one: bool) -> Source:
    if not path.is_file():
        raise DataError(f"there is no file {str(path)[:200]!r}.")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    is_gzip = suffixes[-1:] == [".gz"]
    suffix = suffixes[-2] if is_gzip and len(suffixes) > 1 else (suffixes or [""])[-1]
    kind = KINDS.get(suffix)
    if kind is None or (is_gzip and kind != "csv"):
        raise DataError(f"{path.name} is of no known kind; give one of {', '.join(KINDS)}, .csv.gz or .zip.")
    label = (options.source if is_one else None) or path.name
    stem = path.name[: -len(suffix) - (3 if is_gzip else 0)]
    if kind == "csv":
        relation = _csv_relation(path, label, is_gzip)
    elif kind == "parquet":
        relation = f"read_parquet({literal(no_glob(path))})"
    else:
        relation = _register_arrow(connection, path, label)
    symbol = options.symbol if is_one else None
    return _described(connection, relation, label, symbol or stem.strip() or DEFAULT_SYMBOL, kind)


def _csv_relation(path: Path, label: str, is_gzip: bool) -> str:
    header = _first_line(path, label, is_gzip)
    delimiter = max(",;\t|", key=header.count)
    try:
        names = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error as error:
        raise DataError(f"the first line of {label} cannot be split into columns: {error}.") from error
    _check_columns(len(names), label)
    check_lines(path, label, is_gzip=is_gzip)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in _unique(names))
    return (
        f"read_csv({literal(no_glob(path))}, auto_detect=false, header=true, delim={literal(delimiter)}, quote='\"', "
        f"escape='\"', columns={{{columns}}}, compression={literal('gzip' if is_gzip else 'none')}, store_rejects=true)"
    )


def _check_columns(n_columns: int, label: str) -> None:
    if not 0 < n_columns <= MAX_COLUMNS:
        raise DataError(f"{label} has {n_columns} columns; bars come in at least 1 and at most {MAX_COLUMNS:,}.")


def _first_line(path: Path, label: str, is_gzip: bool) -> str:
    opener = gzip.open if is_gzip else open
    try:
        with opener(path, "rb") as file:
            line = file.readline(FIRST_LINE_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{label} cannot be read: {error}.") from error
    if len(line) == FIRST_LINE_BYTES:
        raise DataError(f"the first line of {label} is longer than {FIRST_LINE_BYTES:,} bytes; it is no table of bars.")
    if b"\0" in line:
        raise DataError(f"the first line of {label} holds NUL bytes; save the file as UTF-8 text.")
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"the first line of {label} is not UTF-8 text; save the file as UTF-8.") from error
    if "\r" in text:
        raise DataError(
            f"the first line of {label} cannot be split into columns: it holds a carriage return; save the file with "
            "line ends LF or CRLF."
        )
    if not text.strip():
        raise DataError(f"{label} has 0 rows: its first line, which names the columns, is empty.")
    return text


def _unique(names: list[str]) -> list[str]:
    """Column names with blanks around them removed, and a number after the second of its kind."""
    unique: list[str] = []
    for number, name in enumerate(names):
        name = name.strip() or f"column{number}"
        while name.casefold() in (other.casefold() for other in unique):
            name += "_2"
        unique.append(name)
    return unique


def no_glob(path: Path) -> str:
    """The path with the characters escaped that DuckDB would take for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _register_arrow(connection: duckdb.DuckDBPyConnection, path: Path, label: str) -> str:
    import pyarrow as pa
    from pyarrow import dataset

    name = f"rows_{uuid.uuid4().hex}"  # of many files each has its own
    try:
        connection.register(name, dataset.dataset(str(path), format="feather"))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{label} cannot be read as Arrow or Feather: {error}.") from error
    return name


def _open_frame(connection: duckdb.DuckDBPyConnection, source: Any, options: IngestOptions) -> Source:
    import pyarrow as pa

    label = options.source or "frame"
    if isinstance(source, pd.DataFrame):
        _check_columns(source.shape[1], label)
        try:
            table = _arrow_table(source, label)
        except (pa.ArrowException, UnicodeError) as error:
            raise DataError(f"{label} cannot be read as a table: {first_sentence(error)}.") from error
    elif isinstance(source, pa.Table):
        table = source
    else:
        raise DataError(f"bars come from a path or a frame, not from {type(source).__name__}.")
    connection.register("source_rows", table)
    return _described(connection, "source_rows", label, options.symbol or DEFAULT_SYMBOL, "frame")


def _arrow_table(frame: pd.DataFrame, label: str) -> Any:
    import pyarrow as pa

    if isinstance(frame.columns, pd.MultiIndex):
        raise DataError(f"{label} has {frame.columns.nlevels} levels of columns; give one, with a row for each bar.")
    if isinstance(frame.index, pd.DatetimeIndex):
        frame = frame.rename_axis(frame.index.name or "ts").reset_index()
    elif isinstance(frame.index, pd.MultiIndex) and set(KEY) <= set(frame.index.names):
        frame = frame.reset_index()
    frame = frame.set_axis(frame.columns.map(str), axis=1)
    duplicated = frame.columns[frame.columns.duplicated()]
    if len(duplicated):
        raise DataError(f"{label} has the column {duplicated[0]!r} twice; keep one.")
    mixed = {column: _texts(frame[column]) for column in frame.columns if pd.api.types.is_object_dtype(frame[column])}
    zoned = [column for column in frame.columns if isinstance(frame[column].dtype, pd.DatetimeTZDtype)]
    naive = {column: frame[column].dt.tz_convert(None) for column in zoned}
    table = pa.Table.from_pandas(frame.assign(**mixed, **naive), preserve_index=False)
    for column in zoned:  # the instants are UTC; the zone tells the parser so
        number = table.column_names.index(column)
        table = table.set_column(
            number, column, table.column(column).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
        )
    return table


def _texts(column: pd.Series) -> pd.Series:
    """Mixed values as texts; missing stays missing, so that one odd cell does not spoil a column."""
    return column.map(str, na_action="ignore").astype("str")


def _described(
    connection: duckdb.DuckDBPyConnection, relation: str, label: str, default_symbol: str, kind: str
) -> Source:
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    except duckdb.Error as error:
        raise unreadable(label, kind, error) from error
    _check_columns(len(described), label)
    columns = {name: type_name for name, type_name, *_ in described}
    return Source(relation=relation, columns=columns, label=label, default_symbol=default_symbol, kind=kind)


def unreadable(label: str, kind: str, error: Exception) -> DataError:
    """What is said of a source that DuckDB could not read."""
    if "CSV Parser state machine" in str(error):
        return DataError(
            f"{label} cannot be read as csv: it mixes kinds of line ends, or a quote stands inside a cell; save it "
            "again with one kind of line end and quotes around whole cells."
        )
    return DataError(f"{label} cannot be read as {kind}: {first_sentence(error)}")


def first_sentence(error: Exception) -> str:
    """The first line of a foreign message."""
    return str(error).strip().split("\n")[0]
