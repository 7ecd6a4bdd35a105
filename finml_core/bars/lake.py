"""A lake of Parquet files read in place: a folder or an s3:// address, partitioned by symbol or not."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from finml_core.bars.connection import connect_utc
from finml_core.bars.mapping import resolve_mapping
from finml_core.bars.options import IngestOptions
from finml_core.bars.parse import parsed_rows
from finml_core.bars.selection import Moment, select_bars, where_selected
from finml_core.bars.source import Source, first_sentence, literal, no_glob, quoted
from finml_core.errors import DataError

REMOTE = ("s3://", "gs://", "http://", "https://")


@dataclass(frozen=True, kw_only=True)
class LakeBars:
    """Bars of a lake and the rows left out, by reason; the lake itself has no quarantine."""

    bars: pd.DataFrame
    left_out: Mapping[str, int]


def read_lake(
    address: str | os.PathLike[str],
    symbols: str | Iterable[str] | None = None,
    start: Moment = None,
    end: Moment = None,
    *,
    mapping: Mapping[str, str | None] | None = None,
    options: IngestOptions | None = None,
) -> LakeBars:
    """The selected bars of a lake, checked as an ingest checks them; only the partitions asked for are read.

    Rows whose stamp cannot be read are among those left out, whatever the span.

    Parameters
    ----------
    address : folder of Parquet files, such as `lake/symbol=AAPL/2019.parquet`, or the same under s3://

    Raises
    ------
    DataError
        If there is no Parquet file, a column is missing, or DuckDB's httpfs is not at hand for s3://.
    """
    names = None if symbols is None else [symbols] if isinstance(symbols, str) else [str(name) for name in symbols]
    with connect_utc() as connection:
        source, resolved = _open_lake(connection, str(address), names, mapping)
        rows = parsed_rows(source, resolved, options or IngestOptions())
        where, values = where_selected(None, start, end)
        known = where.removeprefix("WHERE ") or "true"  # of a stamp that cannot be read it is not known
        try:
            connection.execute(
                f"""CREATE TEMP TABLE lake AS SELECT * REPLACE (
                        coalesce(reason, CASE WHEN row_number() OVER same > 1 THEN 'duplicate' END) AS reason)
                    FROM (SELECT * FROM ({rows}) WHERE coalesce({known}, true))
                    WINDOW same AS (PARTITION BY symbol, ts, reason IS NULL ORDER BY row_number)""",
                values,
            )
            counts = connection.execute("SELECT reason, count(*) FROM lake WHERE reason IS NOT NULL GROUP BY 1")
            left_out = dict(sorted(counts.fetchall()))
            bars = select_bars(connection, "lake", "WHERE reason IS NULL", [])
        except duckdb.Error as error:
            raise DataError(f"the lake {address} cannot be read: {first_sentence(error)}") from error
    return LakeBars(bars=bars, left_out=left_out)


def lake_symbols(address: str | os.PathLike[str], *, mapping: Mapping[str, str | None] | None = None) -> list[str]:
    """Symbols of a lake, sorted; of a partitioned one without opening its files' columns."""
    with connect_utc() as connection:
        source, resolved = _open_lake(connection, str(address), None, mapping)
        if "symbol" not in resolved:
            return [source.default_symbol]
        query = f"SELECT DISTINCT {quoted(resolved['symbol'])}::VARCHAR AS symbol FROM {source.relation} ORDER BY 1"
        return [name for (name,) in connection.execute(query).fetchall() if name]


def _open_lake(
    connection: duckdb.DuckDBPyConnection,
    address: str,
    names: list[str] | None,
    mapping: Mapping[str, str | None] | None,
) -> tuple[Source, dict[str, str]]:
    if address.startswith(REMOTE):
        _load_httpfs(connection, address)
        pattern = address if address.endswith(".parquet") else address.rstrip("/") + "/**/*.parquet"
    elif Path(address).is_dir():
        pattern = no_glob(Path(address)) + "/**/*.parquet"
    else:
        raise DataError(f"there is no folder {address!r}; give a folder of Parquet files or an s3:// address.")
    relation = (
        f"read_parquet({literal(pattern)}, hive_partitioning = true, hive_types_autocast = false, union_by_name = true)"
    )
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    except duckdb.Error as error:
        raise DataError(f"the lake {address} cannot be read: {first_sentence(error)}") from error
    columns = {name: kind for name, kind, *_ in described}
    resolved = resolve_mapping(columns, mapping, what=f"the lake {address}")
    if names is not None and "symbol" in resolved:
        chosen = ", ".join(literal(name) for name in names)
        condition = f"{quoted(resolved['symbol'])} IN ({chosen})" if names else "false"
        relation = f"(SELECT * FROM {relation} WHERE {condition})"
    label = Path(address).name
    return Source(relation=relation, columns=columns, label=label, default_symbol=label, kind="parquet"), resolved


def _load_httpfs(connection: duckdb.DuckDBPyConnection, address: str) -> None:
    try:
        connection.execute("LOAD httpfs")
    except duckdb.Error as error:
        raise DataError(
            f"{address} needs DuckDB's httpfs extension, which is not at hand: {first_sentence(error)} "
            "Run INSTALL httpfs in DuckDB once where there is a network, or give a local folder."
        ) from error
