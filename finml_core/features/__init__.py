"""Causal features of bars: families, their metadata, and the transformer that computes them."""

from finml_core.features.config import FAMILIES, FeatureConfig
from finml_core.features.engineer import FeatureEngineer
from finml_core.features.feature import Feature
from finml_core.features.registry import FEATURES, make_registry

__all__ = ["FAMILIES", "FEATURES", "Feature", "FeatureConfig", "FeatureEngineer", "make_registry"]
