"""A leaderboard told honestly: each row against the base rate and against luck, with words for what is left."""

import numpy as np
import pandas as pd

from finml_core.checks import check_columns
from finml_core.metrics import MultipleHypothesisCorrection

DSR_BELIEVED = 0.95
BEATS, LUCKY, BOTH, NEITHER = "beats the base rate", "survives luck", "beats the base rate, survives luck", "neither"
IS_REFERENCE = "is the base rate"
HONEST = (
    "model", "kind", "n_seeds", "auc_mean", "auc_deviation", "log_loss", "gap", "gap_error", "gap_corrected", "ece",
    "sharpe_annual", "sharpe_error_annual", "dsr", "p_corrected", "verdict",
)  # fmt: skip


def honest_board(
    leaderboard: pd.DataFrame, skill: pd.DataFrame, luck: pd.DataFrame, corrected: pd.DataFrame, *, alpha: float = 0.05
) -> pd.DataFrame:
    """One row a model or strategy, best log loss first, then the rules: scores, what chance explains, and a verdict.

    Parameters
    ----------
    leaderboard : a run's table, `model, kind, n_seeds, auc_mean, auc_deviation, sharpe_annual, sharpe_error_annual`
    skill : from `skill_over_base_rate`
    luck : `model, dsr, n_trials, n_effective`
    corrected : `model, p_corrected, survives` of each row that is a trial, among all trials
    alpha : level at which a corrected p-value is believed

    Returns
    -------
    DataFrame
        model, kind, n_seeds, auc_mean, auc_deviation, log_loss, gap, gap_error, gap_corrected (Holm, over the models of
        the board), ece, sharpe_annual, sharpe_error_annual, dsr, p_corrected, verdict. The benchmark is nobody's
        choice: it has no DSR and no verdict. Luck is survived by a DSR of at least DSR_BELIEVED and a corrected p-value
        of the Sharpe ratio of at most `alpha`, both.
    """
    table = leaderboard.merge(skill, on="model", how="left")
    table = table.merge(luck[["model", "dsr"]], on="model", how="left").merge(corrected, on="model", how="left")
    table["gap_corrected"] = _holm(table["gap_p"], alpha)
    is_benchmark = table["kind"] == "benchmark"
    beats = (table["gap"] < 0) & (table["gap_corrected"] <= alpha)
    survives = table["survives"].eq(True) & (table["dsr"] >= DSR_BELIEVED) & ~is_benchmark
    table["verdict"] = np.select([beats & survives, beats, survives, is_benchmark], [BOTH, BEATS, LUCKY, ""], NEITHER)
    table.loc[table["is_reference"].eq(True) & ~survives, "verdict"] = IS_REFERENCE
    table.loc[is_benchmark, ["dsr", "p_corrected"]] = np.nan
    order = table.assign(is_rule=table["kind"] != "model").sort_values(["is_rule", "log_loss"], kind="stable").index
    return table.loc[order, list(HONEST)].reset_index(drop=True)


def board_markdown(board: pd.DataFrame) -> str:
    """The honest board as a Markdown table; what does not apply is a dash."""
    check_columns(board, HONEST, what="the board")
    head = [
        "model", "seeds", "AUC", "log loss", "against base rate", "p", "ECE", "Sharpe a year", "DSR", "p of Sharpe",
        "verdict",
    ]  # fmt: skip
    lines = [_line(head), _line(["---", *["---:"] * 9, "---"])]
    for row in board.itertuples(index=False):
        lines.append(
            _line(
                [
                    row.model.replace("_", " "),
                    "–" if pd.isna(row.n_seeds) else f"{row.n_seeds:.0f}",
                    _pair(row.auc_mean, row.auc_deviation, 3),
                    _number(row.log_loss, 4),
                    _pair(row.gap, row.gap_error, 4, "+"),
                    _p_value(row.gap_corrected),
                    _number(row.ece, 3),
                    _pair(row.sharpe_annual, row.sharpe_error_annual, 2),
                    _number(row.dsr, 2),
                    _p_value(row.p_corrected),
                    row.verdict or "–",
                ]
            )
        )
    return "\n".join(lines)


def _holm(p: pd.Series, alpha: float) -> pd.Series:
    known = p.dropna()
    if known.empty:
        return p
    corrected = MultipleHypothesisCorrection(method="holm", alpha=alpha).correct(known)["p_corrected"]
    return corrected.reindex(p.index)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float, digits: int, sign: str = "") -> str:
    if pd.isna(value):
        return "–"
    return f"{value:{sign}.{digits}f}".replace("-", "−") if round(value, digits) else f"{0:.{digits}f}"


def _pair(value: float, error: float, digits: int, sign: str = "") -> str:
    middle = _number(value, digits, sign)
    return middle if pd.isna(value) or pd.isna(error) else f"{middle} ± {error:.{digits}f}"


def _p_value(p: float) -> str:
    return "–" if pd.isna(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
