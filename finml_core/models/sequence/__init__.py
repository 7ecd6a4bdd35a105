"""Networks in scikit-learn's contract; importing this loads torch."""

from finml_core.models.sequence.apart import trainings_at_once
from finml_core.models.sequence.base import SequenceModel
from finml_core.models.sequence.classifier import SequenceClassifier
from finml_core.models.sequence.folds import Fold, fit_folds, is_faster_together
from finml_core.models.sequence.regressor import SequenceRegressor

__all__ = [
    "Fold",
    "SequenceClassifier",
    "SequenceModel",
    "SequenceRegressor",
    "fit_folds",
    "is_faster_together",
    "trainings_at_once",
]
