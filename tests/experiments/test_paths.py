"""Which tested row stands on which path, against brute force; how many fits are too many."""

from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finml_core.errors import ConfigError, DataError
from finml_core.experiments import ExperimentConfig, SplitConfig
from finml_core.experiments.cost import estimate_cost
from finml_core.experiments.path_decisions import median_path
from finml_core.experiments.paths import MOST_ROWS, blocks_of, check_size, path_of_rows


def panel(n_stamps: int, n_symbols: int, seed: int) -> pd.DataFrame:
    """Irregular timestamps, of which each symbol has some; every one is somebody's."""
    generator = np.random.default_rng(seed)
    stamps = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.cumsum(generator.integers(1, 90, n_stamps)), unit="h")
    has = generator.random((n_symbols, n_stamps)) < 0.8
    has[0] |= ~has.any(axis=0)
    symbol, stamp = np.nonzero(has)
    index = pd.MultiIndex.from_arrays([[f"S{number}" for number in symbol], stamps[stamp]], names=["symbol", "ts"])
    return pd.DataFrame({"x": 0.0}, index=index)


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 6), st.data(), st.integers(40, 90), st.integers(1, 3), st.integers(0, 99))
def test_each_path_covers_each_row_once_and_each_tested_block_is_used_once(n_splits, data, n_stamps, n_symbols, seed):
    n_test = data.draw(st.integers(1, n_splits - 1))
    config = SplitConfig(kind="combinatorial", n_splits=n_splits, n_test_splits=n_test, embargo_pct=0.0)
    rows = panel(n_stamps, n_symbols, seed)
    ends = rows.index.get_level_values("ts").to_series(index=rows.index)
    splits = list(config.build().split(rows, groups=ends))
    paths = path_of_rows(config, rows.index.get_level_values("ts"), splits)

    times = np.zeros((config.n_paths, len(rows)), dtype=int)
    for (_, test), path in zip(splits, paths, strict=True):
        for row, own in zip(test, path, strict=True):  # one at a time: a row met twice is counted twice
            times[own, row] += 1
    assert (times == 1).all()

    stamps = np.unique(rows.index.get_level_values("ts"))
    block_of = {stamp: number for number, part in enumerate(np.array_split(stamps, n_splits)) for stamp in part}
    block = np.array([block_of[stamp] for stamp in rows.index.get_level_values("ts").to_numpy()])
    served = set()
    for chosen, (_, test), path in zip(combinations(range(n_splits), n_test), splits, paths, strict=True):
        assert set(block[test]) == set(chosen)
        for each in chosen:
            (own,) = set(path[block[test] == each])
            assert (own, each) not in served
            served.add((own, each))
    assert len(served) == config.n_paths * n_splits


def test_rows_stand_on_the_paths_that_the_splitter_itself_puts_together():
    config = SplitConfig(kind="combinatorial", n_splits=6, n_test_splits=3)
    rows = panel(80, 2, 0)
    splits = list(config.build().split(rows))
    paths = path_of_rows(config, rows.index.get_level_values("ts"), splits)
    series = config.build().path_series(rows, [np.full(len(test), fold) for fold, (_, test) in enumerate(splits)])
    for fold, ((_, test), path) in enumerate(zip(splits, paths, strict=True)):
        assert (series[path, test] == fold).all()


def test_a_splitter_that_tests_rows_once_has_one_path_and_its_folds_for_blocks():
    config, rows = SplitConfig(kind="purged_kfold", n_splits=3), panel(60, 2, 1)
    splits = list(config.build().split(rows))
    assert all((path == 0).all() for path in path_of_rows(config, rows.index.get_level_values("ts"), splits))
    table = pd.DataFrame({"ts": rows.index.get_level_values("ts"), "fold": np.arange(len(rows)), "y_true": 1.0})
    assert blocks_of(config, table).tolist() == table["fold"].tolist()
    assert config.n_paths == 1


def test_rows_after_the_last_outcome_belong_to_the_last_block():
    config = SplitConfig(kind="combinatorial", n_splits=3, n_test_splits=2)
    ts = pd.date_range("2020-01-01", periods=10, freq="D")
    table = pd.DataFrame({"ts": ts, "fold": 0, "y_true": [1.0] * 7 + [np.nan] * 3})
    assert blocks_of(config, table).tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("sharpe", "path"),
    [
        ([0.3, 0.1, 0.2], 2),
        ([0.3, 0.1, 0.2, 0.4], 2),  # of two middle ones the lower
        ([0.1, 0.1, 0.1], 0),
        ([0.1, 0.1 - 1e-16, 0.1 + 1e-16], 0),  # the last bit chooses nothing
        ([np.nan, np.nan, 0.2], 0),  # flat paths count as 0
        ([-0.1, np.nan, 0.2], 1),
        ([np.nan], 0),
    ],
)
def test_the_median_path_is_the_lower_middle_one(sharpe, path):
    assert median_path(pd.Series(sharpe).sample(frac=1.0, random_state=0)) == path


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"n_splits": 16, "n_test_splits": 8},
            r"12870 choices of 8 out of 16 blocks are 12870 fits of each model; 500",
        ),
        ({"n_splits": 5, "n_test_splits": 5}, "n_test_splits is 5, but must be below n_splits, which is 5"),
        ({"n_test_splits": 0}, "n_test_splits is 0"),
    ],
)
def test_an_absurd_number_of_fits_is_refused_with_its_size(settings, words):
    with pytest.raises(ConfigError, match=words):
        SplitConfig(kind="combinatorial", **settings)


def test_seeds_multiply_the_fits_and_a_file_says_where_it_is_wrong():
    split = SplitConfig(kind="combinatorial", n_splits=10, n_test_splits=2)
    ExperimentConfig(split=split, n_seeds=11)
    with pytest.raises(ConfigError, match="45 choices of 2 out of 10 blocks times 12 seeds are 540 fits"):
        ExperimentConfig(split=split, n_seeds=12)
    with pytest.raises(ConfigError, match=r"experiment.split: 12870 choices"):
        ExperimentConfig.from_yaml("split: {kind: combinatorial, n_splits: 16, n_test_splits: 8}")
    config = ExperimentConfig(split=split)
    assert ExperimentConfig.from_yaml(config.to_yaml()) == config


def test_predictions_that_would_not_fit_are_refused_before_anything_is_trained():
    check_size(MOST_ROWS, 1, 10)  # one path never needed a bound
    check_size(MOST_ROWS // 36, 9, 4)
    with pytest.raises(DataError, match=r"1000000 rows on 9 paths by 4 models and seeds are 36000000 predictions"):
        check_size(1_000_000, 9, 4)


@pytest.mark.parametrize(("n_splits", "n_test"), [(5, 2), (10, 2), (6, 3)])
def test_the_cost_counts_fits_and_paths(n_splits, n_test):
    config = ExperimentConfig(
        split=SplitConfig(kind="combinatorial", n_splits=n_splits, n_test_splits=n_test), n_seeds=2
    )
    told = estimate_cost(config, dict.fromkeys(config.symbols, 1000), {}).set_index("model")
    assert told.loc["logistic", "trainings"] == comb(n_splits, n_test)
    assert told.loc["lstm", "trainings"] == 2 * comb(n_splits, n_test)
    assert (told["paths"] == comb(n_splits - 1, n_test - 1)).all()
    k_fold = estimate_cost(
        replace(config, split=SplitConfig(n_splits=n_splits)), dict.fromkeys(config.symbols, 1000), {}
    )
    share = told.loc["logistic", "rows"] / k_fold.set_index("model").loc["logistic", "rows"]
    assert share == pytest.approx((n_splits - n_test) / (n_splits - 1))
    assert (k_fold["paths"] == 1).all()
