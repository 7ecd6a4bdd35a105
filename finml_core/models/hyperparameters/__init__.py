"""Labels, sentences and sliders of all models; loads no library of theirs."""

from finml_core.models.hyperparameters.describe import (
    HYPERPARAMETERS,
    ModelDescription,
    describe_models,
    with_values,
)
from finml_core.models.hyperparameters.slider import Hyperparameter

__all__ = ["HYPERPARAMETERS", "Hyperparameter", "ModelDescription", "describe_models", "with_values"]
