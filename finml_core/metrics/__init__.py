"""Scores of forecasts, probabilities and returns, and how far luck may have made them."""

from finml_core.metrics.calibration import (
    BrierParts,
    brier_decomposition,
    calibration_slope_intercept,
    expected_calibration_error,
    maximum_calibration_error,
    reliability_curve,
    wilson_interval,
)
from finml_core.metrics.classification import accuracy, auc, base_rate, brier_score, log_loss
from finml_core.metrics.data_snooping import SnoopingResult, data_snooping_test, model_confidence_set
from finml_core.metrics.forecast import directional_accuracy, information_coefficient, mae, rmse
from finml_core.metrics.forecast_comparison import DieboldMarianoResult, diebold_mariano
from finml_core.metrics.haircut import haircut_sharpe
from finml_core.metrics.multiple_testing import MultipleHypothesisCorrection
from finml_core.metrics.overfitting import OverfittingResult, probability_of_backtest_overfitting
from finml_core.metrics.returns import (
    annual_return,
    annual_volatility,
    annualize_sharpe,
    calmar_ratio,
    conditional_value_at_risk,
    drawdown,
    equity_line,
    hit_rate,
    kurtosis,
    max_drawdown,
    max_drawdown_length,
    profit_factor,
    sharpe_ratio,
    sharpe_standard_error,
    skewness,
    sortino_ratio,
    total_return,
    turnover,
    value_at_risk,
)
from finml_core.metrics.significance import (
    deflated_sharpe_ratio,
    expected_max_sharpe,
    min_backtest_length,
    min_track_record_length,
    probabilistic_sharpe_ratio,
)
from finml_core.metrics.summary import return_summary
from finml_core.metrics.trial_clusters import EffectiveTrials, TrialClusters, cluster_trials, effective_trials
from finml_core.metrics.trial_correlation import correlation_matrix, cross_correlation, find_copies

__all__ = [
    "BrierParts",
    "DieboldMarianoResult",
    "EffectiveTrials",
    "MultipleHypothesisCorrection",
    "OverfittingResult",
    "SnoopingResult",
    "TrialClusters",
    "accuracy",
    "annual_return",
    "annual_volatility",
    "annualize_sharpe",
    "auc",
    "base_rate",
    "brier_decomposition",
    "brier_score",
    "calibration_slope_intercept",
    "calmar_ratio",
    "cluster_trials",
    "conditional_value_at_risk",
    "correlation_matrix",
    "cross_correlation",
    "data_snooping_test",
    "deflated_sharpe_ratio",
    "diebold_mariano",
    "directional_accuracy",
    "drawdown",
    "effective_trials",
    "equity_line",
    "expected_calibration_error",
    "expected_max_sharpe",
    "find_copies",
    "haircut_sharpe",
    "hit_rate",
    "information_coefficient",
    "kurtosis",
    "log_loss",
    "mae",
    "max_drawdown",
    "max_drawdown_length",
    "maximum_calibration_error",
    "min_backtest_length",
    "min_track_record_length",
    "model_confidence_set",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "profit_factor",
    "reliability_curve",
    "return_summary",
    "rmse",
    "sharpe_ratio",
    "sharpe_standard_error",
    "skewness",
    "sortino_ratio",
    "total_return",
    "turnover",
    "value_at_risk",
    "wilson_interval",
]
