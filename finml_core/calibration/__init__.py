"""From what a model states to what comes true: probabilities and intervals, learned from earlier predictions only."""

from finml_core.calibration.blocks import Block, find_blocks
from finml_core.calibration.registry import CALIBRATORS, make_calibrator
from finml_core.lazy import lazy_exports

LAZY = {
    "BetaCalibrator": "finml_core.calibration.beta",
    "IsotonicCalibrator": "finml_core.calibration.isotonic",
    "SigmoidCalibrator": "finml_core.calibration.sigmoid",
    "SplitConformal": "finml_core.calibration.conformal",
    "beta_map": "finml_core.calibration.beta",
    "conformal_quantile": "finml_core.calibration.conformal",
    "cross_fit_calibrate": "finml_core.calibration.cross_fit",
    "cross_fit_intervals": "finml_core.calibration.conformal",
    "fit_beta": "finml_core.calibration.beta",
    "fit_sigmoid": "finml_core.calibration.sigmoid",
}

__all__ = [
    "BetaCalibrator",
    "Block",
    "CALIBRATORS",
    "IsotonicCalibrator",
    "SigmoidCalibrator",
    "SplitConformal",
    "beta_map",
    "conformal_quantile",
    "cross_fit_calibrate",
    "cross_fit_intervals",
    "find_blocks",
    "fit_beta",
    "fit_sigmoid",
    "make_calibrator",
]

__getattr__ = lazy_exports(__name__, LAZY)
