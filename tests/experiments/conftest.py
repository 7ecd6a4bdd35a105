"""Small worlds for whole runs."""

import pandas as pd
import pytest

from finml_core.bars import SyntheticConfig, simulate_bars
from finml_core.experiments import CalibrationConfig, ExperimentConfig, SplitConfig
from finml_core.features import FeatureConfig
from finml_core.models import ModelType

SMALL_FEATURES = FeatureConfig(
    families=("price", "momentum", "volatility"),
    roc_windows=(5, 10, 20),
    momentum=(5, 60),
    volatility_windows=(5, 20),
    range_windows=(20,),
)


@pytest.fixture(scope="session")
def market() -> pd.DataFrame:
    """Four symbols x 1,000 bars with a signal so strong that every fold finds it, and positions follow it."""
    return simulate_bars(SyntheticConfig(n_symbols=4, n_bars=1000, seed=6, signal_strength=0.6)).bars


@pytest.fixture(scope="session")
def small() -> ExperimentConfig:
    """A configuration that runs in seconds: naive and logistic, walk-forward."""
    return ExperimentConfig(
        name="small",
        symbols=("SYN00", "SYN01", "SYN02", "SYN03"),
        features=SMALL_FEATURES,
        split=SplitConfig(kind="walk_forward", train_size=300, test_size=150, step_size=150),
        models=(ModelType.NAIVE, ModelType.LOGISTIC),
        calibration=CalibrationConfig(min_samples=100),
    )
