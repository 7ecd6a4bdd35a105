"""Networks in scikit-learn's contract; importing this loads torch."""

from finml_core.models.sequence.base import SequenceModel
from finml_core.models.sequence.classifier import SequenceClassifier
from finml_core.models.sequence.regressor import SequenceRegressor

__all__ = ["SequenceClassifier", "SequenceModel", "SequenceRegressor"]
