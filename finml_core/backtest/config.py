"""How decisions become positions."""

from dataclasses import dataclass, field
from typing import Literal

from finml_core.backtest.costs import CostModel
from finml_core.checks import check_between, check_choice, check_positive

FILLS = ("next_open", "same_close")


@dataclass(frozen=True, kw_only=True)
class BacktestConfig:
    """Fills, costs and limits of a backtest."""

    fill: Literal["next_open", "same_close"] = "next_open"  # same_close is optimistic: nobody trades at a known close
    costs: CostModel = field(default_factory=CostModel)
    max_leverage: float = 1.0  # largest sum of sizes at a fill, as a share of equity
    max_position: float = 1.0  # largest size of one symbol at a fill, as a share of equity
    no_trade_band: float = 0.0  # share of equity; a position this near to its target is left alone
    initial_equity: float = 1_000_000.0  # money; matters only to impact

    def __post_init__(self) -> None:
        check_choice("fill", self.fill, FILLS)
        check_positive("max_leverage", self.max_leverage)
        check_positive("max_position", self.max_position)
        check_between("no_trade_band", self.no_trade_band, 0.0, 1.0)
        check_positive("initial_equity", self.initial_equity)
