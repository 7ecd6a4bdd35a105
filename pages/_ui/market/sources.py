"""Where bars can come from besides an upload: what is bundled, a lake on the server, Yahoo Finance."""

import os
from datetime import date
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.bars import IngestOptions, download_bars, lake_symbols, prepare_store, read_lake
from finml_core.errors import DataError
from pages._ui import load, text, upload
from pages._ui.frame import chart, show_errors
from pages._ui.market import snapshots, writes

ROOT = "FINML_LAKE_ROOT"
MOST_LISTED = 200
MOST_LAKE_SYMBOLS = 20  # read at once for a look or an ingest by name
COLUMNS = {
    "source": "Source",
    "symbols": st.column_config.NumberColumn("Symbols", format="localized"),
    "bars": st.column_config.NumberColumn("Bars", format="localized"),
    "first": st.column_config.DatetimeColumn("First", format="YYYY-MM-DD"),
    "last": st.column_config.DatetimeColumn("Last", format="YYYY-MM-DD"),
}


@st.fragment
def show() -> None:
    """What is there, then one way in after the other, then what runs have pinned."""
    writes.redraw()
    writes.told()
    _stored()
    bundled, lake, yahoo = st.columns(3)
    with bundled.container(border=True, height="stretch"), show_errors():
        _bundled()
    with lake.container(border=True, height="stretch"), show_errors():
        address = _lake_address()
    with yahoo.container(border=True, height="stretch"), show_errors():
        _yahoo()
    if address is not None:
        with st.container(border=True, key="market_lake"), show_errors():
            _lake(address)
    with show_errors():
        snapshots.show()


def _stored() -> None:
    covered = load.coverage()
    if covered.empty:
        return
    table = covered.groupby("source", as_index=False).agg(
        symbols=("symbol", "size"), bars=("n_bars", "sum"), first=("first", "min"), last=("last", "max")
    )
    st.markdown("**In the store, by the source that each symbol came from last**")
    st.dataframe(
        table.sort_values("bars", ascending=False),
        hide_index=True,
        width="stretch",
        column_config=COLUMNS,
        alt="Symbols and bars by source",
    )


def _bundled() -> None:
    st.markdown("**Bundled**  \nReal daily bars of five stocks and two indices, and a synthetic market; no network.")
    known = set(load.bar_store().ingests()["source"])
    if {"bundled", "synthetic"} <= known:
        st.caption("They came in before. What was deleted since stays deleted.")
    else:
        st.button("Load the bundled bars", key="market_bundled", on_click=_load_bundled)


def _load_bundled() -> None:
    writes.press(prepare_store, lambda came_in: "Bundled bars stored." if came_in else "They were there already.")


# -- a lake ---------------------------------------------------------------------------------------------------------


def _lake_address() -> str | None:
    """Where a reader wants to look; only below the folder that whoever runs the server has named."""
    st.markdown("**Lake on the server**  \nParquet files read in place, one partition a symbol or not.")
    root = os.environ.get(ROOT, "").strip()
    if not root:
        st.caption(
            f"Switched off. Whoever runs this server can set the environment variable `{ROOT}` to a folder or an "
            "s3:// address; what lies below it can then be read here, and nothing else."
        )
        return None
    entries = entries_below(root)
    asked = st.selectbox(
        "Folder or file below the root", entries, index=None, key="market_lake_path", accept_new_options=True,
        placeholder="Choose one, or write a path", help=f"The root is {root}",
    )  # fmt: skip
    return None if not asked else inside(root, asked)


def entries_below(root: str) -> list[str]:
    """Folders with Parquet files and Parquet files of the first two levels; of an s3:// root nothing is listed."""
    if "://" in root:
        return ["."]
    folder = Path(root)
    files = [path for pattern in ("*.parquet", "*/*.parquet", "*/*/*.parquet") for path in folder.glob(pattern)]
    tops = {path.relative_to(folder).parts[0] for path in files}
    return [".", *sorted(tops)][:MOST_LISTED] if files else []


def inside(root: str, asked: str) -> str:
    """The address of what was asked for below the root.

    Raises
    ------
    DataError
        If it would lead out of the root, or is not there.
    """
    if "\0" in asked or ".." in PurePosixPath(asked).parts or PurePosixPath(asked).is_absolute() or "://" in asked:
        raise DataError(f"{asked!r} is no path below the root; write one such as 'daily' or 'daily/2019.parquet'.")
    if "://" in root:
        return root.rstrip("/") + ("" if asked == "." else f"/{asked}")
    top, path = Path(root).resolve(), (Path(root) / asked).resolve()
    if not path.is_relative_to(top):
        raise DataError(f"{asked!r} leads out of the root.")
    if not path.exists():
        raise DataError(f"there is no {asked!r} below the root.")
    return str(path)


@st.cache_data(max_entries=16, ttl=300, show_spinner="Listing the lake", show_time=True)
def _lake_symbols(address: str) -> list[str]:
    return lake_symbols(address)


def _lake(address: str) -> None:
    label = PurePosixPath(address).name
    if "://" not in address and Path(address).is_file():
        st.markdown(f"**{label}** is one file.")
        conflict = _conflict("file")
        if st.button(f"Check and store {label}", key="market_lake_file", type="primary"):
            writes.ingest(address, label, on_conflict=conflict)
        return
    names = _lake_symbols(address)
    st.markdown(f"**{label}** holds {text.counted(len(names), 'symbol')}.")
    with st.grid(2, min_column_width=260):
        typed = st.text_input(
            f"Symbols to read, separated by commas (at most {MOST_LAKE_SYMBOLS})",
            key="market_lake_symbols",
            placeholder=", ".join(names[:3]),
            help=f"It has {', '.join(names[:50])}{' and more' if len(names) > 50 else ''}",
        )
        conflict = _conflict("lake")
    asked = tuple(dict.fromkeys(name.strip() for name in typed.split(",") if name.strip()))
    unknown = [name for name in asked if name not in set(names)]
    if unknown:
        raise DataError(f"the lake has no {', '.join(unknown[:5])}; it has {', '.join(names[:10])} and so on.")
    if len(asked) > MOST_LAKE_SYMBOLS:
        raise DataError(f"{len(asked)} symbols were named; at most {MOST_LAKE_SYMBOLS} are read at once.")
    if not asked:
        return
    found = _lake_bars(address, asked)
    left_out = ", ".join(f"{text.thousands(count)} {reason}" for reason, count in found.left_out.items())
    shown = st.selectbox("Look at", asked, key="market_lake_look") if len(asked) > 1 else asked[0]
    bars = found.bars[found.bars["symbol"] == shown]
    chart(
        charts.candles(bars),
        f"{shown}: {text.counted(len(bars), 'bar')} read in place, not stored. Left out: {left_out or 'nothing'}.",
        alt=f"Candles of {shown} in the lake",
        key="market_lake_chart",
    )
    if st.button(f"Check and store {text.counted(len(asked), 'symbol')}", key="market_lake_store", type="primary"):
        writes.ingest(found.bars, label, options=IngestOptions(source=f"lake {label}"), on_conflict=conflict)


@st.cache_data(max_entries=2, ttl=300, show_spinner="Reading the lake", show_time=True)
def _lake_bars(address: str, symbols: tuple[str, ...]):
    return read_lake(address, list(symbols))


def _conflict(key: str) -> str:
    return st.selectbox(
        "Where a bar is stored already",
        list(upload.CONFLICTS),
        format_func=upload.CONFLICTS.get,
        key=f"market_conflict_{key}",
    )


# -- Yahoo ----------------------------------------------------------------------------------------------------------


def _yahoo() -> None:
    st.markdown("**Yahoo Finance**  \nDaily bars with adj_close, by the optional package yfinance.")
    if find_spec("yfinance") is None:
        st.caption("yfinance is not installed on this server; `pip install yfinance` switches this on.")
        return
    typed = st.text_input("Symbols, separated by commas", key="market_yahoo_symbols", placeholder="AAPL, MSFT")
    start = st.date_input("From", date(2010, 1, 1), key="market_yahoo_start", format="YYYY-MM-DD")
    names = [name.strip().upper() for name in typed.split(",") if name.strip()]
    if st.button("Download and store", key="market_yahoo", disabled=not names) and names:
        with st.spinner(f"Asking for {', '.join(names[:5])}", show_time=True):
            bars = download_bars(names, start=pd.Timestamp(start))
        writes.ingest(bars, "what Yahoo sent", options=IngestOptions(source="Yahoo Finance"), on_conflict="replace")
