"""Tables of the page Calibration: do the stated probabilities come true?"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import expit

from finml_core.errors import DataError
from finml_core.metrics import (
    brier_score,
    calibration_slope_intercept,
    expected_calibration_error,
    log_loss,
    maximum_calibration_error,
    reliability_curve,
    wilson_interval,
)
from finml_core.numerics import SMALLEST, binary_entropy, divide, logit
from finml_core.typing import FloatArray, IntArray

Strategy = Literal["width", "mass"]  # bins of equal width, or of equal counts

SERIES = {"raw": "p_raw", "calibrated": "p_cal"}
MEASURES = ("ECE", "MCE", "Brier", "Log loss", "Slope", "Intercept")
N_RESAMPLES = 200
BLOCK = 20  # timestamps that are resampled together
MIN_BLOCKS = 5  # fewer have no interval


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


def reliability(rows: pd.DataFrame, n_bins: int, strategy: Strategy = "width") -> pd.DataFrame:
    """Reliability curves before and after, below each other, told apart by `series`; bands are 90 %."""
    curves = {
        series: reliability_curve(
            rows["y_true"].to_numpy(), rows[column].to_numpy(), n_bins=n_bins, strategy=strategy, confidence=0.9
        )
        for series, column in SERIES.items()
    }
    return pd.concat(curves, names=["series"]).reset_index("series").reset_index(drop=True)


def measures(rows: pd.DataFrame, n_bins: int, strategy: Strategy = "width", seed: int = 0) -> pd.DataFrame:
    """Every measure before and after: `measure, series, value, lower, upper` (90 % interval).

    Intervals resample whole blocks of timestamps, so that overlapping labels and simultaneous symbols stay together.
    """
    table = pd.concat([binned_measures(rows, n_bins, strategy, seed), scores(rows, seed)], ignore_index=True)
    return ordered(table)


def ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of `measures` in the order in which they are read."""
    rank = table["measure"].map({measure: position for position, measure in enumerate(MEASURES)})
    table = table.assign(rank=rank).sort_values(["series", "rank"], ascending=[False, True], ignore_index=True)
    return table.drop(columns="rank")


def binned_measures(rows: pd.DataFrame, n_bins: int, strategy: Strategy = "width", seed: int = 0) -> pd.DataFrame:
    """ECE and MCE, in the form of `measures`; resamples keep the bins of the whole."""
    blocks, draws = _blocks(rows), _draws(rows, seed)
    y = rows["y_true"].to_numpy()
    table = []
    for series, column in SERIES.items():
        p = rows[column].to_numpy()
        edges = np.linspace(0, 1, n_bins + 1)[1:-1]
        cell = np.searchsorted(np.quantile(p, edges) if strategy == "mass" else edges, p) + n_bins * blocks
        count, stated, observed = (
            draws @ np.bincount(cell, weight, minlength=n_bins * draws.shape[1]).reshape(-1, n_bins)
            for weight in (np.ones(len(p)), p, y)
        )
        gap = np.abs(stated - observed)  # of each bin, times its count
        resampled = {"ECE": gap.sum(axis=1) / count.sum(axis=1), "MCE": divide(gap, count, empty=0.0).max(axis=1)}
        values = {
            "ECE": expected_calibration_error(y, p, n_bins, strategy),
            "MCE": maximum_calibration_error(y, p, n_bins, strategy),
        }
        table += [_interval(measure, series, values[measure], resampled[measure]) for measure in values]
    return pd.DataFrame(table)


def scores(rows: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The measures that need no bins, in the form of `measures`: Brier score, log loss, slope and intercept.

    Slope and intercept are missing where the probability does not vary.
    """
    blocks, draws = _blocks(rows), _draws(rows, seed)
    y = rows["y_true"].to_numpy()
    table = []
    for series, column in SERIES.items():
        p = rows[column].to_numpy()
        slope, intercept = calibration_slope_intercept(y, p)
        slopes, intercepts = _refitted(draws, blocks, y, logit(p), slope, intercept)
        table += [
            _interval("Brier", series, brier_score(y, p), _mean_by_draw(draws, blocks, (p - y) ** 2)),
            _interval("Log loss", series, log_loss(y, p), _mean_by_draw(draws, blocks, _log_losses(y, p))),
            _interval("Slope", series, slope, slopes),
            _interval("Intercept", series, intercept, intercepts),
        ]
    return pd.DataFrame(table)


@dataclass(frozen=True, kw_only=True)
class Skill:
    """What a model's calibrated probabilities know beyond the base rate; shares of the base rate's log loss."""

    base_rate: float
    value: float  # 0: nothing, 1: everything, negative: worse than the base rate
    lower: float  # 90 % interval
    upper: float
    spread: float  # distance of the 5 % and 95 % quantiles of the calibrated probability

    @property
    def is_clear(self) -> bool:
        """Better than the base rate by more than its interval."""
        return self.lower > 0

    @property
    def is_constant(self) -> bool:
        """The model states one probability for everything."""
        return self.spread < 1e-9


def skill(rows: pd.DataFrame, seed: int = 0) -> Skill:
    """Log-loss skill of the calibrated probabilities over the base rate of the same rows.

    The base rate is taken in hindsight and anew in each resample; that favours it by about 1 / (2 n) nats.
    """
    blocks, draws = _blocks(rows), _draws(rows, seed)
    y, p = rows["y_true"].to_numpy(), rows["p_cal"].to_numpy()
    base = binary_entropy(_mean_by_draw(draws, blocks, y))
    resampled = 1 - divide(_mean_by_draw(draws, blocks, _log_losses(y, p)), base)
    lower, upper = np.nanquantile(resampled, [0.05, 0.95]) if np.isfinite(resampled).any() else (np.nan, np.nan)
    low, high = np.quantile(p, [0.05, 0.95])
    return Skill(
        base_rate=float(y.mean()),
        value=float(1 - divide(log_loss(y, p), binary_entropy(y.mean()))),
        lower=float(lower),
        upper=float(upper),
        spread=float(high - low),
    )


def by_group(rows: pd.DataFrame, group: pd.Series, n_bins: int) -> pd.DataFrame:
    """Measures before and after within each group of rows.

    Columns `group, n, base_rate, ece_chance, ece_raw, brier_raw, ece_calibrated, brier_calibrated`; `ece_chance` is
    what probabilities that are right would show on so few rows, taken as independent.
    """
    table = []
    for name, part in rows.groupby(group, sort=True):
        y = part["y_true"].to_numpy()
        chance = ece_by_chance(part["p_cal"].to_numpy(), n_bins)
        row = {"group": str(name), "n": len(part), "base_rate": float(y.mean()), "ece_chance": chance}
        for series, column in SERIES.items():
            p = part[column].to_numpy()
            row[f"ece_{series}"] = expected_calibration_error(y, p, n_bins=n_bins)
            row[f"brier_{series}"] = brier_score(y, p)
        table.append(row)
    return pd.DataFrame(table)


def ece_by_chance(p: FloatArray, n_bins: int) -> float:
    """Mean ECE of probabilities that are right, from the normal deviation of each bin's frequency."""
    place = np.clip(np.ceil(p * n_bins).astype("int64") - 1, 0, n_bins - 1)
    variance = np.bincount(place, p * (1 - p), minlength=n_bins)
    return float(np.sqrt(2 / np.pi) * np.sqrt(variance).sum() / len(p))


def over_time(rows: pd.DataFrame, n_bins: int) -> pd.DataFrame:
    """ECE before and after in each half-year: `ts, series, ece, chance, n`."""
    half = rows["ts"].dt.year.astype(str) + np.where(rows["ts"].dt.month <= 6, "-01-01", "-07-01")
    table = by_group(rows, half.rename("half"), n_bins).rename(columns={"ece_chance": "chance"})
    tidy = table.melt(["group", "chance", "n"], ["ece_raw", "ece_calibrated"], var_name="series", value_name="ece")
    tidy["series"] = tidy["series"].str.removeprefix("ece_")
    return tidy.assign(ts=pd.to_datetime(tidy["group"]))[["ts", "series", "ece", "chance", "n"]]


def coverage_over_time(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of outcomes inside their interval in each year: `year, n, coverage, lower, upper` (Wilson, 90 %)."""
    known = rows.dropna(subset=["lower", "upper", "label_return"])
    inside = known["label_return"].between(known["lower"], known["upper"])
    table = inside.groupby(known["ts"].dt.year).agg(["size", "sum"])
    lower, upper = wilson_interval(table["sum"].to_numpy(), table["size"].to_numpy(), 0.9)
    return pd.DataFrame(
        {
            "year": table.index.to_numpy(),
            "n": table["size"].to_numpy(),
            "coverage": (table["sum"] / table["size"]).to_numpy(),
            "lower": lower,
            "upper": upper,
        }
    )


def _interval(measure: str, series: str, value: float, resampled: FloatArray) -> dict[str, Any]:
    """One line of `measures`: the value and the middle 90 % of its resamples."""
    known = resampled[np.isfinite(resampled)]
    lower, upper = np.quantile(known, [0.05, 0.95]) if len(known) else (np.nan, np.nan)
    return {"measure": measure, "series": series, "value": value, "lower": lower, "upper": upper}


def _blocks(rows: pd.DataFrame) -> IntArray:
    """The block of `BLOCK` timestamps that each row is in, from 0."""
    return pd.factorize(rows["ts"], sort=True)[0] // BLOCK


def _draws(rows: pd.DataFrame, seed: int) -> FloatArray:
    """How often each block (column) is in each resample (row); no resamples of too few blocks to tell anything."""
    n = int(_blocks(rows).max()) + 1
    size = N_RESAMPLES if n >= MIN_BLOCKS else 0
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=size).astype("float64")


def _sums_by_draw(draws: FloatArray, blocks: IntArray, values: FloatArray) -> FloatArray:
    """The sum of a value of each row, in each resample."""
    return draws @ np.bincount(blocks, values, draws.shape[1])


def _mean_by_draw(draws: FloatArray, blocks: IntArray, values: FloatArray) -> FloatArray:
    """The mean of a value of each row, in each resample."""
    return _sums_by_draw(draws, blocks, values) / _sums_by_draw(draws, blocks, np.ones(len(values)))


def _refitted(
    draws: FloatArray, blocks: IntArray, y: FloatArray, x: FloatArray, slope: float, intercept: float
) -> tuple[FloatArray, FloatArray]:
    """Slope and intercept in each resample: one Newton step from those of the whole (Shao & Tu, 1995, chapter 7)."""
    if not np.isfinite(slope):
        return np.full(len(draws), np.nan), np.full(len(draws), np.nan)
    p = expit(intercept + slope * x)
    miss, weight = y - p, p * (1 - p)
    toward_level, toward_slope, level, mixed, tilt = (
        _sums_by_draw(draws, blocks, values) for values in (miss, miss * x, weight, weight * x, weight * x * x)
    )
    determinant = level * tilt - mixed**2
    return (
        slope + divide(level * toward_slope - mixed * toward_level, determinant),
        intercept + divide(tilt * toward_level - mixed * toward_slope, determinant),
    )


def _log_losses(y: FloatArray, p: FloatArray) -> FloatArray:
    """Log loss of each row; a probability of 0 or 1 counts as just inside."""
    p = np.clip(p, SMALLEST, 1 - SMALLEST)
    return -np.where(y == 1, np.log(p), np.log1p(-p))
