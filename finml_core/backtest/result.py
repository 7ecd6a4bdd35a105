"""What a backtest leaves behind: a row a bar, tidy positions and trades, costs by kind, and a summary."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from finml_core.backtest.account import Account
from finml_core.backtest.config import BacktestConfig
from finml_core.backtest.panel import Panel
from finml_core.backtest.summary import summarise
from finml_core.numerics import divide
from finml_core.typing import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class BacktestResult:
    """Tables are made when first asked for."""

    panel: Panel
    account: Account
    config: BacktestConfig

    @property
    def is_optimistic(self) -> bool:
        """Fills at the very close that the decision has seen."""
        return self.config.fill == "same_close"

    @cached_property
    def bars(self) -> pd.DataFrame:
        """One row a ts; returns, cost, turnover, exposure and drawdown are fractions, the rest is money.

        `gross_return` - `cost` = `net_return`, and the product of 1 + `net_return` is `equity` over the initial one.
        `turnover` is the traded value over equity at the fill, `exposure` the sum of sizes over equity at the close,
        `net_exposure` the same with signs. `cash` + `position_value` = `equity`.
        """
        account = self.account
        net_return = self._growth - 1
        cost = self._growth * divide(self._cost_value, account.equity_at_fill - self._cost_value, empty=0.0)
        position = account.units * self.panel.close
        peak = np.maximum.accumulate(np.r_[self.config.initial_equity, account.equity])[1:]
        return pd.DataFrame(
            {
                "gross_return": net_return + cost,
                "cost": cost,
                "net_return": net_return,
                "equity": account.equity,
                "turnover": divide(np.abs(account.traded).sum(axis=1), account.equity_at_fill, empty=0.0),
                "exposure": divide(np.abs(position).sum(axis=1), account.equity, empty=0.0),
                "net_exposure": divide(position.sum(axis=1), account.equity, empty=0.0),
                "drawdown": account.equity / peak - 1,
                "cash": account.cash,
                "position_value": position.sum(axis=1),
            },
            index=self.panel.ts,
        )

    @cached_property
    def costs(self) -> pd.DataFrame:
        """Commission, spread, impact and borrow by ts, as fractions that add up to `bars["cost"]`."""
        left = self.account.equity_at_fill - self._cost_value
        return pd.DataFrame(
            {kind: self._growth * divide(value, left, empty=0.0) for kind, value in self.account.costs.items()},
            index=self.panel.ts,
        )

    @cached_property
    def cost_values(self) -> pd.DataFrame:
        """Commission, spread, impact and borrow by ts, in money."""
        return pd.DataFrame(self.account.costs, index=self.panel.ts)

    @cached_property
    def positions(self) -> pd.DataFrame:
        """A row a symbol and ts, sorted so: `symbol, ts, units, price, value, weight, target_weight` at the close.

        `price` is the adjusted close, the last known where there is no bar; `weight` is value over equity;
        `target_weight` is what was decided at this close, before limits.
        """
        panel, units = self.panel, self.account.units
        n_ts, n_symbols = units.shape
        value = units * panel.close
        return pd.DataFrame(
            {
                "symbol": np.repeat(panel.symbols, n_ts),
                "ts": np.tile(panel.ts.to_numpy(), n_symbols),
                "units": units.ravel(order="F"),
                "price": panel.close.ravel(order="F"),
                "value": value.ravel(order="F"),
                "weight": divide(value, self.account.equity[:, None], empty=0.0).ravel(order="F"),
                "target_weight": panel.decided.ravel(order="F"),
            }
        )

    @cached_property
    def trades(self) -> pd.DataFrame:
        """A row a fill in order of time: when decided and filled, units, adjusted price, value, costs and weights."""
        panel, account = self.panel, self.account
        row, column = np.nonzero(account.traded)
        is_next_open = self.config.fill == "next_open"
        price = (panel.open if is_next_open else panel.close)[row, column]
        decided = panel.ordered_row[row, column] if is_next_open else row
        left = (account.equity_at_fill - self._cost_value)[row]
        return pd.DataFrame(
            {
                "ts": panel.ts.to_numpy()[row],
                "symbol": np.asarray(panel.symbols, dtype=object)[column].astype(str),
                "decided_at": panel.ts.to_numpy()[decided],
                "units": account.traded[row, column] / price,
                "price": price,
                "value": account.traded[row, column],
                "weight_before": account.weight_before[row, column],
                "weight_after": divide(account.units[row, column] * price, left, empty=0.0),
                **{kind: cost[row, column] for kind, cost in account.trade_costs.items()},
            }
        )

    @cached_property
    def summary(self) -> dict[str, float | int | str | bool]:
        """The numbers of `finml_core.backtest.summary.summarise`, over the bars from the first decision on."""
        traded = self.account.traded
        has_volume = np.nan_to_num(self.panel.dollar_volume, nan=0.0) > 0
        return summarise(self.bars.iloc[self.panel.first_decision :]) | {
            "n_trades": int(np.count_nonzero(traded)),
            "trades_without_volume": int(np.count_nonzero(traded[~has_volume])),
            "fill": self.config.fill,
            "is_optimistic": self.is_optimistic,
            "is_ruined": bool((self.account.equity <= 0).any()),
        }

    @cached_property
    def _growth(self) -> FloatArray:
        """Equity over the equity of the bar before; 1 once there is none."""
        return divide(self.account.equity, np.r_[self.config.initial_equity, self.account.equity[:-1]], empty=1.0)

    @cached_property
    def _cost_value(self) -> FloatArray:
        return np.sum(list(self.account.costs.values()), axis=0)
