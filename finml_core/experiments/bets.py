"""Bets that only begin at some bars: how long an opinion holds, how they are sized, and whether acting was right."""

import numpy as np
import pandas as pd

from finml_core.concurrency import average_uniqueness
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.outcomes import asked_rows
from finml_core.experiments.primary import primary_opinion
from finml_core.numerics import divide
from finml_core.schemas import key_index
from finml_core.sizing import average_active, probability_weight

PRIMARY = "primary_alone"
BETS = (
    "model", "n_bets", "base_rate", "acted", "n_acted", "precision", "precision_error", "recall",
    "return_all", "return_acted", "return_skipped",
)  # fmt: skip


def bet_weight(config: ExperimentConfig, p_cal: pd.Series, bars: pd.DataFrame) -> pd.Series:
    """Weight in a symbol's own slice, by the calibrated probability, averaged over the bets that are still open.

    Parameters
    ----------
    config : ExperimentConfig
    p_cal : Series on (symbol, ts), sorted
        Where only some bars are asked about, the others are tranches that stay in cash.
    bars : sorted long bars of the experiment

    Returns
    -------
    Series on (symbol, ts)
        On the bars where bets are sparse or have a primary's side, else on the index of `p_cal`. With a primary
        strategy a probability below one half means that its bet is left out, never that it is turned round.
    """
    sizing = config.sizing
    if config.is_sparse:
        p_cal = p_cal.reindex(key_index(bars))
    weight = probability_weight(p_cal, scale=sizing.scale, cap=sizing.cap, min_edge=sizing.min_edge)
    if config.primary.is_there:
        weight = weight.clip(lower=0.0) * primary_opinion(config.primary, bars)["signal"]
    return average_active(weight, config.label.horizon)


def primary_weight(config: ExperimentConfig, bars: pd.DataFrame) -> pd.Series:
    """The primary strategy by itself: every bet that the models are asked about, at full size, held as theirs are."""
    side = primary_opinion(config.primary, bars)["signal"].where(asked_rows(config.label, config.primary, bars), 0.0)
    return average_active(side * config.sizing.cap, config.label.horizon)


def bet_opinion(config: ExperimentConfig, p_cal: pd.Series, bars: pd.DataFrame) -> pd.DataFrame:
    """A model's `signal` and `confidence` at every bar, where it is only asked about some.

    An opinion lasts until the next one, and no longer than its bet: `label.horizon` bars. With a primary strategy the
    signal is the primary's side where the model acts, else 0, and the confidence is the probability that it pays.
    """
    p_cal = p_cal.reindex(key_index(bars))
    edge = 2 * p_cal - 1
    if config.primary.is_there:
        has_side = edge > config.sizing.min_edge
        signal = primary_opinion(config.primary, bars)["signal"]
    else:
        has_side = edge.abs() > config.sizing.min_edge
        signal = np.sign(edge)
    opinion = pd.DataFrame({"signal": signal, "confidence": np.maximum(p_cal, 1 - p_cal)})
    opinion = opinion.where(has_side, 0.0).where(p_cal.notna())
    if config.label.horizon == 1:
        return opinion
    return opinion.groupby(level="symbol", sort=False).ffill(limit=config.label.horizon - 1)


def score_bets(config: ExperimentConfig, predictions: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """Whether acting was right: a row a model, over its bets with a known outcome and a `p_cal`.

    Parameters
    ----------
    config : ExperimentConfig
        With a primary strategy; a model acts where its edge, 2 p - 1, is above `sizing.min_edge`.
    predictions : the tidy table
    bars : sorted long bars of the experiment

    Returns
    -------
    DataFrame with columns BETS
        base_rate is the share of all bets that paid, acted the share acted on, precision the share of those that paid
        (its error counts overlapping bets by their uniqueness), recall the share of paying bets that were acted on;
        returns are means over bets, before costs. Means over paths where there are several. Missing where there is
        nothing to divide by.
    """
    known = predictions.dropna(subset=["y_true", "p_cal"])
    rows = [
        {"model": model, **_score(config, part, bars)}
        for (model, _), part in known.groupby(["model", "path"], sort=False)
    ]
    table = pd.DataFrame(rows, columns=list(BETS))
    return table.groupby("model", sort=False, as_index=False).mean()


def _score(config: ExperimentConfig, part: pd.DataFrame, bars: pd.DataFrame) -> dict[str, float]:
    """One model on one path."""
    paid = part["y_true"].to_numpy() == 1
    acts = (2 * part["p_cal"].to_numpy() - 1) > config.sizing.min_edge
    earned = part["label_return"].to_numpy()
    precision, n_independent = _mean(paid[acts]), _n_independent(part.loc[acts], bars)
    return {
        "n_bets": float(len(part)),
        "base_rate": _mean(paid),
        "acted": _mean(acts),
        "n_acted": float(acts.sum()),
        "precision": precision,
        "precision_error": float(np.sqrt(divide(precision * (1 - precision), n_independent, empty=np.nan))),
        "recall": _mean(acts[paid]),
        "return_all": _mean(earned),
        "return_acted": _mean(earned[acts]),
        "return_skipped": _mean(earned[~acts]),
    }


def _n_independent(bets: pd.DataFrame, bars: pd.DataFrame) -> float:
    """Bets that overlap in time count as the share that each has of its own, within a symbol."""
    if bets.empty:
        return 0.0
    label_end = bets.set_index(["symbol", "ts"])["label_end"].reindex(key_index(bars))
    return float(average_uniqueness(label_end).sum())


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
