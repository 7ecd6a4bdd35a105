"""Which bars do I have, and are they sound?"""

import streamlit as st

from pages._ui import jobs, load, text
from pages._ui.frame import Headline, empty_state, headline, how, open_page, show_errors
from pages._ui.market import coverage, log, quality, sources, synthetic, view, wizard

METHOD = """Bars are stored as supplied: one row a symbol and timestamp, the stamp being the bar's close. An ingest is
one transaction: all of it or nothing. Rows with a price that is no positive number, a high below the low or a negative
volume go to quarantine; of duplicates the first stays. Findings are on bars that are kept: outliers by a robust z of
log returns, stale runs of equal closes, sessions that other symbols have, returns near a split ratio, crossed quotes. A
split that is applied divides adj_close before it, and nothing else; returns elsewhere are made of adjusted prices,
adj_close / close. Candles are merged in the database for each view, first open, highest high, lowest low, last close,
summed volume, so that no extreme is lost: at most 384 of them, those beside the view included. Hours, days and weeks
are counted from the session's open and stamped with their last part. Dollar, volume and tick bars close when the
running sum reaches the next multiple of their size (López de Prado, 2018, 2.3.2)."""

selection = open_page("Market data", "Which bars do I have, and are they sound?")
jobs.show_error()
has_bars = bool(load.symbols())
numbers = st.container()
if has_bars:
    view.show(selection)
else:
    empty_state(
        "There are no bars yet. Load the bundled ones, or add files of your own below.",
        "Load the bundled bars",
        jobs.start_first,
    )
names = ["Quality", "Coverage", "Add files", "Sources", "Synthetic market", "Log"]
parts = dict(
    zip(
        names,
        st.tabs(
            names,
            default="Quality" if has_bars else "Add files",
            key="market_tab",
            on_change="rerun",
            bind="query-params",
        ),
        strict=True,
    )
)
shows = {
    "Quality": lambda: quality.show(selection),
    "Coverage": lambda: coverage.show(selection),
    "Add files": wizard.show,
    "Sources": sources.show,
    "Synthetic market": synthetic.show,
    "Log": log.show,
}
for name, part in parts.items():
    if part.open:
        with part, show_errors():
            if has_bars or name not in ("Quality", "Coverage"):
                shows[name]()
            else:
                st.caption("There are no bars yet.")
how("How this is computed", METHOD)
if has_bars:
    with numbers, show_errors():
        covered = load.coverage()
        chosen = covered[covered["symbol"].isin(selection.symbols)]
        findings = quality.open_findings(selection.symbols)
        serious = int((findings["severity"] == "high").sum())
        headline(
            [
                Headline("Symbols", text.thousands(len(covered)), f"{len(chosen)} chosen in the sidebar"),
                Headline(
                    "Bars", text.thousands(covered["n_bars"].sum()), f"{text.thousands(chosen['n_bars'].sum())} chosen"
                ),
                Headline("From", f"{covered['first'].min():%Y-%m-%d}", f"to {covered['last'].max():%Y-%m-%d}"),
                Headline(
                    "Open findings",
                    text.thousands(len(findings)),
                    f"{serious} of high severity, on the {text.counted(len(chosen), 'symbol')} chosen",
                ),
            ]
        )
