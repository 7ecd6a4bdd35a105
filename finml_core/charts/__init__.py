"""Charts: tidy frames in, Altair charts out; they draw and do not compute."""

from finml_core.charts.arbitration import confidence_outcome, decision_breakdown, weight_river
from finml_core.charts.backtest import cost_waterfall, equity_drawdown, returns_by
from finml_core.charts.calibration import calibration_over_time, reliability_diagram
from finml_core.charts.compared import (
    attention_map,
    compared_calibration,
    compared_growth,
    compared_learning,
    score_spread,
)
from finml_core.charts.devices import device_memory, device_utilisation
from finml_core.charts.features import (
    bucket_returns,
    correlation_map,
    distribution,
    feature_history,
    feature_scores,
    information_by_group,
    information_decay,
    information_over_time,
)
from finml_core.charts.grammar import thin
from finml_core.charts.labels import class_balance, label_concurrency, label_weights
from finml_core.charts.luck import (
    best_sharpe_against_luck,
    noise_twin,
    overfitting_logits,
    performance_degradation,
    trial_clusters,
)
from finml_core.charts.market import candles, window_line
from finml_core.charts.models import learning_curves, score_intervals
from finml_core.charts.paths import equity_fan, path_scores
from finml_core.charts.prices import regime_band
from finml_core.charts.quality import coverage_heatmap, finding_bars, session_bars
from finml_core.charts.regimes import regime_durations, regime_probabilities, transition_heatmap
from finml_core.charts.splits import fold_scores, leak_comparison, outcome_drift, path_map, split_timeline
from finml_core.charts.studies import ablation_importance, history_curve, seed_scores
from finml_core.charts.theme import themed, words

__all__ = [
    "ablation_importance",
    "attention_map",
    "compared_calibration",
    "compared_growth",
    "compared_learning",
    "score_spread",
    "best_sharpe_against_luck",
    "bucket_returns",
    "calibration_over_time",
    "candles",
    "class_balance",
    "confidence_outcome",
    "correlation_map",
    "cost_waterfall",
    "coverage_heatmap",
    "decision_breakdown",
    "device_memory",
    "device_utilisation",
    "distribution",
    "equity_drawdown",
    "equity_fan",
    "feature_history",
    "feature_scores",
    "finding_bars",
    "fold_scores",
    "history_curve",
    "information_by_group",
    "information_decay",
    "information_over_time",
    "label_concurrency",
    "label_weights",
    "leak_comparison",
    "learning_curves",
    "noise_twin",
    "outcome_drift",
    "overfitting_logits",
    "path_map",
    "path_scores",
    "performance_degradation",
    "regime_band",
    "regime_durations",
    "regime_probabilities",
    "reliability_diagram",
    "returns_by",
    "score_intervals",
    "seed_scores",
    "session_bars",
    "split_timeline",
    "themed",
    "thin",
    "transition_heatmap",
    "trial_clusters",
    "weight_river",
    "window_line",
    "words",
]
