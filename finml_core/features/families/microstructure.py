"""What trading costs and how trades move prices, from quotes where there are any and from bars where there are none.

Returns are of adjusted prices; money is raw price times raw volume. Impact in money is a level; beside each stands the
same for a bar of mean money, which has no unit.
"""

import numpy as np
from scipy.special import erf

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.expression import Expression, where
from finml_core.features.families.spreads import quote_features, spread_features
from finml_core.features.families.volume import dollar_volume
from finml_core.features.feature import Feature
from finml_core.features.rolling import ratio, rolling_comoments, rolling_mean, rolling_sum
from finml_core.features.segment import Segment

KYLE = "Kyle (1985), Econometrica 53(6), 1315-1335"
AMIHUD = "Amihud (2002), Journal of Financial Markets 5(1), 31-56"
EASLEY = "Easley, Lopez de Prado and O'Hara (2012), Review of Financial Studies 25(5), 1457-1493"
TRADED = ("close", "volume")
TINY = 1e-12  # a deviation below this share of the mean money is rounding, not movement


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `microstructure`; those of quotes are left out where bars have no bid and ask."""
    return [
        *quote_features(config.quote_window),
        *spread_features(config.spread_windows),
        *_impact(config.impact_windows),
        *_imbalance(config.imbalance_windows),
    ]


def _impact(windows: tuple[int, ...]) -> list[Feature]:
    made = []
    for window in windows:
        common = {
            "family": "microstructure",
            "lookback": window + 1,
            "inputs": TRADED,
            "parameters": {"window": window},
        }
        slope = (
            "slope of log_return_1 on dollar_volume signed by the return over "
            f"{window} bars; 0 where signed money is constant"
        )
        mean = f"mean of |log_return_1| / dollar_volume over those of {window} bars that traded; 0 where none did"
        scale = f"times the mean of dollar_volume over {window} bars"
        made += [
            Feature(
                name=f"kyle_lambda_{window}", formula=slope, reference=KYLE, is_level=True, rule=kyle_lambda, **common
            ),
            Feature(
                name=f"kyle_impact_{window}",
                formula=f"kyle_lambda_{window} {scale}",
                reference=KYLE,
                rule=kyle_impact,
                **common,
            ),
            Feature(name=f"amihud_{window}", formula=mean, reference=AMIHUD, is_level=True, rule=amihud, **common),
            Feature(
                name=f"amihud_impact_{window}",
                formula=f"amihud_{window} {scale}",
                reference=AMIHUD,
                rule=amihud_impact,
                **common,
            ),
        ]
    return made


def _imbalance(windows: tuple[int, ...]) -> list[Feature]:
    return [
        Feature(
            name=f"vpin_{window}",
            family="microstructure",
            formula=f"sum of volume x |2 Phi(z) - 1| / sum of volume over {window} bars, z = log_return_1 / "
            f"realized_volatility_{window}, Phi the normal distribution; 0 where nothing traded",
            reference=EASLEY,
            lookback=2 * window,
            inputs=TRADED,
            parameters={"window": window},
            rule=vpin,
        )
        for window in windows
    ]


def kyle_lambda(segment: Segment, window: int) -> Expression:
    """Return that a unit of money bought brings, by regression."""
    signed = _signed_money(segment)
    squares, products, _ = rolling_comoments(signed, measures.log_return(segment, 1), window)
    noise = TINY * _mean_money(segment, window)
    return ratio(products, where(squares <= window * noise * noise, 0, squares), empty=0.0)


def kyle_impact(segment: Segment, window: int) -> Expression:
    """Return that a bar's mean money brings, by regression."""
    return kyle_lambda(segment, window) * _mean_money(segment, window)


def amihud(segment: Segment, window: int) -> Expression:
    """Mean size of return a unit of money traded."""
    return ratio(rolling_sum(_size_per_money(segment), window), rolling_sum(_traded(segment), window), empty=0.0)


def amihud_impact(segment: Segment, window: int) -> Expression:
    """Mean size of return for a bar's mean money."""
    return amihud(segment, window) * _mean_money(segment, window)


def vpin(segment: Segment, window: int) -> Expression:
    """Share of volume that one side traded more than the other, each bar's volume divided by its return."""
    scaled = measures.scaled_return(segment, window)
    one_sided = segment.volume * erf(np.abs(scaled) / np.sqrt(2))  # 2 Phi(z) - 1 = erf(z / root 2)
    volume = segment.volume + 0 * scaled  # missing where the return is
    return ratio(rolling_sum(one_sided, window), rolling_sum(volume, window), empty=0.0)


def _signed_money(segment: Segment) -> Expression:
    return np.sign(measures.log_return(segment, 1)) * dollar_volume(segment)


def _size_per_money(segment: Segment) -> Expression:
    return ratio(np.abs(measures.log_return(segment, 1)), dollar_volume(segment), empty=0.0)


def _traded(segment: Segment) -> Expression:
    """1 where money changed hands, 0 where none did; missing where the return is."""
    return np.sign(dollar_volume(segment)) + 0 * measures.log_return(segment, 1)


def _mean_money(segment: Segment, window: int) -> Expression:
    return rolling_mean(dollar_volume(segment), window)
