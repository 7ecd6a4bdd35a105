"""The outcomes that an experiment asks about: of all bars or of events, of the price or of a primary's bets."""

import pandas as pd

from finml_core.experiments.primary import PrimaryConfig, primary_opinion
from finml_core.labels import LabelConfig, make_labels, meta_labels, sampled_bars


def label_bars(label: LabelConfig, primary: PrimaryConfig, bars: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series | None]:
    """The outcome of each bar that is asked about, and which bars these are.

    With a primary strategy the outcome is whether the bet on its side paid, and bars without a bet are not asked about.

    Parameters
    ----------
    label, primary : configurations
    bars : sorted long bars

    Returns
    -------
    labels : DataFrame on (symbol, ts)
        As `make_labels` or `meta_labels`.
    asked : Series of booleans on (symbol, ts), or None for all bars

    Raises
    ------
    ConfigError
        For a primary strategy with a kind of label that has no outcome for a side.
    """
    asked = asked_rows(label, primary, bars)
    if not primary.is_there:
        return make_labels(bars, label, events=asked), asked
    side = primary_opinion(primary, bars)["signal"]
    return meta_labels(bars, side, label, min_return=primary.min_return, events=asked), asked


def asked_rows(label: LabelConfig, primary: PrimaryConfig, bars: pd.DataFrame) -> pd.Series | None:
    """Booleans on (symbol, ts): the events at which the primary strategy, if there is one, bets; None for all bars."""
    events = sampled_bars(bars, label)
    if not primary.is_there:
        return events
    bets = primary_opinion(primary, bars)["signal"].fillna(0.0) != 0
    return bets if events is None else bets & events
