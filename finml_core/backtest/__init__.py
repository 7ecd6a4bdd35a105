"""What is left after costs: decided at a close, filled at the next open, cash that never goes missing."""

from finml_core.backtest.config import BacktestConfig
from finml_core.backtest.costs import CostModel
from finml_core.backtest.engine import run_backtest
from finml_core.backtest.result import BacktestResult

__all__ = ["BacktestConfig", "BacktestResult", "CostModel", "run_backtest"]
