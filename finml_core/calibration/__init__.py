"""From what a model states to what comes true: probabilities and intervals, learned from earlier predictions only."""

from finml_core.calibration.beta import BetaCalibrator, beta_map, fit_beta
from finml_core.calibration.blocks import Block, find_blocks
from finml_core.calibration.conformal import SplitConformal, conformal_quantile, cross_fit_intervals
from finml_core.calibration.cross_fit import cross_fit_calibrate
from finml_core.calibration.isotonic import IsotonicCalibrator
from finml_core.calibration.registry import CALIBRATORS, make_calibrator
from finml_core.calibration.sigmoid import SigmoidCalibrator, fit_sigmoid

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
