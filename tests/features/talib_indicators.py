"""Our features as TA-Lib computes them, wherever it has the indicator."""

import numpy as np
import pandas as pd
import talib

from finml_core.features import FEATURES

SAME = 1e-8  # of 1 + the size of the value: the definition is the same
LOOSER = 1e-6  # TA-Lib's running sums lose digits in these, and its accumulation line has another start
RUNNING_SUMS = ("trend_r2", "zscore", "realized_volatility", "bollinger", "slope", "autocorrelation", "chaikin")

TALIB = {
    "adx_14": lambda b: talib.ADX(b.high, b.low, b.close, 14),
    "plus_di_14": lambda b: talib.PLUS_DI(b.high, b.low, b.close, 14),
    "minus_di_14": lambda b: talib.MINUS_DI(b.high, b.low, b.close, 14),
    "aroon_down_25": lambda b: talib.AROON(b.high, b.low, 25)[0],
    "aroon_up_25": lambda b: talib.AROON(b.high, b.low, 25)[1],
    "aroon_oscillator_25": lambda b: talib.AROONOSC(b.high, b.low, 25),
    "macd_12_26_9": lambda b: talib.MACD(b.close, 12, 26, 9)[0],
    "macd_signal_12_26_9": lambda b: talib.MACD(b.close, 12, 26, 9)[1],
    "macd_histogram_12_26_9": lambda b: talib.MACD(b.close, 12, 26, 9)[2],
    "macd_ratio_12_26_9": lambda b: talib.MACD(b.close, 12, 26, 9)[0] / b.close,
    "macd_signal_ratio_12_26_9": lambda b: talib.MACD(b.close, 12, 26, 9)[1] / b.close,
    "macd_histogram_ratio_12_26_9": lambda b: talib.MACD(b.close, 12, 26, 9)[2] / b.close,
    "stochastic_k_14": lambda b: talib.STOCHF(b.high, b.low, b.close, 14, 3)[0],
    "stochastic_d_14": lambda b: talib.STOCHF(b.high, b.low, b.close, 14, 3)[1],
    "williams_r_14": lambda b: talib.WILLR(b.high, b.low, b.close, 14),
    "cci_20": lambda b: talib.CCI(b.high, b.low, b.close, 20),
    "atr_14": lambda b: talib.ATR(b.high, b.low, b.close, 14),
    "atr_ratio_14": lambda b: talib.NATR(b.high, b.low, b.close, 14) / 100,
    "bollinger_width_20": lambda b: bollinger(b)[0],
    "bollinger_position_20": lambda b: bollinger(b)[1],
    "mfi_14": lambda b: talib.MFI(b.high, b.low, b.close, b.volume, 14),
    "ad_20": lambda b: talib.CMF(b.high, b.low, b.close, b.volume, 20),
    "obv_20": lambda b: change(talib.OBV(b.close, b.volume), 20) / talib.SUM(b.volume, 20),
    "momentum_21_252": lambda b: lagged(talib.ROCP(b.close, 231), 21),
    "chaikin_3_10": lambda b: talib.ADOSC(b.high, b.low, b.close, b.volume, 3, 10) / talib.EMA(b.volume, 10),
}
for n in (5, 10, 20, 50, 200):
    TALIB |= {
        f"sma_{n}": lambda b, n=n: talib.SMA(b.close, n),
        f"ema_{n}": lambda b, n=n: talib.EMA(b.close, n),
        f"price_to_sma_{n}": lambda b, n=n: b.close / talib.SMA(b.close, n) - 1,
        f"price_to_ema_{n}": lambda b, n=n: b.close / talib.EMA(b.close, n) - 1,
        f"slope_{n}": lambda b, n=n: talib.LINEARREG_SLOPE(np.log(b.close), n),
        f"trend_r2_{n}": lambda b, n=n: talib.CORREL(np.arange(len(b.close), dtype=float), np.log(b.close), n) ** 2,
        f"zscore_{n}": lambda b, n=n: (b.close - talib.SMA(b.close, n)) / talib.STDDEV(b.close, n),
    }
for n in (5, 10, 20, 60):
    TALIB[f"roc_{n}"] = lambda b, n=n: talib.ROC(b.close, n)
    TALIB[f"realized_volatility_{n}"] = lambda b, n=n: deviation_of_returns(b.close, n)
for n in (1, 5, 10, 20):
    TALIB[f"simple_return_{n}"] = lambda b, n=n: talib.ROCP(b.close, n)
for n in (14, 28):
    TALIB[f"rsi_{n}"] = lambda b, n=n: talib.RSI(b.close, n)
for n in (20, 60, 252):
    TALIB[f"distance_from_max_{n}"] = lambda b, n=n: b.close / talib.MAX(b.close, n) - 1
    TALIB[f"distance_from_min_{n}"] = lambda b, n=n: b.close / talib.MIN(b.close, n) - 1
for n, m in ((5, 10), (10, 20), (20, 50), (50, 200)):
    TALIB[f"sma_ratio_{n}_{m}"] = lambda b, n=n, m=m: talib.SMA(b.close, n) / talib.SMA(b.close, m) - 1
for n, m in ((1, 20), (5, 20), (1, 60), (5, 60)):
    TALIB[f"autocorrelation_{n}_{m}"] = lambda b, n=n, m=m: correlation_of_returns(b.close, n, m)

# TA-Lib shows all of MACD from its first signal and %K from its first %D, and starts the accumulation line at a bar
FIRST = {
    "macd_12_26_9": 33,
    "macd_ratio_12_26_9": 33,
    "stochastic_k_14": 15,
    "chaikin_3_10": 9 + FEATURES["chaikin_3_10"].warm_up,
}


class Arrays:
    """The columns of one asset as arrays, as TA-Lib wants them."""

    def __init__(self, frame: pd.DataFrame):
        self.high, self.low, self.close, self.volume = (
            frame[name].to_numpy() for name in ("high", "low", "close", "volume")
        )


def bollinger(b):
    upper, middle, lower = talib.BBANDS(b.close, 20, 2.0, 2.0)
    return (upper - lower) / middle, (b.close - lower) / (upper - lower)


def change(line, n_bars):
    return pd.Series(line).diff(n_bars).to_numpy()


def lagged(line, n_bars):
    return pd.Series(line).shift(n_bars).to_numpy()


def correlation_of_returns(close, lags, window):
    returns = np.diff(np.log(close))
    return np.r_[np.full(lags + 1, np.nan), talib.CORREL(returns[lags:], returns[:-lags], window)]


def deviation_of_returns(close, window):
    variance = talib.VAR(np.diff(np.log(close)), window) * window / (window - 1)
    return np.append(np.nan, np.sqrt(variance))


def disagreement(name: str, asset: pd.DataFrame) -> float:
    """Largest difference from the first value on, in multiples of what the indicator's definition allows."""
    tolerance = LOOSER if name.startswith(RUNNING_SUMS) else SAME
    first = FIRST.get(name, FEATURES[name].lookback - 1)
    computed, expected = FEATURES[name].compute(asset).to_numpy()[first:], TALIB[name](Arrays(asset))[first:]
    apart = np.abs(computed - expected) / (tolerance * (1 + np.abs(expected)))
    if name == "mfi_14":
        apart[doubtful_money_flow(asset)[first:]] = 0.0
    return float(np.max(apart))


def doubtful_money_flow(asset: pd.DataFrame) -> np.ndarray:
    """Windows with a typical price that only rounding moved: we call it unchanged, TA-Lib does below some ulps."""
    typical = asset[["high", "low", "close"]].mean(axis=1)
    return (typical.diff().abs() <= 1e-12 * typical).rolling(14, min_periods=1).max().to_numpy() > 0
