"""From target weights to what they would have earned."""

import numpy as np
import pandas as pd

from finml_core.backtest.account import Orders, keep_account
from finml_core.backtest.config import BacktestConfig
from finml_core.backtest.panel import Panel, make_panel
from finml_core.backtest.result import BacktestResult
from finml_core.errors import DataError


def run_backtest(bars: pd.DataFrame, target_weight: pd.Series, config: BacktestConfig | None = None) -> BacktestResult:
    """Hold `target_weight` of equity, decided at each close and filled at the symbol's next open.

    Parameters
    ----------
    bars : DataFrame
        Long bars, or the plain frame of one asset. Prices are adjusted inside; impact uses raw price times volume.
    target_weight : Series on (symbol, ts), or on ts for one asset
        Share of equity decided at the close of ts, negative for short. Missing or infinite means flat.
    config : BacktestConfig, optional

    Returns
    -------
    BacktestResult
        A decision at the last bar is never filled. A symbol without a bar keeps its position at its last close.
        Positions are brought back to their target at every fill, unless they lie within the no-trade band.
        Cash earns no interest. Equity of 0 or less closes every position for good.

    Raises
    ------
    DataError
        For no bars, a non-positive price, or weights that name bars which do not exist.
    """
    config = config or BacktestConfig()
    if len(bars) == 0:
        raise DataError("there are no bars to run a backtest on; choose symbols and dates that have some.")
    panel = make_panel(bars, target_weight)
    account = keep_account(
        panel,
        _orders(panel, config),
        config.costs,
        initial_equity=config.initial_equity,
        max_leverage=config.max_leverage,
        no_trade_band=config.no_trade_band,
    )
    return BacktestResult(panel=panel, account=account, config=config)


def _orders(panel: Panel, config: BacktestConfig) -> Orders:
    is_next_open = config.fill == "next_open"
    target = panel.ordered if is_next_open else panel.decided
    return Orders(
        price=panel.open if is_next_open else panel.close,
        target=np.clip(target, -config.max_position, config.max_position),
        can_trade=panel.has_bar,
    )
