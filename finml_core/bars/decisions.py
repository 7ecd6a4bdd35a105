"""What a person decided about bars, recorded and reversible: splits applied, findings accepted or mended.

The bars themselves stay as supplied. A split that is applied shows in adj_close, from which all returns are made.
"""

from datetime import UTC, datetime

import duckdb
import pandas as pd

from finml_core.bars.quality import make_tables
from finml_core.bars.quality_checks import NAMES
from finml_core.bars.quality_steps import RETURNS
from finml_core.checks import check_choice, check_positive
from finml_core.errors import ConfigError, DataError

DECISIONS = ("accepted", "mended")
ALL_SYMBOLS = "*"
PROPOSALS = """
    SELECT symbol, ts, ratio, last_close AS close_before, close AS close_after, is_gap AS opens_on_it, z AS deviations,
           volume_ratio, confidence
    FROM suspects ORDER BY symbol, ts
"""


def propose(connection: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    """Splits that a temporary table of stored bars seems to need; `table` is named by this package."""
    make_tables(connection, RETURNS, table, is_stored=True)
    proposals = connection.execute(PROPOSALS).df()
    numbers = ["ratio", "close_before", "close_after", "deviations", "volume_ratio"]
    texts = ["symbol", "confidence"]
    types = {"ts": "datetime64[us]", "opens_on_it": "bool", **dict.fromkeys(texts, "str")}
    types |= dict.fromkeys(numbers, "float64")
    return proposals.astype(types)


def apply_split(connection: duckdb.DuckDBPyConnection, symbol: str, ts: pd.Timestamp, ratio: float) -> int:
    """Record a split and give its number.

    Raises
    ------
    DataError
        If the symbol has no bar before `ts` or none from it on, or this split is applied already.
    """
    check_positive("ratio", ratio)
    if ratio == 1:
        raise ConfigError("ratio is 1, which splits nothing; write 2 for two new shares for one old.")
    moment = ts.to_pydatetime()
    query = "SELECT count(*) FILTER (ts < ?), count(*) FILTER (ts >= ?) FROM bars WHERE symbol = ?"
    before, after = connection.execute(query, [moment, moment, symbol]).fetchall()[0]
    if not before or not after:
        raise DataError(f"{symbol} has {before} bars before {ts} and {after} from it on; a split needs both.")
    query = "SELECT split_id FROM splits WHERE symbol = ? AND ts = ? AND reverted_at IS NULL"
    present = connection.execute(query, [symbol, moment]).fetchall()
    if present:
        raise DataError(f"{symbol} has split {present[0][0]} at {ts} already; revert it first.")
    split_id = connection.execute("SELECT coalesce(max(split_id), 0) + 1 FROM splits").fetchall()[0][0]
    connection.execute("INSERT INTO splits VALUES (?, ?, ?, ?, ?, NULL)", [split_id, symbol, moment, ratio, _now()])
    return int(split_id)


def revert_split(connection: duckdb.DuckDBPyConnection, split_id: int) -> tuple[str, float]:
    """Take a split back; its row stays with the time of that. Gives its symbol and ratio.

    Raises
    ------
    DataError
        If no split of this number is applied.
    """
    query = "UPDATE splits SET reverted_at = ? WHERE split_id = ? AND reverted_at IS NULL RETURNING symbol, ratio"
    reverted = connection.execute(query, [_now(), split_id]).fetchall()
    if not reverted:
        raise DataError(f"no split {split_id} is applied; splits() lists them.")
    return reverted[0]


def review(connection: duckdb.DuckDBPyConnection, check: str, symbol: str, decision: str, note: str) -> int:
    """Record what was decided about a finding and give the record's number."""
    check_choice("check", check, NAMES)
    check_choice("decision", decision, DECISIONS)
    review_id = connection.execute("SELECT coalesce(max(review_id), 0) + 1 FROM reviews").fetchall()[0][0]
    values = [review_id, check, symbol, decision, note, _now()]
    connection.execute("INSERT INTO reviews VALUES (?, ?, ?, ?, ?, ?)", values)
    return int(review_id)


def with_decisions(findings: pd.DataFrame, reviews: pd.DataFrame) -> pd.DataFrame:
    """Findings with the column `decision`: "open", or what was decided last for the check and symbol (or all)."""
    decided = {(row.check_name, row.symbol): row.decision for row in reviews.sort_values("review_id").itertuples()}
    decision = [
        decided.get((check, symbol), decided.get((check, ALL_SYMBOLS), "open"))
        for check, symbol in zip(findings["check"], findings["symbol"])
    ]
    return findings.assign(decision=pd.array(decision, dtype="str"))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
