"""Agreement with slow and obvious versions in pandas, for what TA-Lib does not have."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import entropy, linregress, norm

from finml_core.features import FEATURES

HELD_TO_TALIB = {
    "adx", "plus_di", "minus_di", "aroon_down", "aroon_up", "aroon_oscillator", "macd", "macd_signal",
    "macd_histogram", "macd_ratio", "macd_signal_ratio", "macd_histogram_ratio", "stochastic_k", "stochastic_d",
    "williams_r", "cci", "atr", "atr_ratio", "bollinger_width", "bollinger_position", "mfi", "ad", "obv", "sma",
    "ema", "price_to_sma", "price_to_ema", "slope", "trend_r2", "zscore", "roc", "realized_volatility",
    "simple_return", "rsi", "distance_from_max", "distance_from_min", "chaikin",
}  # fmt: skip


def log_return(b, n=1):
    return np.log(b.close).diff(n)


def deviation(b, n):
    return log_return(b).rolling(n).std()


def typical(b):
    return (b.high + b.low + b.close) / 3


def root_mean(variance, n):
    return np.sqrt(variance.rolling(n).mean())


def drift_free(b):
    return np.log(b.high / b.open) * np.log(b.high / b.close) + np.log(b.low / b.open) * np.log(b.low / b.close)


def garman_klass(b, n):
    return root_mean(np.log(b.high / b.low) ** 2 / 2 - (2 * np.log(2) - 1) * np.log(b.close / b.open) ** 2, n)


def yang_zhang(b, n):
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    overnight, body = np.log(b.open / b.close.shift()), np.log(b.close / b.open)
    return np.sqrt(overnight.rolling(n).var() + k * body.rolling(n).var() + (1 - k) * drift_free(b).rolling(n).mean())


def t_value(window):
    fit = linregress(np.arange(len(window)), window)
    return fit.slope / fit.stderr


def crossings(b, n):
    side = np.sign(b.close - b.close.rolling(n).mean())
    return ((side * side.shift()) < 0).where(side.shift().notna()).astype(float).rolling(n).mean()


def half_life(b, n):
    price = np.log(b.close)
    lives = pd.Series(np.nan, index=price.index)
    for end in range(n, len(price)):
        window = price.to_numpy()[end - n : end + 1]
        persistence = np.polyfit(window[:-1], window[1:], 1)[0]
        lives.iloc[end] = 0 if persistence <= 0 else n if persistence >= 1 else -np.log(2) / np.log(persistence)
    return lives.clip(upper=n)


def hurst(b, n):
    lags = (1, 2, 4, 8, 16)
    deviations = np.log(pd.concat([log_return(b, lag).rolling(n).std() for lag in lags], axis=1))
    return deviations.apply(lambda row: np.polyfit(np.log(lags), row, 1)[0], axis=1)


def ewma(b, _):
    squared = log_return(b).to_numpy() ** 2
    state, out = squared[1:21].mean(), np.full(len(squared), np.nan)
    out[20] = state
    for row in range(21, len(squared)):
        state = 0.94 * state + 0.06 * squared[row]
        out[row] = state
    return np.sqrt(pd.Series(out, index=b.index))


def vwap(b, n):
    return (typical(b) * b.volume).rolling(n).sum() / b.volume.rolling(n).sum()


def ratio_to_mean(x, n):
    return x / x.rolling(n).mean()


def return_on_flow(b, n):
    change, money = log_return(b), b.close * b.volume
    signed = np.sign(change) * money
    slopes = pd.Series(np.nan, index=b.index)
    for end in range(n, len(b)):
        rows = slice(end - n + 1, end + 1)
        slopes.iloc[end] = np.polyfit(signed.to_numpy()[rows], change.to_numpy()[rows], 1)[0]
    return slopes


def amihud(b, n):
    return (log_return(b).abs() / (b.close * b.volume)).rolling(n).mean()


def mean_money(b, n):
    return (b.close * b.volume).rolling(n).mean()


def vpin(b, n):
    z = log_return(b) / deviation(b, n)
    bought = b.volume * norm.cdf(z)
    return (bought - (b.volume - bought)).abs().rolling(n).sum() / b.volume.rolling(n).sum()


def bounce(b, n):
    return log_return(b).rolling(n).cov(log_return(b).shift())


def corwin_schultz(b, n):
    """As the paper has it, bar by bar: prices of the second day are moved back over the gap between the days."""
    out = [np.nan]
    for (_, first), (_, second) in pairwise(b.iterrows()):
        gap = max(second.low - first.close, 0) + min(second.high - first.close, 0)
        high, low = second.high, second.low
        beta = np.log(first.high / first.low) ** 2 + np.log(high / low) ** 2
        moved = first.close / (low if gap > 0 else high) if gap else 1
        gamma = np.log(max(first.high, high * moved) / min(first.low, low * moved)) ** 2
        k = 3 - 2 * np.sqrt(2)
        alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / k - np.sqrt(gamma / k)
        out.append(max(2 * (np.exp(alpha) - 1) / (1 + np.exp(alpha)), 0))
    return pd.Series(out, index=b.index).rolling(n).mean()


def abdi_ranaldo(b, n):
    close, middle = np.log(b.close), (np.log(b.high) + np.log(b.low)) / 2
    forward = (close - middle) * (close - middle.shift(-1))  # of the bar before, known one bar later
    return np.sqrt((4 * forward.shift().rolling(n).mean()).clip(lower=0))


def coded_entropy(b, n):
    z = log_return(b) / deviation(b, n)
    codes = pd.Series(np.digitize(z, norm.ppf(np.arange(1, 8) / 8)).astype(float), index=b.index).where(z.notna())
    return codes.rolling(n).apply(lambda w: entropy(np.unique(w, return_counts=True)[1]), raw=True) / np.log(8)


def tail_ratio(b, n):
    returns = log_return(b).rolling(n)
    return returns.quantile(0.95).abs() / returns.quantile(0.05).abs()


def fractional(b, _):
    weights = [1.0]
    while abs(weights[-1] * (len(weights) - 1 - 0.4) / len(weights)) >= 1e-4:
        weights.append(weights[-1] * (len(weights) - 1 - 0.4) / len(weights))
    price = np.log(b.close)
    return price.rolling(len(weights)).apply(lambda w: (w[::-1] - w[0]) @ weights, raw=True)


def drawdown(b, n):
    return b.close / b.close.rolling(n).max() - 1


PANDAS = {
    "trend_strength": lambda b, n: log_return(b, n).abs() / np.sqrt((log_return(b) ** 2).rolling(n).sum()),
    "efficiency_ratio": lambda b, n: b.close.diff(n).abs() / b.close.diff().abs().rolling(n).sum(),
    "volatility_regime": lambda b, n, m: (deviation(b, n).rolling(m).rank() - 0.5) / m,
    "drawdown_state": lambda b, n: sum((drawdown(b, n) < -d).astype(float) for d in (0.05, 0.1, 0.2)).where(
        drawdown(b, n).notna()
    ),
    "drawdown_age": lambda b, n: b.close.rolling(n).apply(lambda w: np.argmax(w[::-1]) / n, raw=True),
    "roll_spread": lambda b, n: 2 * np.sqrt((-bounce(b, n)).clip(lower=0)),
    "roll_undefined": lambda b, n: (bounce(b, n) > 0).astype(float).where(bounce(b, n).notna()),
    "corwin_schultz": corwin_schultz,
    "abdi_ranaldo": abdi_ranaldo,
    "kyle_lambda": return_on_flow,
    "kyle_impact": lambda b, n: return_on_flow(b, n) * mean_money(b, n),
    "amihud": amihud,
    "amihud_impact": lambda b, n: amihud(b, n) * mean_money(b, n),
    "vpin": vpin,
    "skew": lambda b, n: log_return(b).rolling(n).skew(),
    "kurtosis": lambda b, n: log_return(b).rolling(n).kurt(),
    "autocorrelation": lambda b, n, m: log_return(b).rolling(m).corr(log_return(b).shift(n)),
    "entropy": coded_entropy,
    "quantile": lambda b, n, m: log_return(b).rolling(m).quantile(n / 100),
    "tail_ratio": tail_ratio,
    "fractional_difference": fractional,
    "quoted_spread": lambda b: b.ask - b.bid,
    "relative_spread": lambda b: (b.ask - b.bid) / (b.ask + b.bid) * 2,
    "spread_ratio": lambda b, n: ratio_to_mean((b.ask - b.bid) / (b.ask + b.bid) * 2, n),
    "log_return": log_return,
    "high_low_ratio": lambda b: b.high / b.low - 1,
    "close_open_ratio": lambda b: b.close / b.open - 1,
    "bar_position": lambda b: (b.close - b.low) / (b.high - b.low),
    "bar_body": lambda b: (b.close - b.open) / (b.high - b.low),
    "upper_shadow": lambda b: b.high / b[["open", "close"]].max(axis=1) - 1,
    "lower_shadow": lambda b: 1 - b.low / b[["open", "close"]].min(axis=1),
    "overnight_gap": lambda b: b.open / b.close.shift() - 1,
    "slope_t": lambda b, n: np.log(b.close).rolling(n).apply(t_value, raw=True),
    "sma_ratio": lambda b, n, m: b.close.rolling(n).mean() / b.close.rolling(m).mean() - 1,
    "crossings": crossings,
    "acceleration": lambda b, n: log_return(b, n) - log_return(b, n).shift(n),
    "momentum": lambda b, n, m: b.close.shift(n) / b.close.shift(m) - 1,
    "scaled_momentum": lambda b, n: log_return(b).rolling(n).mean() / deviation(b, n),
    "up_balance": lambda b, n: np.sign(b.close.diff()).rolling(n).mean(),
    "downside_volatility": lambda b, n: root_mean(log_return(b).clip(upper=0) ** 2, n),
    "volatility_of_volatility": lambda b, n: deviation(b, n).rolling(n).std(),
    "volatility_ratio": lambda b, n, m: deviation(b, n) / deviation(b, m),
    "parkinson": lambda b, n: root_mean(np.log(b.high / b.low) ** 2 / (4 * np.log(2)), n),
    "garman_klass": garman_klass,
    "rogers_satchell": lambda b, n: root_mean(drift_free(b), n),
    "yang_zhang": yang_zhang,
    "ewma_volatility": ewma,
    "dollar_volume": lambda b: b.close * b.volume,
    "volume_ratio": lambda b, n: ratio_to_mean(b.volume, n),
    "dollar_volume_ratio": lambda b, n: ratio_to_mean(b.close * b.volume, n),
    "vwap": vwap,
    "price_to_vwap": lambda b, n: b.close / vwap(b, n) - 1,
    "half_life": half_life,
    "variance_ratio": lambda b, n, m: log_return(b, n).rolling(m).var() / (n * log_return(b).rolling(m).var()),
    "hurst": hurst,
}


HELD_ELSEWHERE = {"cross_sectional", "seasonality"}  # families with a file of tests of their own


def stem(name):
    return re.sub(r"(_\d+)+$", "", name)


@pytest.mark.parametrize("name", [name for name in FEATURES if stem(name) in PANDAS])
def test_a_feature_agrees_with_pandas(panel, name):
    asset = panel[panel["symbol"] == "S2"].set_index("ts").drop(columns="symbol").iloc[:400]
    half = np.random.default_rng(0).uniform(1e-4, 2e-3, len(asset))
    asset = asset.assign(bid=asset["close"] * (1 - half), ask=asset["close"] * (1 + half))
    numbers = [int(number) for number in re.findall(r"_(\d+)", name.removeprefix(stem(name)))]
    expected = PANDAS[stem(name)](asset, *numbers)
    # 1e-8: pandas keeps running sums, which lose digits
    np.testing.assert_allclose(FEATURES[name].compute(asset), expected, rtol=1e-8, atol=1e-8)


def test_every_feature_has_an_oracle():
    stems = {stem(name) for name, feature in FEATURES.items() if feature.family not in HELD_ELSEWHERE}
    assert stems <= PANDAS.keys() | HELD_TO_TALIB
