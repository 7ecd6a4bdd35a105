"""Files of leaderboards: what they refuse, how symbols are chosen, and that the committed one is the one told of."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from finml_core.errors import ConfigError, DataError
from finml_core.experiments import ExperimentConfig
from finml_core.experiments.boards import (
    Board,
    Leaderboards,
    MostTraded,
    check_no_look_ahead,
    choose_symbols,
    file_fingerprint,
)
from finml_core.features import FeatureConfig
from finml_core.models import ModelType

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "examples" / "leaderboard.yaml"
MOMENTUM = FeatureConfig(families=("momentum",), momentum=(5, 60), roc_windows=(5, 60))  # looks back over 61 bars


@pytest.fixture
def board():
    return Board(most_traded=MostTraded(n_symbols=2, start="2015-01-01", end="2015-03-01"))


def test_the_committed_file_is_whole_and_fair():
    boards = Leaderboards.from_yaml(COMMITTED).boards
    bundled, shares = boards
    assert bundled.bars == "bundled"
    assert (shares.bars, shares.experiment.end) == ("sp500_daily.parquet", "2019-12-31")
    assert shares.most_traded == MostTraded(n_symbols=100, start="2013-01-01", end="2013-12-31")
    assert set(bundled.experiment.models) == set(ModelType)
    assert {model for model in ModelType if not model.is_sequence} < set(shares.experiment.models)
    for board in boards:
        assert sum(model.is_sequence for model in board.experiment.models) >= 3
        assert board.experiment.n_seeds >= 3
        assert board.experiment.split.kind == "walk_forward"
        assert board.experiment.backtest.fill == "next_open"


def test_the_results_are_those_of_the_committed_file():
    told = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    again = "run `python -m finml_core leaderboard` again and write down what came out"
    assert f"Experiment file: `{file_fingerprint(COMMITTED)}`." in told, again
    for board in Leaderboards.from_yaml(COMMITTED).boards:
        section = told.split(f"## {board.title}\n")[1].split("\n## ")[0]
        for model in board.experiment.models:
            assert f"| {model.value.replace('_', ' ')} |" in section, again


def test_a_fingerprint_changes_with_what_is_asked_for_and_with_nothing_else():
    text = COMMITTED.read_text(encoding="utf-8")
    told = file_fingerprint(COMMITTED)
    assert file_fingerprint(f"# another remark\n{text}") == told
    assert file_fingerprint("boards: [{bars: b, title: t}]") == file_fingerprint("boards: [{title: t, bars: b}]")
    assert file_fingerprint(text.replace("n_seeds: 3", "n_seeds: 4")) != told


def test_the_most_traded_are_chosen_by_mean_money(board, panel):
    before = panel[panel["ts"] <= "2015-03-01"]
    money = {name: (rows["close"] * rows["volume"]).sum() / len(rows) for name, rows in before.groupby("symbol")}
    expected = tuple(sorted(sorted(money, key=money.get)[-2:]))
    assert choose_symbols(board, before).symbols == expected
    assert choose_symbols(board, before.sample(frac=1.0, random_state=0)).symbols == expected


def test_without_a_choice_the_experiment_keeps_its_symbols():
    board = Board(experiment=ExperimentConfig(symbols=("A", "B")))
    assert choose_symbols(board, pd.DataFrame()) is board.experiment


def test_too_few_symbols_are_an_error(board, panel):
    wanted = replace(board, most_traded=replace(board.most_traded, n_symbols=4))
    with pytest.raises(DataError, match=r"has 3 symbols with a volume .* 4 are asked for"):
        choose_symbols(wanted, panel)


def test_a_choice_by_what_models_already_see_is_refused(board, panel):
    board = replace(board, experiment=replace(board.experiment, features=MOMENTUM))
    stamps = panel["ts"].drop_duplicates()
    first_row = stamps.iloc[60]
    day_before = stamps.iloc[59]
    chosen = replace(board.most_traded, end=f"{day_before:%Y-%m-%d}")
    check_no_look_ahead(replace(board, most_traded=chosen), panel["ts"])
    late = replace(board, most_traded=replace(chosen, end=f"{first_row:%Y-%m-%d}"))
    with pytest.raises(ConfigError, match=f"models see rows from {first_row:%Y-%m-%d} on"):
        check_no_look_ahead(late, panel["ts"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("boards: []", "boards is empty"),
        ("boards: [{title: ' '}]", "title is empty"),
        ("boards: [{bars: ../secret.parquet}]", "a file's name without its folder"),
        ("boards: [{bars: ''}]", "a file's name without its folder"),
        ("boards: [{}, {title: again}]", "name an experiment twice"),
        ("boards: [{most_traded: {start: 2013-01-01}}]", "end is '', but must be a day"),
        ("boards: [{most_traded: {start: 2013-13-01, end: 2014-01-01}}]", "2013-13-01"),
        ("boards: [{most_traded: {start: 2014-01-01, end: 2013-01-01}}]", "not before end"),
        ("boards: [{most_traded: {n_symbols: 0, start: 2012-01-01, end: 2013-01-01}}]", "n_symbols"),
        ("boards: [{experiment: {label: {horizon: 0}}}]", r"boards\[0\].experiment.label: horizon"),
        ("board: []", "unknown key 'board'"),
        ("[1, 2", "no YAML"),
    ],
)
def test_an_impossible_file_is_refused_by_name(text, words):
    with pytest.raises(ConfigError, match=words):
        Leaderboards.from_yaml(text)
