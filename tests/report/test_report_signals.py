"""Features as signals, against scipy and pandas done the slow way, and under the null."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import pearsonr, rankdata, spearmanr

from finml_core.errors import ConfigError, DataError
from finml_core.metrics.overlap import overlapping_mean
from finml_core.report import signals
from finml_core.report.outcomes import Ranked, make_outcomes
from finml_core.schemas import key_index
from tests.conftest import random_bars

HORIZONS = (1, 5)


def closes(n_symbols: int, n_bars: int, seed: int = 0) -> pd.Series:
    bars = random_bars(n_symbols, n_bars, seed)
    return pd.Series(bars["close"].to_numpy(), index=key_index(bars))


def ragged(close: pd.Series, seed: int = 1) -> tuple[pd.Series, pd.Series]:
    """Closes with a late starter and an early leaver, and a noisy feature with ties and holes on them."""
    generator = np.random.default_rng(seed)
    ts, symbol = close.index.get_level_values("ts"), close.index.get_level_values("symbol")
    gone = (symbol == "S1") & (ts > ts[len(ts.unique()) // 2]) | (symbol == "S2") & (ts < ts[40])
    close = close[~gone]
    feature = pd.Series(generator.normal(size=len(close)).round(1), index=close.index)
    feature[generator.uniform(size=len(close)) < 0.1] = np.nan
    return close, feature


def slow_return(close: pd.Series, horizon: int) -> pd.Series:
    return close.groupby(level="symbol").shift(-horizon) / close - 1


@pytest.fixture(scope="module")
def wide():
    close, feature = ragged(closes(14, 80))
    return close, feature, make_outcomes(close, HORIZONS)


@pytest.fixture(scope="module")
def narrow():
    close, feature = ragged(closes(3, 300, seed=3))
    return close, feature, make_outcomes(close, HORIZONS)


@given(
    hnp.arrays(
        np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.sampled_from([np.nan, -1.0, 0.5, 2.0])
    )
)
@settings(deadline=None, max_examples=60)
def test_ranks_of_rows_are_those_of_scipy(values):
    ranked = Ranked.of(values)
    for row, rank, count in zip(values, ranked.rank, ranked.count, strict=True):
        known = ~np.isnan(row)
        assert count == known.sum()
        np.testing.assert_array_equal(rank[known], rankdata(row[known]))
        assert (rank[~known] == 0).all()


@pytest.mark.parametrize("horizon", HORIZONS)
def test_across_symbols_each_timestamp_has_the_correlation_of_the_symbols_that_have_both(wide, horizon):
    close, feature, outcomes = wide
    study = signals.study_signal(feature, outcomes)
    assert study.mode == "across symbols"
    table = pd.DataFrame({"x": feature, "y": slow_return(close, horizon)}).dropna()
    slow, linear = {}, {}
    for ts, rows in table.groupby(level="ts"):
        if len(rows) >= signals.MIN_CROSS:
            slow[ts], linear[ts] = spearmanr(rows["x"], rows["y"]).statistic, pearsonr(rows["x"], rows["y"]).statistic
    shown = signals.over_time(study, horizon).set_index("ts")["ic"]
    assert len(slow) > 60
    np.testing.assert_allclose(shown.reindex(list(slow)), list(slow.values()), atol=1e-12)
    assert len(shown) == len(slow)
    assert study.ic(horizon).value == pytest.approx(np.mean(list(slow.values())))
    assert study.pearson[horizon] == pytest.approx(np.mean(list(linear.values())))


@pytest.mark.parametrize("horizon", HORIZONS)
def test_over_time_each_symbol_weighs_by_its_bars(narrow, horizon):
    close, feature, outcomes = narrow
    study = signals.study_signal(feature, outcomes)
    assert study.mode == "over time"
    table = pd.DataFrame({"x": feature, "y": slow_return(close, horizon)}).dropna()
    per_symbol = table.groupby(level="symbol").apply(
        lambda rows: pd.Series({"ic": spearmanr(rows["x"], rows["y"]).statistic, "n": len(rows)})
    )
    assert study.ic(horizon).value == pytest.approx(np.average(per_symbol["ic"], weights=per_symbol["n"]))
    assert study.ic(horizon).n == per_symbol["n"].sum()


def test_buckets_are_equal_shares_by_rank_and_the_spread_is_between_the_outermost(wide):
    close, feature, outcomes = wide
    study = signals.study_signal(feature, outcomes, n_buckets=5)
    table = pd.DataFrame({"x": feature, "y": slow_return(close, 5)})
    rank, count = table["x"].groupby(level="ts").rank(), table["x"].groupby(level="ts").transform("count")
    table["bucket"] = np.minimum(np.floor((rank - 0.5) * 5 / count), 4) + 1
    known = table.dropna()
    expected = known.groupby("bucket")["y"].mean()
    shown = signals.by_bucket(study, 5).set_index("bucket")["value"]
    np.testing.assert_allclose(shown, expected, atol=1e-12)
    daily = known.pivot_table(index="ts", columns="bucket", values="y")
    assert study.spread(5).value == pytest.approx((daily[5.0] - daily[1.0]).mean())


def test_over_time_the_spread_is_the_difference_of_the_buckets_means(narrow):
    _, feature, outcomes = narrow
    study = signals.study_signal(feature, outcomes)
    means = signals.by_bucket(study, 5).set_index("bucket")["value"]
    assert study.spread(5).value == pytest.approx(means[5] - means[1])
    assert 0 < study.spread(5).error < 0.1


def test_persistence_is_that_of_ranks_and_of_the_outermost_buckets(wide):
    _, feature, outcomes = wide
    study = signals.study_signal(feature, outcomes, n_buckets=3)
    dense = feature.rename("x").reset_index().pivot_table(index="ts", columns="symbol", values="x", dropna=False)
    ranks, known, fresh, held = dense.rank(axis=1), [], 0, 0
    counts = dense.count(axis=1).to_numpy()[:, None]
    buckets = np.floor((ranks - 0.5) * 3 / counts).clip(upper=2)
    for before, now in zip(ranks.index[:-1], ranks.index[1:], strict=True):
        both = pd.DataFrame({"a": ranks.loc[before], "b": ranks.loc[now]}).dropna()
        outer = buckets.loc[now, both.index].isin([0, 2])
        held += outer.sum()
        fresh += (outer & (buckets.loc[now, both.index] != buckets.loc[before, both.index])).sum()
        if len(both) >= signals.MIN_CROSS:
            known.append(pearsonr(both["a"], both["b"]).statistic)
    assert study.rank_autocorrelation == pytest.approx(np.mean(known))
    assert study.turnover == pytest.approx(fresh / held)
    slow_feature = pd.Series(feature.index.get_level_values("symbol").factorize()[0].astype(float), feature.index)
    still = signals.study_signal(slow_feature, outcomes)
    assert still.rank_autocorrelation > 0.9999
    # once a symbol joins or leaves, others may cross the border of a bucket
    assert still.turnover < 0.01


def test_over_time_ranks_persist_within_each_symbol(narrow):
    _, feature, outcomes = narrow
    smooth = feature.groupby(level="symbol").rolling(10, min_periods=1).mean().droplevel(0)
    shown = signals.study_signal(smooth, outcomes).rank_autocorrelation
    slow = []
    for _, values in smooth.groupby(level="symbol"):
        rank = values.rank()
        slow.append(pd.DataFrame({"a": rank, "b": rank.shift()}).dropna().corr().iloc[0, 1])
    assert shown == pytest.approx(np.mean(slow))
    assert shown > 0.8


def test_a_feature_that_all_symbols_share_is_judged_over_time(wide):
    close, _, outcomes = wide
    weekday = pd.Series(close.index.get_level_values("ts").day_of_week.astype(float), close.index)
    study = signals.study_signal(weekday, outcomes)
    assert study.mode == "over time"
    assert np.isfinite(study.ic(1).value)


def test_the_board_finds_the_oracle_and_puts_what_never_varies_last(wide):
    close, feature, outcomes = wide
    table = pd.DataFrame({"noise": feature, "oracle": slow_return(close, 5), "constant": 1.0})
    board = signals.signal_board(table, outcomes)
    assert list(board.columns) == signals.BOARD
    ranked = signals.corrected(board[board["horizon"] == 5])
    assert list(ranked["name"]) == ["oracle", "noise", "constant"]
    assert ranked["ic"][0] == pytest.approx(1.0)
    assert ranked["p_corrected"][0] < 1e-6
    assert np.isnan(ranked["p_corrected"][2])
    assert ranked["missing"][1] == pytest.approx(feature.isna().mean())
    assert all(ic == pytest.approx(1.0) for ic in ranked["history"][0])


def test_years_and_regimes_add_up_to_the_whole(wide):
    _, feature, outcomes = wide
    study = signals.study_signal(feature, outcomes)
    halves = pd.Series(np.where(np.arange(len(outcomes.stamps)) < 40, "early", "late"), index=outcomes.stamps)
    for table in (signals.by_year(study, 1), signals.by_regime(study, 1, halves)):
        assert np.average(table["ic"], weights=table["n"]) == pytest.approx(study.ic(1).value)
        assert (table["lower"] < table["upper"]).all()
    assert list(signals.by_regime(study, 1, halves)["group"]) == ["early", "late"]
    assert signals.by_regime(study, 1, halves[:0]).empty


def test_without_overlap_the_error_is_the_classical_one():
    values = np.random.default_rng(0).normal(0.3, 1, 200)
    mean = overlapping_mean(values, np.ones(200), 1)
    assert mean.value == pytest.approx(values.mean())
    assert mean.error == pytest.approx(values.std(ddof=1) / np.sqrt(200))


def test_with_overlap_the_error_is_that_of_statsmodels():
    from statsmodels.regression.linear_model import OLS

    values = pd.Series(np.random.default_rng(1).normal(size=300)).rolling(5, min_periods=1).mean().to_numpy()
    fitted = OLS(values, np.ones(300)).fit(cov_type="HAC", cov_kwds={"maxlags": 12, "use_correction": True})
    assert overlapping_mean(values, np.ones(300), 5).error == pytest.approx(fitted.bse[0])


@pytest.mark.parametrize(("n_symbols", "horizon"), [(1, 1), (1, 5), (12, 5), (12, 20)])
def test_a_persistent_feature_without_information_is_called_significant_no_more_often_than_stated(n_symbols, horizon):
    generator = np.random.default_rng(100 * n_symbols + horizon)
    n_bars, n_worlds, rejected = 500, 400, 0
    ts = pd.bdate_range("2015-01-01", periods=n_bars)
    index = pd.MultiIndex.from_product([[f"S{k:02}" for k in range(n_symbols)], ts], names=["symbol", "ts"])
    for _ in range(n_worlds):
        market = generator.normal(size=n_bars)
        walk = 0.01 * (generator.normal(size=(n_symbols, n_bars)) + market)  # symbols move together
        close = pd.Series(np.exp(np.cumsum(walk, axis=1)).reshape(-1), index=index)
        slow = np.cumsum(generator.normal(size=(n_symbols, n_bars + 10)), axis=1)
        feature = (slow[:, 10:] - slow[:, :-10]).reshape(-1)  # overlapping by ten bars
        study = signals.study_signal(feature, make_outcomes(close, (horizon,)))
        rejected += study.ic(horizon).p_value < 0.05
    nominal = 0.05
    assert rejected / n_worlds <= nominal + 3 * np.sqrt(nominal * (1 - nominal) / n_worlds)


def test_infinite_values_count_as_missing(wide):
    _, feature, outcomes = wide
    infinite = feature.where(feature.notna(), np.inf)
    assert signals.study_signal(infinite, outcomes).ic(1) == signals.study_signal(feature, outcomes).ic(1)


def test_what_cannot_be_judged_is_refused(wide):
    close, feature, outcomes = wide
    with pytest.raises(ConfigError, match="horizons is empty"):
        make_outcomes(close, ())
    with pytest.raises(ConfigError, match="horizon is 0"):
        make_outcomes(close, (0,))
    with pytest.raises(DataError, match="sorted by symbol and ts"):
        make_outcomes(close[::-1], (1,))
    with pytest.raises(DataError, match="no closes"):
        make_outcomes(close[:0], (1,))
    with pytest.raises(DataError, match="make both alike"):
        signals.study_signal(feature[:-1], outcomes)
    with pytest.raises(ConfigError, match="n_buckets"):
        signals.study_signal(feature, outcomes, n_buckets=1)
