"""What a page needs to know of each model before it exists: a label, a sentence, and one slider a setting."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from finml_core.checks import check_choice
from finml_core.models.configs import ModelConfig
from finml_core.models.hyperparameters.networks import NETWORK_SLIDERS
from finml_core.models.hyperparameters.slider import Hyperparameter
from finml_core.models.hyperparameters.tabular import TABULAR_SLIDERS
from finml_core.models.types import ModelType

TEXTS = {
    ModelType.NAIVE: ("Base rate", "baseline", "States the share of rises among the training rows, whatever the bar."),
    ModelType.ALWAYS_UP: ("Always up", "baseline", "States a rise in every bar, as who holds and never doubts."),
    ModelType.LOGISTIC: ("Logistic regression", "linear", "A weighted sum of standardised features, with L2 penalty."),
    ModelType.RIDGE: ("Ridge", "linear", "The same sum with a strong L2 penalty: all features, each a little."),
    ModelType.ELASTIC_NET: ("Elastic net", "linear", "The same sum with a penalty that drops idle features."),
    ModelType.RANDOM_FOREST: ("Random forest", "trees", "Independent trees on random rows and features, averaged."),
    ModelType.GRADIENT_BOOSTING: ("Gradient boosting", "trees", "Shallow boosted trees on histograms of features."),
    ModelType.LIGHTGBM: ("LightGBM", "trees", "Shallow boosted trees on random shares of rows and features."),
    ModelType.XGBOOST: ("XGBoost", "trees", "Boosted trees that grow level by level, with curvature in each leaf."),
    ModelType.LSTM: ("LSTM", "network", "A recurrent network with a memory cell over a window of bars."),
    ModelType.GRU: ("GRU", "network", "A recurrent network with two gates over a window of bars."),
    ModelType.TRANSFORMER: ("Transformer", "network", "Attention layers: the decision bar looks at all bars at once."),
    ModelType.HYBRID: ("LSTM-Transformer", "network", "LSTM states that attention layers weigh."),
    ModelType.CONV_LSTM: ("Convolutional LSTM", "network", "Reads the window week by week, bars beside each other."),
    ModelType.NEURAL_ODE: ("Neural ODE", "network", "A state that flows between bars by a learned equation."),
}
HYPERPARAMETERS: Mapping[ModelType, tuple[Hyperparameter, ...]] = {
    model_type: {**TABULAR_SLIDERS, **NETWORK_SLIDERS}[model_type] for model_type in TEXTS
}


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """A model as a page offers it."""

    model_type: ModelType
    label: str
    family: str  # baseline, linear, trees or network
    summary: str
    hyperparameters: tuple[Hyperparameter, ...]


def describe_models() -> tuple[ModelDescription, ...]:
    """Every model in the order of leaderboards; loads no library."""
    return tuple(
        ModelDescription(
            model_type=model_type,
            label=label,
            family=family,
            summary=summary,
            hyperparameters=HYPERPARAMETERS[model_type],
        )
        for model_type, (label, family, summary) in TEXTS.items()
    )


def with_values(config: ModelConfig, model_type: ModelType | str, values: Mapping[str, Any]) -> ModelConfig:
    """`config` with some settings of one model changed, by the names that its sliders have.

    Raises
    ------
    ConfigError
        For a name that this model does not have, or a value that its config refuses.
    """
    known = {parameter.name: parameter for parameter in HYPERPARAMETERS[ModelType(model_type)]}
    for name, value in values.items():
        check_choice(f"setting of {ModelType(model_type).value}", name, known)
        config = _replaced(config, known[name].path, value)
    return config


def _replaced(config: Any, path: tuple[str, ...], value: Any) -> Any:
    head, *rest = path
    return replace(config, **{head: _replaced(getattr(config, head), tuple(rest), value) if rest else value})
