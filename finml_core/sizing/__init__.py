"""From opinions to shares of capital: Kelly and its brakes, probabilities, volatility targets, limits."""

from finml_core.sizing.kelly import (
    KellySizing,
    continuous_kelly,
    kelly_fraction,
    kelly_growth,
    multi_asset_kelly,
    shrink_covariance,
)
from finml_core.sizing.limits import average_active, cap_weight, limit_gross
from finml_core.sizing.probability import ProbabilityAwareSizing, probability_weight
from finml_core.sizing.risk_adjusted import (
    RiskAdjustedKelly,
    RiskAdjustedSize,
)
from finml_core.sizing.volatility_target import VolatilityTargetSizing, volatility_target_weight

__all__ = [
    "KellySizing",
    "ProbabilityAwareSizing",
    "RiskAdjustedKelly",
    "RiskAdjustedSize",
    "VolatilityTargetSizing",
    "average_active",
    "cap_weight",
    "continuous_kelly",
    "kelly_fraction",
    "kelly_growth",
    "limit_gross",
    "multi_asset_kelly",
    "probability_weight",
    "shrink_covariance",
    "volatility_target_weight",
]
