"""The models that exist."""

from enum import StrEnum


class ModelType(StrEnum):
    """Families of models, in the order of leaderboards: what must be beaten comes first."""

    NAIVE = "naive"
    ALWAYS_UP = "always_up"
    LOGISTIC = "logistic"
    RIDGE = "ridge"
    ELASTIC_NET = "elastic_net"
    RANDOM_FOREST = "random_forest"
    GRADIENT_BOOSTING = "gradient_boosting"
    LIGHTGBM = "lightgbm"
    XGBOOST = "xgboost"
    LSTM = "lstm"
    GRU = "gru"
    TRANSFORMER = "transformer"
    HYBRID = "hybrid"
    CONV_LSTM = "conv_lstm"
    NEURAL_ODE = "neural_ode"

    @property
    def is_baseline(self) -> bool:
        """Whether the model looks at no feature: it is there to be beaten, and has no opinion."""
        return self in BASELINES

    @property
    def is_sequence(self) -> bool:
        """Whether the model reads windows of rows, and so takes `context` beside its rows."""
        return self in SEQUENCES

    @property
    def draws(self) -> bool:
        """Whether another seed makes another model."""
        return self in DRAWING or self.is_sequence


BASELINES = frozenset({ModelType.NAIVE, ModelType.ALWAYS_UP})
SEQUENCES = frozenset(
    {
        ModelType.LSTM,
        ModelType.GRU,
        ModelType.TRANSFORMER,
        ModelType.HYBRID,
        ModelType.CONV_LSTM,
        ModelType.NEURAL_ODE,
    }
)
DRAWING = frozenset({ModelType.RANDOM_FOREST, ModelType.GRADIENT_BOOSTING, ModelType.LIGHTGBM, ModelType.XGBOOST})
