"""Labels of any kind, on the bars' own rows."""

import numpy as np
import pandas as pd

from finml_core.concurrency import average_uniqueness
from finml_core.labels.config import LabelConfig
from finml_core.labels.horizon import horizon_outcome, quantile_class
from finml_core.labels.triple_barrier import triple_barrier
from finml_core.schemas import LABELS, as_bars, key_index


def make_labels(bars: pd.DataFrame, config: LabelConfig | None = None) -> pd.DataFrame:
    """The outcome of each bar, when it is known, and its weight.

    Parameters
    ----------
    bars : DataFrame
        Long bars, or one asset's plain frame with a DatetimeIndex. Returns are made of adjusted closes.
    config : LabelConfig, optional

    Returns
    -------
    DataFrame of the sorted bars' rows, indexed by (symbol, ts), or on a plain frame's own index
        `y`: 1 or 0 for direction and triple_barrier (1 if the return is above 0), the return itself for return, the
        class 0 .. n_quantiles - 1 for quantile. `label_return`: a fraction, from the close of the bar to that of
        `label_end`, the timestamp at which the outcome is known. `sample_weight`: 1, or the average uniqueness in
        (0, 1]. All four are missing in the last `horizon` rows of each symbol and wherever the outcome is unknown.
    """
    config = config or LabelConfig()
    long = as_bars(bars)
    if config.kind == "triple_barrier":
        outcome = triple_barrier(
            long,
            horizon=config.horizon,
            take_profit=config.take_profit,
            stop_loss=config.stop_loss,
            volatility_span=config.volatility_span,
        ).set_axis(long.index)
    else:
        outcome = horizon_outcome(long, config.horizon)
    y = _target(outcome["label_return"], long, config)
    is_known = y.notna()
    outcome["y"] = y
    outcome["label_return"] = outcome["label_return"].where(is_known)
    outcome["label_end"] = outcome["label_end"].where(is_known)
    labels = outcome.set_axis(key_index(long))
    labels["sample_weight"] = _weight(labels["label_end"], config)
    return _on_own_index(labels.loc[:, list(LABELS)], bars)


def _target(label_return: pd.Series, bars: pd.DataFrame, config: LabelConfig) -> pd.Series:
    if config.kind == "return":
        return label_return
    if config.kind == "quantile":
        return quantile_class(
            label_return,
            bars["symbol"],
            horizon=config.horizon,
            n_quantiles=config.n_quantiles,
            window=config.quantile_window,
        )
    return (label_return > 0).astype("float64").where(label_return.notna())


def _weight(label_end: pd.Series, config: LabelConfig) -> pd.Series:
    if config.weights == "uniqueness":
        return average_uniqueness(label_end)
    return pd.Series(np.where(label_end.notna(), 1.0, np.nan), index=label_end.index)


def _on_own_index(labels: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """Labels of a plain frame come back in its rows' order and on its index."""
    if not isinstance(bars.index, pd.DatetimeIndex) or "ts" in bars.columns or "symbol" in bars.columns:
        return labels
    order = np.argsort(bars.index, kind="stable")
    return labels.iloc[np.argsort(order, kind="stable")].set_axis(bars.index)
