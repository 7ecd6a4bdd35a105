"""The store of bars: one DuckDB file with bars, quarantine and the log of what came in."""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from finml_core.bars import candles, commit, decisions, exclusion, log, views
from finml_core.bars.connection import empty_store, reading, writing
from finml_core.bars.drill import bars_of_finding
from finml_core.bars.layout import (
    BY_DAY,
    BY_SYMBOL,
    LAYOUTS,
    bars_relation,
    catalog_relation,
    optional_columns,
    refresh_catalog,
    tables_of,
)
from finml_core.bars.options import CONFLICTS, IngestOptions, IngestReport
from finml_core.bars.quality import gather, judge
from finml_core.bars.selection import Moment, moment_of, select_bars, where_selected
from finml_core.bars.snapshot import write_snapshot
from finml_core.bars.staging import attach, staged
from finml_core.checks import check_choice, check_integer, check_positive
from finml_core.errors import ConfigError, DataError
from finml_core.schemas import adjusted as adjusted_bars

TIMEOUT_S = 30.0


class BarStore:
    """Bars in one file: written by one ingest at a time, read by anyone in between.

    A store whose file does not exist yet reads as empty; the first ingest makes it. Bars are kept as supplied.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout_s: float = TIMEOUT_S):
        check_positive("timeout_s", timeout_s)
        self.path = Path(path)
        self.timeout_s = timeout_s  # how long another process's lock is waited for

    def ingest(
        self,
        source: Any,
        *,
        mapping: Mapping[str, str | None] | None = None,
        options: IngestOptions | None = None,
        on_conflict: str = "error",
        dry_run: bool = False,
        on_wait: Callable[[str], None] | None = None,
    ) -> IngestReport:
        """Check a source and move its good rows in, all or nothing; bad rows go to the quarantine.

        Parameters
        ----------
        source : path (CSV, CSV.gz, Parquet, Feather, Arrow), DataFrame (long bars or plain OHLCV) or Arrow table
        mapping : {bar column: source column} where the guess needs help, see `guess_mapping`
        on_conflict : what happens to bars that are stored already: "error", "skip" the new or "replace" the old
        dry_run : check and count only
        on_wait : told once, in a sentence, whom this ingest waits for

        Raises
        ------
        DataError
            For a missing column, 0 rows, no usable row, or a conflict under "error"; then nothing has changed.
        StoreError
            If another process holds the store for longer than `timeout_s`.
        """
        check_choice("on_conflict", on_conflict, CONFLICTS)
        options = options or IngestOptions()
        started = time.perf_counter()
        with staged(source, mapping, options, beside=self.path) as rows:
            if dry_run:
                with reading(self.path, self.timeout_s) as connection:
                    attach(connection, rows.path)
                    n_stored = commit.count_conflicts(connection, rows, on_conflict)
                return commit.report(rows, n_stored, on_conflict, started, ingest_id=None)
            with writing(self.path, self.timeout_s, on_wait) as connection:
                attach(connection, rows.path)
                n_stored = commit.count_conflicts(connection, rows, on_conflict)
                ingest_id = log.next_id(connection)
                commit.move_in(connection, ingest_id, n_stored, on_conflict)
                report = commit.report(rows, n_stored, on_conflict, started, ingest_id=ingest_id)
                commit.log_ingest(connection, report, rows, options, on_conflict)
            return report

    def load(
        self,
        symbols: str | Iterable[str] | None = None,
        start: Moment = None,
        end: Moment = None,
        *,
        adjusted: bool = False,
    ) -> pd.DataFrame:
        """Long bars as supplied, sorted by symbol and ts; both ends are included.

        A split that was applied (`apply_split`) shows in adj_close; `adjusted` carries adj_close over to all prices.

        A pure date as `end` is that whole day. The columns adj_close, bid and ask are there only if a selected bar has
        a value in them. `symbols=None` is all.
        """
        where, values = where_selected(symbols, start, end)
        with reading(self.path, self.timeout_s) as connection:
            optional = optional_columns(connection)
            bars = select_bars(connection, bars_relation(connection), where, values, optional=optional)
        return adjusted_bars(bars) if adjusted else bars

    def cross_section(self, ts: Moment) -> pd.DataFrame:
        """The bars of all symbols at one stamp (a pure date: on that day), as `load` gives them."""
        if ts is None:
            raise ConfigError("ts is missing; give the stamp of a bar or a day.")
        where, values = where_selected(None, ts, ts)
        with reading(self.path, self.timeout_s) as connection:
            optional = optional_columns(connection)
            return select_bars(connection, bars_relation(connection, BY_DAY), where, values, optional=optional)

    def symbols(self) -> list[str]:
        """Names of all symbols, sorted."""
        return self._of_catalog(views.SYMBOLS)["symbol"].tolist()

    def search_symbols(self, text: str, limit: int = 50) -> list[str]:
        """Symbols that contain `text` in upper or lower case: equal ones first, then those that begin with it."""
        check_integer("limit", limit, 1)
        return self._of_catalog(views.SEARCH, {"text": text.strip(), "limit": limit})["symbol"].tolist()

    def coverage(self) -> pd.DataFrame:
        """One row a symbol: `symbol, n_bars, first, last, source` (of its latest ingest)."""
        return self._of_catalog(views.COVERAGE)

    def coverage_by_month(self, symbols: str | Iterable[str] | None = None) -> pd.DataFrame:
        """Bars by symbol and month: `symbol, month` (its first day)`, n_bars`; of thousands of symbols name some."""
        where, values = where_selected(symbols, None, None)
        return self._frame(views.COVERAGE_BY_MONTH.replace("$where", where), values)

    def candles(
        self, symbol: str, start: Moment = None, end: Moment = None, max_points: int = 800, *, adjusted: bool = False
    ) -> pd.DataFrame:
        """Candles for a chart, thinned in the store to at most `max_points` of consecutive bars.

        Both ends are included; a moment within a day is one. Up to 200,000 bars each candle is of equally many (the
        last may have fewer), beyond that of about equally many.

        Returns
        -------
        DataFrame with `first, ts, open, high, low, close, volume, n_bars`
            A candle's open is its first bar's and close its last one's; `first` and `ts` are their stamps.
        """
        with reading(self.path, self.timeout_s) as connection:
            relation = bars_relation(connection) if adjusted else BY_SYMBOL
            return candles.thinned(connection, relation, symbol, start, end, max_points, is_adjusted=adjusted)

    def quality(
        self, symbols: str | Iterable[str] | None = None, start: Moment = None, end: Moment = None
    ) -> pd.DataFrame:
        """`quality_report` of stored bars, judged in place."""
        where, values = where_selected(symbols, start, end)
        with reading(self.path, self.timeout_s) as connection:
            gather(connection, bars_relation(connection), where, values)
            return judge(connection, "judged", is_stored=True)

    def findings(self) -> pd.DataFrame:
        """`quality` of all bars with the column `decision`: open, accepted or mended (`review_finding`)."""
        return decisions.with_decisions(self.quality(), self.reviews())

    def finding_bars(self, check: str, symbol: str, *, context: int = 5, limit: int = 200) -> pd.DataFrame:
        """The bars that a finding is about, each with `context` neighbours before and after it.

        Parameters
        ----------
        limit : concerned bars at most, the gravest of them

        Returns
        -------
        DataFrame with the columns of bars, `concerned` and `measure`
            Sorted by ts. `measure` is what broke the rule, in the unit that `findings` names; missing for neighbours.
            A session that lacks is a row without prices.
        """
        with reading(self.path, self.timeout_s) as connection:
            return bars_of_finding(connection, bars_relation(connection), check, symbol, context=context, limit=limit)

    def exclude_finding(self, check: str, symbol: str, note: str = "") -> int:
        """Move the bars of a finding to the quarantine; returns the number by which `restore` takes it back.

        Raises
        ------
        ConfigError
            If leaving bars out does not mend this check.
        DataError
            If there is no such finding, or no bar of the symbol would stay.
        """
        with writing(self.path, self.timeout_s) as connection:
            return exclusion.exclude(connection, bars_relation(connection), check, symbol, note)

    def restore(self, exclusion_id: int) -> int:
        """Put back what `exclude_finding` moved away, to the last digit; returns how many bars.

        Raises
        ------
        DataError
            If this is no exclusion, it was restored already, or some of its bars came in again since.
        """
        with writing(self.path, self.timeout_s) as connection:
            return exclusion.restore(connection, exclusion_id)

    def review_finding(self, check: str, symbol: str = decisions.ALL_SYMBOLS, *, decision: str, note: str = "") -> int:
        """Record that a finding was "accepted" or "mended", for one symbol or for all; the bars do not change."""
        with writing(self.path, self.timeout_s) as connection:
            return decisions.review(connection, check, symbol, decision, note)

    def reviews(self) -> pd.DataFrame:
        """What was decided about findings: `review_id, check_name, symbol, decision, note, reviewed_at`."""
        return self._frame_of("reviews")

    def propose_splits(self, symbols: str | Iterable[str] | None = None) -> pd.DataFrame:
        """Steps that look like unadjusted splits.

        Columns `symbol, ts, ratio, close_before, close_after, opens_on_it, deviations, volume_ratio, confidence`.
        `ts` is the first bar on the new basis, `ratio` the new shares for one old (0.05 for 1:20 in reverse);
        `opens_on_it`: the open shows the ratio already, which a crash mostly does not. `volume_ratio` is the median
        volume of the 20 bars from `ts` on over that of the 20 before (missing without volume); a split moves it by
        `ratio`, unless the source adjusted volume already. `confidence` weighs both: high, medium or low.
        """
        where, values = where_selected(symbols, None, None)
        with reading(self.path, self.timeout_s) as connection:
            gather(connection, bars_relation(connection), where, values)
            return decisions.propose(connection, "judged")

    def apply_split(self, symbol: str, date: Moment, ratio: float) -> int:
        """Divide adj_close before `date` (the first bar on the new basis) by `ratio`; returns the split's number.

        The bars stay as supplied, `load` gives the mended adj_close, and `version` grows.
        """
        moment = moment_of("date", date)
        with writing(self.path, self.timeout_s) as connection:
            split_id = decisions.apply_split(connection, symbol, moment, ratio)
            log.log_decision(connection, "split", symbol, {"split_id": split_id, "date": str(moment), "ratio": ratio})
        return split_id

    def revert_split(self, split_id: int) -> None:
        """Take a split back; the record of it stays."""
        with writing(self.path, self.timeout_s) as connection:
            symbol, ratio = decisions.revert_split(connection, split_id)
            log.log_decision(connection, "revert split", symbol, {"split_id": split_id, "ratio": ratio})

    def splits(self) -> pd.DataFrame:
        """Splits ever applied: `split_id, symbol, ts, ratio, applied_at, reverted_at` (missing while applied)."""
        return self._frame_of("splits")

    def version(self) -> int:
        """A number that grows with every ingest and deletion; 0 for an empty store."""
        return int(self._frame("SELECT coalesce(max(ingest_id), 0) AS version FROM ingests")["version"].iloc[0])

    def ingests(self) -> pd.DataFrame:
        """The log, latest first: every ingest and deletion with its counts; `details` is JSON."""
        return self._frame("SELECT * FROM ingests ORDER BY ingest_id DESC")

    def quarantine(self, ingest_id: int | None = None, limit: int = 10_000) -> pd.DataFrame:
        """Rows kept aside, latest ingest first: `ingest_id, source, row_number, reason, symbol, ts, raw` (as text).

        `row_number` counts the readable rows of the source from 1; malformed lines carry minus their line in the file.
        """
        return self._frame(views.QUARANTINE, [ingest_id, ingest_id, limit])

    def delete(self, symbols: str | Iterable[str]) -> int:
        """Remove all bars of these symbols, in one logged transaction; returns how many there were."""
        where, values = where_selected(symbols, None, None)
        started = time.perf_counter()
        if not self.path.exists():
            return 0
        with writing(self.path, self.timeout_s) as connection:
            n_deleted = connection.execute(f"SELECT count(*) FROM bars {where}", values).fetchone()[0]
            if n_deleted:
                for layout in LAYOUTS:
                    connection.execute(f"DELETE FROM {layout} {where}", values)
                refresh_catalog(connection, ", ".join("?" * len(values)), values)
                log.log(
                    connection,
                    ingest_id=log.next_id(connection),
                    action="delete",
                    source=", ".join(values)[:200],
                    deleted=n_deleted,
                    seconds=time.perf_counter() - started,
                    details=json.dumps({"symbols": values}, ensure_ascii=False),
                )
        return int(n_deleted)

    def snapshot(
        self,
        symbols: str | Iterable[str] | None = None,
        start: Moment = None,
        end: Moment = None,
        *,
        folder: str | os.PathLike[str],
    ) -> str:
        """Pin the selected bars: their content hash, with `folder/<hash>.parquet` written once.

        Raises
        ------
        DataError
            If nothing is selected.
        """
        bars = self.load(symbols, start, end)
        if bars.empty:
            raise DataError(
                f"no stored bar is selected by symbols {symbols!r} from {start} to {end}; ingest some first."
            )
        return write_snapshot(bars, folder)

    def _of_catalog(self, query: str, values: dict[str, Any] | None = None) -> pd.DataFrame:
        with reading(self.path, self.timeout_s) as connection:
            text = query.replace("$catalog", catalog_relation(connection))
            return connection.execute(text, values or {}).df()

    def _frame_of(self, table: str) -> pd.DataFrame:
        with reading(self.path, self.timeout_s) as connection:
            if table not in tables_of(connection):  # a store of an earlier version
                with empty_store() as empty:
                    return empty.execute(f"FROM {table}").df()
            return connection.execute(f"FROM {table}").df()

    def _frame(self, query: str, values: list[Any] | None = None) -> pd.DataFrame:
        with reading(self.path, self.timeout_s) as connection:
            return connection.execute(query, values or []).df()
