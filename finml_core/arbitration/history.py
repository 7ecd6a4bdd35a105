"""Every decision of a whole history at once, the same as one bar at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.arbitration.combine import SIGNALS, combine
from finml_core.arbitration.config import ArbitratorConfig
from finml_core.arbitration.scores import rolling_scores
from finml_core.arbitration.silencing import NO_SIGNAL, silence, silence_reason
from finml_core.arbitration.styles import STYLES, regime_multiplier
from finml_core.checks import check_choice, check_columns
from finml_core.errors import DataError
from finml_core.schemas import REGIMES
from finml_core.typing import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class ArbitrationHistory:
    """What was decided at each bar of one symbol, and whom it came from."""

    decisions: pd.DataFrame  # by ts: signal, confidence, weighted_signal, signal_strength, consensus_ratio,
    # n_active_strategies, regime, regime_confidence
    weights: pd.DataFrame  # ts, strategy, signal, confidence, score, weight, silenced, reason


@dataclass(frozen=True, kw_only=True)
class _Opinions:
    ts: pd.DatetimeIndex
    strategies: list[str]
    sign: FloatArray  # (n_bars, n_strategies), missing where nothing is said
    confidence: FloatArray
    returns: FloatArray


def arbitrate(
    signals: Mapping[str, pd.DataFrame] | pd.DataFrame,
    strategy_returns: pd.DataFrame,
    regimes: pd.DataFrame | None = None,
    styles: Mapping[str, str] | None = None,
    config: ArbitratorConfig | None = None,
    periods_per_year: float | None = None,
) -> ArbitrationHistory:
    """Arbitrate one symbol's history; the decision at t has seen returns up to the close of t and none after it.

    Parameters
    ----------
    signals : mapping of strategy to DataFrame by ts, or a tidy DataFrame
        `signal` (-1, 0, 1) and `confidence` (0 to 1), known at the close of ts; missing means that a strategy says
        nothing. The tidy form has the columns `ts, strategy, signal, confidence`.
    strategy_returns : DataFrame, ts by strategy
        Row t is what the strategy earned, net, over bar t, known at its close. Without a column a strategy is unscored.
    regimes : DataFrame by ts, optional
        `regime` and `confidence`, filtered; missing means unknown, and then every multiplier is 1.
    styles : mapping of strategy to a style of `STYLES`, optional
        "model" where it says nothing.
    config : ArbitratorConfig, optional
    periods_per_year : float, optional
        Bars in a year; the config's own by default.

    Returns
    -------
    ArbitrationHistory
        A row for each ts of signals or returns, sorted.

    Raises
    ------
    DataError
        For returns of unknown strategies, or a confidence outside [0, 1].
    """
    config = config or ArbitratorConfig()
    opinions = _lay_out(signals, strategy_returns)
    regime, regime_confidence = _regimes_on(regimes, opinions.ts)
    scores = rolling_scores(opinions.returns, config, periods_per_year or config.periods_per_year)
    silenced, bars_below = silence(scores, config)
    multiplier = _multipliers(regime, [(styles or {}).get(name, "model") for name in opinions.strategies], config)
    combined = combine(
        opinions.sign,
        opinions.confidence,
        scores,
        multiplier,
        silenced,
        np.nan_to_num(regime_confidence, nan=0.0),
        config,
    )
    decisions = pd.DataFrame(
        {
            "signal": SIGNALS[combined.sign + 1],
            "confidence": combined.confidence,
            "weighted_signal": combined.weighted_signal,
            "signal_strength": np.abs(combined.weighted_signal),
            "consensus_ratio": combined.consensus_ratio,
            "n_active_strategies": combined.n_active,
            "regime": regime,
            "regime_confidence": np.nan_to_num(regime_confidence, nan=0.0),
        },
        index=opinions.ts,
    )
    weights = _weights_table(opinions, scores, combined.weight, silenced, bars_below, config)
    return ArbitrationHistory(decisions=decisions, weights=weights)


def _lay_out(signals: Mapping[str, pd.DataFrame] | pd.DataFrame, strategy_returns: pd.DataFrame) -> _Opinions:
    if isinstance(signals, pd.DataFrame):
        check_columns(signals, ("ts", "strategy", "signal", "confidence"), what="the frame of signals")
        signals = {str(name): rows.set_index("ts") for name, rows in signals.groupby("strategy", sort=False)}
    for name, frame in signals.items():
        check_columns(frame, ("signal", "confidence"), what=f"the signals of {name}")
    unknown = [str(name) for name in strategy_returns.columns if name not in signals]
    if unknown:
        raise DataError(f"there are returns of {', '.join(unknown)}, but no signals; give both or neither.")
    ts = pd.DatetimeIndex(strategy_returns.index)
    for frame in signals.values():
        ts = ts.union(pd.DatetimeIndex(frame.index))
    sign, confidence = (
        np.column_stack([frame[column].reindex(ts).to_numpy(dtype=float) for frame in signals.values()])
        if signals
        else np.empty((len(ts), 0))
        for column in ("signal", "confidence")
    )
    if ((confidence < 0) | (confidence > 1)).any():
        raise DataError(f"a confidence is {confidence[(confidence < 0) | (confidence > 1)][0]}; give 0 to 1.")
    returns = strategy_returns.reindex(index=ts, columns=list(signals)).to_numpy(dtype=float)
    return _Opinions(
        ts=ts.rename("ts"), strategies=list(signals), sign=np.sign(sign), confidence=confidence, returns=returns
    )


def _regimes_on(regimes: pd.DataFrame | None, ts: pd.DatetimeIndex) -> tuple[pd.Series, FloatArray]:
    if regimes is None:
        return pd.Series(None, index=ts, dtype="str"), np.full(len(ts), np.nan)
    check_columns(regimes, ("regime", "confidence"), what="the frame of regimes")
    aligned = regimes[["regime", "confidence"]].reindex(ts)
    is_known = aligned["regime"].notna()
    return aligned["regime"].astype("str").where(is_known), aligned["confidence"].where(is_known).to_numpy(dtype=float)


def _multipliers(regime: pd.Series, styles: list[str], config: ArbitratorConfig) -> FloatArray:
    code = pd.Categorical(regime, categories=list(REGIMES)).codes
    columns = []
    for style in styles:
        check_choice("style", style, STYLES)
        factors = [regime_multiplier(config.multipliers, style, name) for name in REGIMES]
        columns.append(np.array([*factors, 1.0])[code])  # an unknown regime has code -1, the last one
    return np.column_stack(columns) if columns else np.empty((len(regime), 0))


def _weights_table(
    opinions: _Opinions,
    scores: FloatArray,
    weight: FloatArray,
    silenced: BoolArray,
    bars_below: IntArray,
    config: ArbitratorConfig,
) -> pd.DataFrame:
    n_bars, n_strategies = scores.shape
    reason = np.full(scores.shape, "", dtype=object)
    reason[np.isnan(opinions.sign) | np.isnan(opinions.confidence)] = NO_SIGNAL
    for row, column in np.argwhere(silenced):
        reason[row, column] = silence_reason(scores[row, column], int(bars_below[row, column]), config)
    return pd.DataFrame(
        {
            "ts": np.repeat(opinions.ts.to_numpy(), n_strategies),
            "strategy": np.tile(np.asarray(opinions.strategies, dtype=object), n_bars).astype(str),
            "signal": opinions.sign.ravel(),
            "confidence": opinions.confidence.ravel(),
            "score": scores.ravel(),
            "weight": weight.ravel(),
            "silenced": silenced.ravel(),
            "reason": pd.Series(reason.ravel(), dtype="str"),
        }
    )
