"""The random part of a synthetic market, as arrays of shape (bars, symbols)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finml_core.bars.synthetic_config import RegimeTraits, SyntheticConfig
from finml_core.typing import FloatArray

MOMENTUM_BARS = 20
REVERSAL_BARS = 5
GAP_SHARE = 0.2  # of a bar's variance falls between the last close and the open


@dataclass(frozen=True, kw_only=True)
class ReturnPaths:
    """Row t is about bar t; row n_bars of drift and volatility is about the bar after the last."""

    log_return: FloatArray  # (n_bars, n_symbols), the first row is 0
    drift: FloatArray  # (n_bars + 1, n_symbols), known one bar earlier
    volatility: FloatArray  # (n_bars + 1, n_symbols), known one bar earlier
    jump: FloatArray  # (n_bars, n_symbols), part of log_return, mostly 0


def simulate_returns(
    config: SyntheticConfig, traits: Sequence[RegimeTraits], generator: np.random.Generator
) -> ReturnPaths:
    """Returns bar by bar, because each drift follows from the returns before it."""
    n_bars, n_symbols = config.n_bars, config.n_symbols
    rho = config.cross_correlation
    shock = np.sqrt(rho) * generator.standard_normal((n_bars, 1))
    shock = shock + np.sqrt(1 - rho) * generator.standard_normal((n_bars, n_symbols))
    alpha, beta = config.volatility_shock, config.volatility_persistence
    variance = np.ones(n_symbols)  # in units of the regime's own
    log_return = np.zeros((n_bars, n_symbols))
    log_price = np.zeros((n_bars, n_symbols))
    drift = np.zeros((n_bars + 1, n_symbols))
    volatility = np.full((n_bars + 1, n_symbols), config.volatility)
    jump = _jumps_in_deviations(config)
    strength = config.signal_strength * _decay(config)
    for t in range(n_bars):
        if t > 0:
            jump[t] *= volatility[t]
            log_return[t] = drift[t] + volatility[t] * shock[t] + jump[t]
            log_price[t] = log_price[t - 1] + log_return[t]
            variance = (1 - alpha - beta) + variance * (alpha * shock[t] ** 2 + beta)
        volatility[t + 1] = config.volatility * traits[t].volatility * np.sqrt(variance)
        momentum = _direction(log_price, t, MOMENTUM_BARS, config.volatility)
        reversal = _direction(log_price, t, REVERSAL_BARS, config.volatility)
        score = traits[t].tilt + traits[t].momentum * momentum - traits[t].reversal * reversal
        drift[t + 1] = strength[t] * volatility[t + 1] * score
    return ReturnPaths(log_return=log_return, drift=drift, volatility=volatility, jump=jump)


def _jumps_in_deviations(config: SyntheticConfig) -> FloatArray:
    """Jumps in multiples of the bar's volatility, from a generator of their own: the rest of the market stays."""
    generator = np.random.default_rng([config.seed, 1])
    shape = (config.n_bars, config.n_symbols)
    is_jump = generator.random(shape) < config.jump_probability
    is_jump[0] = False
    return np.where(is_jump, config.jump_size * generator.standard_normal(shape), 0.0)


def _decay(config: SyntheticConfig) -> FloatArray:
    """Share of the planted signal that is left at each bar."""
    if config.signal_half_life is None:
        return np.ones(config.n_bars)
    return 0.5 ** (np.arange(config.n_bars) / config.signal_half_life)


def draw_intrabar(paths: ReturnPaths, first_price: FloatArray, generator: np.random.Generator) -> dict[str, FloatArray]:
    """Open, high, low, close and volume around given closes.

    Between open and close the log price is a Brownian bridge; its highest and lowest values are drawn from their exact
    distributions (each on its own), so range-based estimators of volatility find what the closes show.
    """
    log_return = paths.log_return
    volatility = paths.volatility[: len(log_return)]
    close = np.log(first_price) + np.cumsum(log_return, axis=0)
    before = np.vstack([close[:1], close[:-1]])
    shape = close.shape
    gap = GAP_SHARE * log_return + np.sqrt(GAP_SHARE * (1 - GAP_SHARE)) * volatility * generator.standard_normal(shape)
    open_ = before + gap
    variance = (1 - GAP_SHARE) * volatility**2
    high = _bridge_extreme(open_, close, variance, generator)
    low = -_bridge_extreme(-open_, -close, variance, generator)
    activity = 0.5 * np.abs(log_return) / volatility + 0.3 * generator.standard_normal(shape)
    volume = np.round(np.exp(generator.normal(13, 0.7, shape[1]) + activity))
    open_, high, low, close = (np.exp(price) for price in (open_, high, low, close))
    # exp and log may differ in the last digit, so the range is closed once more
    return {
        "open": open_,
        "high": np.maximum(high, np.maximum(open_, close)),
        "low": np.minimum(low, np.minimum(open_, close)),
        "close": close,
        "volume": volume,
    }


def _direction(log_price: FloatArray, t: int, window: int, volatility: float) -> FloatArray:
    """Return over the last `window` bars between -1 and 1; 0 while there are fewer."""
    if t < window:
        return np.zeros(log_price.shape[1])
    return np.tanh((log_price[t] - log_price[t - window]) / (volatility * np.sqrt(window)))


def _bridge_extreme(
    start: FloatArray, end: FloatArray, variance: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Highest value of a Brownian bridge: P(max > m) = exp(-2 (m - start)(m - end) / variance), inverted."""
    exponential = generator.standard_exponential(start.shape)
    return (start + end + np.sqrt((end - start) ** 2 + 2 * variance * exponential)) / 2
