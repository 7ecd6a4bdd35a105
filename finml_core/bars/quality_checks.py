"""The checks themselves: each a query that gives one row a symbol, `symbol, severity, n, first, last, example`.

`$bars` stands for the table judged. Queries are fixed texts; they take nothing from users.
"""

from dataclasses import dataclass

STALE_BARS = 5
OUTLIER_Z = 10.0
SPLIT_Z = 8.0
SPLIT_TOLERANCE = 0.05  # in log price from close to close, around the exact ratio
GAP_TOLERANCE = 0.04  # the same from close to open
FAR_RATIO = 5  # hardly anything but a split moves a price by more in one bar,
FAR_TOLERANCE = 0.15  # so it may have moved on that day of its own besides (AIG fell 13 % on its 1:20)
SPLIT_RATIOS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50)  # a crash beyond one half is rarer than a split
MAX_SHARE = 0.01  # of a symbol's bars: above it a finding weighs more


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that may be wrong with bars."""

    name: str
    query: str
    advice: str


def _rows(where: str, severity: str, example: str) -> str:
    """Bars of `$bars` that meet a condition, counted by symbol; `severity` and `example` are SQL over the group."""
    return f"""SELECT symbol, {severity} AS severity, count(*) AS n, min(ts) AS first, max(ts) AS last,
                      arg_min({example}, position) AS example
               FROM $bars JOIN sizes USING (symbol) WHERE {where} GROUP BY symbol, n_bars"""


def _graver(low: str, high: str) -> str:
    return f"CASE WHEN count(*) > {MAX_SHARE} * n_bars THEN '{high}' ELSE '{low}' END"


def _tolerance(step: str, usual: float) -> str:
    return f"CASE WHEN any_value(abs({step})) > ln({FAR_RATIO}) THEN {FAR_TOLERANCE} ELSE {usual} END"


# helper tables, in the order in which they are made
PREPARE = {
    "sizes": "SELECT symbol, count(*) AS n_bars, min(ts) AS start, max(ts) AS stop FROM $bars GROUP BY symbol",
    # one bar a stamp, its return on the series that returns are made of
    "steps": """
        WITH one AS (
            SELECT symbol, ts, arg_min(close, position) AS close,
                   arg_min(coalesce(adj_close, close), position) AS price,
                   arg_min(open * coalesce(adj_close / close, 1), position) AS open
            FROM $bars GROUP BY symbol, ts),
        lagged AS (
            SELECT *, lag(price) OVER w AS last_price, lag(close) OVER w AS last_close
            FROM one WINDOW w AS (PARTITION BY symbol ORDER BY ts))
        SELECT *, CASE WHEN price > 0 AND last_price > 0 THEN ln(price / last_price) END AS log_return,
               CASE WHEN open > 0 AND last_price > 0 THEN ln(open / last_price) END AS log_gap
        FROM lagged""",
    "spread": """
        SELECT symbol, median(log_return) AS middle, 1.4826 * mad(log_return) AS deviation
        FROM steps GROUP BY symbol""",
    # a split shows in the open already; a crash whose close lands on a ratio by chance mostly does not
    "jumps": f"""
        WITH scored AS (
            SELECT *, abs(log_return - middle) / deviation AS z FROM steps JOIN spread USING (symbol)
            WHERE deviation > 0 AND log_return IS NOT NULL),
        ratios AS (SELECT unnest([{", ".join(str(ratio) for ratio in SPLIT_RATIOS)}]) AS ratio),
        nearest AS (
            SELECT symbol, ts, min(abs(abs(log_gap) - ln(ratio))) < {_tolerance("log_gap", GAP_TOLERANCE)} AS is_gap,
                   arg_min(ratio, abs(abs(log_gap) - ln(ratio))) AS gap_ratio,
                   min(abs(abs(log_return) - ln(ratio))) < {_tolerance("log_return", SPLIT_TOLERANCE)} AS is_return,
                   arg_min(ratio, abs(abs(log_return) - ln(ratio))) AS return_ratio
            FROM scored, ratios WHERE z > {SPLIT_Z} GROUP BY symbol, ts)
        SELECT scored.*, coalesce(is_gap, false) AS is_gap, coalesce(is_gap OR is_return, false) AS is_split,
               CASE WHEN is_gap THEN gap_ratio ELSE return_ratio END AS ratio
        FROM scored LEFT JOIN nearest USING (symbol, ts) WHERE z > {SPLIT_Z}""",
    # a session is a date on which at least half of the symbols then alive have a bar
    "dates": "SELECT DISTINCT symbol, CAST(ts AS DATE) AS day FROM $bars",
    "sessions": """
        WITH changes AS (
            SELECT day, sum(born) AS born, sum(died) AS died FROM (
                SELECT CAST(start AS DATE) AS day, 1 AS born, 0 AS died FROM sizes
                UNION ALL SELECT CAST(stop AS DATE) AS day, 0 AS born, 1 AS died FROM sizes) GROUP BY day),
        counted AS (SELECT day, count(*) AS n FROM dates GROUP BY day),
        alive AS (
            SELECT day, n, sum(coalesce(born, 0)) OVER (ORDER BY day) - sum(coalesce(died, 0)) OVER (ORDER BY day)
                           + coalesce(died, 0) AS n_alive
            FROM counted LEFT JOIN changes USING (day))
        SELECT day FROM alive WHERE 2 * n >= n_alive""",
}

STALE = f"""
    WITH marked AS (
        SELECT symbol, ts, close, sum(CASE WHEN close = last_close THEN 0 ELSE 1 END) OVER (
            PARTITION BY symbol ORDER BY ts ROWS UNBOUNDED PRECEDING) AS run FROM steps WHERE close IS NOT NULL),
    runs AS (
        SELECT symbol, run, count(*) AS length, min(ts) AS first, max(ts) AS last, any_value(close) AS close
        FROM marked GROUP BY symbol, run HAVING count(*) >= {STALE_BARS})
    SELECT runs.symbol,
           CASE WHEN sum(length) > {MAX_SHARE} * any_value(n_bars) THEN 'medium' ELSE 'low' END AS severity,
           sum(length)::BIGINT AS n, min(first) AS first, max(last) AS last,
           arg_max(format('{{}} bars close at {{}} from {{}}', length, close, first::VARCHAR), length) AS example
    FROM runs JOIN sizes USING (symbol) GROUP BY runs.symbol"""

MISSING_SESSIONS = f"""
    WITH gone AS (
        SELECT symbol, day, n_bars FROM sizes, sessions
        WHERE day BETWEEN CAST(start AS DATE) AND CAST(stop AS DATE)
          AND NOT EXISTS (FROM dates WHERE dates.symbol = sizes.symbol AND dates.day = sessions.day))
    SELECT symbol, {_graver("low", "medium")} AS severity, count(*) AS n,
           CAST(min(day) AS TIMESTAMP) AS first, CAST(max(day) AS TIMESTAMP) AS last,
           min(day)::VARCHAR || ' has no bar' AS example
    FROM gone GROUP BY symbol, n_bars"""

SPLITS = """
    SELECT symbol, CASE WHEN bool_or(is_gap) THEN 'high' ELSE 'medium' END AS severity, count(*) AS n,
           min(ts) AS first, max(ts) AS last,
           arg_min(format('{:.6g} after {:.6g} on {}: near a {} split of {}', price, last_price, ts::VARCHAR,
                   CASE WHEN log_return < 0 THEN 'forward' ELSE 'reverse' END, ratio), ts) AS example
    FROM jumps WHERE is_split GROUP BY symbol"""

OUTLIERS = f"""
    SELECT symbol, CASE WHEN count(*) > {MAX_SHARE} * any_value(n_bars) THEN 'medium' ELSE 'low' END AS severity,
           count(*) AS n, min(ts) AS first, max(ts) AS last,
           arg_max(format('log return {{:.4f}} on {{}} is {{:.0f}} deviations', log_return, ts::VARCHAR, z), z)
           AS example
    FROM jumps JOIN sizes USING (symbol) WHERE z > {OUTLIER_Z} AND NOT is_split GROUP BY symbol"""

UNSORTED = """
    SELECT symbol, 'low' AS severity, count(*) AS n, min(ts) AS first, max(ts) AS last,
           arg_min(ts::VARCHAR || ' comes after ' || before::VARCHAR, position) AS example
    FROM (SELECT *, lag(ts) OVER (PARTITION BY symbol ORDER BY position) AS before FROM $bars)
    WHERE ts < before GROUP BY symbol"""

DUPLICATES = """
    SELECT symbol, 'high' AS severity, sum(n - 1)::BIGINT AS n, min(ts) AS first, max(ts) AS last,
           arg_min(n || ' bars at ' || ts::VARCHAR, ts) AS example
    FROM (SELECT symbol, ts, count(*) AS n FROM $bars GROUP BY symbol, ts HAVING count(*) > 1) GROUP BY symbol"""

BARE = "format('open {} high {} low {} close {} at {}', open, high, low, close, ts::VARCHAR)"
FILLED = [f"coalesce({price}::VARCHAR, 'missing')" for price in ("open", "high", "low", "close")]
PRICES_TEXT = f"format('open {{}} high {{}} low {{}} close {{}} at {{}}', {', '.join(FILLED)}, ts::VARCHAR)"

CHECKS = (
    Check(name="duplicates", query=DUPLICATES, advice="Keep one bar of each stamp; an ingest keeps the first."),
    Check(
        name="missing prices",
        query=_rows("open IS NULL OR high IS NULL OR low IS NULL OR close IS NULL", "'high'", PRICES_TEXT),
        advice="Remove these bars; an ingest quarantines them.",
    ),
    Check(
        name="prices not above 0",
        query=_rows("least(open, high, low, close) <= 0", "'high'", PRICES_TEXT),
        advice="Remove these bars; an ingest quarantines them.",
    ),
    Check(
        name="high below low",
        query=_rows("high < low", "'high'", BARE),
        advice="Ask the source for these bars again; an ingest quarantines them.",
    ),
    Check(
        name="open or close outside the range",
        query=_rows(
            "high >= low AND (least(open, close) < low OR greatest(open, close) > high)", "'high'", PRICES_TEXT
        ),
        advice="Ask the source for these bars again; an ingest quarantines them.",
    ),
    Check(
        name="negative volume",
        query=_rows("volume < 0", "'high'", "format('volume {} at {}', volume, ts::VARCHAR)"),
        advice="Remove these bars; an ingest quarantines them.",
    ),
    Check(
        name="unadjusted splits",
        query=SPLITS,
        advice="If it was a split, apply it or supply adj_close; returns across it are wrong until then.",
    ),
    Check(
        name="zero volume",
        query=_rows("volume = 0", _graver("low", "medium"), "'volume 0 at ' || ts::VARCHAR"),
        advice="Without trades there is no fill; leave out spans where the symbol was not traded.",
    ),
    Check(
        name="missing volume",
        query=_rows(
            "volume IS NULL",
            "CASE WHEN count(*) = n_bars THEN 'low' ELSE 'medium' END",
            "'no volume at ' || ts::VARCHAR",
        ),
        advice="Usual for spot FX; features and costs that need volume stay missing.",
    ),
    Check(
        name="stale closes",
        query=STALE,
        advice="Unchanged closes hide the true volatility; check whether the symbol was traded.",
    ),
    Check(
        name="missing sessions",
        query=MISSING_SESSIONS,
        advice="Dates on which at least half of the other symbols have bars; returns span the gap.",
    ),
    Check(
        name="outliers",
        query=OUTLIERS,
        advice="Look at the bars around it: news moves prices, and so does a wrong digit.",
    ),
    Check(
        name="crossed quotes",
        query=_rows(
            "bid > ask", _graver("low", "medium"), "format('bid {} above ask {} at {}', bid, ask, ts::VARCHAR)"
        ),
        advice="Bid and ask were sampled at different instants; spreads of these bars are wrong.",
    ),
    Check(name="unsorted rows", query=UNSORTED, advice="The store sorts them; no action needed."),
)
