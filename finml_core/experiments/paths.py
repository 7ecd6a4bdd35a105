"""The paths of a combinatorial split: which tested row stands on which, and which block of time it is in."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from finml_core.errors import DataError
from finml_core.experiments.config import SplitConfig
from finml_core.experiments.predict import Split
from finml_core.splits import CombinatorialPurgedCV
from finml_core.splits.base import equal_blocks
from finml_core.typing import IntArray

MOST_ROWS = 10_000_000  # of predictions that one run may hold: some 2 GB


def path_of_rows(config: SplitConfig, ts: pd.DatetimeIndex, splits: Sequence[Split]) -> list[IntArray]:
    """The path of each test row of each fold; 0 for a splitter that tests every row once.

    Parameters
    ----------
    config : SplitConfig
    ts : timestamps of the samples that were split
    splits : the (train, test) arrays of `config.build()`

    Returns
    -------
    list of int64 arrays, one a fold, aligned with its test rows
        On each of the paths every sample stands once. A fold gives all its rows of one block to one path.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 12.4.
    """
    splitter = config.build()
    if not isinstance(splitter, CombinatorialPurgedCV):
        return [np.zeros(len(test), dtype=np.int64) for _, test in splits]
    block = _blocks(ts, pd.DatetimeIndex(ts.unique()), config.n_splits)
    fold_of = splitter.paths()  # (path, block)
    path_of = np.full((splitter.get_n_splits(), config.n_splits), -1, dtype=np.int64)
    path, tested = np.indices(fold_of.shape)
    path_of[fold_of, tested] = path
    return [path_of[fold, block[test]] for fold, (_, test) in enumerate(splits)]


def blocks_of(config: SplitConfig, predictions: pd.DataFrame) -> IntArray:
    """The test block of each prediction: its fold, or where a fold tests several blocks the number of the block.

    Neighbouring blocks of a path may come from one fold. They stay two blocks here, so that every path is calibrated
    and judged from the same moments on, and the second learns from outcomes of the first.

    `predictions` has ts, fold, y_true; rows after the last known outcome belong to the last block.
    """
    if config.kind != "combinatorial":
        return predictions["fold"].to_numpy()
    ts = pd.DatetimeIndex(predictions["ts"])
    return _blocks(ts, ts[predictions["y_true"].notna().to_numpy()].unique(), config.n_splits)


def in_blocks(config: SplitConfig, predictions: pd.DataFrame) -> pd.DataFrame:
    """The predictions with the test block in place of the fold."""
    return predictions.assign(fold=blocks_of(config, predictions))


def check_size(n_rows: int, n_paths: int, n_trained: int) -> None:
    """Refuse a run whose predictions would not fit; `n_trained` counts models, each as often as it has seeds.

    Raises
    ------
    DataError
        Above MOST_ROWS.
    """
    total = n_rows * n_paths * n_trained
    if n_paths > 1 and total > MOST_ROWS:
        raise DataError(
            f"{n_rows} rows on {n_paths} paths by {n_trained} models and seeds are {total} predictions; "
            f"{MOST_ROWS} are the most. Use fewer blocks or test fewer at a time, fewer models, seeds or symbols, or "
            "less history."
        )


def _blocks(ts: pd.DatetimeIndex, split: pd.DatetimeIndex, n_blocks: int) -> IntArray:
    """The block of each timestamp, where the distinct timestamps `split` were cut into equal blocks."""
    stamps = split.sort_values()
    starts = stamps[[start for start, _ in equal_blocks(len(stamps), n_blocks)]]
    return np.searchsorted(starts.to_numpy(), ts.to_numpy(), side="right") - 1
