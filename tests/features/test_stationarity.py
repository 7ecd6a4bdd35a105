"""Treatments against pandas and scikit-learn; each is cut off, started late and looked at alone."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata
from sklearn.decomposition import PCA

from finml_core.errors import ConfigError, DataError
from finml_core.features import make_stationary
from finml_core.features.stationarity import METHODS

SETTINGS = {
    "difference": {"lag": 3},
    "normalize": {"window": 40},
    "quantile": {"window": 40},
    "neutralize": {"n_components": 2, "refit": 50, "min_history": 100},
    "fracdiff": {"d": 0.5, "width": 30},
}


@pytest.fixture(scope="module")
def table(panel):
    """Three symbols x 600 bars x 4 features of a common factor, with a warm-up and a hole."""
    generator = np.random.default_rng(0)
    index = pd.MultiIndex.from_frame(panel[["symbol", "ts"]])
    factor = np.tile(generator.normal(size=600), 3)
    columns = {f"x{k}": (k + 1) * factor + generator.normal(size=1800) + 10 * k for k in range(4)}
    found = pd.DataFrame(columns, index=index)
    found.iloc[:20, 0] = np.nan
    found.iloc[900, 2] = np.nan
    return found


def test_there_is_a_setting_for_each_method():
    assert set(SETTINGS) == set(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_cutting_off_the_future_changes_nothing(method, table):
    whole = make_stationary(table, method, **SETTINGS[method])
    assert whole.index.equals(table.index)
    assert whole.notna().mean().min() > 0.7
    for cut in ("2015-09-01", "2016-05-03", "2017-04-10"):
        early = table[table.index.get_level_values("ts") <= cut]
        treated = make_stationary(early, method, **SETTINGS[method])
        pd.testing.assert_frame_equal(treated, whole.loc[early.index], rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_appended_changes_nothing_before_it(method, table):
    last = table.index.get_level_values("ts") > "2017-03-01"
    wild = table.copy()
    wild[last] = 1e6 * wild[last] ** 3
    treated = make_stationary(wild, method, **SETTINGS[method])
    whole = make_stationary(table, method, **SETTINGS[method])
    pd.testing.assert_frame_equal(treated[~last], whole[~last], rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", ["difference", "normalize", "quantile", "fracdiff"])
def test_a_later_start_and_other_symbols_change_nothing(method, table):
    whole = make_stationary(table, method, **SETTINGS[method])
    alone = make_stationary(table.loc[["S1"]].iloc[200:], method, **SETTINGS[method])
    pd.testing.assert_frame_equal(alone.iloc[40:], whole.loc[["S1"]].iloc[240:], rtol=0, atol=1e-9)


def test_normalize_is_the_rolling_z_score_of_pandas(table):
    found = make_stationary(table["x1"], "normalize", window=40)
    rolling = table["x1"].groupby(level="symbol").rolling(40)
    expected = (table["x1"] - rolling.mean().droplevel(0)) / rolling.std().droplevel(0)
    pd.testing.assert_series_equal(found, expected, rtol=1e-9)
    assert (make_stationary(pd.Series(np.full(60, 0.1)), "normalize", window=20)[19:] == 0).all()


def test_quantile_is_the_rank_within_the_window(table):
    x = table.loc["S1", "x3"].round(0)
    found = make_stationary(x, "quantile", window=40)
    slow = [np.nan] * 39 + [(rankdata(x[t - 39 : t + 1])[-1] - 0.5) / 40 for t in range(39, len(x))]
    np.testing.assert_allclose(found, slow)
    assert found.min() > 0
    assert found.max() < 1


def test_difference_is_that_of_each_symbol(table):
    expected = table.groupby(level="symbol").diff(3)
    pd.testing.assert_frame_equal(make_stationary(table, "difference", lag=3), expected)


def test_neutralize_removes_what_the_past_had_in_common(table):
    found = make_stationary(table, "neutralize", n_components=1, refit=50, min_history=300)
    ts = table.index.get_level_values("ts")
    stamps = ts.unique().sort_values()
    past = table[ts < stamps[350]].dropna()
    block = table[(ts >= stamps[350]) & (ts < stamps[400])]
    z_past, z = (past - past.mean()) / past.std(), (block - past.mean()) / past.std()
    leading = PCA(1, svd_solver="full").fit(z_past).components_
    expected = z - (z @ leading.T).to_numpy() @ leading
    pd.testing.assert_frame_equal(found.loc[block.index], expected, rtol=0, atol=1e-9)
    before, after = z.corr().abs(), found.loc[block.index].corr().abs()
    assert after.to_numpy()[~np.eye(4, dtype=bool)].mean() < before.to_numpy()[~np.eye(4, dtype=bool)].mean()
    assert found[ts < stamps[300]].isna().all(axis=None)
    assert found.loc[table.index[900]].isna().all()


def test_a_constant_feature_is_neutralized_to_nothing():
    table = pd.DataFrame({"x": np.random.default_rng(0).normal(size=50), "constant": 2.0})
    found = make_stationary(table, "neutralize", n_components=1, refit=5, min_history=20)
    assert (found["constant"].dropna() == 0).all()
    np.testing.assert_allclose(found["x"].dropna(), 0, atol=1e-12)  # its own only component


def test_one_asset_and_one_column_keep_their_shape(table):
    plain = table.loc["S1"]
    assert make_stationary(plain, "normalize", window=40).index.equals(plain.index)
    assert make_stationary(plain["x1"], "neutralize", n_components=0, min_history=100).name == "x1"


def test_mistakes_are_named(table):
    with pytest.raises(ConfigError, match="method is 'smooth'; choose one of: difference, fracdiff"):
        make_stationary(table, "smooth")
    with pytest.raises(ConfigError, match="a setting of normalize is 'lag'; choose one of: window"):
        make_stationary(table, "normalize", lag=1)
    with pytest.raises(ConfigError, match="window is 1"):
        make_stationary(table, "quantile", window=1)
    with pytest.raises(DataError, match="n_components is 9, but there are 4 features"):
        make_stationary(table, "neutralize", n_components=9)
