"""The trust panel: may this run be believed? Each line passed, doubtful or failed, with its reason."""

from typing import Any

import pandas as pd

PASSED, DOUBTFUL, FAILED = "passed", "doubtful", "failed"
ECE_PASSED, ECE_FAILED = 0.03, 0.08  # absolute gap between stated and observed
DSR_PASSED, DSR_FAILED = 0.95, 0.5
COVERAGE_PASSED, COVERAGE_FAILED = 0.03, 0.08  # distance of the covered share from the promised one


def trust_panel(
    audits: pd.DataFrame, row: pd.Series, dsr: float, n_trials: int, promised_coverage: float
) -> pd.DataFrame:
    """Four lines on one model: `subject, verdict, reason, page`.

    Parameters
    ----------
    audits : the run's own checks, `check, passed, reason`
    row : the model's line of the leaderboard
    dsr, n_trials : its deflated Sharpe ratio and the number of trials that it is deflated by
    promised_coverage : share of outcomes that intervals are to hold
    """
    lines = [_leaks(audits), _calibration(row), _luck(dsr, n_trials), _coverage(row, promised_coverage)]
    return pd.DataFrame(lines)


def _leaks(audits: pd.DataFrame) -> dict[str, Any]:
    broken = audits.loc[~audits["passed"]]
    verdict = PASSED if broken.empty else FAILED
    reason = f"{len(audits)} checks found no leak" if broken.empty else str(broken["reason"].iloc[0])
    return {"subject": "Leaks", "verdict": verdict, "reason": reason, "page": "validation"}


def _calibration(row: pd.Series) -> dict[str, Any]:
    ece = row["ece_cal"]
    if pd.isna(ece):
        reason = "no calibrated prediction has an outcome yet"
        return {"subject": "Calibration", "verdict": DOUBTFUL, "reason": reason, "page": "calibration"}
    verdict = _grade(ece, ECE_PASSED, ECE_FAILED)
    reason = f"stated probabilities are off by {ece:.3f} on average (ECE)"
    return {"subject": "Calibration", "verdict": verdict, "reason": reason, "page": "calibration"}


def _luck(dsr: float, n_trials: int) -> dict[str, Any]:
    trials = f"{n_trials} trial{'' if n_trials == 1 else 's'}"
    if pd.isna(dsr):
        reason = f"no deflated Sharpe ratio among {trials}"
        return {"subject": "Luck", "verdict": DOUBTFUL, "reason": reason, "page": "luck"}
    verdict = _grade(-dsr, -DSR_PASSED, -DSR_FAILED)
    words = {PASSED: "better than luck would give", DOUBTFUL: "luck is not excluded", FAILED: "not better than luck"}
    reason = f"{words[verdict]} (DSR {dsr:.2f}, {trials})"
    return {"subject": "Luck", "verdict": verdict, "reason": reason, "page": "luck"}


def _coverage(row: pd.Series, promised: float) -> dict[str, Any]:
    covered = row["coverage"]
    if pd.isna(covered):
        return {
            "subject": "Coverage",
            "verdict": DOUBTFUL,
            "reason": "no interval has an outcome yet",
            "page": "calibration",
        }
    verdict = _grade(abs(covered - promised), COVERAGE_PASSED, COVERAGE_FAILED)
    reason = f"{covered:.1%} of outcomes lie in their {promised:.0%} interval"
    return {"subject": "Coverage", "verdict": verdict, "reason": reason, "page": "calibration"}


def _grade(value: float, passed: float, failed: float) -> str:
    """Small is good: passed up to one bound, failed beyond the other."""
    if value <= passed:
        return PASSED
    return DOUBTFUL if value <= failed else FAILED
