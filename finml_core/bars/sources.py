"""Bars that come with the product: real ones out of dependencies, and a synthetic universe."""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from finml_core.bars.options import IngestOptions
from finml_core.bars.store import BarStore
from finml_core.bars.synthetic import simulate_bars
from finml_core.bars.synthetic_config import SyntheticConfig
from finml_core.errors import DataError
from finml_core.schemas import as_bars

BUNDLED = "bundled"
SYNTHETIC = "synthetic"
# (package, file in it, symbol or None where the file names its own)
FILES = (
    ("bokeh_sampledata", "_data/stocks.csv.gz", None),
    ("arch", "data/sp500/sp500.csv.gz", "SPX"),
    ("arch", "data/nasdaq/nasdaq.csv.gz", "IXIC"),
)


def bundled_bars() -> pd.DataFrame:
    """Real daily bars that work offline, as supplied (raw prices with adj_close).

    AAPL, FB, GOOG, IBM, MSFT from bokeh-sampledata (public domain, 2000 to 2013) and the indices SPX and IXIC from arch
    (1999 to 2018). Neither package is imported, only its file is read.

    Raises
    ------
    DataError
        If a package is not installed.
    """
    return as_bars(pd.concat([_read(*file) for file in FILES], ignore_index=True))


def prepare_store(store: BarStore) -> bool:
    """Put the bundled bars and the synthetic universe into a store that never had them; True if something came in.

    Symbols that the store already holds are left alone, and what a user deleted stays deleted.
    """
    log = store.ingests()
    known = set(log["source"])
    present = store.symbols()
    came_in = False
    for name, make in ((BUNDLED, bundled_bars), (SYNTHETIC, lambda: simulate_bars(SyntheticConfig()).bars)):
        if name in known:
            continue
        bars = make()
        bars = bars[~bars["symbol"].isin(present)]
        if len(bars):
            store.ingest(bars, options=IngestOptions(source=name), on_conflict="skip")
            came_in = True
    return came_in


def _read(package: str, file: str, symbol: str | None) -> pd.DataFrame:
    found = find_spec(package)
    folder = None if found is None else (found.submodule_search_locations or [None])[0]
    path = None if folder is None else Path(folder) / file
    if path is None or not path.is_file():
        raise DataError(f"the bundled bars of {package!r} are not installed; install the packages of requirements.txt.")
    frame = pd.read_csv(path).rename(columns=lambda name: name.lower().replace(" ", "_"))
    frame = frame.rename(columns={"ticker": "symbol", "date": "ts"})
    frame["ts"] = pd.to_datetime(frame["ts"])
    return frame if symbol is None else frame.assign(symbol=symbol)
