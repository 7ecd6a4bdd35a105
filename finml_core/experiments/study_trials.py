"""What a study or an ablation shows, as trials: each setting with the returns that its forecasts would have earned."""

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
from finml_core.models import ModelType
from finml_core.schemas import bars_per_year

if TYPE_CHECKING:
    from finml_core.experiments.study import StudyConfig


def learning_trial(config: "StudyConfig", bars: pd.DataFrame, predictions: pd.DataFrame, share: float) -> Trial:
    """The model on a share of the longest window, tested on the blocks of the learning curve."""
    learning, experiment = config.learning, config.experiment
    detail = {"learning": {"share": share, "n_tests": learning.n_tests, "first_test": learning.first_test}}
    blocks = replace(experiment, split=SplitConfig())  # the folds are blocks of their own, whatever the run's are
    name = f"{config.model.value} on {share:.0%} of history"
    return _trial(experiment, config.model, bars, predictions, name, detail, judged_as=blocks)


def ablation_trial(
    experiment: ExperimentConfig, model: ModelType, bars: pd.DataFrame, predictions: pd.DataFrame, by: str, group: str
) -> Trial:
    """The model of the run with a group of features left out; `by` says what the group is, a `family` or `feature`."""
    name = f"{model.value} without {group}"
    return _trial(experiment, model, bars, predictions, name, {"without": {by: group}}, judged_as=experiment)


def _trial(
    experiment: ExperimentConfig,
    model: ModelType,
    bars: pd.DataFrame,
    predictions: pd.DataFrame,
    name: str,
    detail: dict[str, Any],
    *,
    judged_as: ExperimentConfig,
) -> Trial:
    """Calibrated, sized and backtested as the run does it; without returns where nothing can be calibrated."""
    try:
        result, _ = rebacktest(judged_as, bars, calibrate(judged_as, predictions), model.value)
        returns = result.bars["net_return"]
    except DataError:  # too few outcomes before the last test to calibrate by: the score was shown all the same
        returns = None
    return Trial(
        name=name,
        kind=strategy_kind(model.value),
        identity={**trial_identity(experiment, bars_fingerprint(bars), model.value), **detail},
        returns=returns,
        periods_per_year=bars_per_year(bars["ts"]),
    )
