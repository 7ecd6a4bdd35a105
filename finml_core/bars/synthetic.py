"""Markets whose truth is known: regimes, volatility, and a signal that past bars show.

The close-to-close log return of symbol i over bar t+1 is

    r = drift + volatility * (sqrt(rho) * market shock + sqrt(1 - rho) * own shock) + jump
    drift = signal_strength * 2^(-t / signal_half_life) * volatility * (tilt[z] + momentum[z] * m - reversal[z] * v)

with z the market's regime at t, m = tanh of the log return over the last 20 bars and v of the last 5, each divided by
its unconditional deviation. So the next bars continue the last twenty where the regime trends, and undo the last five
where it does not; both are seen in bars up to t. With a strength of 0 every return has median 0 whatever came before
it: nothing predicts its direction, though its size (volatility clusters, regimes) stays predictable.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.bars.synthetic_config import BAR_MINUTES, REGIME_TRAITS, SyntheticConfig
from finml_core.bars.synthetic_paths import draw_intrabar, simulate_returns
from finml_core.metrics import auc
from finml_core.schemas import BARS
from finml_core.typing import IntArray
from finml_core.vocabulary import RegimeType

SESSION_OPEN, SESSION_MINUTES = pd.Timedelta(hours=14, minutes=30), 390


@dataclass(frozen=True, kw_only=True)
class SyntheticMarket:
    """Bars and the truth they were made from."""

    bars: pd.DataFrame  # long bars
    regimes: pd.DataFrame  # ts, regime: one row a timestamp, the regime that drives the next bar
    signal: pd.DataFrame  # on (symbol, ts): expected_log_return and volatility of the next bar, score = their ratio
    jumps: pd.DataFrame  # symbol, ts, log_return: the part of a bar's return that was a jump, one row a jump

    @property
    def truth(self) -> pd.DataFrame:
        """One row a bar, in their order, with all that was planted.

        Columns `symbol, ts, regime, expected_log_return, volatility, score, jump`; a bar without a jump has 0.
        """
        table = self.signal.reset_index().merge(self.regimes, on="ts", how="left")
        table = table.merge(self.jumps.rename(columns={"log_return": "jump"}), on=["symbol", "ts"], how="left")
        table["jump"] = table["jump"].fillna(0.0)
        return table[["symbol", "ts", "regime", "expected_log_return", "volatility", "score", "jump"]]

    @property
    def best_auc(self) -> float:
        """AUC of the next bar's direction for a forecaster who knows what was planted: no model can expect more.

        Near 0.5 where the planted signal is 0.
        """
        rises = self.bars["close"].groupby(self.bars["symbol"]).shift(-1) > self.bars["close"]
        is_last = self.bars["symbol"].ne(self.bars["symbol"].shift(-1)).to_numpy()
        return auc(rises.to_numpy()[~is_last], self.signal["score"].to_numpy()[~is_last])


def simulate_bars(config: SyntheticConfig | None = None) -> SyntheticMarket:
    """Draw a market from its seed, with the regimes and the signal that made it.

    Row t of `signal` is about bar t+1 and follows from bars up to t and the regime at t.
    """
    config = config or SyntheticConfig()
    generator = np.random.default_rng(config.seed)
    regime = _regime_path(config, generator)
    traits = [REGIME_TRAITS[RegimeType(name)] for name in config.regimes]
    paths = simulate_returns(config, [traits[state] for state in regime], generator)
    first_price = np.exp(generator.uniform(np.log(20), np.log(200), config.n_symbols))
    prices = draw_intrabar(paths, first_price, generator)
    ts = _stamps(config)
    bars = _long_bars(config, ts, prices)
    score = (paths.drift / paths.volatility)[1:]
    signal = pd.DataFrame(
        {
            "expected_log_return": paths.drift[1:].T.ravel(),
            "volatility": paths.volatility[1:].T.ravel(),
            "score": score.T.ravel(),
        },
        index=pd.MultiIndex.from_frame(bars[["symbol", "ts"]]),
    )
    names = pd.Series([str(config.regimes[state]) for state in regime], dtype="str")
    jump = paths.jump.T.ravel()
    jumps = bars.loc[jump != 0, ["symbol", "ts"]].assign(log_return=jump[jump != 0]).reset_index(drop=True)
    regimes = pd.DataFrame({"ts": ts, "regime": names})
    return SyntheticMarket(bars=bars, regimes=regimes, signal=signal, jumps=jumps)


def _stamps(config: SyntheticConfig) -> pd.DatetimeIndex:
    """Closes of the bars: business days, or every few minutes of their sessions."""
    minutes = BAR_MINUTES[config.bar_size]
    if minutes is None:
        return pd.bdate_range(config.start, periods=config.n_bars).astype("datetime64[us]")
    n_day = SESSION_MINUTES // minutes
    opens = pd.bdate_range(config.start, periods=-(-config.n_bars // n_day)) + SESSION_OPEN
    closes = np.arange(1, n_day + 1) * np.timedelta64(minutes, "m")
    stamps = opens.to_numpy().astype("datetime64[us]")[:, None] + closes[None, :]
    return pd.DatetimeIndex(stamps.ravel()[: config.n_bars])


def _regime_path(config: SyntheticConfig, generator: np.random.Generator) -> IntArray:
    """A Markov chain that stays with probability 1 - 1/duration and else moves to another regime, each as likely."""
    n_regimes = len(config.regimes)
    moves = generator.random(config.n_bars) < 1 / config.regime_duration
    steps = (
        generator.integers(1, n_regimes, config.n_bars) if n_regimes > 1 else np.zeros(config.n_bars, dtype=np.int64)
    )
    return (generator.integers(n_regimes) + np.cumsum(np.where(moves, steps, 0))) % n_regimes


def _long_bars(config: SyntheticConfig, ts: pd.DatetimeIndex, prices: dict[str, np.ndarray]) -> pd.DataFrame:
    width = max(2, len(str(config.n_symbols - 1)))
    symbols = np.array([f"{config.prefix}{number:0{width}d}" for number in range(config.n_symbols)])
    columns = {name: values.T.ravel() for name, values in prices.items()}
    bars = pd.DataFrame({"symbol": np.repeat(symbols, len(ts)), "ts": np.tile(ts, len(symbols)), **columns})
    return bars.astype({"symbol": "str", "ts": "datetime64[us]"})[list(BARS)]
