"""Markets whose truth is known: regimes, volatility, and a signal that past bars show.

The close-to-close log return of symbol i over bar t+1 is

    r = drift + volatility * (sqrt(rho) * market shock + sqrt(1 - rho) * own shock) + jump
    drift = signal_strength * 2^(-t / signal_half_life) * volatility * (tilt[z] + momentum[z] * m - reversal[z] * v)

with z the market's regime at t, m = tanh of the log return over the last 20 bars and v of the last 5, each divided by
its unconditional deviation. So the next bars continue the last twenty where the regime trends, and undo the last five
where it does not; both are seen in bars up to t. With a strength of 0 every return has median 0 whatever came before
it: nothing predicts its direction, though its size (volatility clusters, regimes) stays predictable.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.bars.synthetic_paths import draw_intrabar, simulate_returns
from finml_core.checks import check_at_least, check_between, check_choice, check_integer, check_positive
from finml_core.errors import ConfigError
from finml_core.schemas import BARS
from finml_core.typing import IntArray
from finml_core.vocabulary import RegimeType


@dataclass(frozen=True, kw_only=True)
class RegimeTraits:
    """What a regime does to the returns of the bars that follow."""

    tilt: float = 0.0  # drift, in units of volatility at full strength
    volatility: float = 1.0  # multiple of the usual volatility
    momentum: float = 0.0  # weight of the last 20 bars' direction
    reversal: float = 0.0  # weight against the last 5 bars' direction


REGIME_TRAITS: Mapping[RegimeType, RegimeTraits] = {
    RegimeType.BULL_TREND: RegimeTraits(tilt=0.2, volatility=0.8, momentum=1.0),
    RegimeType.BEAR_TREND: RegimeTraits(tilt=-0.2, volatility=1.2, momentum=1.0),
    RegimeType.TRENDING: RegimeTraits(momentum=1.0),
    RegimeType.RANGING: RegimeTraits(volatility=0.7, reversal=1.0),
    RegimeType.HIGH_VOLATILITY: RegimeTraits(volatility=1.8, reversal=0.5),
    RegimeType.LOW_VOLATILITY: RegimeTraits(volatility=0.5, reversal=1.0),
    RegimeType.CRISIS: RegimeTraits(tilt=-0.5, volatility=2.5, momentum=1.0),
}


@dataclass(frozen=True, kw_only=True)
class SyntheticConfig:
    """A market of daily bars on business days."""

    n_symbols: int = 50
    n_bars: int = 1500
    seed: int = 7
    start: str = "2010-01-04"
    prefix: str = "SYN"  # symbols are SYN00, SYN01, ...
    signal_strength: float = 0.3  # drift at full signal, in units of volatility per bar; 0: nothing to find
    regimes: tuple[str, ...] = ("BULL_TREND", "BEAR_TREND", "RANGING", "HIGH_VOLATILITY")
    regime_duration: float = 40.0  # bars, on average
    volatility: float = 0.015  # per bar, in an ordinary regime
    volatility_shock: float = 0.08  # weight of the last squared return in the variance (GARCH alpha)
    volatility_persistence: float = 0.88  # weight of the last variance (GARCH beta)
    cross_correlation: float = 0.3  # of two symbols' shocks
    jump_probability: float = 0.0  # of a jump in a bar of a symbol
    jump_size: float = 5.0  # standard deviation of a jump, in multiples of the bar's volatility
    signal_half_life: float | None = None  # bars until half of the planted signal is gone; None: it stays

    def __post_init__(self) -> None:
        check_integer("n_symbols", self.n_symbols, 1)
        check_integer("n_bars", self.n_bars, 2)
        check_integer("seed", self.seed, 0)
        check_between("signal_strength", self.signal_strength, 0, 1)
        check_at_least("regime_duration", self.regime_duration, 1)
        check_positive("volatility", self.volatility)
        check_between("volatility", self.volatility, 0, 0.2)
        check_between("volatility_shock", self.volatility_shock, 0, 1)
        check_between("volatility_persistence", self.volatility_persistence, 0, 1)
        check_between("cross_correlation", self.cross_correlation, 0, 1)
        check_between("jump_probability", self.jump_probability, 0, 0.5)
        check_positive("jump_size", self.jump_size)
        check_between("jump_size", self.jump_size, 0, 10)
        if self.signal_half_life is not None:
            check_positive("signal_half_life", self.signal_half_life)
        if self.volatility_shock + self.volatility_persistence >= 1:
            raise ConfigError(
                f"volatility_shock {self.volatility_shock} and volatility_persistence {self.volatility_persistence} "
                "add up to 1 or more, so the variance would grow without bound; lower one."
            )
        if not self.regimes:
            raise ConfigError("regimes is empty; name at least one.")
        for regime in self.regimes:
            check_choice("regime", str(regime), tuple(str(known) for known in RegimeType))
        try:
            pd.Timestamp(self.start)
        except ValueError as error:
            raise ConfigError(f"start is {self.start!r}, which is no date.") from error


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
    ts = pd.bdate_range(config.start, periods=config.n_bars).astype("datetime64[us]")
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
