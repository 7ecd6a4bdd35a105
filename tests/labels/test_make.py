import numpy as np
import pandas as pd
import pytest

from finml_core.concurrency import average_uniqueness
from finml_core.errors import ConfigError, DataError
from finml_core.labels import LabelConfig, make_labels
from finml_core.schemas import LABELS, key_index

KINDS = ("direction", "return", "quantile", "triple_barrier", "trend_scanning")


def of_kind(kind: str, **settings) -> LabelConfig:
    return LabelConfig(kind=kind, **{"quantile_window": 60} | settings)


def plain(panel, symbol: str = "S0"):
    return panel[panel["symbol"] == symbol].drop(columns="symbol").set_index("ts")


def test_direction_and_return_agree_with_a_loop_over_each_symbol(panel):
    labels, returns = make_labels(panel), make_labels(panel, of_kind("return"))
    assert list(labels.columns) == list(LABELS)
    for symbol, bars in panel.groupby("symbol"):
        close, ts = bars["close"].to_numpy(), bars["ts"].to_numpy()
        mine = labels.loc[symbol]
        for row in (0, 1, 250, len(bars) - 6):
            expected = close[row + 5] / close[row] - 1
            assert mine["label_return"].iloc[row] == pytest.approx(expected)
            assert mine["y"].iloc[row] == (expected > 0)
            assert mine["label_end"].iloc[row] == ts[row + 5]
        assert mine.iloc[-5:].isna().all(axis=None)
        assert mine.iloc[:-5].notna().all(axis=None)
    pd.testing.assert_series_equal(returns["y"], labels["label_return"], check_names=False)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_known_before_a_cut_do_not_change_with_the_future(kind, panel):
    config = of_kind(kind)
    cut = panel["ts"].unique()[400]
    early = make_labels(panel[panel["ts"] <= cut], config).dropna()
    whole = make_labels(panel, config)
    assert len(early) > 0
    pd.testing.assert_frame_equal(early, whole.loc[early.index], rtol=0, atol=1e-12)
    since_known = whole[whole["label_end"] <= cut].index
    if kind != "triple_barrier":  # which waits for the whole horizon, so as not to choose rows by their outcome
        assert early.index.equals(since_known)


@pytest.mark.parametrize("kind", KINDS)
def test_label_ends_come_after_their_bar_and_before_the_horizon_is_over(kind, panel):
    labels = make_labels(panel, of_kind(kind))
    assert labels.index.equals(key_index(panel))
    known = labels.dropna()
    ts = known.index.get_level_values("ts")
    assert (known["label_end"] > ts).all()
    position = pd.Series(np.arange(600), index=panel["ts"].unique())
    ahead = position[known["label_end"]].to_numpy() - position[ts].to_numpy()
    assert ahead.max() == 5
    assert (labels.notna().sum(axis=1) % 4 == 0).all()  # all four known, or none
    assert labels.groupby("symbol").tail(5).isna().all(axis=None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_symbol_is_labelled_alone(kind, panel):
    alone = make_labels(panel[panel["symbol"] == "S1"], of_kind(kind))
    pd.testing.assert_frame_equal(alone, make_labels(panel, of_kind(kind)).loc[["S1"]])


def test_returns_are_made_of_adjusted_closes(panel):
    split_adjusted = panel.assign(adj_close=panel["close"])
    raw = split_adjusted.copy()
    before = raw["ts"] < raw["ts"].unique()[300]
    for price in ("open", "high", "low", "close"):
        raw.loc[before, price] *= 2  # a two-for-one split at bar 300
    assert (make_labels(raw)["label_return"] - make_labels(split_adjusted)["label_return"]).abs().max() < 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_prices_times_ten_change_no_label(kind, panel):
    scaled = panel.assign(**{price: panel[price] * 10 for price in ("open", "high", "low", "close")})
    pd.testing.assert_frame_equal(make_labels(scaled, of_kind(kind)), make_labels(panel, of_kind(kind)))


def test_a_missing_close_leaves_its_labels_missing(panel):
    bars = panel.copy()
    bars.loc[100, "close"] = np.nan
    labels = make_labels(bars)
    assert list(np.flatnonzero(labels["y"].isna())[:2]) == [95, 100]
    assert labels["label_end"].isna().equals(labels["y"].isna())


def test_quantile_classes_are_cut_from_known_outcomes(panel):
    labels = make_labels(panel, of_kind("quantile", n_quantiles=3, quantile_window=50))
    returns = make_labels(panel)["label_return"]
    own, outcome = labels.loc["S2", "y"].to_numpy(), returns.loc["S2"].to_numpy()
    assert np.isnan(own[:54]).all()
    for row in (54, 200, 500):
        limits = np.quantile(outcome[row - 54 : row - 4], [1 / 3, 2 / 3])  # label_end of row - 5 is this bar
        assert own[row] == (outcome[row] > limits).sum()
    assert set(labels["y"].dropna()) == {0, 1, 2}


def test_weights_are_one_or_the_average_uniqueness(panel):
    plain_weight = make_labels(panel)["sample_weight"].dropna()
    assert (plain_weight == 1).all()
    labels = make_labels(panel, LabelConfig(weights="uniqueness"))
    assert labels["sample_weight"].dropna().between(0, 1, inclusive="right").all()
    assert labels["sample_weight"].loc["S0"].iloc[300] == pytest.approx(1 / 6)  # six closed spans cover each bar
    assert labels["sample_weight"].equals(average_uniqueness(labels["label_end"]).rename("sample_weight"))


def test_a_plain_frame_keeps_its_index_in_any_order(panel):
    bars = plain(panel)
    labels = make_labels(bars)
    assert labels.index.equals(bars.index)
    assert np.array_equal(labels["y"], make_labels(panel).loc["S0", "y"], equal_nan=True)
    pd.testing.assert_frame_equal(make_labels(bars.iloc[::-1]), labels.iloc[::-1])


@pytest.mark.parametrize(
    "settings",
    [{"kind": "luck"}, {"horizon": 0}, {"horizon": 2.5}, {"weights": "heavy"}, {"take_profit": 0}, {"n_quantiles": 1}],
)
def test_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(ConfigError):
        LabelConfig(**settings)


def test_bars_without_a_close_column_are_refused(panel):
    with pytest.raises(DataError, match="'close'"):
        make_labels(panel.drop(columns="close"))
