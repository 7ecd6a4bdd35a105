"""Against the base rate and against luck: gaps from known losses, and a verdict that both must give."""

import numpy as np
import pandas as pd
import pytest

from finml_core.metrics import expected_calibration_error, log_loss
from finml_core.report.boards import BOTH, IS_REFERENCE, NEITHER, board_markdown, honest_board
from finml_core.report.skill import skill_over_base_rate

N_TIMES, N_SYMBOLS = 400, 3


def predictions_of(skill: float, seed: int = 0) -> pd.DataFrame:
    """`knowing` states the true probability, `skill` off one half; `naive`, once calibrated, states one half."""
    generator = np.random.default_rng(seed)
    ts = pd.bdate_range("2015-01-01", periods=N_TIMES).repeat(N_SYMBOLS)
    symbol = np.tile([f"S{number}" for number in range(N_SYMBOLS)], N_TIMES)
    truth = 0.5 + skill * generator.choice([-1.0, 1.0], len(ts))
    y = (generator.random(len(ts)) < truth).astype(float)
    rows = pd.DataFrame({"symbol": symbol, "ts": ts, "y_true": y})
    knowing = rows.assign(model="knowing", p_raw=0.5, p_cal=truth)
    naive = rows.assign(model="naive", p_raw=0.9, p_cal=0.5)
    always_up = rows.assign(model="always_up", p_raw=0.99, p_cal=0.55)
    return pd.concat([knowing, naive, always_up], ignore_index=True)


def test_scores_are_those_of_the_calibrated_answers_against_the_better_baseline():
    table = predictions_of(0.2)
    skill = skill_over_base_rate(table, horizon=1).set_index("model")
    knowing = table[table["model"] == "knowing"]
    assert skill.loc["knowing", "log_loss"] == pytest.approx(log_loss(knowing["y_true"], knowing["p_cal"]))
    assert skill.loc["knowing", "ece"] == pytest.approx(expected_calibration_error(knowing["y_true"], knowing["p_cal"]))
    assert skill.loc["naive", "log_loss"] == pytest.approx(np.log(2))
    assert skill["is_reference"].to_dict() == {"knowing": False, "naive": True, "always_up": False}
    assert np.isnan(skill.loc["naive", "gap"])
    assert skill.loc["always_up", "gap"] > 0
    assert skill.loc["knowing", "gap"] == pytest.approx(skill.loc["knowing", "log_loss"] - np.log(2))


def test_without_overlap_the_error_is_that_of_the_mean_over_times():
    table = predictions_of(0.2)
    knowing = table[table["model"] == "knowing"]
    y, p = knowing["y_true"], knowing["p_cal"]
    gap = (-(y * np.log(p) + (1 - y) * np.log(1 - p)) - np.log(2)).groupby(knowing["ts"]).mean()
    skill = skill_over_base_rate(table, horizon=1).set_index("model").loc["knowing"]
    assert skill["gap_error"] == pytest.approx(gap.std(ddof=1) / np.sqrt(len(gap)), rel=1e-9)


def test_symbols_that_move_together_are_one_observation():
    table = predictions_of(0.2)
    one = table[table["symbol"] == "S0"]
    copies = pd.concat([one.assign(symbol=name) for name in ("S0", "S1", "S2")], ignore_index=True)
    alone = skill_over_base_rate(one, horizon=5).set_index("model").loc["knowing"]
    together = skill_over_base_rate(copies, horizon=5).set_index("model").loc["knowing"]
    assert together["gap_p"] == pytest.approx(alone["gap_p"], rel=1e-9)
    assert together["gap_error"] == pytest.approx(alone["gap_error"], rel=1e-9)


def test_no_skill_is_seldom_called_skill():
    found = []
    for seed in range(20):
        table = predictions_of(0.0, seed)
        noise = 0.05 * np.random.default_rng(1000 + seed).uniform(-1, 1, len(table))
        first = skill_over_base_rate(table.assign(p_cal=0.5 + noise), horizon=1).iloc[0]
        found.append(first["gap"] < 0 and first["gap_p"] < 0.05)
    assert np.mean(found) <= 0.05


def test_rows_without_every_answer_are_left_out_for_all():
    table = predictions_of(0.2)
    is_early = table["ts"] < table["ts"].sort_values().iloc[300]
    table.loc[is_early & (table["model"] == "knowing"), "p_cal"] = np.nan
    skill = skill_over_base_rate(table, horizon=1).set_index("model")
    later = table[~is_early & (table["model"] == "knowing")]
    assert set(skill["n_rows"]) == {len(later)}


def test_without_a_base_rate_there_is_no_gap():
    table = predictions_of(0.2)
    skill = skill_over_base_rate(table[table["model"] == "knowing"], horizon=1)
    assert skill["gap"].isna().all()
    assert skill["log_loss"].notna().all()


@pytest.fixture
def parts():
    """A leaderboard of a good model, a lucky one, the base rate, a rule and the benchmark."""
    names = ["naive", "good", "lucky", "rule", "equal_holding"]
    board = pd.DataFrame(
        {
            "model": names,
            "kind": ["model", "model", "model", "strategy", "benchmark"],
            "n_seeds": [1, 3, 3, np.nan, np.nan],
            "auc_mean": [0.5, 0.6, 0.51, np.nan, np.nan],
            "auc_deviation": [0.0, 0.01, 0.02, np.nan, np.nan],
            "sharpe_annual": [0.2, 2.5, 1.5, -0.3, 0.9],
            "sharpe_error_annual": [0.5] * 5,
        }
    )
    skill = pd.DataFrame(
        {
            "model": names[:3],
            "n_rows": 1000,
            "log_loss": [0.69, 0.67, 0.691],
            "gap": [np.nan, -0.02, 0.001],
            "gap_error": [np.nan, 0.002, 0.002],
            "gap_p": [np.nan, 0.01, 0.6],
            "ece": [0.01, 0.01, 0.02],
            "is_reference": [True, False, False],
        }
    )
    luck = pd.DataFrame({"model": names, "dsr": [0.1, 0.99, 0.6, 0.0, 0.5], "n_trials": 4, "n_effective": 2})
    corrected = pd.DataFrame(
        {"model": names[:4], "p_corrected": [1.0, 0.001, 0.04, 1.0], "survives": [False, True, True, False]}
    )
    return board, skill, luck, corrected


def test_a_verdict_needs_every_correction(parts):
    table = honest_board(*parts).set_index("model")
    assert list(table.index) == ["good", "naive", "lucky", "rule", "equal_holding"]
    assert table.loc["good", "verdict"] == BOTH
    assert table.loc["good", "gap_corrected"] == pytest.approx(0.02)  # two models were tested
    assert table.loc["lucky", "verdict"] == NEITHER  # its p-value passes, its DSR does not
    assert table.loc["naive", "verdict"] == IS_REFERENCE
    assert table.loc["equal_holding", "verdict"] == ""
    assert np.isnan(table.loc["equal_holding", "dsr"])


def test_the_text_has_a_row_for_each_and_a_dash_for_what_does_not_apply(parts):
    lines = board_markdown(honest_board(*parts)).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert {len(row) for row in cells} == {11}
    assert cells[2] == [
        "good", "3", "0.600 ± 0.010", "0.6700", "−0.0200 ± 0.0020", "0.020", "0.010", "2.50 ± 0.50", "0.99", "0.001",
        "beats the base rate, survives luck",
    ]  # fmt: skip
    assert cells[-1] == ["equal holding", *["–"] * 6, "0.90 ± 0.50", "–", "–", "–"]
    assert cells[-2][7] == "−0.30 ± 0.50"


def test_what_rounds_to_nothing_has_no_sign(parts):
    board, skill, luck, corrected = parts
    skill.loc[1, "gap"] = -0.00001
    text = board_markdown(honest_board(board, skill, luck, corrected))
    assert "| 0.0000 ± 0.0020 |" in text
