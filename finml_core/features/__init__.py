"""Causal features of bars: families, their metadata, and the transformer that computes them."""

from finml_core.features.config import FAMILIES, FeatureConfig
from finml_core.features.feature import Feature
from finml_core.features.registry import FEATURES, make_registry
from finml_core.lazy import lazy_exports

__all__ = ["FAMILIES", "FEATURES", "Feature", "FeatureConfig", "FeatureEngineer", "make_registry"]

__getattr__ = lazy_exports(__name__, {"FeatureEngineer": "finml_core.features.engineer"})
