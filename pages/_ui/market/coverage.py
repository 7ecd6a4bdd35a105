"""Which symbols have bars in which months."""

import streamlit as st

from finml_core import charts
from pages._ui import load, text
from pages._ui.frame import chart, download_table
from pages._ui.market import deletion, reads, writes
from pages._ui.selection import Selection

MOST_ROWS = 30
COLUMNS = {
    "symbol": st.column_config.TextColumn("Symbol"),
    "n_bars": st.column_config.NumberColumn("Bars", format="localized"),
    "first": st.column_config.DatetimeColumn("First (UTC)", format="YYYY-MM-DD HH:mm"),
    "last": st.column_config.DatetimeColumn("Last (UTC)", format="YYYY-MM-DD HH:mm"),
    "source": st.column_config.TextColumn("Source"),
}
FEWEST, MOST, LATEST = "Fewest bars", "Most bars", "Ends earliest"
ORDERS = {FEWEST: ("n_bars", True), MOST: ("n_bars", False), LATEST: ("last", True)}


@st.fragment
def show(selection: Selection) -> None:
    """The map of some symbols, and the table of all."""
    writes.redraw()
    writes.told()
    covered = load.coverage()
    with st.grid(2, min_column_width=220):
        words = st.text_input("Find symbols", key="market_cover_search", placeholder="Part of a name; empty for all")
        order = st.segmented_control("First", list(ORDERS), default=FEWEST, required=True, key="market_cover_order")
    found = covered if not words.strip() else covered[covered["symbol"].isin(reads.matching(words))]
    if found.empty:
        st.info(f"No symbol holds “{words.strip()}”.")
        return
    column, is_ascending = ORDERS[order]
    ranked = found.sort_values(column, ascending=is_ascending, kind="stable")["symbol"]
    chosen = [symbol for symbol in selection.symbols if symbol in set(found["symbol"])]
    rows = list(dict.fromkeys([*chosen, *ranked]))[:MOST_ROWS]
    months = reads.months(tuple(rows))
    thinned = (
        f" Shown are {len(rows)} of {text.counted(len(found), 'symbol')}: those chosen in the sidebar, then by "
        f"“{order.lower()}”."
        if len(rows) < len(found)
        else ""
    )
    chart(
        charts.coverage_heatmap(months),
        f"Between {text.thousands(months['n_bars'].min())} and {text.thousands(months['n_bars'].max())} bars a symbol "
        f"and month, drawn as a share of the symbol's own fullest month; a gap is a month without bars.{thinned}",
        alt="Number of bars by symbol and month",
        key="market_coverage",
    )
    st.dataframe(
        found, hide_index=True, width="stretch", column_config=COLUMNS, alt="Bars, first and last stamp of each symbol"
    )
    with st.container(horizontal=True):
        download_table(found, "coverage")
        deletion.show()
