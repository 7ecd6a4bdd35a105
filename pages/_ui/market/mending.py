"""What can be done about a finding, each with its way back: splits, bars left out, findings accepted."""

import json
from functools import partial

import pandas as pd
import streamlit as st

from pages._ui import load, text
from pages._ui.market import reads, writes


def buttons(finding: pd.Series) -> None:
    """The suggested mend first, then accepting it as it is."""
    check, symbol = finding["check"], finding["symbol"]
    st.markdown("**Mend**")
    if finding["mend"] == "apply_split":
        _split_buttons(symbol)
    st.text_input("Note", key="market_note", placeholder="Why, for those who come after", max_chars=300)
    with st.container(horizontal=True):
        if finding["mend"] == "exclude":
            st.button(
                f"Leave {text.counted(int(finding['count']), 'bar')} out",
                key="market_exclude",
                type="primary",
                icon=":material/block:",
                help="They move to the quarantine with their reason, and can be put back",
                on_click=_press,
                args=(lambda store, note: store.exclude_finding(check, symbol, note),
                      f"Bars of {symbol} with {check} are left out; they can be put back below."),
            )  # fmt: skip
        st.button(
            "Accept it as it is",
            key="market_accept",
            icon=":material/done:",
            help="The bars stay; the finding is no longer open",
            on_click=_press,
            args=(lambda store, note: store.review_finding(check, symbol, decision="accepted", note=note),
                  f"{check.capitalize()} of {symbol} accepted."),
        )  # fmt: skip


def _press(work, said: str) -> None:
    """With the note as it stands at the press."""
    note = st.session_state.get("market_note", "").strip()[:300]
    writes.press(lambda store: work(store, note), said)
    st.session_state["market_note"] = ""


def _split_buttons(symbol: str) -> None:
    """Each step that looks like a split, with the ratio that would mend it."""
    proposals = reads.proposals(symbol)
    if proposals.empty:
        st.caption("No step of this symbol looks like a split any more.")
        return
    labels = [
        f"{row.ts:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
        + f": {row.close_before:,.2f} to {row.close_after:,.2f}, confidence {row.confidence}"
        for row in proposals.itertuples()
    ]
    place = st.selectbox(
        "Step", range(len(labels)), format_func=lambda number: labels[number], key=f"market_step_{symbol}"
    )
    step = proposals.iloc[place]
    evidence = [
        "the open shows the ratio already" if step["opens_on_it"] else "the open does not show the ratio",
        f"volume around it changes {step['volume_ratio']:.2f} times" if pd.notna(step["volume_ratio"]) else "",
    ]
    st.caption(f"Evidence: {', '.join(part for part in evidence if part)}.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ratio = st.number_input(
            "New shares for one old", 0.001, 1000.0, float(step["ratio"]), format="%.4g", width=200,
            key=f"market_ratio_{symbol}_{place}", help="7 for a split of 7 for 1; 0.05 for 1 for 20 in reverse",
        )  # fmt: skip
        st.button(
            "Apply the split",
            key="market_apply_split",
            type="primary",
            icon=":material/call_split:",
            help="Recorded and reversible: the bars stay as supplied, adj_close is mended",
            on_click=_apply,
            args=(symbol, step["ts"], ratio),
        )


def _apply(symbol: str, ts: pd.Timestamp, ratio: float) -> None:
    writes.press(
        lambda store: store.apply_split(symbol, ts, ratio),
        lambda number: f"Split {number} of {symbol} applied from {ts:%Y-%m-%d} on; it can be reverted below.",
    )


def history() -> None:
    """All that was decided, latest first, each with the button that takes it back."""
    store = load.bar_store()
    splits, reviews = store.splits(), store.reviews()
    applied = splits[splits["reverted_at"].isna()]
    excluded = exclusions(store.ingests())
    if splits.empty and reviews.empty and excluded.empty:
        return
    st.markdown("**Mended so far**")
    for row in applied.sort_values("split_id", ascending=False).itertuples():
        _line(
            f"Split {row.split_id}: {row.symbol}, {row.ratio:g} for 1 from {row.ts:%Y-%m-%d} on",
            "Revert", f"market_revert_{row.split_id}",
            partial(writes.press, lambda store, number=row.split_id: store.revert_split(number),
                    f"Split {row.split_id} of {row.symbol} reverted."),
        )  # fmt: skip
    for row in excluded.itertuples():
        _line(
            f"Left out ({row.ingest_id}): {text.counted(int(row.deleted), 'bar')} of {row.symbol}, {row.check}"
            + (f". {row.note}" if row.note else ""),
            "Put back", f"market_restore_{row.ingest_id}",
            partial(writes.press, lambda store, number=row.ingest_id: store.restore(int(number)),
                    lambda n, symbol=row.symbol: f"{text.counted(n, 'bar')} of {symbol} put back."),
        )  # fmt: skip
    for row in reviews.sort_values("review_id", ascending=False).itertuples():
        st.caption(
            f"{row.decision.capitalize()}: {row.check_name} of {'all symbols' if row.symbol == '*' else row.symbol}, "
            f"{row.reviewed_at:%Y-%m-%d %H:%M}" + (f". {row.note}" if row.note else "")
        )


def _line(words: str, button: str, key: str, action) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(words)
        st.button(button, key=key, icon=":material/undo:", on_click=action)


def exclusions(log: pd.DataFrame) -> pd.DataFrame:
    """Exclusions of the log whose bars are still aside: ingest_id, symbol, check, note, deleted."""
    details = [json.loads(words) if words else {} for words in log["details"]]
    restored = {
        detail.get("exclusion_id") for detail, action in zip(details, log["action"], strict=True) if action == "restore"
    }
    rows = [
        (row.ingest_id, detail.get("symbol", ""), detail.get("check", ""), detail.get("note", ""), row.deleted)
        for row, detail in zip(log.itertuples(), details, strict=True)
        if row.action == "exclude" and row.ingest_id not in restored
    ]
    return pd.DataFrame(rows, columns=["ingest_id", "symbol", "check", "note", "deleted"])
