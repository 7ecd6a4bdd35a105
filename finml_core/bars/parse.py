"""SQL that turns one raw row into a bar or into a reason why it is none.

Nothing here touches data: the functions return SQL text, built from fixed words, quoted names and checked options.
"""

import re

from finml_core.bars.mapping import CLOCK
from finml_core.bars.options import IngestOptions, bar_length
from finml_core.bars.source import Source, literal, quoted
from finml_core.schemas import OHLCV, OPTIONAL_BARS, PRICES

LONGEST_SYMBOL = 200  # characters
NUMBERS = (*OHLCV, *OPTIONAL_BARS)
PARSED = ("symbol", "ts", *NUMBERS)
MISSING_WORDS = ("", "na", "nan", "n/a", "#n/a", "null", "none", "nat", "-", ".")
NUMERIC_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
                 "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
CLOCK_FORMATS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S", " %I:%M:%S %p", " %I:%M %p")
PLAIN_DATES = ("%Y%m%d", "%Y.%m.%d", "%Y/%m/%d", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%b %d %Y")
DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")
MONTH_FIRST = ("%m/%d/%Y", "%m.%d.%Y", "%m-%d-%Y")


def parsed_rows(source: Source, mapping: dict[str, str], options: IngestOptions, *, limit: int | None = None) -> str:
    """SELECT with one row for each raw row: its number, the bar's columns, and `reason` (NULL for a usable bar)."""
    raw = ", ".join(f"{quoted(column)} AS raw_{target}" for target, column in mapping.items())
    numbers = ", ".join(f"{_number(target, source, mapping, options)} AS {target}" for target in NUMBERS)
    top = "" if limit is None else f" LIMIT {int(limit)}"
    return f"""
        WITH raw_rows AS (SELECT row_number() OVER () AS row_number, {raw} FROM {source.relation}{top}),
        read_rows AS (
            SELECT *, {_symbol(source, mapping)} AS symbol, {_timestamp(source, mapping, options)} AS ts, {numbers}
            FROM raw_rows)
        SELECT row_number, {", ".join(PARSED)}, {_reason(source, mapping)} AS reason FROM read_rows"""


def raw_texts(source: Source) -> str:
    """SELECT with the number and the whole content of each raw row, as JSON text."""
    return f"SELECT row_number() OVER () AS row_number, to_json(rows)::VARCHAR AS raw FROM {source.relation} AS rows"


def _symbol(source: Source, mapping: dict[str, str]) -> str:
    if "symbol" not in mapping:
        return f"{literal(source.default_symbol)}"
    return "nullif(trim(CAST(raw_symbol AS VARCHAR)), '')"


def _number(target: str, source: Source, mapping: dict[str, str], options: IngestOptions) -> str:
    if target not in mapping:
        return "NULL::DOUBLE"
    kind = source.columns[mapping[target]].split("(")[0]
    if kind in NUMERIC_TYPES:
        value = f"CAST(raw_{target} AS DOUBLE)"
    elif kind == "VARCHAR":
        value = _number_of_text(f"raw_{target}", options.decimal)
    else:
        return "NULL::DOUBLE"
    return f"nullif({value}, 'nan'::DOUBLE)"


def _number_of_text(text: str, decimal: str) -> str:
    if decimal == ".":  # the cast knows plain blanks; others are rare, and trimming takes longer than the cast
        return f"coalesce(TRY_CAST({text} AS DOUBLE), TRY_CAST(trim({text}) AS DOUBLE))"
    text = f"trim({text})"
    # dots are only taken for separators of thousands where they stand as such; 1.5 is then no number
    pattern = r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d*)?([eE][+-]?\d+)?"
    plain = f"replace(replace({text}, '.', ''), ',', '.')"
    return f"CASE WHEN regexp_full_match({text}, {literal(pattern)}) THEN TRY_CAST({plain} AS DOUBLE) END"


def _timestamp(source: Source, mapping: dict[str, str], options: IngestOptions) -> str:
    kind = source.columns[mapping["ts"]]
    if CLOCK in mapping:
        both = f"(trim(CAST(raw_ts AS VARCHAR)) || ' ' || trim(CAST(raw_{CLOCK} AS VARCHAR)))"
        moment = _moment_of_text(both, options)
    elif kind == "TIMESTAMP WITH TIME ZONE":
        moment = "timezone('UTC', raw_ts)"
    elif kind == "DATE":
        moment = "CAST(raw_ts AS TIMESTAMP)"
    elif kind.startswith("TIMESTAMP"):
        moment = _to_utc("CAST(raw_ts AS TIMESTAMP)", options)
    elif kind == "VARCHAR":
        moment = _moment_of_text("raw_ts", options)
    elif kind.split("(")[0] in NUMERIC_TYPES:
        moment = _moment_of_number("CAST(raw_ts AS DOUBLE)")
    else:
        return "NULL::TIMESTAMP"
    if options.stamp == "open":
        moment = f"({moment}) + to_microseconds({int(bar_length(options.bar_size).total_seconds() * 1e6)})"
    return moment


def _moment_of_text(text: str, options: IngestOptions) -> str:
    offset = r"\d:\d\d.*([Zz]|[+-]\d\d:?(\d\d)?)$"
    dates = PLAIN_DATES + {None: (), True: DAY_FIRST, False: MONTH_FIRST}[options.day_first]
    formats = ", ".join(literal(date + clock) for date in dates for clock in CLOCK_FORMATS)
    # most texts are of these two shapes, told before anything slower; a time zone shifts the second only
    iso = f"TRY_CAST({text} AS TIMESTAMP)"
    text_as_given, text = text, f"trim({text})"
    naive = f"coalesce(TRY_CAST({text} AS TIMESTAMP), try_strptime({text}, [{formats}]))"
    return f"""CASE
        WHEN {text_as_given} LIKE '____-__-__' THEN {iso}
        WHEN {text_as_given} LIKE '____-__-_____:__:__' THEN {_to_utc(iso, options)}
        WHEN regexp_full_match({text}, '[0-9]+([.][0-9]+)?') THEN {_moment_of_number(f"TRY_CAST({text} AS DOUBLE)")}
        WHEN regexp_matches({text}, {literal(offset)}) THEN timezone('UTC', TRY_CAST({text} AS TIMESTAMPTZ))
        WHEN contains({text}, ':') THEN {_to_utc(naive, options)}
        ELSE {naive} END"""


def _moment_of_number(number: str) -> str:
    """Dates such as 20200131, else seconds, milliseconds, microseconds or nanoseconds since 1970, told by size."""
    day = f"try_strptime(CAST(CAST({number} AS BIGINT) AS VARCHAR), '%Y%m%d')"
    return f"""CASE
        WHEN {number} IS NULL OR NOT isfinite({number}) THEN NULL
        WHEN {number} BETWEEN 17000101 AND 22001231 AND {number} = floor({number}) THEN {day}
        WHEN abs({number}) < 1e11 THEN make_timestamp(CAST({number} * 1e6 AS BIGINT))
        WHEN abs({number}) < 1e14 THEN make_timestamp(CAST({number} * 1e3 AS BIGINT))
        WHEN abs({number}) < 1e17 THEN make_timestamp(CAST({number} AS BIGINT))
        WHEN abs({number}) < 9e18 THEN make_timestamp(CAST({number} / 1e3 AS BIGINT)) END"""


def _to_utc(naive: str, options: IngestOptions) -> str:
    if options.time_zone == "UTC":
        return naive
    return f"timezone('UTC', timezone({literal(options.time_zone)}, {naive}))"


def _reason(source: Source, mapping: dict[str, str]) -> str:
    """CASE over all defects, the first that holds names the row; the order goes from the key to the details."""
    missing = {target: _is_missing(target, source, mapping) for target in mapping}
    rules = [
        (missing["ts"], "missing timestamp"),
        ("ts IS NULL", "unreadable timestamp"),
        ("NOT isfinite(ts) OR ts < '1700-01-01' OR ts >= '2200-01-01'", "timestamp out of range"),
        ("symbol IS NULL", "missing symbol"),
        (f"length(symbol) > {LONGEST_SYMBOL}", "symbol too long"),
        (" OR ".join(missing[price] for price in PRICES), "missing price"),
        (" OR ".join(f"{price} IS NULL" for price in PRICES), "price is no number"),
        (" OR ".join(f"isinf({price})" for price in PRICES), "price is infinite"),
        (" OR ".join(f"{price} <= 0" for price in PRICES), "price not above 0"),
        ("high < low", "high below low"),
        ("least(open, close) < low OR greatest(open, close) > high", "open or close outside low to high"),
    ]
    if "volume" in mapping:
        rules.append((f"NOT ({missing['volume']}) AND (volume IS NULL OR isinf(volume))", "volume is no number"))
        rules.append(("volume < 0", "negative volume"))
    for extra in OPTIONAL_BARS:
        if extra in mapping:
            unusable = f"NOT ({missing[extra]}) AND ({extra} IS NULL OR isinf({extra}) OR {extra} <= 0)"
            rules.append((unusable, f"{extra} not above 0"))
    named = " ".join(f"WHEN {rule} THEN {literal(reason)}" for rule, reason in rules)
    return f"CASE WHEN {_is_sound(mapping)} THEN NULL {named} END"


def _is_sound(mapping: dict[str, str]) -> str:
    """One quick condition that only rows without any defect meet, so that few rows are asked for all of them."""
    extras = [target for target in ("volume", *OPTIONAL_BARS) if target in mapping]
    conditions = [
        f"length(symbol) <= {LONGEST_SYMBOL} AND ts >= '1700-01-01'::TIMESTAMP AND ts < '2200-01-01'::TIMESTAMP",
        "low > 0 AND low <= open AND low <= close AND open <= high AND close <= high AND high < 'inf'::DOUBLE",
        *(f"{extra} {'>=' if extra == 'volume' else '>'} 0 AND {extra} < 'inf'::DOUBLE" for extra in extras),
    ]
    return " AND ".join(conditions)


def _is_missing(target: str, source: Source, mapping: dict[str, str]) -> str:
    raw = f"raw_{target}"
    kind = source.columns[mapping[target]].split("(")[0]
    if kind == "VARCHAR":
        # as an IN or a list the words would become a join, made for all rows and not only for those in question
        words = literal("|".join(re.escape(word) for word in MISSING_WORDS))
        return f"({raw} IS NULL OR regexp_full_match(trim({raw}), {words}, 'i'))"
    if kind in ("FLOAT", "DOUBLE"):
        return f"({raw} IS NULL OR isnan({raw}))"
    return f"({raw} IS NULL)"
