"""The arbitrator as it lives: one bar after the other, knowing only what has happened."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from finml_core.arbitration.combine import SIGNALS, Combined, combine
from finml_core.arbitration.config import ArbitratorConfig
from finml_core.arbitration.meta_learner import MetaLearner, fit_meta_learner
from finml_core.arbitration.scores import window_scores
from finml_core.arbitration.signals import ArbitrationResult, StrategySignal
from finml_core.arbitration.silencing import NO_SIGNAL, silence, silence_reason
from finml_core.arbitration.styles import STYLES, regime_multiplier
from finml_core.checks import check_choice
from finml_core.errors import ConfigError, DataError
from finml_core.vocabulary import RegimeState, RegimeType, SignalType


class RegimeDetector(Protocol):
    """Anything that tells the regime at the last of its bars."""

    def state(self, bars: pd.DataFrame) -> RegimeState: ...


@dataclass
class _Strategy:
    style: str
    returns: deque[float]
    sign: float = np.nan  # of the last signal
    confidence: float = np.nan
    score: float = 0.0
    weight: float = 0.0
    bars_below: int = 0
    silenced: bool = False
    reason: str = NO_SIGNAL
    metadata: dict[str, Any] = field(default_factory=dict)


class StrategyArbitrator:
    """Weighs strategies by their shrunk performance and by how their style suits the regime.

    Parameters
    ----------
    config : ArbitratorConfig, optional
    regime_detector : object with `state(bars) -> RegimeState`, optional
        Asked at every bar for the regime of `market_features`.
    lookback_window, performance_metric : optional
        Take the place of the config's own.
    """

    def __init__(
        self,
        config: ArbitratorConfig | None = None,
        regime_detector: RegimeDetector | None = None,
        lookback_window: int | None = None,
        performance_metric: str | None = None,
    ):
        config = config or ArbitratorConfig()
        self.config = replace(
            config,
            lookback_window=config.lookback_window if lookback_window is None else lookback_window,
            performance_metric=performance_metric or config.performance_metric,
        )
        self.regime_detector = regime_detector
        self.meta_learner: MetaLearner | None = None
        self._strategies: dict[str, _Strategy] = {}
        self._last_timestamp: pd.Timestamp | None = None

    def register_strategy(self, strategy_id: str, style: str = "model", **metadata: Any) -> None:
        """Make a strategy known before its first signal; `style` is one of STYLES."""
        check_choice("style", style, STYLES)
        if strategy_id in self._strategies:
            raise ConfigError(f"strategy {strategy_id!r} is registered already; give each its own name.")
        returns: deque[float] = deque(maxlen=self.config.lookback_window)
        self._strategies[strategy_id] = _Strategy(style=style, returns=returns, metadata=metadata)

    def process_signals(
        self,
        signals: Iterable[StrategySignal],
        market_features: RegimeState | pd.DataFrame | None = None,
        market_returns: float | pd.Series | None = None,
        *,
        strategy_returns: Mapping[str, float] | None = None,
    ) -> ArbitrationResult:
        """Decide at the close of one bar, the signals' common timestamp; call once a bar, in order of time.

        Parameters
        ----------
        signals : iterable of StrategySignal
            At most one a registered strategy; who is missing says nothing at this bar.
        market_features : RegimeState, or what the detector's `state` takes, optional
            Bars up to this one. Without a regime every multiplier is 1 and the regime's confidence 0.
        market_returns : float or Series, optional
            What a position decided at the bar before has earned over this bar (a Series: its last value). Each
            strategy is credited with it times the sign of its last signal.
        strategy_returns : mapping of strategy to float, optional
            What each strategy earned over this bar, net, known at its close; takes the place of `market_returns`.

        Raises
        ------
        DataError
            For unregistered or repeated strategies, several timestamps, or one that is not after the last.
        """
        spoken = list(signals)
        timestamp = self._common_timestamp(spoken)
        opinions = {signal.strategy_id: signal for signal in spoken}
        regime, regime_confidence, state = self._read_regime(market_features)
        self._credit(market_returns, strategy_returns)
        self._last_timestamp = timestamp or self._last_timestamp
        for name, strategy in self._strategies.items():
            opinion = opinions.get(name)
            strategy.sign = np.nan if opinion is None else float(opinion.signal.sign)
            strategy.confidence = np.nan if opinion is None else float(opinion.confidence)
        combined = self._decide(regime, regime_confidence)
        weighted = float(combined.weighted_signal[0])
        return ArbitrationResult(
            timestamp=timestamp,
            signal=SignalType(SIGNALS[combined.sign[0] + 1]),
            confidence=float(combined.confidence[0]),
            weighted_signal=weighted,
            signal_strength=abs(weighted),
            consensus_ratio=float(combined.consensus_ratio[0]),
            n_active_strategies=int(combined.n_active[0]),
            regime=regime,
            regime_confidence=regime_confidence,
            strategy_breakdown={name: _breakdown(strategy) for name, strategy in self._strategies.items()},
            meta_probability=self._meta_probability(state),
        )

    def train_meta_learner(
        self, X: pd.DataFrame, y: pd.Series, strategy_signals: pd.DataFrame, *, strength: float = 0.1
    ) -> "StrategyArbitrator":
        """Learn which strategy to believe in which regime; see `fit_meta_learner`. Results then carry its probability.

        Parameters
        ----------
        X : DataFrame
            Regime probabilities in columns named as RegimeTypes; only rows whose outcome is known by now.
        y : Series of 0 and 1
        strategy_signals : DataFrame
            Sign times confidence of each strategy, on the index of X.
        """
        self.meta_learner = fit_meta_learner(X, y, strategy_signals, strength=strength)
        return self

    def get_strategy_summary(self) -> pd.DataFrame:
        """Where each strategy stands, a row each: style, score, weight, silence and last opinion."""
        rows = [
            {
                "strategy": name,
                "style": strategy.style,
                "n_returns": int(np.isfinite(list(strategy.returns)).sum()),
                **_breakdown(strategy),
            }
            for name, strategy in self._strategies.items()
        ]
        columns = ["strategy", "style", "n_returns", "score", "weight", "silenced", "reason", "signal", "confidence"]
        return pd.DataFrame(rows, columns=columns)

    def _common_timestamp(self, signals: list[StrategySignal]) -> pd.Timestamp | None:
        names = [signal.strategy_id for signal in signals]
        unknown = [name for name in names if name not in self._strategies]
        if unknown:
            raise DataError(f"strategy {unknown[0]!r} is not registered; call register_strategy first.")
        if len(set(names)) < len(names):
            raise DataError(f"a strategy speaks twice at one bar: {', '.join(names)}.")
        stamps = sorted({pd.Timestamp(signal.timestamp) for signal in signals})
        if len(stamps) > 1:
            raise DataError(f"signals of one bar have several timestamps, {stamps[0]} and {stamps[-1]}.")
        if stamps and self._last_timestamp is not None and stamps[0] <= self._last_timestamp:
            raise DataError(
                f"signals at {stamps[0]} come after those at {self._last_timestamp}; keep the order of time."
            )
        return stamps[0] if stamps else None

    def _credit(self, market_returns: float | pd.Series | None, strategy_returns: Mapping[str, float] | None) -> None:
        market = market_returns.iloc[-1] if isinstance(market_returns, pd.Series) else market_returns
        for name, strategy in self._strategies.items():
            if strategy_returns is not None:
                earned = strategy_returns.get(name, np.nan)
            else:
                earned = np.nan if market is None else strategy.sign * market
            strategy.returns.append(float(earned))

    def _read_regime(
        self, market_features: RegimeState | pd.DataFrame | None
    ) -> tuple[RegimeType | None, float, RegimeState | None]:
        if market_features is None:
            return None, 0.0, None
        if isinstance(market_features, RegimeState):
            return market_features.regime, float(market_features.confidence), market_features
        if self.regime_detector is None:
            raise DataError("market features tell no regime by themselves; give a regime_detector, or a RegimeState.")
        try:
            state = self.regime_detector.state(market_features)
        except DataError:  # too few bars yet: the regime is unknown, and strategies are weighed without it
            return None, 0.0, None
        return state.regime, float(state.confidence), state

    def _decide(self, regime: RegimeType | None, regime_confidence: float) -> Combined:
        config, strategies = self.config, list(self._strategies.values())
        window = np.full((1, len(strategies), config.lookback_window), np.nan)
        for column, strategy in enumerate(strategies):
            window[0, column, config.lookback_window - len(strategy.returns) :] = strategy.returns
        score = window_scores(window, config, config.periods_per_year)
        silenced, bars_below = silence(
            score,
            config,
            np.array([strategy.bars_below for strategy in strategies], dtype=np.int64),
            np.array([strategy.silenced for strategy in strategies], dtype=bool),
        )
        factors = [regime_multiplier(config.multipliers, strategy.style, regime) for strategy in strategies]
        sign = np.array([[strategy.sign for strategy in strategies]])
        confidence = np.array([[strategy.confidence for strategy in strategies]])
        combined = combine(
            sign, confidence, score, np.array([factors]), silenced, np.array([regime_confidence]), config
        )
        for column, strategy in enumerate(strategies):
            strategy.score, strategy.weight = float(score[0, column]), float(combined.weight[0, column])
            strategy.silenced, strategy.bars_below = bool(silenced[0, column]), int(bars_below[0, column])
            strategy.reason = NO_SIGNAL if np.isnan(strategy.sign) else ""
            if strategy.silenced:
                strategy.reason = silence_reason(strategy.score, strategy.bars_below, config)
        return combined

    def _meta_probability(self, state: RegimeState | None) -> float | None:
        if self.meta_learner is None or state is None:
            return None
        regimes = pd.DataFrame([{regime.value: state.probabilities.get(regime, 0.0) for regime in RegimeType}])
        signals = pd.DataFrame([{name: s.sign * s.confidence for name, s in self._strategies.items()}])
        return float(self.meta_learner.predict(regimes, signals).iloc[0])


def _breakdown(strategy: _Strategy) -> dict[str, Any]:
    return {
        "signal": strategy.sign,
        "confidence": strategy.confidence,
        "score": strategy.score,
        "weight": strategy.weight,
        "silenced": strategy.silenced,
        "reason": strategy.reason,
    }
