"""What was traded: activity against its mean, and on which side. Money is raw price times raw volume."""

from finml_core.features import measures
from finml_core.features.config import FeatureConfig
from finml_core.features.expression import Expression, where
from finml_core.features.feature import Feature
from finml_core.features.rolling import (
    ROUNDING,
    exponential_mean,
    lag,
    ratio,
    relative,
    rolling_mean,
    rolling_sum,
    settling_bars,
)
from finml_core.features.segment import Segment

GRANVILLE = "Granville (1963), New Key to Stock Market Profits"
CHAIKIN = "Achelis (2001), Technical Analysis from A to Z, Chaikin oscillator and accumulation/distribution"
QUONG = "Quong and Soudack (1989), Technical Analysis of Stocks & Commodities 7(3)"
BERKOWITZ = "Berkowitz, Logue and Noser (1988), Journal of Finance 43(1), 97-112"
KARPOFF = "Karpoff (1987), Journal of Financial and Quantitative Analysis 22(1), 109-126"
TRADED = ("close", "volume")
RANGE_TRADED = ("high", "low", "close", "volume")


def features(config: FeatureConfig) -> list[Feature]:
    """Features of the family `volume`; all are missing where volume is."""
    return [*_activity(config), *_average_price(config.flow_window), *_flows(config)]


def _activity(config: FeatureConfig) -> list[Feature]:
    money = Feature(
        name="dollar_volume",
        family="volume",
        formula="close x volume, both as supplied",
        reference=KARPOFF,
        lookback=1,
        inputs=TRADED,
        is_level=True,
        rule=dollar_volume,
    )
    ratios = []
    for window in config.volume_windows:
        common = {
            "family": "volume",
            "reference": KARPOFF,
            "lookback": window,
            "parameters": {"window": window},
        }
        ratios += [
            Feature(
                name=f"volume_ratio_{window}",
                formula=f"volume / its mean over {window} bars; 1 where both are 0",
                inputs=("volume",),
                rule=volume_ratio,
                **common,
            ),
            Feature(
                name=f"dollar_volume_ratio_{window}",
                formula=f"dollar_volume / its mean over {window} bars; 1 where both are 0",
                inputs=TRADED,
                rule=dollar_volume_ratio,
                **common,
            ),
        ]
    return [money, *ratios]


def _average_price(window: int) -> list[Feature]:
    common = {
        "family": "volume",
        "reference": BERKOWITZ,
        "lookback": window,
        "inputs": RANGE_TRADED,
        "parameters": {"window": window},
    }
    mean = f"mean of the typical price weighted by volume over {window} bars; the plain mean where nothing traded"
    return [
        Feature(name=f"vwap_{window}", formula=mean, is_level=True, rule=average_price, **common),
        Feature(name=f"price_to_vwap_{window}", formula=f"close / vwap_{window} - 1", rule=price_to_vwap, **common),
    ]


def _flows(config: FeatureConfig) -> list[Feature]:
    window, mfi_window = config.flow_window, config.mfi_window
    fast, slow = config.chaikin
    place = "((close - low) - (high - close)) / (high - low)"
    return [
        Feature(
            name=f"obv_{window}",
            family="volume",
            formula=f"sum of sign(close change) x volume / sum of volume over {window} bars; 0 where nothing traded",
            reference=GRANVILLE,
            lookback=window + 1,
            inputs=TRADED,
            parameters={"window": window},
            rule=on_balance,
        ),
        Feature(
            name=f"ad_{window}",
            family="volume",
            formula=f"sum of {place} x volume / sum of volume over {window} bars; 0 where nothing traded",
            reference=CHAIKIN,
            lookback=window,
            inputs=RANGE_TRADED,
            parameters={"window": window},
            rule=accumulation,
        ),
        Feature(
            name=f"mfi_{mfi_window}",
            family="volume",
            formula=f"100 x share of typical price x volume on rising bars over {mfi_window} bars; 50 where none moved",
            reference=QUONG,
            lookback=mfi_window + 1,
            inputs=RANGE_TRADED,
            parameters={"window": mfi_window},
            rule=money_flow,
        ),
        Feature(
            name=f"chaikin_{fast}_{slow}",
            family="volume",
            formula=f"(ema_{fast} - ema_{slow} of accumulation line) / ema_{slow} of volume; 0 where nothing traded",
            reference=CHAIKIN,
            lookback=slow,
            warm_up=settling_bars(2 / (slow + 1)),
            inputs=RANGE_TRADED,
            parameters={"fast": fast, "slow": slow},
            rule=chaikin,
        ),
    ]


def dollar_volume(segment: Segment) -> Expression:
    """Money traded in the bar at its close."""
    return segment.raw_close * segment.volume


def volume_ratio(segment: Segment, window: int) -> Expression:
    """Volume against its mean."""
    return ratio(segment.volume, rolling_mean(segment.volume, window), empty=1.0)


def dollar_volume_ratio(segment: Segment, window: int) -> Expression:
    """Money traded against its mean."""
    money = dollar_volume(segment)
    return ratio(money, rolling_mean(money, window), empty=1.0)


def average_price(segment: Segment, window: int) -> Expression:
    """Volume-weighted mean of the adjusted typical price."""
    typical = measures.typical_price(segment)
    traded = _traded(segment, window)
    return ratio(rolling_sum(typical * segment.volume, window), traded, empty=rolling_mean(typical, window))


def price_to_vwap(segment: Segment, window: int) -> Expression:
    """Distance of the close from the volume-weighted price, as a fraction."""
    return relative(segment.close, average_price(segment, window))


def on_balance(segment: Segment, window: int) -> Expression:
    """Volume of rising less that of falling bars, as a share of all, -1 to 1."""
    return ratio(
        rolling_sum(measures.close_change(segment) * segment.volume, window), _traded(segment, window), empty=0.0
    )


def accumulation(segment: Segment, window: int) -> Expression:
    """Volume weighted by where the bars closed in their range, -1 to 1."""
    return ratio(rolling_sum(_accumulated(segment), window), _traded(segment, window), empty=0.0)


def money_flow(segment: Segment, window: int) -> Expression:
    """Share of the money that changed hands at rising prices, 0 to 100."""
    price = measures.typical_price(segment)
    moved, least = price - lag(price, 1), ROUNDING * price
    money = (segment.raw_high + segment.raw_low + segment.raw_close) * segment.volume  # three times, which drops out
    rising, falling = where(moved > least, money, 0), where(-moved > least, money, 0)
    known = 0 * moved + 0 * money  # 0, or missing
    rise = rolling_sum(rising + known, window)
    return 100 * ratio(rise, rolling_sum(rising + falling + known, window), empty=0.5)


def chaikin(segment: Segment, fast: int, slow: int) -> Expression:
    """Chaikin's oscillator in units of mean volume.

    With the line's own increments x, ema(line) = line - (1-a)/a ema(x): the line, which has no start, drops out.
    """
    increment = _accumulated(segment)
    change = (slow - 1) / 2 * exponential_mean(increment, slow) - (fast - 1) / 2 * exponential_mean(increment, fast)
    return ratio(change, exponential_mean(segment.volume, slow), empty=0.0)


def _traded(segment: Segment, window: int) -> Expression:
    return rolling_sum(segment.volume, window)


def _accumulated(segment: Segment) -> Expression:
    place = ratio(2 * segment.close - segment.low - segment.high, segment.high - segment.low, empty=0.0)
    return place * segment.volume
