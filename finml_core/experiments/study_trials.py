"""What a study shows, as trials: each setting with the returns that its forecasts would have earned."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from finml_core.errors import DataError
from finml_core.experiments.config import ExperimentConfig, SplitConfig
from finml_core.experiments.run import calibrate
from finml_core.experiments.score import strategy_kind
from finml_core.experiments.trial import Trial, bars_fingerprint
from finml_core.experiments.trials import trial_identity
from finml_core.experiments.what_if import rebacktest
from finml_core.schemas import bars_per_year

if TYPE_CHECKING:
    from finml_core.experiments.study import StudyConfig


def learning_trial(config: "StudyConfig", bars: pd.DataFrame, predictions: pd.DataFrame, share: float) -> Trial:
    """The model on a share of the longest window, tested on the blocks of the learning curve."""
    learning = config.learning
    detail = {"learning": {"share": share, "n_tests": learning.n_tests, "first_test": learning.first_test}}
    blocks = replace(
        config.experiment, split=SplitConfig()
    )  # the folds are blocks of their own, whatever the run's are
    return _trial(config, bars, predictions, f"{config.model.value} on {share:.0%} of history", detail, blocks)


def ablation_trial(config: "StudyConfig", bars: pd.DataFrame, predictions: pd.DataFrame, group: str) -> Trial:
    """The model of the run with a group of features left out."""
    what = "family" if config.kind == "families" else "feature"
    return _trial(config, bars, predictions, f"{config.model.value} without {group}", {"without": {what: group}})


def _trial(
    config: "StudyConfig",
    bars: pd.DataFrame,
    predictions: pd.DataFrame,
    name: str,
    detail: dict[str, Any],
    judged_as: ExperimentConfig | None = None,
) -> Trial:
    """Calibrated, sized and backtested as the run does it; without returns where nothing can be calibrated."""
    experiment, model = config.experiment, config.model.value
    judged = judged_as or experiment
    try:
        result, _ = rebacktest(judged, bars, calibrate(judged, predictions), model)
        returns = result.bars["net_return"]
    except DataError:  # too few outcomes before the last test to calibrate by: the score was shown all the same
        returns = None
    return Trial(
        name=name,
        kind=strategy_kind(model),
        identity={**trial_identity(experiment, bars_fingerprint(bars), model), **detail},
        returns=returns,
        periods_per_year=bars_per_year(bars["ts"]),
    )
