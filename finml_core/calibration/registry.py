"""Calibrators by name; scikit-learn loads when one is made."""

from collections.abc import Callable, Mapping
from typing import Any

from finml_core.checks import check_choice


def _sigmoid(**settings: Any) -> Any:
    from finml_core.calibration.sigmoid import SigmoidCalibrator

    return SigmoidCalibrator(**settings)


def _isotonic(**settings: Any) -> Any:
    from finml_core.calibration.isotonic import IsotonicCalibrator

    return IsotonicCalibrator(**settings)


def _beta(**settings: Any) -> Any:
    from finml_core.calibration.beta import BetaCalibrator

    return BetaCalibrator(**settings)


CALIBRATORS: Mapping[str, Callable[..., Any]] = {"sigmoid": _sigmoid, "isotonic": _isotonic, "beta": _beta}


def make_calibrator(name: str, **settings: Any) -> Any:
    """A calibrator that is not fitted yet; an unknown name is answered with the list."""
    check_choice("calibrator", name, CALIBRATORS)
    return CALIBRATORS[name](**settings)
