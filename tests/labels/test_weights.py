import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.errors import ConfigError, DataError
from finml_core.labels import (
    LabelConfig,
    average_uniqueness,
    class_balance,
    concurrency,
    make_labels,
    return_attribution,
    time_decay,
)

DAYS = pd.date_range("2020-01-01", periods=8).as_unit("us").rename("ts")


def random_labels(seed, n=25):
    """Closes of n bars and labels of random length on some of them."""
    generator = np.random.default_rng(seed)
    ts = pd.date_range("2020-01-01", periods=n).as_unit("us").rename("ts")
    close = pd.Series(100 * np.exp(np.cumsum(generator.normal(0, 0.02, n))), index=ts)
    last = np.minimum(np.arange(n) + generator.integers(0, 6, n), n - 1)
    label_end = pd.Series(ts[last], index=ts).where(generator.random(n) < 0.7)
    return close, label_end


def open_at(label_end):
    """Labels open at each bar, bar by bar."""
    known = label_end.dropna()
    return np.array([((known.index <= ts) & (known >= ts)).sum() for ts in label_end.index])


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_attribution_is_the_shared_log_return_summed_label_by_label(seed):
    # AFML snippet 4.10: the log returns over a label's bars, each shared among the labels open there, summed
    close, label_end = random_labels(seed)
    returns, shared = np.log(close).diff().fillna(0), open_at(label_end)
    expected = label_end.dropna().copy().astype(object)
    for ts, end in label_end.dropna().items():
        inside = (close.index >= ts) & (close.index <= end)
        expected[ts] = abs((returns[inside] / shared[inside]).sum())
    expected = expected.astype(float)
    if expected.empty:
        assert return_attribution(close, label_end).isna().all()
        return
    weight = return_attribution(close, label_end)
    assert weight.notna().equals(label_end.notna())
    if expected.sum() > 0:
        assert weight.dropna().to_numpy() == pytest.approx((expected / expected.mean()).to_numpy())
        assert weight.mean() == pytest.approx(1)


def test_attribution_stays_within_a_symbol():
    close, label_end = random_labels(3)
    both = {
        name: pd.concat({"A": series, "B": series}, names=["symbol", "ts"])
        for name, series in (("close", close), ("label_end", label_end))
    }
    both["close"].loc["B"] *= 7.0  # another level of price, the same returns
    alone, weight = return_attribution(close, label_end), return_attribution(**both)
    assert weight.loc["A"].to_numpy() == pytest.approx(alone.to_numpy(), nan_ok=True)
    assert weight.loc["B"].to_numpy() == pytest.approx(alone.to_numpy(), nan_ok=True)


def test_prices_that_stand_still_weigh_all_labels_alike():
    close, label_end = random_labels(1)
    assert (return_attribution(close * 0 + 5, label_end).dropna() == 1).all()
    with pytest.raises(DataError, match="on the same index"):
        return_attribution(close.iloc[1:], label_end)


@pytest.mark.parametrize("oldest", [1.0, 0.75, 0.5, 0.0, -0.25])
def test_decay_is_linear_in_what_has_been_told(oldest):
    # AFML section 4.7: d = max(0, a + b x) over cumulated uniqueness x; d(last) = 1 and d(0) = c, or d(-c last) = 0
    _, label_end = random_labels(11)
    uniqueness = average_uniqueness(label_end)
    told = uniqueness.dropna().cumsum()
    whole = told.iloc[-1]
    slope = (1 - oldest) / whole if oldest >= 0 else 1 / ((oldest + 1) * whole)
    expected = np.maximum(0, 1 - slope * (whole - told))
    decay = time_decay(uniqueness, oldest_weight=oldest)
    assert decay.dropna().to_numpy() == pytest.approx(expected.to_numpy())
    assert decay.notna().equals(label_end.notna())
    assert decay.dropna().iloc[-1] == 1
    if oldest < 0:
        assert (decay.dropna()[told <= -oldest * whole] == 0).all()


def test_labels_of_one_timestamp_have_one_age(panel):
    labels = make_labels(panel, LabelConfig(weights="uniqueness"))
    decay = time_decay(labels["sample_weight"], oldest_weight=0.2)
    by_time = decay.groupby(level="ts")
    assert by_time.min().equals(by_time.max())
    assert by_time.first().dropna().is_monotonic_increasing
    with pytest.raises(ConfigError, match="oldest_weight"):
        time_decay(labels["sample_weight"], oldest_weight=1.5)


@pytest.mark.parametrize("weights", ["uniqueness", "return_attribution", "time_decay"])
@pytest.mark.parametrize("kind", ["direction", "triple_barrier", "trend_scanning"])
def test_every_label_has_a_weight(kind, weights, panel):
    labels = make_labels(panel, LabelConfig(kind=kind, weights=weights, oldest_weight=0.3))
    assert labels["sample_weight"].notna().equals(labels["y"].notna())
    assert (labels["sample_weight"].dropna() >= 0).all()
    plain = make_labels(panel, LabelConfig(kind=kind))
    assert labels["y"].equals(plain["y"])


def test_decayed_weights_are_uniqueness_times_decay(panel):
    labels = make_labels(panel, LabelConfig(weights="time_decay", oldest_weight=0.3))
    uniqueness = average_uniqueness(labels["label_end"])
    expected = uniqueness * time_decay(uniqueness, oldest_weight=0.3)
    assert labels["sample_weight"].to_numpy() == pytest.approx(expected.to_numpy(), nan_ok=True)


def test_balance_counts_each_class_of_each_period(panel):
    labels = make_labels(panel, LabelConfig(kind="quantile", n_quantiles=3, quantile_window=60))
    table = class_balance(labels)
    years = labels.index.get_level_values("ts").year
    for row in table.itertuples():
        mine = labels["y"][(years == row.ts.year)].dropna()
        assert row.n == (mine == row.y).sum()
        assert row.share == pytest.approx((mine == row.y).mean())
    assert (table["until"].dt.year == table["ts"].dt.year + 1).all()
    assert table.groupby("ts")["share"].sum().to_numpy() == pytest.approx(1)
    assert len(class_balance(labels, period="month")) > len(table)
    assert class_balance(labels.iloc[:0]).empty
    with pytest.raises(DataError, match="are no classes"):
        class_balance(make_labels(panel, LabelConfig(kind="return")))
    with pytest.raises(DataError, match="period"):
        class_balance(labels, period="week")


def test_concurrency_is_counted_bar_by_bar():
    _, label_end = random_labels(5)
    table = concurrency(label_end)
    assert np.array_equal(table["ts"], label_end.index)
    assert np.array_equal(table["open_labels"], open_at(label_end))
    has_open = table["open_labels"] > 0
    assert (table.loc[has_open, "uniqueness"] == 1 / table.loc[has_open, "open_labels"]).all()
    assert table.loc[~has_open, "uniqueness"].isna().all()


def test_concurrency_of_a_panel_is_the_mean_of_its_symbols(panel):
    label_end = make_labels(panel, LabelConfig(kind="triple_barrier"))["label_end"]
    table = concurrency(label_end).set_index("ts")
    alone = [concurrency(label_end.loc[symbol]).set_index("ts") for symbol in ("S0", "S1", "S2")]
    mean = sum(one["open_labels"] for one in alone) / 3
    assert table["open_labels"].to_numpy() == pytest.approx(mean.to_numpy())
    assert table["open_labels"].max() > 3
