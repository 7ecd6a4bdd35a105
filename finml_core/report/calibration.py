"""Tables of the page Calibration: do the stated probabilities come true?"""

import numpy as np
import pandas as pd

from finml_core.errors import DataError
from finml_core.metrics import (
    brier_score,
    calibration_slope_intercept,
    expected_calibration_error,
    log_loss,
    maximum_calibration_error,
    reliability_curve,
)
from finml_core.typing import FloatArray

SERIES = {"raw": "p_raw", "calibrated": "p_cal"}
MEASURES = ("ECE", "MCE", "Brier", "Log loss", "Slope", "Intercept")
N_RESAMPLES = 200


def scored_rows(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """The rows of one model that have an outcome and both probabilities: before and after are compared on the same.

    Raises
    ------
    DataError
        If there are none.
    """
    rows = predictions.loc[predictions["model"] == model].dropna(subset=["y_true", "p_raw", "p_cal"])
    if rows.empty:
        raise DataError(
            f"{model} has no calibrated prediction with a known outcome; use more history or a smaller "
            "calibration.min_samples."
        )
    return rows


def reliability(rows: pd.DataFrame, n_bins: int) -> pd.DataFrame:
    """Reliability curves before and after, below each other, told apart by `series`."""
    curves = {
        series: reliability_curve(rows["y_true"].to_numpy(), rows[column].to_numpy(), n_bins=n_bins)
        for series, column in SERIES.items()
    }
    return pd.concat(curves, names=["series"]).reset_index("series").reset_index(drop=True)


def measures(rows: pd.DataFrame, n_bins: int, seed: int = 0) -> pd.DataFrame:
    """Every measure before and after: `measure, series, value, lower, upper` (90 % interval).

    Intervals resample whole blocks of timestamps, so that overlapping labels and simultaneous symbols stay together.
    """
    blocks = _timestamp_blocks(rows)
    generator = np.random.default_rng(seed)
    drawn = [
        np.concatenate([blocks[block] for block in generator.integers(0, len(blocks), len(blocks))])
        for _ in range(N_RESAMPLES)
    ]
    y = rows["y_true"].to_numpy()
    table = []
    for series, column in SERIES.items():
        p = rows[column].to_numpy()
        values = _measure(y, p, n_bins)
        resampled = np.array([_measure(y[pick], p[pick], n_bins) for pick in drawn if np.ptp(y[pick]) > 0])
        low, high = np.nanquantile(resampled, [0.05, 0.95], axis=0)
        for measure, value, lower, upper in zip(MEASURES, values, low, high, strict=True):
            table.append({"measure": measure, "series": series, "value": value, "lower": lower, "upper": upper})
    return pd.DataFrame(table)


def by_group(rows: pd.DataFrame, group: pd.Series, n_bins: int) -> pd.DataFrame:
    """ECE and Brier score before and after within each group of rows: `group, n, ece_raw, ece_calibrated, ...`."""
    table = []
    for name, part in rows.groupby(group, sort=True):
        y = part["y_true"].to_numpy()
        row = {"group": str(name), "n": len(part), "base_rate": float(y.mean())}
        for series, column in SERIES.items():
            p = part[column].to_numpy()
            row[f"ece_{series}"] = expected_calibration_error(y, p, n_bins=n_bins)
            row[f"brier_{series}"] = brier_score(y, p)
        table.append(row)
    return pd.DataFrame(table)


def over_time(rows: pd.DataFrame, n_bins: int) -> pd.DataFrame:
    """ECE before and after in each half-year: `ts, series, ece`."""
    half = rows["ts"].dt.to_period("M").dt.year.astype(str) + np.where(rows["ts"].dt.month <= 6, "-01-01", "-07-01")
    table = by_group(rows, half.rename("half"), n_bins)
    tidy = table.melt("group", ["ece_raw", "ece_calibrated"], var_name="series", value_name="ece")
    tidy["series"] = tidy["series"].str.removeprefix("ece_")
    return tidy.assign(ts=pd.to_datetime(tidy["group"]))[["ts", "series", "ece"]]


def coverage_over_time(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of outcomes inside their interval in each year: `year, coverage, n`."""
    known = rows.dropna(subset=["lower", "upper", "label_return"])
    inside = known["label_return"].between(known["lower"], known["upper"])
    table = inside.groupby(known["ts"].dt.year).agg(coverage="mean", n="size")
    return table.rename_axis("year").reset_index()


def _measure(y: FloatArray, p: FloatArray, n_bins: int) -> tuple[float, ...]:
    slope, intercept = calibration_slope_intercept(y, p)
    return (
        expected_calibration_error(y, p, n_bins=n_bins),
        maximum_calibration_error(y, p, n_bins=n_bins),
        brier_score(y, p),
        log_loss(y, p),
        slope,
        intercept,
    )


def _timestamp_blocks(rows: pd.DataFrame, length: int = 20) -> list[np.ndarray]:
    """Row positions by runs of `length` timestamps."""
    order = pd.factorize(rows["ts"], sort=True)[0] // length
    return [np.flatnonzero(order == block) for block in range(order.max() + 1)]
