"""The models that exist."""

from enum import StrEnum


class ModelType(StrEnum):
    """Families of models, in the order of leaderboards: what must be beaten comes first."""

    NAIVE = "naive"
    LOGISTIC = "logistic"
    LIGHTGBM = "lightgbm"
    LSTM = "lstm"
    GRU = "gru"

    @property
    def is_sequence(self) -> bool:
        """Whether the model reads windows of rows, and so takes `context` beside its rows."""
        return self in (ModelType.LSTM, ModelType.GRU)
