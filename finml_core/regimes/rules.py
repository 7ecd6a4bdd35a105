"""Regimes by rule: soft scores from trend, volatility and drawdown of a symbol's own past."""

from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from finml_core.errors import DataError
from finml_core.numerics import divide, softmax
from finml_core.regimes.config import RuleConfig
from finml_core.regimes.labels import label_regimes
from finml_core.schemas import REGIMES, adjusted, as_bars, key_index, segments
from finml_core.typing import FloatArray
from finml_core.vocabulary import RegimeState, RegimeType

MEASURES = ("trend", "short_trend", "volatility_percentile", "drawdown")
PERCENTILE_GAIN = 10.0  # score of a whole unit of percentile beyond its threshold
CRISIS_GAIN = 20.0  # the same for a crisis, which needs a deep drawdown as well
LARGEST_TREND = 10.0  # t-values beyond this say no more


class RuleRegimeDetector(BaseEstimator):
    """Probabilities of all seven regimes from rules that learn nothing, so that nothing can leak.

    Parameters
    ----------
    config : RuleConfig, optional
    """

    def __init__(self, config: RuleConfig | None = None):
        self.config = config

    def fit(self, bars: pd.DataFrame, y: None = None) -> "RuleRegimeDetector":
        """Check the bars; there is nothing to learn from them."""
        as_bars(bars)
        self.config_ = self.config or RuleConfig()
        return self

    def filter(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Probability of each regime at each bar, from the symbol's bars up to it.

        Returns
        -------
        DataFrame on (symbol, ts), or on the timestamps of a plain frame of one asset
            One column a RegimeType; rows sum to 1. Missing in each symbol's first `RuleConfig.warm_up` bars.
        """
        check_is_fitted(self)
        probabilities = self._probabilities(as_bars(bars))
        return _on_own_index(probabilities, bars) if _is_plain(bars) else probabilities

    def state(self, bars: pd.DataFrame) -> RegimeState:
        """The regime at the last bar of one symbol.

        Raises
        ------
        DataError
            For bars of several symbols or none, or too few bars.
        """
        check_is_fitted(self)
        probabilities = self._probabilities(as_bars(bars))
        n_symbols = probabilities.index.get_level_values("symbol").nunique()
        if n_symbols != 1:
            raise DataError(f"a state belongs to one symbol, but these bars have {n_symbols}; choose one.")
        last = probabilities.iloc[-1]
        if last.isna().any():
            raise DataError(f"{len(probabilities)} bars tell no regime yet; give more than {self.config_.warm_up}.")
        label = label_regimes(probabilities.iloc[[-1]]).iloc[0]
        return RegimeState(
            regime=RegimeType(label["regime"]),
            confidence=float(label["confidence"]),
            probabilities={regime: float(last[regime.value]) for regime in RegimeType},
        )

    def _probabilities(self, bars: pd.DataFrame) -> pd.DataFrame:
        config = self.config_
        measures = regime_measures(bars, config)
        scores = regime_scores(measures, config)
        smooth = scores.groupby(level="symbol", sort=False).rolling(config.smoothing).mean().to_numpy()
        smooth = np.where(np.isfinite(smooth).all(axis=1, keepdims=True), smooth, np.nan)
        return pd.DataFrame(softmax(smooth / config.temperature), index=scores.index, columns=list(REGIMES))


def regime_measures(bars: pd.DataFrame, config: RuleConfig) -> pd.DataFrame:
    """What the rules look at, on (symbol, ts): `trend, short_trend, volatility_percentile, drawdown`.

    Trends are t-values of the slope of the log price; the percentile ranks realised volatility among its own last
    `percentile_window` values; the drawdown is at most 0. All from adjusted closes of the same symbol up to the row.
    """
    bars = adjusted(as_bars(bars))
    log_close = np.log(bars["close"].to_numpy())
    table = np.full((len(bars), len(MEASURES)), np.nan)
    offsets = segments(bars)
    for start, stop in pairwise(offsets):
        table[start:stop] = _measure_symbol(log_close[start:stop], config)
    return pd.DataFrame(table, index=key_index(bars), columns=list(MEASURES))


def regime_scores(measures: pd.DataFrame, config: RuleConfig) -> pd.DataFrame:
    """How loudly each rule speaks: one column a regime, comparable numbers that a softmax turns into probabilities.

    A trend speaks in t-values beyond its threshold; TRENDING is a short trend that the long one does not confirm;
    RANGING what is left without a trend; volatility speaks at both ends of its own past, and CRISIS needs a deep
    drawdown besides.
    """
    trend, short, percentile, drawdown = (measures[name] for name in MEASURES)
    confirmed = (np.sign(short) * trend).clip(lower=0.0)
    alarm = np.minimum(
        (percentile - config.crisis_percentile) * CRISIS_GAIN, (-drawdown - config.crisis_drawdown) * CRISIS_GAIN
    )
    return pd.DataFrame(
        {
            RegimeType.BULL_TREND.value: trend - config.trend_threshold,
            RegimeType.BEAR_TREND.value: -trend - config.trend_threshold,
            RegimeType.TRENDING.value: short.abs() - config.short_threshold - confirmed,
            RegimeType.RANGING.value: config.trend_threshold - np.maximum(trend.abs(), short.abs() / 2),
            RegimeType.HIGH_VOLATILITY.value: (percentile - config.high_percentile) * PERCENTILE_GAIN,
            RegimeType.LOW_VOLATILITY.value: (config.low_percentile - percentile) * PERCENTILE_GAIN,
            RegimeType.CRISIS.value: 1.0 + alarm,
        },
        index=measures.index,
    )


def _measure_symbol(log_close: FloatArray, config: RuleConfig) -> FloatArray:
    log_return = np.diff(log_close, prepend=np.nan)
    volatility = pd.Series(log_return).rolling(config.volatility_window).std(ddof=1)
    ranks = volatility.rolling(config.percentile_window, min_periods=config.percentile_min_bars).rank(pct=True)
    peak = pd.Series(log_close).rolling(config.drawdown_window, min_periods=1).max().to_numpy()
    return np.column_stack(
        [
            _slope_t_value(log_return, config.trend_window),
            _slope_t_value(log_return, config.short_window),
            ranks.where(volatility.notna()).to_numpy(),
            np.expm1(log_close - peak),
        ]
    )


def _slope_t_value(log_return: FloatArray, window: int) -> FloatArray:
    """Least-squares slope of the last `window` log prices over its deviation were they a random walk without drift.

    The slope is a weighted sum of the window's returns, and so is that deviation. The usual t-value takes residuals
    for independent, which those of prices are not, and finds trends everywhere (Granger and Newbold, 1974).
    """
    t_value = np.full(len(log_return), np.nan)
    if len(log_return) < window:
        return t_value
    place = np.arange(window) - (window - 1) / 2
    kernel = np.cumsum(place[::-1])[::-1][1:]  # weight of each return in the slope, up to a factor
    slope = np.convolve(log_return[1:], kernel[::-1], mode="valid")
    deviation = pd.Series(log_return[1:]).rolling(window - 1).std(ddof=1).to_numpy()[window - 2 :]
    t_value[window - 1 :] = divide(slope, deviation * np.linalg.norm(kernel), empty=0.0)
    return np.clip(t_value, -LARGEST_TREND, LARGEST_TREND)


def _is_plain(bars: pd.DataFrame) -> bool:
    return isinstance(bars.index, pd.DatetimeIndex) and not {"symbol", "ts"} & set(bars.columns)


def _on_own_index(table: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """Rows in order of time put back to where the plain frame has them."""
    place = np.argsort(np.argsort(bars.index.to_numpy(), kind="stable"), kind="stable")
    return table.iloc[place].set_axis(bars.index, axis=0)
