"""Calibrators by name."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator

from finml_core.calibration.beta import BetaCalibrator
from finml_core.calibration.isotonic import IsotonicCalibrator
from finml_core.calibration.sigmoid import SigmoidCalibrator
from finml_core.checks import check_choice

CALIBRATORS: Mapping[str, type[BaseEstimator]] = {
    "sigmoid": SigmoidCalibrator,
    "isotonic": IsotonicCalibrator,
    "beta": BetaCalibrator,
}


def make_calibrator(name: str, **settings: Any) -> BaseEstimator:
    """A calibrator that is not fitted yet; an unknown name is answered with the list."""
    check_choice("calibrator", name, CALIBRATORS)
    return CALIBRATORS[name](**settings)
