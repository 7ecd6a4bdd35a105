"""K-fold in order of time with purge and embargo."""

from collections.abc import Iterator
from typing import Any

from finml_core.checks import check_integer
from finml_core.splits.base import Fold, PurgedSplitter, equal_blocks


class PurgedKFold(PurgedSplitter):
    """Each of `n_splits` contiguous blocks of timestamps is tested once; the purged rest, earlier and later, trains.

    Parameters
    ----------
    n_splits : int
        At least 2.
    purge_gap, embargo_pct
        See `PurgedSplitter`.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 7.4.
    """

    def __init__(self, n_splits: int = 5, purge_gap: int = 5, embargo_pct: float = 0.01):
        check_integer("n_splits", n_splits, 2)
        self.n_splits = n_splits
        super().__init__(purge_gap=purge_gap, embargo_pct=embargo_pct)

    def folds(self, n_stamps: int) -> Iterator[Fold]:
        """One block after another; all timestamps may be trained on."""
        for block in equal_blocks(n_stamps, self.n_splits):
            yield Fold(blocks=(block,), window=(0, n_stamps))

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """`n_splits`, whatever the rows."""
        return self.n_splits
