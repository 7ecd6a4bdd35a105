"""Models made of models."""

from finml_core.models.ensembles.horizons import MultiHorizonForecaster
from finml_core.models.ensembles.seeds import SeedEnsemble
from finml_core.models.ensembles.stacked import StackedEnsemble

__all__ = ["MultiHorizonForecaster", "SeedEnsemble", "StackedEnsemble"]
