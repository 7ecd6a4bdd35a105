"""Bars: the store, its doors, what looks wrong in them, and markets whose truth is known."""

from finml_core.bars.activity import activity_bars
from finml_core.bars.lake import LakeBars, lake_symbols, read_lake
from finml_core.bars.mapping import guess_mapping
from finml_core.bars.options import IngestOptions, IngestReport
from finml_core.bars.quality import quality_report
from finml_core.bars.resample import resample
from finml_core.bars.sessions import session_counts
from finml_core.bars.snapshot import content_hash, delete_snapshot, list_snapshots, load_snapshot, write_snapshot
from finml_core.bars.sources import bundled_bars, prepare_store
from finml_core.bars.staging import preview, source_columns
from finml_core.bars.store import BarStore
from finml_core.bars.synthetic import SyntheticMarket, simulate_bars
from finml_core.bars.synthetic_config import REGIME_TRAITS, RegimeTraits, SyntheticConfig
from finml_core.bars.yahoo import download_bars

__all__ = [
    "REGIME_TRAITS",
    "BarStore",
    "IngestOptions",
    "IngestReport",
    "LakeBars",
    "RegimeTraits",
    "SyntheticConfig",
    "SyntheticMarket",
    "activity_bars",
    "bundled_bars",
    "content_hash",
    "delete_snapshot",
    "download_bars",
    "guess_mapping",
    "lake_symbols",
    "list_snapshots",
    "load_snapshot",
    "prepare_store",
    "preview",
    "quality_report",
    "read_lake",
    "resample",
    "session_counts",
    "simulate_bars",
    "source_columns",
    "write_snapshot",
]
