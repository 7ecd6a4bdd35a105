"""How returns are distributed and how they hang together, and prices made stationary with their memory kept."""

from statistics import NormalDist

import numpy as np

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.distributions import (
    rolling_entropy,
    rolling_quantile,
    skew_and_kurtosis,
    weighted_sum,
)
from finml_core.features.expression import Expression, where
from finml_core.features.feature import Feature
from finml_core.features.fractional import fractional_weights
from finml_core.features.rolling import lag, ratio, rolling_autocomoment
from finml_core.features.segment import Segment

JOANES = "Joanes and Gill (1998), The Statistician 47(1), 183-189"
BOX = "Box, Jenkins and Reinsel (2008), Time Series Analysis, section 2.1"
SHANNON = "Shannon (1948), Bell System Technical Journal 27, 379-423; Lopez de Prado (2018), chapter 18"
HYNDMAN = "Hyndman and Fan (1996), The American Statistician 50(4), 361-365, type 7"
HOSKING = "Hosking (1981), Biometrika 68(1), 165-176; Lopez de Prado (2018), section 5.5"
N_BINS = 8  # into which returns fall with equal chances if they are normal
WIDEST_TAIL = 100.0  # largest tail ratio; its inverse is the smallest


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `statistical`; all but the last are of one-bar log returns."""
    return [
        *_shape(config.shape_windows),
        *_memory(config),
        *_entropy(config.entropy_windows),
        *_tails(config),
        _fractional(config.fractional_order, config.fractional_threshold),
    ]


def _shape(windows: tuple[int, ...]) -> list[Feature]:
    made = []
    for window in windows:
        common = {
            "family": "statistical",
            "reference": JOANES,
            "lookback": window + 1,
            "parameters": {"window": window},
        }
        of = f"of log_return_1 over {window} bars; 0 if constant"
        made += [
            Feature(name=f"skew_{window}", formula=f"sample skewness G1 {of}", rule=skew, **common),
            Feature(name=f"kurtosis_{window}", formula=f"sample excess kurtosis G2 {of}", rule=kurtosis, **common),
        ]
    return made


def _memory(config: FeatureConfig) -> list[Feature]:
    return [
        Feature(
            name=f"autocorrelation_{lags}_{window}",
            family="statistical",
            formula=f"correlation of log_return_1[t] and log_return_1[t-{lags}] over {window} pairs; 0 if constant",
            reference=BOX,
            lookback=window + lags + 1,
            parameters={"lags": lags, "window": window},
            rule=autocorrelation,
        )
        for lags in config.autocorrelation_lags
        for window in config.autocorrelation_windows
    ]


def _entropy(windows: tuple[int, ...]) -> list[Feature]:
    return [
        Feature(
            name=f"entropy_{window}",
            family="statistical",
            formula=f"entropy / log {N_BINS} of the bins of log_return_1 / realized_volatility_{window} over {window} "
            f"bars, {N_BINS} bins of equal chance if normal; 0 if constant",
            reference=SHANNON,
            lookback=2 * window,
            parameters={"window": window},
            rule=entropy,
        )
        for window in windows
    ]


def _tails(config: FeatureConfig) -> list[Feature]:
    made = []
    for window in config.quantile_windows:
        common = {"family": "statistical", "reference": HYNDMAN, "lookback": window + 1}
        for share in config.quantile_shares:
            for side in (share, 1 - share):
                made.append(
                    Feature(
                        name=f"quantile_{_per_cent(side)}_{window}",
                        formula=f"{side:.2%} quantile of log_return_1 over {window} bars",
                        parameters={"window": window, "share": side},
                        rule=quantile,
                        **common,
                    )
                )
        low, high = (_per_cent(side) for side in (config.quantile_shares[0], 1 - config.quantile_shares[0]))
        made.append(
            Feature(
                name=f"tail_ratio_{window}",
                formula=f"|quantile_{high}_{window}| / |quantile_{low}_{window}|, from {1 / WIDEST_TAIL:g} to "
                f"{WIDEST_TAIL:g}; 1 where both are 0",
                parameters={"window": window, "share": config.quantile_shares[0]},
                rule=tail_ratio,
                **common,
            )
        )
    return made


def _fractional(order: float, threshold: float) -> Feature:
    weights = fractional_weights(order, threshold=threshold)
    return Feature(
        name=f"fractional_difference_{_per_cent(order)}",
        family="statistical",
        formula=f"(1 - L)^{order:g} log close with the {len(weights)} weights above {threshold:g}, log close counted "
        f"from that of {len(weights) - 1} bars ago, so that the unit of prices drops out",
        reference=HOSKING,
        lookback=len(weights),
        parameters={"order": order, "threshold": threshold},
        rule=fractional_difference,
    )


def skew(segment: Segment, window: int) -> Expression:
    """Negative where losses are larger than gains, or rarer."""
    return _shape_of_returns(segment, window)[0]


def kurtosis(segment: Segment, window: int) -> Expression:
    """Above 0 where extremes are more frequent than normal."""
    return _shape_of_returns(segment, window)[1]


def autocorrelation(segment: Segment, lags: int, window: int) -> Expression:
    """Above 0 where returns repeat, below where they turn, -1 to 1."""
    deviation = measures.return_deviation(segment, window)
    products = rolling_autocomoment(measures.log_return(segment, 1), lags, window) / (window - 1)
    return np.minimum(np.maximum(ratio(products, deviation * lag(deviation, lags), empty=0.0), -1), 1)


def entropy(segment: Segment, window: int) -> Expression:
    """0 where all scaled returns are alike, 1 where all sizes are equally frequent."""
    scaled = measures.scaled_return(segment, window)
    edges = [NormalDist().inv_cdf(number / N_BINS) for number in range(1, N_BINS)]
    return rolling_entropy(scaled, edges, window)


def quantile(segment: Segment, window: int, share: float) -> Expression:
    """Return that `share` of the window's returns lie below."""
    return rolling_quantile(measures.log_return(segment, 1), window, share)


def tail_ratio(segment: Segment, window: int, share: float) -> Expression:
    """Above 1 where the large gains are larger than the large losses."""
    low, high = quantile(segment, window, share), quantile(segment, window, 1 - share)
    size = ratio(np.abs(high), np.abs(low), empty=WIDEST_TAIL)
    size = where(np.equal(high, 0) * np.equal(low, 0), 1, size)
    return np.minimum(np.maximum(size, 1 / WIDEST_TAIL), WIDEST_TAIL)


def fractional_difference(segment: Segment, order: float, threshold: float) -> Expression:
    """Stationary as a return, with a memory of the level; by parts, a weighted sum of returns."""
    return weighted_sum(measures.log_return(segment, 1), np.cumsum(fractional_weights(order, threshold=threshold))[:-1])


def _shape_of_returns(segment: Segment, window: int) -> tuple[Expression, Expression]:
    return skew_and_kurtosis(measures.log_return(segment, 1), window)


def _per_cent(share: float) -> str:
    """In hundredths, with more digits where these are needed: 0.05 is 05, 0.4 is 40, 0.025 is 025, 1 is 100."""
    whole, digits = f"{share:.4f}".split(".")
    return whole.replace("0", "") + digits.rstrip("0").ljust(2, "0")
