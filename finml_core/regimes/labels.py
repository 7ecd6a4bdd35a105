"""From probabilities to names, and how names follow one another."""

import numpy as np
import pandas as pd

from finml_core.checks import check_columns
from finml_core.numerics import divide
from finml_core.schemas import REGIMES


def label_regimes(probabilities: pd.DataFrame) -> pd.DataFrame:
    """The likeliest regime of each bar and its probability: `regime, confidence` on the same index.

    Both are missing where the probabilities are. Of equals the first in the order of RegimeType wins.
    """
    check_columns(probabilities, REGIMES, what="the frame of probabilities")
    values = probabilities[list(REGIMES)].to_numpy(dtype=float)
    is_known = np.isfinite(values).all(axis=1)
    winner = np.where(is_known, np.nan_to_num(values).argmax(axis=1), 0)
    regime = pd.Series(np.asarray(REGIMES, dtype=object)[winner], index=probabilities.index, dtype="str")
    confidence = pd.Series(values[np.arange(len(values)), winner], index=probabilities.index)
    return pd.DataFrame({"regime": regime.where(is_known), "confidence": confidence.where(is_known)})


def transition_matrix(regime: pd.Series) -> pd.DataFrame:
    """Share of bars in a regime (rows) that are followed by each regime (columns) at the next bar.

    Parameters
    ----------
    regime : Series of names, in order of time, or on (symbol, ts) sorted so
        Steps from one symbol to the next, and to or from a missing regime, do not count.

    Returns
    -------
    DataFrame of shape (7, 7)
        Rows sum to 1; a regime that was never left or kept at a next bar has a missing row.
    """
    code = pd.Categorical(regime, categories=list(REGIMES)).codes.astype(np.int64)
    follows = (code[:-1] >= 0) & (code[1:] >= 0)
    if "symbol" in regime.index.names:
        symbol = pd.factorize(regime.index.get_level_values("symbol"))[0]
        follows &= symbol[:-1] == symbol[1:]
    counts = np.zeros((len(REGIMES), len(REGIMES)))
    np.add.at(counts, (code[:-1][follows], code[1:][follows]), 1.0)
    share = divide(counts, counts.sum(axis=1, keepdims=True))
    return pd.DataFrame(share, index=pd.Index(REGIMES, name="regime"), columns=pd.Index(REGIMES, name="next_regime"))


def expected_durations(transitions: pd.DataFrame) -> pd.Series:
    """Bars that a regime lasts on average, 1 / (1 - probability of staying); infinite for one that was never left."""
    stay = np.diag(transitions.to_numpy())
    return pd.Series(divide(1.0, 1 - stay, empty=np.inf), index=transitions.index, name="expected_duration")
