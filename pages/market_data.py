"""Which bars do I have, and are they sound?"""

import streamlit as st

from finml_core import charts
from finml_core.bars import IngestOptions, guess_mapping
from pages._ui import jobs, load, text, upload
from pages._ui.frame import Headline, chart, download_table, empty_state, headline, how, open_page, show_errors

selection = open_page("Market data", "Which bars do I have, and are they sound?")
jobs.show_error()
has_bars = bool(load.symbols())
if not has_bars:
    empty_state(
        "There are no bars yet. Load the bundled ones, or add a file of your own below.",
        "Load the bundled bars",
        jobs.start_first,
    )


def prices() -> None:
    """Candles of one symbol with its findings."""
    symbol = st.selectbox("Symbol", selection.symbols, key="market_symbol", bind="query-params")
    candles = load.candles(symbol, selection.start, selection.end)
    chart(
        charts.candles(candles),
        f"{symbol} moved from {candles['close'].iloc[0]:,.2f} to {candles['close'].iloc[-1]:,.2f}, as supplied; "
        f"{len(candles)} marks drawn. Prices are not adjusted here: a split shows as a step.",
        alt=f"Candles and volume of {symbol}",
        key="market_candles",
    )
    download_table(candles, f"candles_{symbol}")


def ingest_wizard() -> None:
    """Upload, map the columns, look at the checks, commit."""
    file = st.file_uploader(
        "A file of bars", type=["csv", "parquet", "feather", "arrow"], key="ingest_file",
        help="One row a bar: a time, open, high, low, close, volume, and a symbol where the file holds several.",
    )  # fmt: skip
    if file is None:
        st.caption("CSV, Parquet or Feather. The columns are guessed and can be changed before anything is stored.")
        return
    path = upload.keep(file)
    columns = upload.columns(path)
    guessed = guess_mapping(columns)
    st.markdown("**Which column is which?**")
    mapping = upload.mapping_form(columns, guessed)
    left, middle, right = st.columns(3)
    symbol = left.text_input("Symbol, if the file has no such column", key="ingest_symbol")
    zone = middle.text_input("Time zone of stamps that name none", "UTC", key="ingest_zone")
    conflict = right.selectbox("Bars already stored", ["error", "skip", "replace"], key="ingest_conflict")
    options = IngestOptions(symbol=symbol or None, time_zone=zone)
    dry, commit = st.columns(2)
    if dry.button("Check only", key="ingest_dry", width="stretch"):
        upload.show(load.bar_store().ingest(path, mapping=mapping, options=options, on_conflict=conflict, dry_run=True))
    if commit.button("Check and store", type="primary", key="ingest_commit", width="stretch"):
        upload.show(load.bar_store().ingest(path, mapping=mapping, options=options, on_conflict=conflict))


with show_errors():
    if has_bars:
        chosen = load.bars(selection.symbols, selection.start, selection.end)
        findings = load.quality(selection.symbols, selection.start, selection.end)
        serious = int((findings["severity"] == "high").sum())
        headline(
            [
                Headline("Symbols chosen", f"{len(selection.symbols)}", f"{len(load.symbols()):,} in the store"),
                Headline("Bars", text.thousands(len(chosen)), "as supplied"),
                Headline("Span", f"{chosen['ts'].min():%Y-%m-%d}", f"to {chosen['ts'].max():%Y-%m-%d}"),
                Headline("Open findings", f"{len(findings)}", f"{serious} of high severity"),
            ]
        )
        prices()
    names = ["Quality", "Coverage", "Add a file", "Ingests", "Quarantine"]
    quality, coverage, add, ingests, quarantine = st.tabs(names, default="Quality" if has_bars else "Add a file")
    with quality:
        if has_bars:
            st.dataframe(findings, hide_index=True, width="stretch")
            download_table(findings, "quality")
            st.caption("A finding is on bars that are kept. Bars that cannot be right are in quarantine.")
    with coverage:
        if has_bars:
            months = load.coverage_by_month()
            months = months.loc[months["symbol"].isin(selection.symbols)]
            chart(
                charts.coverage_heatmap(months),
                "Bars a symbol and month: a pale cell in a row is a gap.",
                alt="Number of bars by symbol and month",
                key="market_coverage",
            )
            st.dataframe(load.coverage(), hide_index=True, width="stretch")
    with add:
        ingest_wizard()
    with ingests:
        st.dataframe(load.bar_store().ingests(), hide_index=True, width="stretch")
    with quarantine:
        rows = load.bar_store().quarantine()
        st.caption("Rows that were read but never stored, each with its reason.")
        st.dataframe(rows, hide_index=True, width="stretch")
        download_table(rows, "quarantine")
    how(
        "How this is computed",
        """Bars are stored as supplied: one row a symbol and timestamp, the stamp being the bar's close. An ingest is one
transaction: all of it or nothing. Rows with a price that is no positive number, a high below the low or a negative volume go
to quarantine, of duplicates the first stays. Findings: outliers by a robust z of log returns, stale runs of equal closes,
sessions that other symbols have, returns near a split ratio. Returns elsewhere are made of adjusted prices,
adj_close / close.""",
    )
