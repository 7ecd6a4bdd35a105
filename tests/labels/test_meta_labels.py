import numpy as np
import pandas as pd
import pytest

from finml_core.errors import ConfigError, DataError
from finml_core.labels import LabelConfig, make_labels, meta_labels, triple_barrier
from finml_core.schemas import LABELS, key_index

BARRIERS = LabelConfig(kind="triple_barrier", horizon=10, take_profit=2.0, stop_loss=1.0)


@pytest.fixture(scope="module")
def side(panel):
    """Long, short or no bet, at random."""
    return pd.Series(np.random.default_rng(0).integers(-1, 2, len(panel)).astype(float), index=key_index(panel))


def test_a_bet_pays_when_its_side_earns_more_than_it_costs(panel, side):
    labels = meta_labels(panel, side, LabelConfig(horizon=5), min_return=0.002)
    earned = make_labels(panel)["label_return"] * side
    assert list(labels.columns) == list(LABELS)
    has_bet = (side != 0) & earned.notna()
    assert labels["y"].notna().equals(has_bet)
    assert labels.loc[has_bet, "label_return"].to_numpy() == pytest.approx(earned[has_bet].to_numpy())
    assert np.array_equal(labels.loc[has_bet, "y"], (earned[has_bet] > 0.002).astype(float))
    assert (labels.notna().sum(axis=1) % 4 == 0).all()


def test_profit_is_where_the_side_wins(panel, side):
    # a short bet on a price is a long one with the barriers swapped and the signs turned
    labels = meta_labels(panel, side, BARRIERS)
    long = triple_barrier(panel, horizon=10, take_profit=2.0, stop_loss=1.0)
    short = triple_barrier(panel, horizon=10, take_profit=1.0, stop_loss=2.0)
    known = labels["y"].notna()
    for sign, table in ((1, long), (-1, short)):
        rows = known & (side == sign)
        assert rows.sum() > 300
        assert labels.loc[rows, "label_return"].to_numpy() == pytest.approx(
            sign * table.loc[rows, "label_return"].to_numpy()
        )
        assert labels.loc[rows, "label_end"].equals(table.loc[rows, "label_end"])
    assert np.array_equal(labels.loc[known, "y"], (labels.loc[known, "label_return"] > 0).astype(float))
    assert not known[side == 0].any()


def test_a_primary_model_that_knows_the_outcome_is_always_right(panel):
    outcome = make_labels(panel, LabelConfig(kind="return"))["y"]
    right, wrong = (meta_labels(panel, sign * outcome)["y"].dropna() for sign in (1, -1))
    assert (right == 1).all()
    assert (wrong == 0).all()


def test_the_size_of_a_signal_does_not_matter(panel, side):
    pd.testing.assert_frame_equal(meta_labels(panel, side * 0.01), meta_labels(panel, side))


def test_one_asset_takes_its_side_by_time(panel, side):
    plain = panel[panel["symbol"] == "S0"].drop(columns="symbol").set_index("ts")
    labels = meta_labels(plain, side.loc["S0"])
    assert np.array_equal(labels["y"], meta_labels(panel, side).loc["S0", "y"], equal_nan=True)


def test_what_cannot_be_answered_is_refused(panel, side):
    with pytest.raises(ConfigError, match="no outcome for a side"):
        meta_labels(panel, side, LabelConfig(kind="quantile"))
    with pytest.raises(DataError, match="several symbols"):
        meta_labels(panel, side.loc["S0"])
    with pytest.raises(DataError, match="shares no row"):
        meta_labels(panel, side.rename(index={"S0": "X0", "S1": "X1", "S2": "X2"}, level="symbol"))
    with pytest.raises(ConfigError, match="min_return"):
        meta_labels(panel, side, min_return=-0.1)
