"""Walk forward: train on the past only, test on what follows, step on."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from finml_core.checks import check_integer
from finml_core.errors import ConfigError, SplitError
from finml_core.purging import row_times
from finml_core.splits.base import Fold, PurgedSplitter


class WalkForwardCV(PurgedSplitter):
    """Trains on a window of the past and tests on the timestamps right after it.

    The purge takes from the end of the training window; the embargo removes nothing, as training precedes the test.
    Only whole test blocks are yielded: timestamps after the last one are not tested.

    Parameters
    ----------
    train_size, test_size : int
        Timestamps.
    step_size : int, optional
        Timestamps from one test block to the next; `test_size` by default, so that blocks adjoin.
    purge_gap, embargo_pct
        See `PurgedSplitter`.
    expanding : bool
        Train on everything before the test block; the first window has `train_size` timestamps.
    """

    def __init__(
        self,
        train_size: int = 504,
        test_size: int = 126,
        step_size: int | None = None,
        purge_gap: int = 5,
        embargo_pct: float = 0.01,
        expanding: bool = False,
    ):
        check_integer("train_size", train_size, 1)
        check_integer("test_size", test_size, 1)
        if step_size is not None:
            check_integer("step_size", step_size, 1)
        self.train_size = train_size
        self.test_size = test_size
        self.step_size = step_size
        self.expanding = expanding
        super().__init__(purge_gap=purge_gap, embargo_pct=embargo_pct)

    def folds(self, n_stamps: int) -> Iterator[Fold]:
        """One block a step, as long as a whole one fits."""
        for start in self._starts(n_stamps):
            first = 0 if self.expanding else start - self.train_size
            yield Fold(blocks=((start, start + self.test_size),), window=(first, start))

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of whole test blocks in the timestamps of X.

        Raises
        ------
        ConfigError
            Without X: the count depends on its timestamps.
        """
        if X is None:
            raise ConfigError("WalkForwardCV cannot count its folds without X: their number depends on its timestamps.")
        return len(self._starts(len(np.unique(row_times(X.index)))))

    def _starts(self, n_stamps: int) -> range:
        starts = range(self.train_size, n_stamps - self.test_size + 1, self.step_size or self.test_size)
        if len(starts) == 0:
            raise SplitError(
                f"no fold fits: {n_stamps} distinct timestamps, train_size {self.train_size}, "
                f"test_size {self.test_size}.\nUse a shorter train_size or test_size, or more history."
            )
        return starts
