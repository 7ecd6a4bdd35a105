"""From a name and settings to an estimator."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from finml_core.checks import check_choice
from finml_core.models.configs import ModelConfig
from finml_core.models.types import ModelType

TASKS = ("classification",)
Progress = Callable[[dict[str, Any]], None]
ShouldStop = Callable[[], bool]


class ModelFactory:
    """Makes estimators that are not fitted yet."""

    @staticmethod
    def create_model(
        model_type: ModelType | str,
        config: ModelConfig | None = None,
        task: str = "classification",
        *,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Any:
        """An estimator in scikit-learn's contract: `fit(X, y, sample_weight=None)`, `predict_proba(X)`, `classes_`.

        Parameters
        ----------
        model_type : ModelType or its text
        config : ModelConfig, optional
            Settings of all families; the model reads its own.
        task : str
            "classification": two outcomes.
        progress, should_stop : callables, optional
            For networks: told of each epoch; asked before each batch.

        Returns
        -------
        estimator
            Tabular ones scale inside `fit`. Those whose `model_type.is_sequence` also take `label_end` and `context`
            in `fit`, and `context` in `predict_proba`.

        Raises
        ------
        ConfigError
            For an unknown model or task; the text lists those that exist.
        """
        check_choice("model_type", model_type, [member.value for member in ModelType])
        check_choice("task", task, TASKS)
        model_type = ModelType(model_type)
        config = config or ModelConfig()
        if model_type.is_sequence:
            return _make_sequence(model_type, config, progress, should_stop)
        return BUILDERS[model_type](config)


def _make_naive(config: ModelConfig) -> Any:
    from finml_core.models.naive import NaiveClassifier

    return NaiveClassifier()


def _make_logistic(config: ModelConfig) -> Any:
    from finml_core.models.linear import LogisticClassifier

    return LogisticClassifier(**asdict(config.logistic))


def _make_lightgbm(config: ModelConfig) -> Any:
    from finml_core.models.boosting import LightGBMClassifier

    return LightGBMClassifier(**asdict(config.lightgbm), seed=config.seed)


def _make_sequence(
    model_type: ModelType, config: ModelConfig, progress: Progress | None, should_stop: ShouldStop | None
) -> Any:
    from finml_core.models.sequence import SequenceClassifier

    return SequenceClassifier(
        network=getattr(config, model_type.value),
        train=replace(config.train, seed=config.seed),
        sequence_length=config.sequence_length,
        progress=progress,
        should_stop=should_stop,
    )


BUILDERS: Mapping[ModelType, Callable[[ModelConfig], Any]] = {
    ModelType.NAIVE: _make_naive,
    ModelType.LOGISTIC: _make_logistic,
    ModelType.LIGHTGBM: _make_lightgbm,
}
