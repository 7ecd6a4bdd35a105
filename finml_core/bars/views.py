"""Questions that a page asks of the store, answered by aggregates in SQL."""

SYMBOLS = "SELECT symbol FROM $catalog ORDER BY symbol"
SEARCH = """
    SELECT symbol FROM $catalog WHERE contains(lower(symbol), lower($text))
    ORDER BY lower(symbol) <> lower($text), NOT starts_with(lower(symbol), lower($text)), symbol LIMIT $limit
"""
COVERAGE = """
    SELECT symbol, n_bars, first, last, source FROM $catalog LEFT JOIN ingests USING (ingest_id) ORDER BY symbol
"""
COVERAGE_BY_MONTH = """
    SELECT symbol, CAST(date_trunc('month', ts) AS TIMESTAMP) AS month, count(*) AS n_bars
    FROM bars $where GROUP BY ALL ORDER BY symbol, month
"""
QUARANTINE = """
    SELECT ingest_id, source, row_number, reason, symbol, ts, raw
    FROM quarantine JOIN (SELECT ingest_id, source FROM ingests) USING (ingest_id)
    WHERE ?::INTEGER IS NULL OR ingest_id = ?::INTEGER
    ORDER BY ingest_id DESC, row_number LIMIT ?
"""
