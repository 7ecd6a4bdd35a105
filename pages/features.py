"""Which features carry information, and is none from the future?"""

import pandas as pd
import streamlit as st

from finml_core.experiments.feature_study import HORIZONS
from finml_core.report import features as reports
from pages._ui import feature_audit as audits
from pages._ui import feature_studies as studies
from pages._ui import feature_views as views
from pages._ui import feature_waiting as waiting
from pages._ui import jobs, load, tables, text
from pages._ui.frame import Headline, headline, how, open_page, show_errors

CHOSEN, EVERYTHING = "Chosen symbols", "All symbols"  # as the address says it too
FALSE_SHARE = 0.1  # of the features that pass the correction
SEARCHED = ["name", "family", "formula", "inputs", "reference"]
CATALOGUE = (
    "name", "family", "ic", "error", "history", "p_corrected", "gap", "renewal", "missing", "adf_rejects", "causal",
    "lookback", "formula", "inputs", "reference",
)  # fmt: skip

selection = open_page("Features", "Which features carry information, and is none from the future?")
jobs.need_bars()


def bars_and_horizon() -> tuple[studies.Key, int]:
    """The chosen symbols or the whole store, and how far ahead is looked."""
    with st.container(horizontal=True):
        everything = load.symbols()
        bars_of = st.segmented_control(
            "Bars of", [CHOSEN, EVERYTHING], default=CHOSEN, required=True, key="feat_universe", bind="query-params"
        )
        horizon = st.segmented_control(
            "Information about the next … bars",
            HORIZONS,
            default=5,
            required=True,
            key="feat_horizon",
            bind="query-params",
        )
    names = tuple(everything) if bars_of == EVERYTHING else selection.symbols
    return studies.Key(names, selection.start, selection.end), horizon


def show_headline(table: pd.DataFrame, audit: pd.DataFrame) -> None:
    """How many carry information after correction, and whether any sees the future."""
    known = int(table["p_value"].notna().sum())
    found = int((table["p_corrected"] <= FALSE_SHARE).sum())
    best, failed = table.iloc[0], int((~audit["passed"]).sum())
    headline(
        [
            Headline(
                "Features",
                f"{len(table)}",
                f"in {table['family'].nunique()} families, on {text.counted(len(key.symbols), 'symbol')}",
            ),
            Headline(
                "Carry information",
                f"{found} of {known}",
                f"after correction for looking at all; at most {FALSE_SHARE:.0%} of them by luck",
            ),
            Headline(
                "p < 0.05 alone", f"{int((table['p_value'] < 0.05).sum())}", f"luck gives about {0.05 * known:.0f}"
            ),
            Headline(
                "Strongest",
                text.plus_minus(best["ic"], best["error"], 3),
                f"IC of {best['name']}, {text.counted(horizon, 'bar')} ahead, {best['mode']}",
            ),
            Headline(
                "From the future",
                f"{failed} of {len(audit)}",
                "unchanged on other histories" if failed == 0 else "change when the future is cut off",
            ),
        ]
    )


def catalogue(table: pd.DataFrame) -> pd.DataFrame:
    """The table to choose from, with a search; a chosen row is the feature shown below."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search", key="feat_search", placeholder="name, family or formula", bind="query-params", width=320
        )
        families = list(dict.fromkeys(table["family"]))
        family = st.selectbox(
            "Family",
            ["all", *families],
            format_func=text.name,
            key="feat_family",
            bind="query-params",
            width=220,
        )
    hits = load.search(table[SEARCHED], words).index
    listed = table.loc[hits] if family == "all" else table.loc[hits].query("family == @family")
    st.caption(f"{text.counted(len(listed), 'feature')}, strongest first. Choose a row to take it apart below.")
    tables.show(
        listed.rename(columns={"spread": "gap", "turnover": "renewal"}),
        CATALOGUE,
        alt="Catalogue of features with what each tells",
        labels={
            "history": st.column_config.LineChartColumn("IC over time", width="small"),
            "causal": st.column_config.CheckboxColumn(
                "Causal", help="Unchanged when the future is cut off or appended"
            ),
        },
        download="features",
        key="features_catalogue",
        on_select=lambda: click(listed),
        selection_mode="single-row",
        height=300,
    )
    return listed


def click(listed: pd.DataFrame) -> None:
    """Show the feature whose row was chosen."""
    rows = st.session_state["features_catalogue"]["selection"]["rows"]
    if rows:
        st.session_state["feat_clicked"] = listed["name"].iloc[rows[0]]


with show_errors():
    summary = st.container()
    key, horizon = bars_and_horizon()
    try:
        board, audit = studies.board(key, horizon), studies.audit(key)
    except studies.NotYet as later:
        waiting.wait(later.order, f"Every feature of {text.counted(len(key.symbols), 'symbol')}, once for these bars")
        st.stop()
    whole = reports.catalogue(board, studies.metadata(), studies.stationarity(key), audit)
    with summary:
        show_headline(whole, audit)
    catalogue(whole)
    views.one_feature(key, list(whole["name"]), horizon)
    titles = ("IC board", "Clusters", "Stationarity", "Selection", "Causality certificate", "Audit my feature")
    tabs = st.tabs(list(titles), key="feat_tab", on_change="rerun", bind="query-params")
    draws = (
        lambda: views.board(whole, horizon),
        lambda: views.clusters(key),
        lambda: views.stationarity(key),
        lambda: views.selection(key, horizon),
        lambda: audits.certificate(key),
        lambda: audits.audit_mine(key),
    )
    for tab, draw in zip(tabs, draws, strict=True):
        if tab.open:
            with tab:
                draw()
    how(
        "How this is computed",
        f"""A feature row at t uses nothing after the close of bar t. Returns and ratios are of adjusted prices, money
of raw price and volume. **Information coefficient (IC)**: rank correlation with the return over the next h bars. Where
at least 10 symbols share a timestamp, across symbols, one IC a timestamp; else, and for features that all symbols
share, along each symbol, weighed by its bars. Its error is Newey & West's (1987) with 3 (h − 1) lags, by timestamp, so
overlapping returns and symbols that move together count as the little evidence that they are; t has
1.5 n / (lags + 1) degrees of freedom. **After correction**: Benjamini & Hochberg (1995) over all features at
{FALSE_SHARE:.0%}. **Spread**: mean return of the highest less the lowest bucket. **Unit roots**: augmented
Dickey-Fuller, lags by AIC, and KPSS. The IC here is on the whole of the chosen bars: do not choose features by it for
a test on the same bars; the tab Selection chooses inside training folds.""",
    )
