"""What trading costs: commission, half the spread, impact that grows with the square root of size, and borrowing."""

from dataclasses import dataclass

import numpy as np

from finml_core.checks import check_between
from finml_core.numerics import divide
from finml_core.typing import FloatArray

KINDS = ("commission", "spread", "impact", "borrow")
DAYS_IN_YEAR = 365.0
BPS = 1e-4


@dataclass(frozen=True, kw_only=True)
class CostModel:
    """Rates of every cost; all 0 is a frictionless market."""

    commission_bps: float = 1.0  # of the traded value
    spread_bps: float = 2.0  # whole quoted spread; each trade pays half of it
    impact_coefficient: float = 0.7  # times volatility a bar, times the square root of participation
    borrow_bps_year: float = 50.0  # of the value held short, by calendar days

    def __post_init__(self) -> None:
        check_between("commission_bps", self.commission_bps, 0.0, 1000.0)
        check_between("spread_bps", self.spread_bps, 0.0, 1000.0)
        check_between("impact_coefficient", self.impact_coefficient, 0.0, 100.0)
        check_between("borrow_bps_year", self.borrow_bps_year, 0.0, 100_000.0)

    @classmethod
    def free(cls) -> "CostModel":
        """A market without friction."""
        return cls(commission_bps=0.0, spread_bps=0.0, impact_coefficient=0.0, borrow_bps_year=0.0)

    @property
    def linear_rate(self) -> float:
        """Commission and half the spread, a unit of traded value."""
        return (self.commission_bps + self.spread_bps / 2) * BPS

    @property
    def borrow_rate_day(self) -> float:
        """Borrowing cost a calendar day, a unit of value held short."""
        return self.borrow_bps_year * BPS / DAYS_IN_YEAR

    def impact_curve(self, dollar_volume: FloatArray, volatility: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Slope and ceiling of the impact rate: min(slope x sqrt(traded value), ceiling).

        The ceiling is the rate of a trade as large as the whole volume of the bar; beyond it participation counts
        as 1. Both are 0 where volume or volatility is unknown, and the slope is 0 where the volume is 0.

        Parameters
        ----------
        dollar_volume : array
            Raw price times raw volume of the bar of the fill.
        volatility : array
            Deviation of returns a bar, known before the fill.

        References
        ----------
        The square-root law of impact: Almgren, Thum, Hauptmann and Li (2005), Risk 18(7), 58-62; Tóth et al. (2011),
        Physical Review X 1, 021006.
        """
        ceiling = self.impact_coefficient * np.nan_to_num(volatility, nan=0.0)
        ceiling = np.where(np.nan_to_num(dollar_volume, nan=0.0) > 0, ceiling, 0.0)
        return divide(ceiling, np.sqrt(np.nan_to_num(dollar_volume, nan=0.0)), empty=0.0), ceiling

    def trade_costs(self, traded_value: FloatArray, slope: FloatArray, ceiling: FloatArray) -> dict[str, FloatArray]:
        """Costs in money of trades of these sizes (at least 0), by kind; see `impact_curve` for the other two."""
        return {
            "commission": self.commission_bps * BPS * traded_value,
            "spread": self.spread_bps * BPS / 2 * traded_value,
            "impact": np.minimum(slope * np.sqrt(traded_value), ceiling) * traded_value,
        }
