"""Test blocks in order of time, and what was known before each began."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.checks import check_columns
from finml_core.errors import DataError
from finml_core.typing import BoolArray, IntArray

SERIES = ("model", "path")  # predictions that differ in one of these are calibrated apart


@dataclass(frozen=True, kw_only=True)
class Block:
    """Rows of one fold whose timestamps follow on each other."""

    rows: IntArray  # positions in the predictions
    start: pd.Timestamp
    known: IntArray  # positions of rows of the same model whose outcome was known strictly before `start`


def find_blocks(predictions: pd.DataFrame, is_usable: BoolArray) -> Iterator[Block]:
    """Divide out-of-fold predictions into test blocks, each with the rows that may be learned from.

    Parameters
    ----------
    predictions : DataFrame
        `ts, label_end, fold`, and `model` or `path` where there are several; rows in any order.
    is_usable : bool array
        Rows with a prediction and an outcome. Of these, a block may learn from those with `label_end` before its
        first timestamp; so cutting off later rows changes nothing for it.

    Yields
    ------
    Block
        Each row of `predictions` is in one block. `known` is in order of time.
    """
    check_columns(predictions, ("ts", "label_end", "fold"), what="the frame of predictions")
    if predictions["ts"].isna().any():
        raise DataError("a prediction has no timestamp; fill in `ts`.")
    ts, label_end = predictions["ts"].to_numpy(), predictions["label_end"].to_numpy()
    for rows in _series_rows(predictions):
        rows = rows[np.argsort(ts[rows], kind="stable")]
        usable = rows[is_usable[rows]]
        for block in _fold_blocks(predictions["fold"].to_numpy()[rows], ts[rows]):
            start = ts[rows[block[0]]]
            # a missing label_end compares as not before, so an outcome that is not known is never learned from
            yield Block(rows=rows[block], start=pd.Timestamp(start), known=usable[label_end[usable] < start])


def _series_rows(predictions: pd.DataFrame) -> Iterator[IntArray]:
    keys = [name for name in SERIES if name in predictions.columns]
    if not keys:
        yield np.arange(len(predictions))
        return
    yield from predictions.groupby(keys, sort=False, dropna=False).indices.values()


def _fold_blocks(fold: np.ndarray, ts: np.ndarray) -> Iterator[IntArray]:
    """Positions of each run of timestamps that follow on each other and share the fold; `ts` is sorted."""
    stamp = np.r_[0, np.cumsum(ts[1:] != ts[:-1])] if len(ts) else np.empty(0, dtype=np.int64)
    for name in pd.unique(fold):
        rows = np.flatnonzero(fold == name)
        yield from np.split(rows, np.flatnonzero(np.diff(stamp[rows]) > 1) + 1)
