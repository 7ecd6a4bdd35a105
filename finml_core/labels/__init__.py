"""Outcomes to predict, when each becomes known, and how much of its own each tells."""

from finml_core.concurrency import average_uniqueness
from finml_core.labels.bootstrap import sequential_bootstrap
from finml_core.labels.config import LabelConfig
from finml_core.labels.describe import class_balance, concurrency, weight_history
from finml_core.labels.events import cusum_events, sampled_bars
from finml_core.labels.make import make_labels
from finml_core.labels.meta import meta_labels
from finml_core.labels.trend_scanning import trend_scanning
from finml_core.labels.triple_barrier import triple_barrier
from finml_core.labels.weights import label_weight, return_attribution, time_decay, training_weight

__all__ = [
    "LabelConfig",
    "average_uniqueness",
    "class_balance",
    "concurrency",
    "cusum_events",
    "label_weight",
    "make_labels",
    "meta_labels",
    "return_attribution",
    "sampled_bars",
    "sequential_bootstrap",
    "time_decay",
    "training_weight",
    "trend_scanning",
    "triple_barrier",
    "weight_history",
]
