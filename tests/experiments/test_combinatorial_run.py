"""A run over every choice of test blocks: full out-of-sample paths, each calibrated, decided and scored by itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finml_core.calibration import make_calibrator
from finml_core.errors import ConfigError
from finml_core.experiments import (
    HOLDING,
    ExperimentCancelled,
    SplitConfig,
    rebacktest,
    rebacktest_paths,
    run_experiment,
)
from finml_core.experiments.audit import whole_paths
from finml_core.models import LightGBMConfig, LSTMConfig, ModelConfig, ModelType, TrainConfig
from finml_core.runs.checkpoint import FolderCheckpoint
from finml_core.schemas import PREDICTIONS

SPLIT = SplitConfig(kind="combinatorial", n_splits=4, n_test_splits=2)
N_FOLDS, N_PATHS = 6, 3


@pytest.fixture(scope="module")
def config(small):
    return replace(small, symbols=("SYN00", "SYN01"), split=SPLIT)


@pytest.fixture(scope="module")
def result(config, market):
    return run_experiment(config, market, run_id="r1")


def by_path(result):
    """Net returns of the logistic model, a column a path."""
    table = result.tables["path_returns"].query("model == 'logistic'")
    return table.pivot_table(index="ts", columns="path", values="net_return")


def blocks_by_hand(predictions):
    """The block of each row: distinct sample timestamps cut as numpy.array_split does, later rows with the last."""
    stamps = np.sort(predictions.loc[predictions["y_true"].notna(), "ts"].unique())
    starts = [part[0] for part in np.array_split(stamps, SPLIT.n_splits)]
    return sum((predictions["ts"] >= start).astype(int) for start in starts) - 1


def test_every_path_predicts_every_row_once_and_every_fold_serves_each_of_its_blocks_once(result, market):
    table = result.predictions
    assert tuple(table.columns) == PREDICTIONS
    assert sorted(table["path"].unique()) == list(range(N_PATHS))
    rows = {
        (model, path): set(zip(part["symbol"], part["ts"])) for (model, path), part in table.groupby(["model", "path"])
    }
    assert len(rows) == 2 * N_PATHS
    assert len({frozenset(found) for found in rows.values()}) == 1
    assert not table.duplicated(["model", "path", "symbol", "ts"]).any()
    served = table.assign(block=blocks_by_hand(table)).groupby(["model", "fold", "block"])["path"].nunique()
    assert len(served) == 2 * N_FOLDS * SPLIT.n_test_splits
    assert (served == 1).all()


def test_the_last_bars_are_predicted_on_every_path_by_the_fold_that_tests_the_last_block(result, market):
    table = result.predictions.query("model == 'logistic'")
    last = table.loc[table["ts"] == market["ts"].max()]
    assert len(last) == 2 * N_PATHS
    assert last["y_true"].isna().all()
    before = table.loc[table["ts"] == table.loc[table["y_true"].notna(), "ts"].max()]
    assert dict(zip(last["path"], last["fold"])) == dict(zip(before["path"], before["fold"]))
    assert last["fold"].nunique() == N_PATHS


def test_a_path_is_calibrated_only_by_its_own_outcomes_known_before_each_block(result, config):
    table = result.predictions.query("model == 'logistic'")
    table = table.assign(block=blocks_by_hand(table))
    checked = 0
    for _, rows in table.groupby("path"):
        for block, asked in rows.groupby("block"):
            known = rows.loc[rows["label_end"] < asked["ts"].min()].sort_values("ts", kind="stable")
            if len(known) < config.calibration.min_samples:
                assert asked["p_cal"].isna().all()
                continue
            assert (known["block"] < block).all()
            calibrator = make_calibrator(config.calibration.method).fit(
                known["p_raw"].to_numpy(), known["y_true"].to_numpy()
            )
            np.testing.assert_allclose(asked["p_cal"], calibrator.transform(asked["p_raw"].to_numpy()), atol=1e-6)
            checked += 1
    assert checked == N_PATHS * (SPLIT.n_splits - 1)


def test_one_block_at_a_time_is_purged_k_fold(config, market, result):
    one = run_experiment(replace(config, split=replace(SPLIT, n_test_splits=1)), market)
    k_fold = run_experiment(replace(config, split=SplitConfig(kind="purged_kfold", n_splits=SPLIT.n_splits)), market)
    assert set(one.tables) == set(k_fold.tables) == set(result.tables) - {"paths", "path_returns"}
    for name in ("predictions", "folds", "equity", "decisions", "diagnostics"):
        pd.testing.assert_frame_equal(one.tables[name], k_fold.tables[name], check_exact=True)
    timed = ["seconds", "device"]
    boards = [each.tables["leaderboard"].drop(columns=timed) for each in (one, k_fold)]
    pd.testing.assert_frame_equal(*boards, check_exact=True)
    assert one.metrics == k_fold.metrics
    assert one.metrics["n_paths"] == 1


def test_a_strategy_is_one_trial_with_the_returns_of_its_median_path(result):
    board, paths = result.tables["leaderboard"].set_index("model"), result.tables["paths"]
    assert len(result.trials) == len({trial.trial_id for trial in result.trials})
    assert {trial.name for trial in result.trials} == set(board.index) - {HOLDING}
    returns = result.tables["path_returns"].set_index(["model", "path", "ts"])["net_return"].sort_index()
    for trial in result.trials:
        line = board.loc[trial.name]
        assert line["n_paths"] == N_PATHS
        assert line["n_obs"] == len(trial.returns)
        pd.testing.assert_series_equal(
            trial.returns, returns.loc[trial.name, line["path"]], check_names=False, check_exact=True
        )
        sharpe = paths.loc[paths["model"] == trial.name].set_index("path")["sharpe"]
        assert sharpe.fillna(0.0)[line["path"]] == np.median(sharpe.fillna(0.0))  # an odd number of paths
    own = paths.loc[paths["is_median"]].set_index("model")["path"]
    assert own.to_dict() == board["path"].to_dict()


def test_the_median_path_promises_no_more_than_averaged_returns_would(result):
    returns = by_path(result)
    sharpe = returns.mean() / returns.std(ddof=1)
    averaged = returns.mean(axis=1)
    assert averaged.mean() / averaged.std(ddof=1) >= sharpe.mean() > 0


def test_the_leaderboard_carries_the_distribution_over_paths(result):
    board, paths = result.tables["leaderboard"].set_index("model"), result.tables["paths"]
    own = paths.loc[paths["model"] == "logistic"]
    line = board.loc["logistic"]
    assert line["sharpe_paths_mean"] == pytest.approx(own["sharpe_annual"].mean())
    assert line["sharpe_paths_deviation"] == pytest.approx(own["sharpe_annual"].std(ddof=1))
    assert line["sharpe_paths_low"] == pytest.approx(np.quantile(own["sharpe_annual"], 0.05))
    assert line["auc_paths_mean"] == pytest.approx(own["auc"].mean())
    assert line["log_loss_cal"] == pytest.approx(own["log_loss_cal"].mean())
    assert line["n_folds"] == N_FOLDS
    assert board.loc["moving_average_cross", "sharpe_paths_deviation"] == 0  # trained on nothing
    table = result.predictions.query("model == 'logistic' and path == 1").dropna(subset=["y_true"])
    from sklearn.metrics import roc_auc_score

    within = [roc_auc_score(part["y_true"], part["p_raw"]) for _, part in table.groupby(blocks_by_hand(table))]
    assert own.set_index("path").loc[1, "auc"] == pytest.approx(np.mean(within))
    assert result.tables["audits"]["passed"].all()


def test_a_path_that_misses_a_row_fails_the_audit(result):
    assert whole_paths(result.predictions)["passed"]
    torn = whole_paths(result.predictions.drop(index=5))
    assert not torn["passed"]
    assert torn["reason"] == "1 path of 6 lacks rows that the others have"


def test_a_run_that_was_killed_goes_on_from_its_finished_folds(config, market, result, tmp_path):
    class Killed(BaseException):
        pass

    class Dying(FolderCheckpoint):
        trained: list = []

        def keep_model(self, name, fold, model):
            if len(self.trained) == 8:
                raise Killed
            self.trained.append((name, fold))

    with pytest.raises(Killed):
        run_experiment(config, market, checkpoint=Dying(tmp_path))
    again = FolderCheckpoint(tmp_path)
    kept = []
    again.keep_model = lambda name, fold, model: kept.append((name, fold))
    whole = run_experiment(config, market, checkpoint=again, run_id="r1")
    assert set(Dying.trained).isdisjoint(kept)
    assert len(Dying.trained) + len(kept) == 2 * N_FOLDS
    for name in ("predictions", "paths", "path_returns", "equity"):
        pd.testing.assert_frame_equal(whole.tables[name], result.tables[name])


def test_it_can_be_cancelled_between_paths_and_tells_where_it_is(config, market):
    told = []

    def stop():
        return any("path 2 of 3" in event["message"] for event in told)

    with pytest.raises(ExperimentCancelled, match="path 2 of 3"):
        run_experiment(config, market, progress=told.append, should_stop=stop)
    fractions = [event["fraction"] for event in told]
    assert fractions == sorted(fractions)
    assert any(f"fold {N_FOLDS} of {N_FOLDS}" in event["message"] for event in told)


def test_every_path_can_be_backtested_again_and_all_of_them_are_one_trial(config, market, result):
    found = rebacktest_paths(config, market, result.predictions, "logistic")
    stored = by_path(result)
    np.testing.assert_allclose(found.returns, stored, rtol=1e-9, atol=1e-15)
    line = result.tables["leaderboard"].set_index("model").loc["logistic"]
    assert found.median == found.path == line["path"]
    other = next(path for path in stored.columns if path != found.median)
    looked = rebacktest_paths(config, market, result.predictions, "logistic", other)
    np.testing.assert_allclose(looked.result.bars["net_return"], stored[other], rtol=1e-9, atol=1e-15)
    assert looked.trial.trial_id == found.trial.trial_id
    pd.testing.assert_series_equal(looked.trial.returns, found.trial.returns)
    assert rebacktest(config, market, result.predictions, "logistic")[1].trial_id == found.trial.trial_id
    with pytest.raises(ConfigError, match="path 7 is none of the run's, which are 0 to 2"):
        rebacktest_paths(config, market, result.predictions, "logistic", 7)


def test_networks_and_seeds_stand_on_the_paths_too(config, market):
    tiny = ModelConfig(
        lstm=LSTMConfig(hidden_dim=4),
        lightgbm=LightGBMConfig(n_estimators=5),
        train=TrainConfig(epochs=1, batch_size=256, device="cpu"),
        sequence_length=4,
    )
    wide = replace(config, models=(ModelType.LIGHTGBM, ModelType.LSTM), model=tiny, n_seeds=2)
    tables = run_experiment(wide, market).tables
    counts = tables["predictions"].groupby(["model", "path"]).size()
    assert counts.min() == counts.max()
    assert len(counts) == 2 * N_PATHS
    assert tables["times"].groupby("model").size().to_dict() == {"lightgbm": 2 * N_FOLDS, "lstm": 2 * N_FOLDS}
    unknown = tables["predictions"].loc[tables["predictions"]["p_raw"].isna()]
    assert set(unknown["model"]) == {"lstm"}  # the first samples have no full window, on whichever path
    assert len(unknown) == N_PATHS * len(unknown.drop_duplicates(["symbol", "ts"]))
