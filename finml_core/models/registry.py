"""From a name and settings to an estimator."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from finml_core.checks import check_choice
from finml_core.models.configs import ModelConfig
from finml_core.models.types import ModelType

TASKS = ("classification", "regression")
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
        """An estimator in scikit-learn's contract: `fit(X, y, sample_weight=None)`, `predict`, `predict_proba`.

        Parameters
        ----------
        model_type : ModelType or its text
        config : ModelConfig, optional
            Settings of all families; the model reads its own.
        task : str
            "classification": two outcomes, `predict_proba`; "regression": a number, such as the return that follows.
            Logistic regression, asked for a number, is least squares with the same penalty.
        progress, should_stop : callables, optional
            For networks: told of each epoch; asked before each batch.

        Returns
        -------
        estimator
            Tabular ones scale inside `fit`. Those whose `model_type.is_sequence` also take `label_end` and `context`
            in `fit`, and `context` in `predict` and `predict_proba`.

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
            return _make_sequence(model_type, config, task, progress, should_stop)
        return BUILDERS[model_type](config, task)

    @staticmethod
    def create_ensemble(
        model_types: Sequence[ModelType | str],
        config: ModelConfig | None = None,
        *,
        n_splits: int = 5,
        embargo_pct: float = 0.01,
    ) -> Any:
        """A StackedEnsemble of classifiers by their names, not fitted yet.

        Raises
        ------
        ConfigError
            For an unknown model.
        """
        from finml_core.models.ensembles import StackedEnsemble

        members = {str(ModelType(name)): ModelFactory.create_model(name, config) for name in _known(model_types)}
        return StackedEnsemble(members, n_splits=n_splits, embargo_pct=embargo_pct)


def _known(model_types: Sequence[ModelType | str]) -> list[str]:
    for model_type in model_types:
        check_choice("model_type", model_type, [member.value for member in ModelType])
    return [str(model_type) for model_type in model_types]


def _make_naive(config: ModelConfig, task: str) -> Any:
    from finml_core.models import naive

    return naive.NaiveClassifier() if task == "classification" else naive.NaiveRegressor()


def _make_always_up(config: ModelConfig, task: str) -> Any:
    from finml_core.models import naive

    if task == "regression":
        return naive.AlwaysUpRegressor()
    return naive.AlwaysUpClassifier(confidence=config.always_up.confidence)


def _make_logistic(config: ModelConfig, task: str) -> Any:
    from finml_core.models import linear

    if task == "regression":  # the same penalty on squared errors
        return linear.RidgeRegressor(alpha=1 / config.logistic.C)
    return linear.LogisticClassifier(**asdict(config.logistic))


def _make_ridge(config: ModelConfig, task: str) -> Any:
    from finml_core.models import linear

    if task == "regression":
        return linear.RidgeRegressor(alpha=config.ridge.alpha)
    return linear.LogisticClassifier(C=1 / config.ridge.alpha, balanced=config.ridge.balanced)


def _make_elastic_net(config: ModelConfig, task: str) -> Any:
    from finml_core.models import linear

    settings = asdict(config.elastic_net)
    if task == "classification":
        return linear.ElasticNetClassifier(**settings)
    del settings["balanced"]
    return linear.ElasticNetRegressor(**settings)


def _make_trees(name: str, settings: str) -> Callable[[ModelConfig, str], Any]:
    def make(config: ModelConfig, task: str) -> Any:
        from finml_core.models import trees

        kind = getattr(trees, f"{name}{'Classifier' if task == 'classification' else 'Regressor'}")
        return kind(**asdict(getattr(config, settings)), seed=config.seed)

    return make


def _make_sequence(
    model_type: ModelType, config: ModelConfig, task: str, progress: Progress | None, should_stop: ShouldStop | None
) -> Any:
    from finml_core.models import sequence

    kind = sequence.SequenceClassifier if task == "classification" else sequence.SequenceRegressor
    return kind(
        network=getattr(config, model_type.value),
        train=replace(config.train, seed=config.seed),
        sequence_length=config.sequence_length,
        longest_gap=config.longest_gap,
        progress=progress,
        should_stop=should_stop,
    )


BUILDERS: Mapping[ModelType, Callable[[ModelConfig, str], Any]] = {
    ModelType.NAIVE: _make_naive,
    ModelType.ALWAYS_UP: _make_always_up,
    ModelType.LOGISTIC: _make_logistic,
    ModelType.RIDGE: _make_ridge,
    ModelType.ELASTIC_NET: _make_elastic_net,
    ModelType.RANDOM_FOREST: _make_trees("RandomForest", "random_forest"),
    ModelType.GRADIENT_BOOSTING: _make_trees("GradientBoosting", "gradient_boosting"),
    ModelType.LIGHTGBM: _make_trees("LightGBM", "lightgbm"),
    ModelType.XGBOOST: _make_trees("XGBoost", "xgboost"),
}
