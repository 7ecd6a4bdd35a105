"""Bars out of the store, with confirmation; runs keep the bars that they were made from."""

import streamlit as st

from pages._ui import load, text
from pages._ui.market import writes

LARGE = 100  # symbols; beyond it names are typed


def show() -> None:
    """A popover that names what would go, and one button that does it."""
    with st.popover("Delete symbols", icon=":material/delete:"):
        known = load.symbols()
        if len(known) > LARGE:
            typed = st.text_input("Symbols to delete, separated by commas", key="market_delete_typed")
            chosen = [name.strip() for name in typed.split(",") if name.strip()]
        else:
            chosen = st.multiselect("Symbols to delete", known, key="market_delete_symbols")
        unknown = [name for name in chosen if name not in set(known)]
        if unknown:
            st.markdown(f"Not in the store: {', '.join(unknown[:5])}.")
        table = load.coverage()
        n_bars = int(table.loc[table["symbol"].isin(chosen), "n_bars"].sum()) if len(table) else 0
        going = [name for name in chosen if name not in unknown]
        st.markdown(  # captions fade in a popover
            f"{text.counted(n_bars, 'bar')} of {text.counted(len(going), 'symbol')} would go. "
            "Runs keep the bars that they were made from; the log keeps a line."
        )
        is_sure = st.checkbox("I want these bars deleted", key="market_delete_sure", disabled=not going)
        st.button(
            "Delete their bars",
            key="market_delete",
            disabled=not (going and is_sure),
            on_click=_delete,
            args=(going,),
        )


def _delete(symbols: list[str]) -> None:
    """Checked here once more: what is disabled in a browser need not be."""
    if symbols and st.session_state.get("market_delete_sure"):
        writes.press(lambda store: store.delete(symbols), writes.deleted)
        st.session_state["market_delete_sure"] = False
