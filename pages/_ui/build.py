"""Columns of leaderboards; sliders of a backtest and of regimes to look at."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from finml_core.backtest import BacktestConfig, CostModel
from finml_core.experiments import ExperimentConfig, SizingConfig
from finml_core.regimes import RuleConfig
from pages._ui import text

COLUMNS = {
    "model": st.column_config.TextColumn("Name"),
    "auc": st.column_config.TextColumn("AUC", help="Mean and deviation over folds; 0.5 is a coin"),
    "log_loss_mean": st.column_config.NumberColumn("Log loss", format="%.4f", help="Raw, mean over folds"),
    "log_loss_cal": st.column_config.NumberColumn("Calibrated", format="%.4f", help="Log loss after calibration"),
    "ece_cal": st.column_config.NumberColumn("ECE", format="%.3f", help="After calibration"),
    "paths_text": st.column_config.TextColumn("Sharpe over paths", help="A year: mean and deviation over the paths"),
    "sharpe_text": st.column_config.TextColumn(
        "Sharpe", help="A year, after costs, with its standard error; of the median path where there are several"
    ),
    "dsr": st.column_config.NumberColumn("DSR", format="%.3f", help="Deflated by the team's trials"),
    "n_trials": st.column_config.NumberColumn("Trials"),
    "max_drawdown": st.column_config.NumberColumn("Drawdown", format="percent"),
    "turnover_annual": st.column_config.NumberColumn("Turnover", format="%.1f", help="Times the capital, a year"),
    "seconds": st.column_config.NumberColumn("Seconds", format="%.1f"),
    "device": st.column_config.TextColumn("Device"),
}
MODEL_ORDER = (
    "model",
    "auc",
    "log_loss_mean",
    "log_loss_cal",
    "ece_cal",
    "paths_text",
    "sharpe_text",
    "dsr",
    "n_trials",
    "seconds",
    "device",
)
STRATEGY_ORDER = ("model", "paths_text", "sharpe_text", "dsr", "n_trials", "max_drawdown", "turnover_annual")


def named(board: pd.DataFrame) -> pd.DataFrame:
    """Rows of a leaderboard as a reader sees them: names in words, numbers with their uncertainty."""
    if "sharpe_paths_mean" in board.columns:
        over_paths = zip(board["sharpe_paths_mean"], board["sharpe_paths_deviation"], strict=True)
        board = board.assign(paths_text=[text.plus_minus(mean, spread) for mean, spread in over_paths])
    return board.assign(
        model=[text.name(model) for model in board["model"]],
        auc=[
            text.plus_minus(mean, spread, 3)
            for mean, spread in zip(board["auc_mean"], board["auc_deviation"], strict=True)
        ],
        sharpe_text=[
            text.plus_minus(value, error)
            for value, error in zip(board["sharpe_annual"], board["sharpe_error_annual"], strict=True)
        ],
    )


def backtest_controls(config: ExperimentConfig) -> ExperimentConfig:
    """Costs, fill and size; they start at the run's own settings."""
    own, sizing = config.backtest, config.sizing
    fills = {"next_open": "Next open", "same_close": "Same close (optimistic)"}
    with st.grid(4, min_column_width=150):
        fill = st.selectbox(
            "Fill", list(fills), list(fills).index(own.fill), format_func=fills.get, key="bt_fill", bind="query-params"
        )
        commission = _slider("Commission, bp", 0, 20, own.costs.commission_bps, 0.5, "bt_commission")
        spread = _slider("Spread, bp", 0, 50, own.costs.spread_bps, 0.5, "bt_spread")
        impact = _slider(
            "Impact coefficient", 0, 2, own.costs.impact_coefficient, 0.05, "bt_impact",
            "Times volatility, times the square root of the share of the bar's volume; 0 where no volume is known",
        )  # fmt: skip
        borrow = _slider("Borrow, bp a year", 0, 500, own.costs.borrow_bps_year, 10, "bt_borrow", "On shorts", "%.0f")
        scale = _slider(
            "Weight per unit of edge", 0.5, 20, sizing.scale, 0.5, "bt_scale", "Edge is 2p − 1, p calibrated"
        )
        cap = _slider("Cap on a symbol's slice", 0.1, 2, sizing.cap, 0.1, "bt_cap", "1: at most its equal share")
        edge = _slider(
            "Smallest edge, |2p − 1|", 0, 0.3, sizing.min_edge, 0.01, "bt_edge", "A smaller one counts as flat"
        )
    costs: CostModel = replace(
        own.costs, commission_bps=commission, spread_bps=spread, impact_coefficient=impact, borrow_bps_year=borrow
    )
    backtest: BacktestConfig = replace(own, fill=fill, costs=costs)
    return replace(config, backtest=backtest, sizing=SizingConfig(scale=scale, cap=cap, min_edge=edge))


def regime_controls(config: RuleConfig) -> RuleConfig:
    """Windows of the rules that name the weather."""
    trend = st.slider("Trend window, bars", 20, 200, config.trend_window, 5, key="regime_trend", bind="query-params")
    volatility = st.slider(
        "Volatility window, bars", 5, 60, config.volatility_window, 5, key="regime_volatility", bind="query-params"
    )
    return replace(config, trend_window=trend, volatility_window=volatility)


def _slider(
    label: str, low: float, high: float, own: float, step: float, key: str, help: str | None = None, shown: str = "%.2f"
) -> float:
    """A bound slider that always reaches the run's own setting."""
    return st.slider(
        label,
        min(float(low), float(own)),
        max(float(high), float(own)),
        float(own),
        float(step),
        format=shown,
        key=key,
        help=help,
        bind="query-params",
    )
