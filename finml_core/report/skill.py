"""Do models know more than the base rate, when neighbouring outcomes overlap and symbols move together?"""

import numpy as np
import pandas as pd

from finml_core.checks import check_columns
from finml_core.metrics import expected_calibration_error
from finml_core.metrics.overlap import overlapping_mean

BASELINES = ("naive", "always_up")  # look at no feature: calibrated, both state the share of rises so far
SMALLEST = 1e-12  # how near to 0 and 1 a probability counts at most, as in `metrics.log_loss`
SKILL = ("model", "n_rows", "log_loss", "gap", "gap_error", "gap_p", "ece", "is_reference")


def skill_over_base_rate(
    predictions: pd.DataFrame, horizon: int, baselines: tuple[str, ...] = BASELINES
) -> pd.DataFrame:
    """How much less each model loses than the base rate, on the rows that all of them have a calibrated answer for.

    The base rate is the baseline that loses least on these rows. That is chosen with hindsight, against the models:
    each is calibrated by outcomes known before, and what calibration alone achieves must not count as skill.

    Parameters
    ----------
    predictions : DataFrame
        `model, symbol, ts, p_cal, y_true`, out of sample; over several paths a row's probability is their mean.
    horizon : int
        Bars that outcomes overlap for; symbols of one timestamp count as one observation, since they move together.
    baselines : tuple of str
        Models that look at nothing.

    Returns
    -------
    DataFrame with model, n_rows, log_loss, gap, gap_error, gap_p, ece, is_reference
        `gap` is the mean log loss less the base rate's, below 0 is better; its error and two-sided p-value are those of
        `overlapping_mean`. Missing for the base rate itself, and for all where no baseline was trained.
    """
    check_columns(predictions, ("model", "symbol", "ts", "p_cal", "y_true"), what="the predictions")
    known = predictions.dropna(subset=["y_true", "p_cal"])
    wide = known.pivot_table(index=["ts", "symbol"], columns="model", values="p_cal").dropna()
    y = known.drop_duplicates(["ts", "symbol"]).set_index(["ts", "symbol"])["y_true"].reindex(wide.index)
    losses = wide.apply(lambda p: _row_loss(y, p))
    means = losses.mean()
    known_baselines = means[[name for name in baselines if name in means]]
    reference = None if known_baselines.empty else known_baselines.idxmin()
    rows = []
    for model in known["model"].unique():
        row = {"model": model, "n_rows": len(wide), "log_loss": means[model], "is_reference": model == reference}
        row["ece"] = expected_calibration_error(y, wide[model])
        if reference not in (None, model):
            by_time = (losses[model] - losses[reference]).groupby(level="ts", sort=True).agg(["sum", "size"])
            mean = overlapping_mean(by_time["sum"].to_numpy(), by_time["size"].to_numpy(dtype=float), horizon)
            row |= {"gap": mean.value, "gap_error": mean.error, "gap_p": mean.p_value}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(SKILL))


def _row_loss(y: pd.Series, p: pd.Series) -> pd.Series:
    """Log loss of each row, its probability kept off 0 and 1."""
    p = p.clip(SMALLEST, 1 - SMALLEST)
    return -(y * np.log(p) + (1 - y) * np.log1p(-p))
