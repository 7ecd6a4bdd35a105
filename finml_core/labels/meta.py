"""Was the primary model right? Labels for a secondary model that decides whether, and how much, to bet."""

import numpy as np
import pandas as pd

from finml_core.checks import check_at_least
from finml_core.errors import ConfigError, DataError
from finml_core.labels.config import LabelConfig
from finml_core.labels.events import sampled_bars
from finml_core.labels.horizon import horizon_outcome
from finml_core.labels.triple_barrier import triple_barrier
from finml_core.labels.weights import label_weight
from finml_core.schemas import LABELS, as_bars, key_index


def meta_labels(
    bars: pd.DataFrame,
    side: pd.Series,
    config: LabelConfig | None = None,
    *,
    min_return: float = 0.0,
    events: pd.Series | None = None,
) -> pd.DataFrame:
    """Whether a bet on the primary model's side would have paid.

    Parameters
    ----------
    bars : DataFrame
        Long bars, or one asset's plain frame. Returns are made of adjusted closes.
    side : Series on (symbol, ts), or on a plain frame's index
        1 long, -1 short, 0 or missing for no bet, as known at the close of the bar. Signals of any size count by sign.
    config : LabelConfig, optional
        `triple_barrier` (the barriers then belong to the side: profit is where it wins), or a fixed horizon for
        `direction` and `return`; weights as everywhere.
    min_return : float
        What a bet must earn to have paid, a fraction: the round trip's costs.
    events : Series of booleans on (symbol, ts), optional
        The bars at which a bet may begin; by default those that `config.sampling` names.

    Returns
    -------
    DataFrame of the sorted bars' rows, indexed by (symbol, ts)
        `y`: 1 if the side earned more than `min_return`, else 0. `label_return`: what the side earned. `label_end`,
        `sample_weight`. All missing where there is no bet or its outcome is unknown.

    Raises
    ------
    ConfigError
        For a kind of label that has no outcome for a side.
    DataError
        If `side` is not on the bars' rows.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, sections 3.6 and 3.7.
    """
    config = config or LabelConfig()
    check_at_least("min_return", min_return, 0.0)
    long = as_bars(bars)
    keys = key_index(long)
    sign = pd.Series(np.sign(_on_keys(side, keys)), index=keys)
    sign = sign.where(sign != 0)
    events = sampled_bars(long, config) if events is None else events
    if events is not None:
        sign = sign.where(events.reindex(keys, fill_value=False).astype(bool))
    if config.kind == "triple_barrier":
        outcome = triple_barrier(
            long,
            horizon=config.horizon,
            take_profit=config.take_profit,
            stop_loss=config.stop_loss,
            volatility_span=config.volatility_span,
            side=sign,
        )
    elif config.kind in ("direction", "return"):
        outcome = horizon_outcome(long, config.horizon).set_axis(keys)
        outcome["label_return"] *= sign
    else:
        raise ConfigError(
            f"label.kind is {config.kind!r}, which has no outcome for a side; use triple_barrier, direction or return."
        )
    is_known = outcome["label_return"].notna()
    label_end = outcome["label_end"].where(is_known)
    labels = pd.DataFrame(
        {
            "y": (outcome["label_return"] > min_return).astype("float64").where(is_known),
            "label_return": outcome["label_return"],
            "label_end": label_end,
            "sample_weight": label_weight(long, label_end, config),
        }
    )
    return labels.loc[:, list(LABELS)]


def _on_keys(side: pd.Series, keys: pd.MultiIndex) -> np.ndarray:
    """The side of each bar, found by (symbol, ts), or by ts where there is one symbol."""
    if set(side.index.names) >= {"symbol", "ts"}:
        wanted = keys
        side = side.reorder_levels(["symbol", "ts"]) if list(side.index.names) != ["symbol", "ts"] else side
    else:
        wanted = keys.get_level_values("ts")
        if wanted.has_duplicates:
            raise DataError("side is not indexed by (symbol, ts), but the bars hold several symbols.")
    if not side.index.is_unique or not side.index.isin(wanted).any():
        raise DataError("side shares no row with the bars, or has one twice; give one side a bar, on the bars' index.")
    return side.reindex(wanted).to_numpy(dtype=float)
