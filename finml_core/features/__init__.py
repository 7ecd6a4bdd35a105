"""Causal features of bars: families, their metadata, and the transformer that computes them."""

from finml_core.features.config import FAMILIES, FeatureConfig
from finml_core.features.feature import Feature
from finml_core.features.registry import FEATURES, make_registry
from finml_core.lazy import lazy_exports

__all__ = [
    "FAMILIES",
    "FEATURES",
    "DifferencingSearch",
    "Feature",
    "FeatureCache",
    "FeatureConfig",
    "FeatureEngineer",
    "FeatureSelector",
    "FeatureStream",
    "adf_test",
    "cluster_features",
    "fractional_difference",
    "fractional_weights",
    "kpss_test",
    "make_registry",
    "make_stationary",
    "rank_correlations",
    "select_features",
    "smallest_passing_d",
    "stationarity_table",
    "unit_root_tests",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "DifferencingSearch": "finml_core.features.fractional",
        "FeatureCache": "finml_core.features.cache",
        "FeatureEngineer": "finml_core.features.engineer",
        "FeatureSelector": "finml_core.features.selection",
        "FeatureStream": "finml_core.features.stream",
        "adf_test": "finml_core.features.unit_root",
        "cluster_features": "finml_core.features.redundancy",
        "fractional_difference": "finml_core.features.fractional",
        "fractional_weights": "finml_core.features.fractional",
        "kpss_test": "finml_core.features.unit_root",
        "make_stationary": "finml_core.features.stationarity",
        "rank_correlations": "finml_core.features.redundancy",
        "select_features": "finml_core.features.selection",
        "smallest_passing_d": "finml_core.features.fractional",
        "stationarity_table": "finml_core.features.unit_root",
        "unit_root_tests": "finml_core.features.unit_root",
    },
)
