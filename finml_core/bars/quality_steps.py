"""Tables that the checks share, in the order in which they are made; `$bars` stands for the table judged.

Queries are fixed texts; they take nothing from users.
"""

SPLIT_Z = 8.0
SPLIT_TOLERANCE = 0.05  # in log price from close to close, around the exact ratio
GAP_TOLERANCE = 0.04  # the same from close to open
FAR_RATIO = 5  # hardly anything but a split moves a price by more in one bar,
FAR_TOLERANCE = 0.15  # so it may have moved on that day of its own besides (AIG fell 13 % on its 1:20)
SPLIT_RATIOS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50)  # a crash beyond one half is rarer than a split
VOLUME_BARS = 20  # on each side of a step, whose median volumes are compared
LEAST_VOLUMES = 5  # known ones among them


def _tolerance(step: str, usual: float) -> str:
    return f"CASE WHEN any_value(abs({step})) > ln({FAR_RATIO}) THEN {FAR_TOLERANCE} ELSE {usual} END"


SIZES = "SELECT symbol, count(*) AS n_bars, min(ts) AS start, max(ts) AS stop FROM $bars GROUP BY symbol"
# bars after the first of their stamp
REPEATS = """
    WITH many AS (
        SELECT symbol, ts, count(*) AS n, min(position) AS kept FROM $bars GROUP BY symbol, ts HAVING count(*) > 1)
    SELECT position, n FROM $bars JOIN many USING (symbol, ts) WHERE position <> kept"""
# one bar a stamp, its return on the series that returns are made of
STEPS = """
    WITH one AS (
        SELECT symbol, ts, close, volume, coalesce(adj_close, close) AS price,
               open * coalesce(adj_close / close, 1) AS open
        FROM $bars ANTI JOIN repeats USING (position)),
    lagged AS (
        SELECT *, lag(price) OVER w AS last_price, lag(close) OVER w AS last_close, row_number() OVER w AS place
        FROM one WINDOW w AS (PARTITION BY symbol ORDER BY ts))
    SELECT *, CASE WHEN price > 0 AND last_price > 0 THEN ln(price / last_price) END AS log_return,
           CASE WHEN open > 0 AND last_price > 0 THEN ln(open / last_price) END AS log_gap
    FROM lagged"""
SPREAD = """
    SELECT symbol, median(log_return) AS middle, 1.4826 * mad(log_return) AS deviation
    FROM steps GROUP BY symbol"""
# a split shows in the open already; a crash whose close lands on a ratio by chance mostly does not
JUMPS = f"""
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
    FROM scored LEFT JOIN nearest USING (symbol, ts) WHERE z > {SPLIT_Z}"""
# ratio in new shares for one old, and what volume says of it: in shares it moves by that ratio. A crash raises volume
# too, so that a matching volume proves more after a rise than after a fall
SUSPECTS = f"""
    WITH near AS (
        SELECT symbol, ts AS moment, place AS middle,
               unnest(range(place - {VOLUME_BARS}, place + {VOLUME_BARS})) AS place
        FROM jumps WHERE is_split),
    volumes AS (
        SELECT symbol, moment AS ts, median(volume) FILTER (place >= middle) AS after,
               median(volume) FILTER (place < middle) AS before, count(volume) FILTER (place >= middle) AS n_after,
               count(volume) FILTER (place < middle) AS n_before
        FROM near JOIN steps USING (symbol, place) GROUP BY symbol, moment),
    told AS (
        SELECT jumps.* REPLACE (CASE WHEN log_return < 0 THEN ratio ELSE 1 / ratio END AS ratio),
               CASE WHEN before > 0 AND after > 0 AND least(n_before, n_after) >= {LEAST_VOLUMES}
                    THEN after / before END AS volume_ratio, is_gap OR abs(log_return) > ln({FAR_RATIO}) AS is_shown
        FROM jumps LEFT JOIN volumes USING (symbol, ts) WHERE is_split),
    matched AS (
        SELECT *, coalesce(abs(ln(volume_ratio) - ln(ratio)) < abs(ln(ratio)) / 2, false) AS is_matched FROM told)
    SELECT * EXCLUDE (is_matched), is_shown OR (is_matched AND ratio < 1) AS is_strong,
           CASE WHEN is_matched AND (is_shown OR ratio < 1) THEN 'high' WHEN is_matched OR is_shown THEN 'medium'
                ELSE 'low' END AS confidence
    FROM matched"""
DATES = "SELECT DISTINCT symbol, CAST(ts AS DATE) AS day FROM $bars"
# a session is a date on which at least half of the symbols then alive have a bar
SESSIONS = """
    WITH changes AS (
        SELECT day, sum(born) AS born, sum(died) AS died FROM (
            SELECT CAST(start AS DATE) AS day, 1 AS born, 0 AS died FROM sizes
            UNION ALL SELECT CAST(stop AS DATE) AS day, 0 AS born, 1 AS died FROM sizes) GROUP BY day),
    counted AS (SELECT day, count(*) AS n FROM dates GROUP BY day),
    alive AS (
        SELECT day, n, sum(coalesce(born, 0)) OVER (ORDER BY day) - sum(coalesce(died, 0)) OVER (ORDER BY day)
                       + coalesce(died, 0) AS n_alive
        FROM counted LEFT JOIN changes USING (day))
    SELECT day FROM alive WHERE 2 * n >= n_alive"""

NO_REPEATS = "SELECT 0 AS position, 0 AS n WHERE false"  # a store keeps one bar of each stamp

RETURNS = {"sizes": SIZES, "repeats": REPEATS, "steps": STEPS, "spread": SPREAD, "jumps": JUMPS, "suspects": SUSPECTS}
CALENDAR = {"sizes": SIZES, "dates": DATES, "sessions": SESSIONS}
