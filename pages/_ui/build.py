"""Sliders that make configurations: of a run to train, and of a backtest to look at."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from finml_core.backtest import BacktestConfig, CostModel
from finml_core.calibration import CALIBRATORS
from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig, SizingConfig, SplitConfig
from finml_core.features import FAMILIES
from finml_core.models import HYPERPARAMETERS, Hyperparameter, ModelConfig, ModelType, with_values
from finml_core.regimes import RuleConfig
from pages._ui import load, text
from pages._ui.frame import Selection

COLUMNS = {
    "model": st.column_config.TextColumn("Name"),
    "auc": st.column_config.TextColumn("AUC", help="Mean and deviation over folds; 0.5 is a coin"),
    "log_loss_mean": st.column_config.NumberColumn("Log loss", format="%.4f", help="Raw, mean over folds"),
    "log_loss_cal": st.column_config.NumberColumn("Calibrated", format="%.4f", help="Log loss after calibration"),
    "ece_cal": st.column_config.NumberColumn("ECE", format="%.3f", help="After calibration"),
    "sharpe_text": st.column_config.TextColumn("Sharpe", help="A year, after costs, with its standard error"),
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
    "sharpe_text",
    "dsr",
    "n_trials",
    "seconds",
    "device",
)
STRATEGY_ORDER = ("model", "sharpe_text", "dsr", "n_trials", "max_drawdown", "turnover_annual")


def experiment_controls(selection: Selection) -> ExperimentConfig | None:
    """The experiment that the sliders describe; None, and the reason shown, where it cannot exist."""
    default = load.default_experiment()
    name = st.text_input("Name", default.name, key="build_name")
    names = [member.value for member in ModelType]
    models = st.multiselect(
        "Models", names, [model.value for model in default.models], key="build_models", format_func=text.name
    )
    horizon = st.slider("Label horizon, bars", 1, 60, default.label.horizon, key="build_horizon", bind="query-params")
    folds = st.slider("Folds", 2, 10, default.split.n_splits, key="build_folds", bind="query-params")
    calibration = st.selectbox(
        "Calibration", list(CALIBRATORS), list(CALIBRATORS).index(default.calibration.method), key="build_calibration"
    )
    with st.expander("Features and split"):
        families = st.multiselect("Families", FAMILIES, default.features.families, key="build_families")
        kinds = {"purged_kfold": "Purged K-fold", "walk_forward": "Walk-forward"}
        kind = st.selectbox("Splitter", list(kinds), format_func=kinds.get, key="build_split")
        embargo = st.slider("Embargo, % of bars", 0.0, 10.0, 1.0, 0.5, key="build_embargo")
        seed = st.number_input("Seed", 0, 9999, default.model.seed, key="build_seed")
    try:
        return replace(
            default,
            name=name,
            symbols=tuple(selection.symbols),
            start=selection.start.isoformat() if selection.start else None,
            end=selection.end.isoformat() if selection.end else None,
            models=tuple(ModelType(model) for model in models),
            label=replace(default.label, horizon=horizon),
            split=SplitConfig(kind=kind, n_splits=folds, embargo_pct=embargo / 100),
            calibration=replace(default.calibration, method=calibration),
            features=replace(default.features, families=tuple(families)),
            model=replace(_model_controls(models, default.model), seed=int(seed)),
        )
    except FinmlError as error:
        st.error(str(error), icon=":material/error:")
        return None


def _model_controls(models: list[str], config: ModelConfig) -> ModelConfig:
    """Each chosen model's own sliders, folded away."""
    for model in models:
        settings = HYPERPARAMETERS[ModelType(model)]
        if not settings:
            continue
        with st.expander(text.name(model)):
            for setting in settings:
                config = _with_slider(config, model, setting)
    return config


def named(board: pd.DataFrame) -> pd.DataFrame:
    """Rows of a leaderboard as a reader sees them: names in words, numbers with their uncertainty."""
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


def estimate(config: ExperimentConfig) -> str:
    """How large the run is, and how long one like it took here."""
    covered = load.coverage().set_index("symbol")
    n_bars = int(covered.loc[list(config.symbols), "n_bars"].sum())
    folds = config.split.n_splits if config.split.kind == "purged_kfold" else 5
    pace = load.training_pace()
    size = f"{text.thousands(n_bars)} bars, {folds} folds, {len(config.models)} models"
    untimed = [model.value for model in config.models if model.value not in pace]
    if untimed:
        return f"{size}; no run has timed {', '.join(map(text.name, untimed))} here yet."
    seconds = sum(pace[model.value] for model in config.models) * n_bars * folds
    return f"{size}: about {seconds:.0f} s of training, at the pace of the last runs with the same kinds of models."


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


def _with_slider(config: ModelConfig, model: str, setting: Hyperparameter) -> ModelConfig:
    """The configuration with one setting as its widget stands."""
    key = f"build_{model}_{setting.name}"
    if setting.kind == "choice":
        value = st.selectbox(
            setting.label, setting.choices, setting.choices.index(setting.default), key=key, help=setting.help
        )
    elif setting.kind == "log":
        value = st.select_slider(
            setting.label, setting.options, setting.default, key=key, help=setting.help, format_func="{:.4g}".format
        )
    else:
        value = st.slider(
            setting.label, setting.low, setting.high, setting.default, setting.step, key=key, help=setting.help
        )
    return with_values(config, ModelType(model), {setting.name: value})
