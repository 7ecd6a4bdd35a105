"""All features by name, for the default settings and for any others."""

from collections.abc import Callable

from finml_core.errors import ConfigError
from finml_core.features.config import FeatureConfig
from finml_core.features.families import (
    cross_sectional,
    mean_reversion,
    microstructure,
    momentum,
    price,
    regime,
    seasonality,
    statistical,
    trend,
    volatility,
    volume,
)
from finml_core.features.feature import Feature

BUILDERS: dict[str, Callable[[FeatureConfig], list[Feature]]] = {
    "price": price.features,
    "trend": trend.features,
    "momentum": momentum.features,
    "volatility": volatility.features,
    "volume": volume.features,
    "mean_reversion": mean_reversion.features,
    "cross_sectional": cross_sectional.features,
    "seasonality": seasonality.features,
    "regime": regime.features,
    "microstructure": microstructure.features,
    "statistical": statistical.features,
}


def make_registry(config: FeatureConfig | None = None) -> dict[str, Feature]:
    """Features of the chosen families by name, levels included, in a fixed order."""
    config = config or FeatureConfig()
    registry: dict[str, Feature] = {}
    for family in config.families:
        for feature in BUILDERS[family](config):
            if feature.name in registry:
                raise ConfigError(f"two features would be called {feature.name!r}; change one of their windows.")
            registry[feature.name] = feature
    return registry


FEATURES: dict[str, Feature] = make_registry()
