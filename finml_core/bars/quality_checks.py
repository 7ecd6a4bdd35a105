"""The checks themselves: each a query for the bars concerned, from which counts, examples and drill-downs are made.

`$bars` stands for the table judged. Queries are fixed texts; they take nothing from users.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from finml_core.bars.quality_steps import CALENDAR, RETURNS, SIZES

STALE_BARS = 5
OUTLIER_Z = 10.0
MAX_SHARE = 0.01  # of a symbol's bars: above it a finding weighs more
GRAVER_IF_MANY = f"CASE WHEN count(*) > {MAX_SHARE} * n_bars THEN 'medium' ELSE 'low' END"
MENDS = ("exclude", "apply_split", "accept", "")  # what the store can do about a finding; "": nothing is needed
ONLY_SIZES = {"sizes": SIZES}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that may be wrong with bars."""

    name: str
    rows: str  # SELECT symbol, ts, measure, rank (the gravest is lowest), example: a row for each bar concerned
    measure: str  # what `measure` is, with its unit
    advice: str
    severity: str = "'high'"  # SQL over the rows of one symbol, which has n_bars
    mend: str = "exclude"
    needs: Mapping[str, str] = field(default_factory=lambda: ONLY_SIZES)  # tables to make first
    is_of_panel: bool = False  # needs the bars of all symbols to judge one
    is_of_files: bool = False  # a store never has it

    @property
    def query(self) -> str:
        """SELECT symbol, severity, n, first, last, example with one row a symbol."""
        return f"""SELECT symbol, {self.severity} AS severity, count(*) AS n, min(ts) AS first, max(ts) AS last,
                          arg_min(example, {{'rank': rank, 'ts': ts}}) AS example
                   FROM ({self.rows}) JOIN sizes USING (symbol) GROUP BY symbol, n_bars"""


def _bars(where: str, measure: str, example: str) -> str:
    """Bars of `$bars` that meet a condition."""
    return f"""SELECT symbol, ts, CAST({measure} AS DOUBLE) AS measure, epoch(ts) AS rank, {example} AS example
               FROM $bars WHERE {where}"""


# a run of k closes shows as k - 1 bars in a row that repeat the close before them
STALE = f"""
    WITH same AS (
        SELECT symbol, place, place - row_number() OVER (PARTITION BY symbol ORDER BY place) AS run
        FROM steps WHERE close = last_close),
    runs AS (
        SELECT symbol, min(place) - 1 AS start, max(place) AS stop FROM same
        GROUP BY symbol, run HAVING count(*) >= {STALE_BARS} - 1),
    places AS (SELECT symbol, start, stop, unnest(range(start, stop + 1)) AS place FROM runs)
    SELECT symbol, ts, CAST(stop - start + 1 AS DOUBLE) AS measure, CAST(start - stop AS DOUBLE) AS rank,
           format('{{}} bars close at {{}} from {{}}', stop - start + 1, close,
                  first_value(ts) OVER (PARTITION BY symbol, start ORDER BY ts)::VARCHAR) AS example
    FROM places JOIN steps USING (symbol, place)"""

# sessions are looked for only in symbols that have fewer than their span holds
MISSING_SESSIONS = """
    WITH held AS (SELECT symbol, count(*) AS n FROM dates SEMI JOIN sessions USING (day) GROUP BY symbol),
    spans AS (
        SELECT symbol, CAST(start AS DATE) AS born, CAST(stop AS DATE) AS died, count(*) AS n
        FROM sizes JOIN sessions ON day BETWEEN CAST(start AS DATE) AND CAST(stop AS DATE) GROUP BY ALL),
    short AS (SELECT symbol, born, died FROM spans LEFT JOIN held USING (symbol) WHERE spans.n > coalesce(held.n, 0)),
    wanted AS (SELECT symbol, day FROM short JOIN sessions ON day BETWEEN born AND died)
    SELECT symbol, CAST(day AS TIMESTAMP) AS ts, 0.0 AS measure, epoch(day) AS rank,
           day::VARCHAR || ' has no bar' AS example
    FROM wanted ANTI JOIN dates USING (symbol, day)"""

SPLITS = """
    SELECT symbol, ts, 100 * (exp(log_return) - 1) AS measure, CASE WHEN is_strong THEN 0.0 ELSE 1.0 END AS rank,
           format('{:.6g} after {:.6g} on {}: near a {} split of {}', price, last_price, ts::VARCHAR,
                  CASE WHEN ratio > 1 THEN 'forward' ELSE 'reverse' END, greatest(ratio, round(1 / ratio, 6)))
           || CASE WHEN volume_ratio IS NULL THEN '' ELSE format(', volume times {:.3g}', volume_ratio) END AS example
    FROM suspects"""

OUTLIERS = f"""
    SELECT symbol, ts, z AS measure, -z AS rank,
           format('log return {{:.4f}} on {{}} is {{:.0f}} deviations', log_return, ts::VARCHAR, z) AS example
    FROM jumps WHERE z > {OUTLIER_Z} AND NOT is_split"""

UNSORTED = """
    SELECT symbol, ts, epoch(before - ts) AS measure, CAST(position AS DOUBLE) AS rank,
           ts::VARCHAR || ' comes after ' || before::VARCHAR AS example
    FROM (SELECT symbol, ts, position, lag(ts) OVER (PARTITION BY symbol ORDER BY position) AS before FROM $bars)
    WHERE ts < before"""

DUPLICATES = """
    SELECT symbol, ts, CAST(n AS DOUBLE) AS measure, epoch(ts) AS rank, n || ' bars at ' || ts::VARCHAR AS example
    FROM $bars JOIN repeats USING (position)"""

BARE = "format('open {} high {} low {} close {} at {}', open, high, low, close, ts::VARCHAR)"
FILLED = [f"coalesce({price}::VARCHAR, 'missing')" for price in ("open", "high", "low", "close")]
PRICES_TEXT = f"format('open {{}} high {{}} low {{}} close {{}} at {{}}', {', '.join(FILLED)}, ts::VARCHAR)"

CHECKS = (
    Check(
        name="duplicates",
        rows=DUPLICATES,
        measure="bars of this stamp",
        advice="Keep one bar of each stamp; an ingest keeps the first.",
        mend="",
        needs=RETURNS,
        is_of_files=True,
    ),
    Check(
        name="missing prices",
        rows=_bars(
            "open IS NULL OR high IS NULL OR low IS NULL OR close IS NULL",
            "(open IS NULL)::INT + (high IS NULL)::INT + (low IS NULL)::INT + (close IS NULL)::INT",
            PRICES_TEXT,
        ),
        measure="missing prices",
        advice="Remove these bars; an ingest quarantines them.",
    ),
    Check(
        name="prices not above 0",
        rows=_bars("least(open, high, low, close) <= 0", "least(open, high, low, close)", PRICES_TEXT),
        measure="lowest price",
        advice="Remove these bars; an ingest quarantines them.",
    ),
    Check(
        name="high below low",
        rows=_bars("high < low", "high - low", BARE),
        measure="high - low, in price",
        advice="Ask the source for these bars again; an ingest quarantines them.",
    ),
    Check(
        name="open or close outside the range",
        rows=_bars(
            "high >= low AND (least(open, close) < low OR greatest(open, close) > high)",
            "greatest(low - least(open, close), greatest(open, close) - high)",
            PRICES_TEXT,
        ),
        measure="distance outside the range, in price",
        advice="Ask the source for these bars again; an ingest quarantines them.",
    ),
    Check(
        name="negative volume",
        rows=_bars("volume < 0", "volume", "format('volume {} at {}', volume, ts::VARCHAR)"),
        measure="volume",
        advice="Remove these bars; an ingest quarantines them.",
    ),
    Check(
        name="unadjusted splits",
        rows=SPLITS,
        severity="CASE WHEN min(rank) = 0 THEN 'high' ELSE 'medium' END",
        measure="return from close to close, in per cent",
        advice="If it was a split, apply it or supply adj_close; returns across it are wrong until then.",
        mend="apply_split",
        needs=RETURNS,
    ),
    Check(
        name="zero volume",
        rows=_bars("volume = 0", "volume", "'volume 0 at ' || ts::VARCHAR"),
        severity=GRAVER_IF_MANY,
        measure="volume",
        advice="Without trades there is no fill; leave out spans where the symbol was not traded.",
    ),
    Check(
        name="missing volume",
        rows=_bars("volume IS NULL", "volume", "'no volume at ' || ts::VARCHAR"),
        severity="CASE WHEN count(*) = n_bars THEN 'low' ELSE 'medium' END",
        measure="volume",
        advice="Usual for spot FX; features and costs that need volume stay missing.",
        mend="accept",
    ),
    Check(
        name="stale closes",
        rows=STALE,
        severity=GRAVER_IF_MANY,
        measure="bars in the run of equal closes",
        advice="Unchanged closes hide the true volatility; check whether the symbol was traded.",
        needs=RETURNS,
    ),
    Check(
        name="missing sessions",
        rows=MISSING_SESSIONS,
        severity=GRAVER_IF_MANY,
        measure="bars in the session",
        advice="Dates on which at least half of the other symbols have bars; returns span the gap.",
        mend="accept",
        needs=CALENDAR,
        is_of_panel=True,
    ),
    Check(
        name="outliers",
        rows=OUTLIERS,
        severity=GRAVER_IF_MANY,
        measure="log return, in robust deviations",
        advice="Look at the bars around it: news moves prices, and so does a wrong digit.",
        needs=RETURNS,
    ),
    Check(
        name="crossed quotes",
        rows=_bars(
            "bid > ask",
            "20000 * (ask - bid) / (ask + bid)",
            "format('bid {} above ask {} at {}', bid, ask, ts::VARCHAR)",
        ),
        severity=GRAVER_IF_MANY,
        measure="spread, in basis points",
        advice="Bid and ask were sampled at different instants; spreads of these bars are wrong.",
    ),
    Check(
        name="locked quotes",
        rows=_bars("bid = ask", "0", "format('bid and ask are both {} at {}', bid, ts::VARCHAR)"),
        severity=GRAVER_IF_MANY,
        measure="spread, in basis points",
        advice="A spread of 0 is rarely one that could be traded; costs from these bars are too low.",
        mend="accept",
    ),
    Check(
        name="unsorted rows",
        rows=UNSORTED,
        severity="'low'",
        measure="seconds before the row above it",
        advice="The store sorts them; no action needed.",
        mend="",
        is_of_files=True,
    ),
)
NAMES = tuple(check.name for check in CHECKS)


def check_of(name: str) -> Check:
    """The check of a name that is known to be one of `NAMES`."""
    return CHECKS[NAMES.index(name)]
