"""The same features by pandas, Polars and TA-Lib, and the committed lists of what is compared."""

from itertools import pairwise

import numpy as np
import pandas as pd
import talib

from finml_core.typing import FloatArray, IntArray

FACTORS = (
    "simple_return_1", "simple_return_5", "simple_return_20", "price_to_sma_5", "price_to_sma_20", "price_to_sma_50",
    "zscore_20", "zscore_50", "realized_volatility_20", "realized_volatility_60", "volume_ratio_5", "volume_ratio_20",
    "distance_from_max_20", "distance_from_min_20",
)  # fmt: skip
SPANS = (5, 10, 20, 50, 200)
TALIB_FEATURES = (
    *(f"sma_{n}" for n in SPANS), *(f"ema_{n}" for n in SPANS), *(f"zscore_{n}" for n in SPANS),
    *(f"slope_{n}" for n in SPANS), *(f"roc_{n}" for n in (5, 10, 20, 60)),
    *(f"realized_volatility_{n}" for n in (5, 10, 20, 60)), *(f"distance_from_max_{n}" for n in (20, 60, 252)),
    *(f"distance_from_min_{n}" for n in (20, 60, 252)), "rsi_14", "rsi_28", "adx_14", "plus_di_14", "minus_di_14",
    "aroon_down_25", "aroon_up_25", "aroon_oscillator_25", "macd_12_26_9", "macd_signal_12_26_9",
    "macd_histogram_12_26_9", "stochastic_k_14", "stochastic_d_14", "williams_r_14", "cci_20", "atr_14", "atr_ratio_14",
    "bollinger_width_20", "bollinger_position_20", "mfi_14", "ad_20",
)  # fmt: skip
FORTY = (
    *FACTORS, "log_return_1", "log_return_5", "log_return_10", "log_return_20", "price_to_ema_10", "price_to_ema_20",
    "price_to_ema_50", "slope_20", "trend_r2_20", "macd_ratio_12_26_9", "macd_signal_ratio_12_26_9", "rsi_14", "rsi_28",
    "stochastic_k_14", "stochastic_d_14", "roc_10", "roc_60", "atr_ratio_14", "bollinger_width_20",
    "bollinger_position_20", "downside_volatility_20", "parkinson_20", "obv_20", "price_to_vwap_20",
    "dollar_volume_ratio_20", "distance_from_max_60",
)  # fmt: skip


def with_pandas(bars: pd.DataFrame) -> dict[str, FloatArray]:
    """`FACTORS` by groupby-rolling; bars are sorted, so its groups come out in their order."""
    by_symbol = bars.groupby("symbol", sort=False)
    close, volume = bars["close"], bars["volume"]
    log_return = np.log(close / by_symbol["close"].shift())
    returns = log_return.groupby(bars["symbol"], sort=False)
    out = {f"simple_return_{n}": close / by_symbol["close"].shift(n) - 1 for n in (1, 5, 20)}
    for n in (5, 20, 50):
        rolling = by_symbol["close"].rolling(n)
        mean = rolling.mean().to_numpy()
        out[f"price_to_sma_{n}"] = close / mean - 1
        if n > 5:
            out[f"zscore_{n}"] = (close - mean) / rolling.std(ddof=0).to_numpy()
    out |= {f"realized_volatility_{n}": returns.rolling(n).std() for n in (20, 60)}
    out |= {f"volume_ratio_{n}": volume / by_symbol["volume"].rolling(n).mean().to_numpy() for n in (5, 20)}
    out["distance_from_max_20"] = close / by_symbol["close"].rolling(20).max().to_numpy() - 1
    out["distance_from_min_20"] = close / by_symbol["close"].rolling(20).min().to_numpy() - 1
    return {name: values.to_numpy() for name, values in out.items()}


def with_polars(bars, pl) -> dict[str, FloatArray]:
    """`FACTORS` by expressions over the symbol; `bars` is a Polars frame, `pl` the package."""
    close, volume = pl.col("close"), pl.col("volume")

    def over(expression):
        return expression.over("symbol")

    change = (close / close.shift(1)).log()
    out = {f"simple_return_{n}": over(close / close.shift(n) - 1) for n in (1, 5, 20)}
    out |= {f"price_to_sma_{n}": over(close / close.rolling_mean(n) - 1) for n in (5, 20, 50)}
    out |= {f"zscore_{n}": over((close - close.rolling_mean(n)) / close.rolling_std(n, ddof=0)) for n in (20, 50)}
    out |= {f"realized_volatility_{n}": over(change.rolling_std(n, ddof=1)) for n in (20, 60)}
    out |= {f"volume_ratio_{n}": over(volume / volume.rolling_mean(n)) for n in (5, 20)}
    out["distance_from_max_20"] = over(close / close.rolling_max(20) - 1)
    out["distance_from_min_20"] = over(close / close.rolling_min(20) - 1)
    table = bars.select(**out)
    return {name: table[name].to_numpy() for name in out}


def with_talib(columns: dict[str, FloatArray], offsets: IntArray) -> dict[str, FloatArray]:
    """`TALIB_FEATURES` symbol by symbol; a call that gives several of them is made once."""
    out = {name: np.empty(offsets[-1]) for name in TALIB_FEATURES}
    for start, stop in pairwise(offsets.tolist()):
        rows = slice(start, stop)
        made = _of_one(*(columns[name][rows] for name in ("high", "low", "close", "volume")))
        for name, values in made.items():
            out[name][rows] = values
    return out


def _of_one(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> dict[str, FloatArray]:
    out = {}
    log_close = np.log(close)
    change = np.diff(log_close)
    for n in SPANS:
        out[f"sma_{n}"] = mean = talib.SMA(close, n)
        out[f"ema_{n}"] = talib.EMA(close, n)
        out[f"zscore_{n}"] = (close - mean) / talib.STDDEV(close, n)
        out[f"slope_{n}"] = talib.LINEARREG_SLOPE(log_close, n)
    for n in (5, 10, 20, 60):
        out[f"roc_{n}"] = talib.ROC(close, n)
        variance = talib.VAR(change, n) * (n / (n - 1))
        out[f"realized_volatility_{n}"] = np.append(np.nan, np.sqrt(variance))
    for n in (20, 60, 252):
        out[f"distance_from_max_{n}"] = close / talib.MAX(close, n) - 1
        out[f"distance_from_min_{n}"] = close / talib.MIN(close, n) - 1
    out["rsi_14"], out["rsi_28"] = talib.RSI(close, 14), talib.RSI(close, 28)
    out["adx_14"] = talib.ADX(high, low, close, 14)
    out["plus_di_14"], out["minus_di_14"] = talib.PLUS_DI(high, low, close, 14), talib.MINUS_DI(high, low, close, 14)
    out["aroon_down_25"], out["aroon_up_25"] = talib.AROON(high, low, 25)
    out["aroon_oscillator_25"] = out["aroon_up_25"] - out["aroon_down_25"]
    macd = talib.MACD(close, 12, 26, 9)
    out["macd_12_26_9"], out["macd_signal_12_26_9"], out["macd_histogram_12_26_9"] = macd
    out["stochastic_k_14"], out["stochastic_d_14"] = talib.STOCHF(high, low, close, 14, 3)
    out["williams_r_14"], out["cci_20"] = talib.WILLR(high, low, close, 14), talib.CCI(high, low, close, 20)
    out["atr_14"] = talib.ATR(high, low, close, 14)
    out["atr_ratio_14"] = out["atr_14"] / close
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    out["bollinger_width_20"] = (upper - lower) / middle
    out["bollinger_position_20"] = (close - lower) / (upper - lower)
    out["mfi_14"] = talib.MFI(high, low, close, volume, 14)
    out["ad_20"] = talib.CMF(high, low, close, volume, 20)
    return out
