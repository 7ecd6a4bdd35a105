"""Labels of any kind, on the bars' own rows."""

import numpy as np
import pandas as pd

from finml_core.labels.config import LabelConfig
from finml_core.labels.events import sampled_bars
from finml_core.labels.horizon import horizon_outcome, quantile_class
from finml_core.labels.trend_scanning import trend_scanning
from finml_core.labels.triple_barrier import triple_barrier
from finml_core.labels.weights import label_weight
from finml_core.schemas import LABELS, as_bars, key_index


def make_labels(
    bars: pd.DataFrame, config: LabelConfig | None = None, *, events: pd.Series | None = None
) -> pd.DataFrame:
    """The outcome of each bar, when it is known, and its weight.

    Parameters
    ----------
    bars : DataFrame
        Long bars, or one asset's plain frame with a DatetimeIndex. Returns are made of adjusted closes.
    config : LabelConfig, optional
    events : Series of booleans on (symbol, ts), optional
        The bars that get a label, such as those of `cusum_events`; by default those that `config.sampling` names.

    Returns
    -------
    DataFrame of the sorted bars' rows, indexed by (symbol, ts), or on a plain frame's own index
        `y`: 1 or 0 for direction and triple_barrier (1 if the return is above 0) and for trend_scanning (1 if the
        strongest line rises), the return itself for return, the class 0 .. n_quantiles - 1 for quantile.
        `label_return`: a fraction, from the close of the bar to that of `label_end`, the timestamp at which the
        outcome is known. `sample_weight`: 1, or what the configuration asks for (see `label_weight`). All four are
        missing in the last `horizon` rows of each symbol and wherever the outcome is unknown.
    """
    config = config or LabelConfig()
    long = as_bars(bars)
    outcome = _outcome(long, config)
    keys = key_index(long)
    y = _target(outcome, long, config).set_axis(keys)
    outcome = outcome.set_axis(keys)
    is_known = y.notna()
    events = sampled_bars(long, config) if events is None else events
    if events is not None:
        is_known &= events.reindex(y.index, fill_value=False).astype(bool)
    labels = outcome[["label_return", "label_end"]].where(is_known)
    labels["y"] = y.where(is_known)
    labels["sample_weight"] = label_weight(long, labels["label_end"], config).where(is_known)
    return _on_own_index(labels.loc[:, list(LABELS)], bars)


def _outcome(long: pd.DataFrame, config: LabelConfig) -> pd.DataFrame:
    """label_return and label_end, with what the target is made of, on the bars' own rows."""
    if config.kind == "triple_barrier":
        return triple_barrier(
            long,
            horizon=config.horizon,
            take_profit=config.take_profit,
            stop_loss=config.stop_loss,
            volatility_span=config.volatility_span,
        ).set_axis(long.index)
    if config.kind == "trend_scanning":
        return trend_scanning(long, horizon=config.horizon, shortest_trend=config.shortest_trend).set_axis(long.index)
    return horizon_outcome(long, config.horizon)


def _target(outcome: pd.DataFrame, bars: pd.DataFrame, config: LabelConfig) -> pd.Series:
    label_return = outcome["label_return"]
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
    decides = outcome["t_value"] if config.kind == "trend_scanning" else label_return
    return (decides > 0).astype("float64").where(label_return.notna())


def _on_own_index(labels: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """Labels of a plain frame come back in its rows' order and on its index."""
    if not isinstance(bars.index, pd.DatetimeIndex) or "ts" in bars.columns or "symbol" in bars.columns:
        return labels
    order = np.argsort(bars.index, kind="stable")
    return labels.iloc[np.argsort(order, kind="stable")].set_axis(bars.index)
