"""The list of trials beside the SQL that says the same, and what is remembered of it."""

import numpy as np
import pandas as pd
import pytest

from finml_core.runs import Ledger
from finml_core.runs.compaction import read_files
from finml_core.runs.ledger import BEST
from finml_core.runs.listing import SCALARS
from finml_core.runs.trial_row import STATES


@pytest.mark.parametrize("compacted", [False, True])
def test_the_list_is_that_of_the_query_for_any_words_on_any_trials(tmp_path, make_trial, compacted):
    generator = np.random.default_rng(3)
    ledger = Ledger(tmp_path)
    for number in range(40):
        trial = make_trial(f"t{generator.integers(12)}", sharpe=float(generator.normal()))
        ledger.record(trial, run_id=f"r{generator.integers(3)}", state=STATES[generator.integers(4)])
        if compacted and number % 9 == 0:
            ledger.compact()
    expected = read_files(tmp_path, BEST, SCALARS)
    assert len(expected) < 40
    pd.testing.assert_frame_equal(ledger.trials(), expected, check_dtype=False)
    assert ledger.trials()["trial_id"].is_unique


def test_the_list_is_read_again_only_when_files_came_or_went(tmp_path, make_trial, monkeypatch):
    from finml_core.runs import listing

    reads = []
    read_rows = listing.read_rows
    monkeypatch.setattr(listing, "read_rows", lambda *arguments: reads.append(1) or read_rows(*arguments))
    ledger, neighbour = Ledger(tmp_path), Ledger(tmp_path)
    ledger.record(make_trial("a"))
    first = ledger.trials()
    first["name"] = "mine"
    assert ledger.trials()["name"].tolist() == ["trial a"]  # what the caller does to his is no concern of others
    assert len(reads) == 1
    neighbour.record(make_trial("b"))
    assert ledger.trials()["trial_id"].tolist() == ["a", "b"]
    neighbour.compact()
    assert ledger.trials()["trial_id"].tolist() == ["a", "b"]
    assert ledger.luck(252.0).n_trials == 2
    assert len(reads) == 3


def test_a_file_that_cannot_be_read_counts_and_is_tried_again(tmp_path, make_trial):
    ledger = Ledger(tmp_path)
    ledger.record(make_trial("a"))
    ledger.record(make_trial("b"))
    whole = (tmp_path / "b-done.parquet").read_bytes()
    (tmp_path / "b-done.parquet").write_bytes(b"torn")
    assert sorted(ledger.trials()["name"]) == ["trial a", "unreadable"]
    (tmp_path / "b-done.parquet").write_bytes(whole)
    assert sorted(ledger.trials()["name"]) == ["trial a", "trial b"]


def test_an_empty_ledger_lists_nothing(tmp_path):
    assert Ledger(tmp_path / "none").trials().empty
    assert list(Ledger(tmp_path / "none").trials().columns) == list(SCALARS)
