"""From the tables that a run leaves to those that a page shows."""

from finml_core.report import arbitration, backtest, calibration, features, luck, models, paths, regimes
from finml_core.report.today import latest_cards
from finml_core.report.trust import trust_panel

__all__ = [
    "arbitration",
    "backtest",
    "calibration",
    "features",
    "latest_cards",
    "luck",
    "models",
    "paths",
    "regimes",
    "trust_panel",
]
