"""Agreement with slow and obvious versions in pandas, for what TA-Lib does not have."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress

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


PANDAS = {
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


def stem(name):
    return re.sub(r"(_\d+)+$", "", name)


@pytest.mark.parametrize("name", [name for name in FEATURES if stem(name) in PANDAS])
def test_a_feature_agrees_with_pandas(panel, name):
    asset = panel[panel["symbol"] == "S2"].set_index("ts").drop(columns="symbol").iloc[:400]
    numbers = [int(number) for number in re.findall(r"_(\d+)", name.removeprefix(stem(name)))]
    expected = PANDAS[stem(name)](asset, *numbers)
    # 1e-8: pandas keeps running sums, which lose digits
    np.testing.assert_allclose(FEATURES[name].compute(asset), expected, rtol=1e-8, atol=1e-8)


def test_every_feature_has_an_oracle():
    assert {stem(name) for name in FEATURES} <= PANDAS.keys() | HELD_TO_TALIB
