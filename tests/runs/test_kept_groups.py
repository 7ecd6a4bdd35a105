"""What is kept of copies and clusters gives a new process the very answer of comparing all anew."""

import numpy as np
import pandas as pd
import pytest

from finml_core.runs import Ledger, kept_groups, luck_groups

FILE = (kept_groups.FOLDER, kept_groups.FILE)


@pytest.fixture(autouse=True)
def keeps_everything(monkeypatch):
    monkeypatch.setattr(luck_groups, "LONG_S", 0.0)


def fill(ledger: Ledger, make_trial, numbers: range) -> None:
    """Variations of three ideas, some of them copies."""
    stamps = pd.bdate_range("2020-01-01", periods=300)
    ideas = np.random.default_rng(0).normal(size=(3, 300))
    for number in numbers:
        noise = np.random.default_rng(number + 1).normal(size=300)
        share = 0.999 if number % 4 == 0 else 0.5
        values = 0.01 * (np.sqrt(share) * ideas[number % 3] + np.sqrt(1 - share) * noise)
        periods = 252.0 if number % 5 else 252.0 * 7 * 60
        ledger.record(make_trial(f"t{number:03}", returns=pd.Series(values, index=stamps), periods_per_year=periods))


def test_a_new_process_goes_on_from_what_another_found(tmp_path, make_trial, monkeypatch):
    first = Ledger(tmp_path)
    fill(first, make_trial, range(30))
    expected = first.groups()
    assert tmp_path.joinpath(*FILE).exists()

    def forbidden(self, returns):
        raise AssertionError("nothing is new")

    with monkeypatch.context() as patched:
        patched.setattr(luck_groups._Room, "add", forbidden)
        pd.testing.assert_frame_equal(Ledger(tmp_path).groups(), expected)
    fill(first, make_trial, range(30, 45))
    grown = Ledger(tmp_path).groups()  # from what was kept, and the new ones
    tmp_path.joinpath(*FILE).unlink()
    pd.testing.assert_frame_equal(grown, Ledger(tmp_path).groups())  # all anew
    pd.testing.assert_frame_equal(grown, first.groups())


def test_what_is_kept_of_another_ledger_or_under_other_rules_or_torn_is_left_aside(tmp_path, make_trial, monkeypatch):
    ledger, other = tmp_path / "one", tmp_path / "other"
    fill(Ledger(ledger), make_trial, range(12))
    fill(Ledger(other), make_trial, range(6, 9))
    expected = Ledger(other).groups()
    Ledger(ledger).groups()
    foreign = ledger.joinpath(*FILE).read_bytes()
    for content in (foreign, foreign[: len(foreign) // 2], b"", b"text"):
        other.joinpath(*FILE).write_bytes(content)
        pd.testing.assert_frame_equal(Ledger(other).groups(), expected)
    monkeypatch.setattr(luck_groups, "RULES", {**luck_groups.RULES, "kin": 0.9})
    assert kept_groups.read_groups(ledger, luck_groups.RULES) is None


def test_keeping_does_not_look_like_a_new_trial(tmp_path, make_trial):
    ledger = Ledger(tmp_path)
    fill(ledger, make_trial, range(5))
    ledger.groups()
    before = tmp_path.stat().st_mtime_ns
    fill(ledger, make_trial, range(5))  # said again: nothing new
    ledger.groups()
    assert tmp_path.stat().st_mtime_ns == before
    assert len(ledger.trials()) == 5


def test_the_same_question_is_answered_from_memory_and_the_answer_is_the_callers_own(tmp_path, make_trial):
    ledger = Ledger(tmp_path)
    fill(ledger, make_trial, range(8))
    first = ledger.groups()
    expected = first.copy()
    first["cluster"] = -1
    pd.testing.assert_frame_equal(ledger.groups(), expected)
    some = ledger.trials().iloc[2:5]
    pd.testing.assert_series_equal(ledger.groups(some)["original"], expected["original"].iloc[2:5])


def test_where_nothing_may_be_written_the_answer_is_the_same(tmp_path, make_trial, monkeypatch, capsys):
    def refuse(path, write):
        raise PermissionError("read-only")

    ledger = Ledger(tmp_path)
    fill(ledger, make_trial, range(6))
    monkeypatch.setattr(kept_groups, "write_whole", refuse)
    assert ledger.groups()["cluster"].nunique() >= 2
    assert "could not be kept: read-only" in capsys.readouterr().out
