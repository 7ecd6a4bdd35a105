"""How much each label should count in training: its own share of what happened, and its age."""

import numpy as np
import pandas as pd

from finml_core.checks import check_between
from finml_core.concurrency import average_uniqueness, bar_spans, open_labels
from finml_core.errors import DataError
from finml_core.labels.config import LabelConfig
from finml_core.schemas import adjusted, key_index
from finml_core.typing import FloatArray


def label_weight(bars: pd.DataFrame, label_end: pd.Series, config: LabelConfig) -> pd.Series:
    """The weight that the configuration asks for, on (symbol, ts); missing where there is no label.

    The product of what is asked for: average uniqueness in (0, 1], return attribution (mean 1), decay in [0, 1]; 1
    where nothing is. Return attribution shares each return among the labels open there, so with uniqueness besides,
    overlap counts twice. These are over the whole history, to look at; see `training_weight` for what a fold learns by.
    """
    weight = pd.Series(np.where(label_end.notna(), 1.0, np.nan), index=label_end.index)
    if config.weights in ("uniqueness", "uniqueness_return", "time_decay"):
        weight *= average_uniqueness(label_end)
    if config.weights in ("return_attribution", "uniqueness_return"):
        close = adjusted(bars)["close"].set_axis(key_index(bars))
        weight *= return_attribution(close, label_end)
    if config.is_decayed:
        weight *= time_decay(average_uniqueness(label_end), oldest_weight=config.oldest_weight)
    return weight


def training_weight(weight: pd.Series, uniqueness: pd.Series, config: LabelConfig) -> FloatArray:
    """Weights that a fold learns by, from its training rows alone: the history after them has no say.

    Parameters
    ----------
    weight, uniqueness : Series on (symbol, ts) or ts
        Of the training rows: `label_weight` without decay, and average uniqueness.
    config : LabelConfig

    Returns
    -------
    float array
        Decay begins at the newest of these rows, and weights by return have mean 1 among them.
    """
    values = weight.to_numpy(dtype=float)
    if config.weights in ("return_attribution", "uniqueness_return"):
        values = values / values.mean() if values.any() else np.ones(len(values))
    if config.is_decayed:
        values = values * time_decay(uniqueness, oldest_weight=config.oldest_weight).to_numpy()
    return values


def return_attribution(close: pd.Series, label_end: pd.Series) -> pd.Series:
    """Size of the log return that belongs to each label when the labels open at a bar share its return.

    Parameters
    ----------
    close : Series on (symbol, ts) or ts
        Adjusted closes, one a bar, above 0. A return that a missing close leaves open adds nothing.
    label_end : Series on the same index
        Missing where a bar has no label. A label takes part in the returns into the bars from its own to its end.

    Returns
    -------
    Series named `attribution`, mean 1 over the labels
        Missing where there is no label. All 1 where no price moves.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 4.6.
    """
    if not close.index.equals(label_end.index):
        raise DataError("closes and label ends are on different rows; give both one a bar, on the same index.")
    weight = np.full(len(close), np.nan)
    has_label = label_end.notna().to_numpy()
    if has_label.any():
        order, first, last = bar_spans(label_end, has_label)
        shared = open_labels(first, last, len(close))
        change = _log_returns(close.iloc[order])
        share = np.divide(change, shared, out=np.zeros(len(close)), where=shared > 0)
        total = np.r_[0.0, np.cumsum(share)]
        own = np.abs(total[last + 1] - total[first])
        weight[has_label] = own / own.mean() if own.any() else 1.0
    return pd.Series(weight, index=label_end.index, name="attribution")


def _log_returns(close: pd.Series) -> FloatArray:
    """Into each bar, of bars in order of symbol and time; 0 where there is none."""
    logs = pd.Series(np.log(close.to_numpy(dtype=float)))
    if "symbol" not in close.index.names:
        return logs.diff().fillna(0.0).to_numpy()
    symbol = close.index.get_level_values("symbol")
    return logs.groupby(pd.factorize(symbol)[0]).diff().fillna(0.0).to_numpy()


def time_decay(uniqueness: pd.Series, *, oldest_weight: float = 0.5) -> pd.Series:
    """A factor that falls with age, by what has been told since rather than by the calendar.

    Parameters
    ----------
    uniqueness : Series on (symbol, ts) or ts
        Average uniqueness of each label; missing where there is none. Labels of one timestamp have one age.
    oldest_weight : float
        Factor of the oldest label, in (-1, 1]: 1 is no decay, 0 lets weights fall towards nothing, and below 0 the
        oldest share |oldest_weight| of all that was told has no weight at all.

    Returns
    -------
    Series named `decay`, in [0, 1]
        1 for the newest label, linear in the uniqueness cumulated since the first; missing where there is no label.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, section 4.7.
    """
    check_between("oldest_weight", oldest_weight, -0.99, 1.0)
    stamps = uniqueness.index.get_level_values("ts") if "ts" in uniqueness.index.names else uniqueness.index
    told = uniqueness.groupby(np.asarray(stamps)).sum().sort_index().cumsum()
    if told.empty or told.iloc[-1] == 0:
        return pd.Series(np.nan, index=uniqueness.index, name="decay")
    if oldest_weight >= 0:
        slope = (1 - oldest_weight) / told.iloc[-1]
    else:
        slope = 1 / ((oldest_weight + 1) * told.iloc[-1])
    factor = (1 - slope * (told.iloc[-1] - told)).clip(lower=0)
    decay = factor.reindex(np.asarray(stamps)).to_numpy()
    return pd.Series(np.where(uniqueness.notna(), decay, np.nan), index=uniqueness.index, name="decay")
