"""Labels of some bars only, and weights put together from several reasons."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from finml_core.errors import DataError
from finml_core.labels import (
    LabelConfig,
    average_uniqueness,
    label_weight,
    make_labels,
    meta_labels,
    return_attribution,
    sampled_bars,
    time_decay,
    training_weight,
    weight_history,
)
from finml_core.schemas import key_index

EVENTS = LabelConfig(kind="triple_barrier", horizon=10, sampling="cusum", event_width=2.0, volatility_span=50)


def events_by_hand(bars: pd.DataFrame, config: LabelConfig) -> list[bool]:
    """Two sums and a limit, bar after bar, symbol after symbol."""
    found = []
    for _, rows in bars.groupby("symbol"):
        close = rows["close"].to_numpy()
        simple = pd.Series(close[1:] / close[:-1] - 1)
        up = down = 0.0
        for bar in range(len(close)):
            limit = np.nan
            if bar >= 20:
                limit = config.event_width * simple[:bar].ewm(span=config.volatility_span).std().iloc[-1]
            step = np.log(close[bar] / close[bar - 1]) if bar else 0.0
            up, down = max(0.0, up + step), min(0.0, down + step)
            if down < -limit:
                down = 0.0
                found.append(True)
            elif up > limit:
                up = 0.0
                found.append(True)
            else:
                found.append(False)
    return found


def test_events_are_those_of_the_recursion_with_the_volatility_known_then(panel):
    assert sampled_bars(panel, EVENTS).tolist() == events_by_hand(panel, EVENTS)


def test_without_sampling_every_bar_is_labelled(panel):
    assert sampled_bars(panel, LabelConfig()) is None


def test_events_become_rarer_with_their_width(panel):
    counts = [
        sampled_bars(panel, LabelConfig(sampling="cusum", event_width=width)).sum() for width in (0.5, 1.0, 2.0, 4.0)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 3 * counts[-1] > 0


def test_a_price_that_stands_still_makes_no_event(panel):
    still = panel.assign(**dict.fromkeys(("open", "high", "low", "close"), 5.0))
    assert not sampled_bars(still, EVENTS).any()
    one_still = panel.copy()
    one_still.loc[one_still["symbol"] == "S1", ["open", "high", "low", "close"]] = 5.0
    events = sampled_bars(one_still, EVENTS)
    assert not events.loc["S1"].any()
    pd.testing.assert_series_equal(events.loc[["S0"]], sampled_bars(panel, EVENTS).loc[["S0"]])


def test_the_configuration_labels_its_own_events(panel):
    labels = make_labels(panel, EVENTS)
    everything = make_labels(panel, LabelConfig(kind="triple_barrier", horizon=10, volatility_span=50))
    events = sampled_bars(panel, EVENTS)
    assert labels["y"].notna().equals((events & everything["y"].notna()).rename("y"))
    known = labels["y"].notna()
    columns = ["y", "label_return", "label_end"]
    pd.testing.assert_frame_equal(labels.loc[known, columns], everything.loc[known, columns])


@pytest.mark.parametrize("place", [150, 301, 452])
@pytest.mark.parametrize("kind", ["direction", "triple_barrier", "trend_scanning"])
def test_events_and_outcomes_known_at_a_bar_do_not_change_with_what_follows(kind, place, panel):
    config = LabelConfig(kind=kind, horizon=7, sampling="cusum", event_width=1.5)
    early = panel[panel["ts"] <= panel["ts"].unique()[place]]
    events = sampled_bars(early, config)
    pd.testing.assert_series_equal(events, sampled_bars(panel, config).loc[events.index])
    known = make_labels(early, config)[["y", "label_return", "label_end"]].dropna()
    assert len(known) > 20
    pd.testing.assert_frame_equal(known, make_labels(panel, config).loc[known.index, list(known.columns)])


def test_bets_begin_at_events_only(panel):
    side = pd.Series(np.random.default_rng(1).choice([-1.0, 0.0, 1.0], len(panel)), index=key_index(panel))
    labels = meta_labels(panel, side, EVENTS)
    everything = meta_labels(panel, side, LabelConfig(kind="triple_barrier", horizon=10, volatility_span=50))
    is_bet = sampled_bars(panel, EVENTS) & (side != 0) & everything["y"].notna()
    assert labels["y"].notna().equals(is_bet.rename("y"))
    assert labels.loc[is_bet, "y"].equals(everything.loc[is_bet, "y"])


FACTORS = {"none": (), "uniqueness": ("own",), "return_attribution": ("moved",), "uniqueness_return": ("own", "moved")}


@pytest.mark.parametrize(("weights", "decay"), list(product(FACTORS, (False, True))))
def test_a_weight_is_the_product_of_what_is_asked_for(weights, decay, panel):
    config = LabelConfig(horizon=6, weights=weights, decay=decay, oldest_weight=0.2)
    label_end = make_labels(panel, config)["label_end"]
    uniqueness = average_uniqueness(label_end)
    factors = {
        "own": uniqueness,
        "moved": return_attribution(panel["close"].set_axis(key_index(panel)), label_end),
    }
    expected = label_end.notna().astype(float).where(label_end.notna())
    for name in FACTORS[weights]:
        expected = expected * factors[name]
    if decay:
        expected = expected * time_decay(uniqueness, oldest_weight=0.2)
    found = make_labels(panel, config)["sample_weight"]
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), nan_ok=True)


def test_time_decay_is_decayed_uniqueness_by_its_older_name(panel):
    label_end = make_labels(panel)["label_end"]
    older = label_weight(panel, label_end, LabelConfig(weights="time_decay", oldest_weight=0.3))
    newer = label_weight(panel, label_end, LabelConfig(weights="uniqueness", decay=True, oldest_weight=0.3))
    pd.testing.assert_series_equal(older, newer)


@pytest.mark.parametrize("config", [LabelConfig(weights="uniqueness_return", decay=True), LabelConfig(decay=True)])
def test_what_a_fold_learns_by_comes_from_its_own_rows(config, panel):
    labels = make_labels(panel, config)
    ageless = label_weight(panel, labels["label_end"], LabelConfig(weights=config.weights))
    uniqueness = average_uniqueness(labels["label_end"])
    rows = labels["y"].notna() & (labels.index.get_level_values("ts") < panel["ts"].unique()[300])
    found = training_weight(ageless[rows], uniqueness[rows], config)
    decay = time_decay(uniqueness[rows], oldest_weight=config.oldest_weight)
    assert found == pytest.approx((ageless[rows] / ageless[rows].mean() * decay).to_numpy())
    assert decay.max() == 1.0
    # made of a longer or a shorter history, they are the same
    early = panel[panel["ts"] <= panel["ts"].unique()[310]]
    ends = make_labels(early, config)["label_end"]
    shorter = label_weight(early, ends, LabelConfig(weights=config.weights)), average_uniqueness(ends)
    rows = rows[rows].index
    again = training_weight(shorter[0][rows], shorter[1][rows], config)
    assert found == pytest.approx(again)


def test_the_history_of_weights_adds_up(panel):
    labels = make_labels(panel, LabelConfig(weights="uniqueness", decay=True, oldest_weight=0.1))
    table = weight_history(labels)
    months = labels.index.get_level_values("ts").to_period("M").to_timestamp()
    known = labels["y"].notna().to_numpy()
    for row in table.iloc[::5].itertuples():
        mine = labels.loc[known & (months == row.ts), "sample_weight"]
        assert row.n == len(mine)
        assert row.weight == pytest.approx(mine.mean())
        assert row.share == pytest.approx(mine.sum() / labels["sample_weight"].sum())
    assert table["n"].sum() == known.sum()
    assert table["share"].sum() == pytest.approx(1)
    assert table["weight"].iloc[-2] > 3 * table["weight"].iloc[0]
    assert len(weight_history(labels, period="year")) == labels.index.get_level_values("ts").year.nunique()
    with pytest.raises(DataError, match="period"):
        weight_history(labels, period="week")


def test_attribution_is_worth_what_the_events_saw(panel):
    # fewer labels share each return, so every event has more of it for itself
    sampled = make_labels(panel, LabelConfig(horizon=6, weights="uniqueness", sampling="cusum", event_width=4.0))
    everything = make_labels(panel, LabelConfig(horizon=6, weights="uniqueness"))
    assert sampled["sample_weight"].mean() > 2 * everything["sample_weight"].mean()
