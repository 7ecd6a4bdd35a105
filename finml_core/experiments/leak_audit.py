"""The leak audit of a whole pipeline: controls whose answer is known, the noise twin, one verdict with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from finml_core.experiments import leak_controls as controls
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.data import Dataset, compute_features
from finml_core.experiments.leak_controls import DOUBTFUL, FAILED, PASSED, Check, Predict
from finml_core.experiments.predict import Split
from finml_core.experiments.progress import Progress
from finml_core.experiments.trial import bars_fingerprint, fingerprint
from finml_core.experiments.version import CODE_VERSION
from finml_core.metrics import information_coefficient
from finml_core.splits import audit_features

if TYPE_CHECKING:
    from finml_core.experiments.run import ExperimentResult

NORMAL_95 = 1.645  # standard errors by which the real result must be ahead of its twins
N_CUTS = 5  # places at which the future is cut off
TWIN_COLUMNS = ("series", "model", "auc", "auc_error", "ic", "sharpe", "sharpe_error", "psr")


@dataclass(frozen=True, kw_only=True)
class LeakAudit:
    """What the audit found."""

    checks: pd.DataFrame  # check, verdict, value, reason
    twins: pd.DataFrame  # the real result and its twins: TWIN_COLUMNS, Sharpe ratios annual

    @property
    def verdict(self) -> str:
        """failed if any check failed, else doubtful if any is, else passed."""
        found = set(self.checks["verdict"])
        return next(verdict for verdict in (FAILED, DOUBTFUL, PASSED) if verdict in found)

    @property
    def reasons(self) -> list[str]:
        """Why it is not passed; for a passed one, what was tried."""
        wrong = self.checks.loc[self.checks["verdict"] == self.verdict, "reason"]
        return wrong.tolist()


def audit_pipeline(
    config: ExperimentConfig,
    data: Dataset,
    splits: Sequence[Split],
    *,
    predict: Predict | None = None,
    progress: Progress | None = None,
) -> list[Check]:
    """The controls that need no second run: truncation, fitting inside folds, oracle, no skill, shuffled labels.

    Parameters
    ----------
    config : ExperimentConfig
    data, splits : what the experiment learns from, and on which rows
    predict : callable, optional
        The pipeline under suspicion; by default the experiment's own fold loop with its probe model.
    progress : Progress, optional

    Returns
    -------
    list of dicts
        check, verdict ("passed" or "failed"), value, reason.
    """
    tell = progress or Progress()
    samples, seed = data.samples, config.audit.seed
    predict = predict or controls.make_predict(controls.probe_of(config.models), config.model)
    found = []
    steps = (
        ("cutting off the future of every feature", lambda: _features_know_no_future(config, data)),
        ("comparing features with the outcome", lambda: controls.no_feature_is_the_outcome(samples)),
        ("changing test rows", lambda: controls.held_out_rows_teach_nothing(predict, samples, splits)),
        ("giving the outcome away", lambda: controls.outcome_is_seen(predict, samples, splits, seed)),
        ("learning from noise", lambda: controls.noise_has_no_skill(predict, samples, splits, seed)),
        ("shuffling outcomes", lambda: controls.shuffled_labels_have_no_skill(predict, samples, splits, seed)),
    )
    for number, (words, step) in enumerate(steps):
        tell("controls", number / len(steps), words)
        found.append(step())
    return found


def judge_twins(real: "ExperimentResult", twins: Sequence["ExperimentResult"]) -> tuple[Check, pd.DataFrame]:
    """The verdict on the noise twins beside the real result, and the numbers of all.

    Failed if a twin shows skill, which nothing can have there; doubtful if the real result shows no more than that.
    """
    table = pd.concat(
        [_skill(real, "real"), *(_skill(twin, f"twin {number}") for number, twin in enumerate(twins, 1))],
        ignore_index=True,
    )
    champion = str(real.metrics["champion"])
    own = table.loc[table["model"] == champion].set_index("series")
    noise = own.drop(index="real")
    error = float(noise["auc_error"].mean() / np.sqrt(len(noise)))
    level = float(noise["auc"].mean())
    gap = float(own.loc["real", "auc"]) - level
    numbers = f"AUC {own.loc['real', 'auc']:.3f} on the real bars, {level:.3f} on its noise twin"
    if level - 0.5 > controls.ERRORS * error:
        verdict, reason = FAILED, f"{numbers}, where nothing can be known: the pipeline leaks"
    elif gap <= NORMAL_95 * np.hypot(float(own.loc["real", "auc_error"]), error):
        verdict, reason = DOUBTFUL, f"{numbers}: no more than noise would show"
    else:
        verdict, reason = PASSED, numbers
    return {"check": "noise_twin", "verdict": verdict, "value": gap, "reason": f"{reason} ({champion})"}, table


def with_audit(result: "ExperimentResult", audit: LeakAudit, config: ExperimentConfig, data: Dataset) -> Any:
    """The experiment's result with the audit in its tables, its headline and a certificate of its own."""
    rows = audit.checks.assign(passed=audit.checks["verdict"] != FAILED)
    earlier = result.tables["audits"]
    earlier = earlier.loc[~earlier["check"].isin(rows["check"])]
    audits = pd.concat([earlier, rows[["check", "passed", "value", "reason"]]], ignore_index=True)
    verdict = FAILED if not audits["passed"].all() else audit.verdict
    certificate = {
        "verdict": verdict,
        "reasons": audit.reasons if verdict == audit.verdict else audits.loc[~audits["passed"], "reason"].tolist(),
        "code_version": CODE_VERSION,
        "bars": bars_fingerprint(data.bars),
        "configuration": fingerprint(config.to_plain()),
        "checks": audits.to_dict("records"),
        "noise_twin": audit.twins.to_dict("records"),
    }
    return replace(
        result,
        config=config,
        tables={**result.tables, "audits": audits, "leak_audit": audit.checks, "noise_twin": audit.twins},
        metrics={**result.metrics, "audit_passed": verdict != FAILED, "leak_audit": verdict},
        documents={**result.documents, "certificate": certificate},
    )


def _features_know_no_future(config: ExperimentConfig, data: Dataset) -> Check:
    table = audit_features(lambda bars: compute_features(config, bars), data.bars, n_cuts=N_CUTS)
    offenders = table.loc[~table["passed"], "feature"].tolist()
    return {
        "check": "features",
        "verdict": FAILED if offenders else PASSED,
        "value": float(len(offenders)),
        "reason": f"changed when the future is cut off: {', '.join(offenders[:5])}"
        if offenders
        else f"{len(table)} features are unchanged when the future is cut off at {N_CUTS} places",
    }


def _skill(result: "ExperimentResult", series: str) -> pd.DataFrame:
    """What each model seems to know: within folds, of returns, and after costs."""
    board = result.tables["leaderboard"].set_index("model")
    known = result.predictions.dropna(subset=["y_true", "p_raw"])
    rows = []
    for model, part in known.groupby("model", sort=False):
        line = board.loc[model]
        rows.append(
            {
                "series": series,
                "model": model,
                "auc": float(line["auc_mean"]),
                "auc_error": controls.auc_error(_n_independent(result, part["ts"])),
                "ic": information_coefficient(part["p_raw"], part["label_return"]),
                "sharpe": float(line["sharpe_annual"]),
                "sharpe_error": float(line["sharpe_error_annual"]),
                "psr": float(line["psr"]),
            }
        )
    return pd.DataFrame(rows, columns=list(TWIN_COLUMNS))


def _n_independent(result: "ExperimentResult", ts: pd.Series) -> float:
    """Timestamps asked about that do not overlap: one in `horizon`, or as many as fit between where they are sparse."""
    n_asked, horizon = ts.nunique(), result.config.label.horizon
    if not result.config.is_sparse:
        return n_asked / horizon
    bars = result.tables["regimes"]["ts"]
    return min(n_asked, bars[bars.between(ts.min(), ts.max())].nunique() / horizon)
