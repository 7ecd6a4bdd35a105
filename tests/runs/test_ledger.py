import threading
import time

import numpy as np
import pandas as pd
import pytest

from finml_core.errors import RunError, StoreError
from finml_core.metrics import probabilistic_sharpe_ratio
from finml_core.runs import Ledger


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


def test_the_same_trial_is_counted_once_and_done_beats_failed(ledger, make_trial):
    ledger.record(make_trial("a", returns=None), run_id="r1", state="failed")
    ledger.record(make_trial("a"), run_id="r2")
    ledger.record(make_trial("a", sharpe=9.0), run_id="r3")
    ledger.record(make_trial("b", returns=None), run_id="r1", state="cancelled")
    ledger.record(make_trial("b", returns=None), run_id="r1", state="failed")
    trials = ledger.trials().set_index("trial_id")
    assert trials["state"].to_dict() == {"a": "done", "b": "failed"}
    assert trials.loc["a", "run_id"] == "r2"
    assert trials.loc["a", "sharpe"] == pytest.approx(0.1)
    assert trials.loc["a", "n_obs"] == 100
    assert trials.loc["a", "identity"] == '{"id":"a"}'
    assert ledger.luck(252.0).n_trials == 2


def test_moments_are_those_of_the_returns(ledger, make_trial):
    returns = pd.Series([0.01, -0.02, 0.03, np.nan, 0.0, 0.02], index=pd.bdate_range("2020-01-01", periods=6))
    ledger.record(make_trial("a", returns=returns))
    row = ledger.trials().iloc[0]
    x = returns.dropna().to_numpy()
    z = (x - x.mean()) / x.std()
    assert row["n_obs"] == 5
    assert row["sharpe"] == pytest.approx(x.mean() / x.std(ddof=1))
    assert row["skew"] == pytest.approx((z**3).mean())
    assert row["kurtosis"] == pytest.approx((z**4).mean())
    expected = returns.dropna().rename("a").rename_axis("ts")
    pd.testing.assert_series_equal(ledger.returns("a"), expected, check_index_type=False, check_freq=False)


@pytest.mark.parametrize("returns", [None, pd.Series([0.01] * 5, index=pd.bdate_range("2020-01-01", periods=5))])
def test_a_trial_without_a_sharpe_ratio_counts_all_the_same(ledger, make_trial, returns):
    ledger.record(make_trial("a", returns=returns))
    ledger.record(make_trial("b"))
    luck = ledger.luck(252.0)
    assert (luck.n_trials, luck.n_scored) == (2, 1)
    assert np.isnan(luck.sharpe_variance)
    assert luck.variance_for(400) == pytest.approx(1 / 400)
    assert len(ledger.returns("a")) == (0 if returns is None else 5)


def test_sharpe_ratios_of_different_bar_sizes_are_converted_before_they_are_compared(ledger, make_trial):
    ledger.record(make_trial("daily", sharpe=0.10, periods_per_year=252.0))
    ledger.record(make_trial("weekly", sharpe=0.10, periods_per_year=52.0))
    ledger.record(make_trial("hourly", sharpe=0.10, periods_per_year=252.0 * 7))
    daily = ledger.luck(252.0)
    converted = np.array([0.1, 0.1 * np.sqrt(52 / 252), 0.1 * np.sqrt(7)])
    assert daily.sharpe_variance == pytest.approx(converted.var(ddof=1))
    assert daily.best_sharpe == pytest.approx(converted.max())
    assert daily.best_trial_id == "hourly"
    assert ledger.luck(52.0).sharpe_variance == pytest.approx(daily.sharpe_variance * 252 / 52)


def test_with_one_trial_the_deflated_sharpe_ratio_is_the_probabilistic_one(ledger, make_trial):
    assert ledger.luck(252.0).n_trials == 0
    ledger.record(make_trial("a"))
    luck = ledger.luck(252.0)
    assert luck.expected_max_sharpe(100) == 0.0
    assert luck.deflated(0.1, 100, 0.2, 4.0) == pytest.approx(probabilistic_sharpe_ratio(0.1, 100, 0.2, 4.0))
    assert np.isnan(luck.deflated(np.nan, 100, 0.2, 4.0))


def test_every_further_trial_lowers_the_deflated_sharpe_ratio(ledger, make_trial):
    deflated = []
    for number in range(6):
        ledger.record(make_trial(f"t{number}", sharpe=0.1 * (-1) ** number))
        deflated.append(ledger.luck(252.0).deflated(0.1, 250, 0.0, 3.0))
    assert deflated[-1] < deflated[2] < deflated[0]


def test_compaction_keeps_every_trial_and_its_returns(ledger, make_trial, tmp_path):
    for number in range(5):
        ledger.record(make_trial(f"t{number}", sharpe=number / 10))
    ledger.record(make_trial("t0", returns=None), state="failed")
    before, returns = ledger.trials(), ledger.returns("t3")
    assert ledger.compact() == 6
    assert len(list((tmp_path / "ledger").glob("*.parquet"))) == 1
    pd.testing.assert_frame_equal(ledger.trials(), before)
    pd.testing.assert_series_equal(ledger.returns("t3"), returns)
    assert ledger.compact() == 0
    ledger.record(make_trial("t9"))
    ledger.record(make_trial("t3", sharpe=7.0))
    assert ledger.compact() == 3
    assert len(ledger.trials()) == 6
    assert ledger.trials().set_index("trial_id").loc["t3", "sharpe"] == pytest.approx(0.3)


def test_readers_never_miss_a_trial_while_others_write_and_compact(ledger, make_trial):
    ended, counts, errors = threading.Event(), [], []
    trial = make_trial("x")

    def write(prefix):
        for number in range(60):
            trial_of_mine = make_trial(f"{prefix}{number}", n_obs=20)
            ledger.record(trial_of_mine)

    def keep_compacting():
        while not ended.is_set():
            ledger.compact()

    def keep_reading():
        while not ended.is_set():
            try:
                counts.append(len(ledger.trials()))
            except StoreError as error:
                errors.append(error)

    ledger.record(trial)
    others = [threading.Thread(target=work) for work in (keep_compacting, keep_reading)]
    writers = [threading.Thread(target=write, args=(prefix,)) for prefix in "ab"]
    for thread in (*others, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    for thread in others:
        thread.join()
    assert not errors
    assert counts == sorted(counts)
    assert len(ledger.trials()) == 121


def test_a_file_that_cannot_be_read_still_counts_and_breaks_nothing(ledger, make_trial, tmp_path):
    ledger.record(make_trial("a"))
    (tmp_path / "ledger" / "b-done.parquet").write_bytes(b"garbage")
    (tmp_path / "ledger" / "c-failed.parquet").write_bytes(b"")
    (tmp_path / "ledger" / ".half.tmp").write_bytes(b"never finished")
    assert sorted(ledger.trials()["trial_id"]) == ["a", "b", "c"]
    assert ledger.luck(252.0).n_trials == 3
    ledger.compact()
    assert sorted(ledger.trials()["trial_id"]) == ["a", "b", "c"]
    (compacted,) = (tmp_path / "ledger").glob("compact-*.parquet")
    compacted.write_bytes(b"garbage")
    with pytest.raises(StoreError, match=r"ledger of trials cannot be read at .*compact-"):
        ledger.trials()


def test_an_unknown_trial_or_state_is_named(ledger, make_trial):
    with pytest.raises(RunError, match="no trial 'nobody'"):
        ledger.returns("nobody")
    with pytest.raises(RunError, match="choose one of: done, failed"):
        ledger.record(make_trial("a"), state="perhaps")


def test_a_thousand_trials_are_read_in_a_moment(ledger, make_trial):
    for number in range(1000):
        ledger.record(make_trial(f"t{number}", n_obs=500))
    ledger.trials()
    started = time.perf_counter()
    assert len(ledger.trials()) == 1000
    assert time.perf_counter() - started < 1.0  # 0.1 s on an idle machine of two cores
