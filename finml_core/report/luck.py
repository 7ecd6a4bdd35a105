"""What the page Luck shows: the best so far against chance, what survives, clusters, and the numbers behind PBO."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from finml_core.metrics import OverfittingResult, annualize_sharpe, expected_max_sharpe, haircut_sharpe
from finml_core.metrics.haircut import Method

POINTS = 400  # of a line over the trials
DOTS = 1500  # of a scatter
COVER = 0.9  # share of the judged trial's timestamps that another must know to be compared with it
MOST_COMPARED = 100


def best_so_far(trials: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """The best annual Sharpe ratio after each trial, and what chance alone would show by then.

    Parameters
    ----------
    trials : DataFrame, oldest first
        `trial_id, name, created, sharpe` (per period), `n_obs, periods_per_year`.
    groups : DataFrame on the same index
        `original, cluster`.

    Returns
    -------
    DataFrame, at most POINTS rows, from the first scored trial on
        n_trials, created, best, best_name, expected (all trials counted), expected_effective, n_effective.
    """
    annual = (trials["sharpe"] * np.sqrt(trials["periods_per_year"])).to_numpy(dtype=float)
    known = np.isfinite(annual)
    if not known.any():
        return pd.DataFrame(columns=list(_LINE))
    is_original = (groups["original"] == trials["trial_id"]).to_numpy()
    opens_cluster = ~groups["cluster"].duplicated().to_numpy()
    is_first = _first_scored(groups["cluster"], known & is_original)
    counted = [_running_variance(annual, known & is_original), _running_variance(annual, is_first)]
    n_effective = np.cumsum(opens_cluster)
    holder = _holder(annual)
    scatter = (trials["periods_per_year"] / trials["n_obs"]).to_numpy(dtype=float)
    first = int(known.argmax())
    rows = []
    for row in np.unique(np.linspace(first, len(trials) - 1, min(POINTS, len(trials) - first)).astype(int)):
        best = holder[row]
        every, effective = (np.fmax(variance[row], scatter[best]) for variance in counted)
        rows.append(
            {
                "n_trials": row + 1,
                "created": trials["created"].iloc[row],
                "best": annual[best],
                "best_name": trials["name"].iloc[best],
                "expected": expected_max_sharpe(row + 1, every),
                "expected_effective": expected_max_sharpe(int(n_effective[row]), effective),
                "n_effective": int(n_effective[row]),
            }
        )
    return pd.DataFrame(rows, columns=list(_LINE))


_LINE = ("n_trials", "created", "best", "best_name", "expected", "expected_effective", "n_effective")


def survivors(trials: pd.DataFrame, *, method: Method = "holm", alpha: float = 0.05) -> pd.DataFrame:
    """Every trial with its haircut: what is left of its Sharpe ratio once all that were tried are corrected for.

    Returns
    -------
    DataFrame on the index of `trials`
        Their columns, and `sharpe_annual, haircut_annual, haircut, p_value, p_corrected, survives` (a positive Sharpe
        ratio whose corrected p-value is at most `alpha`). A trial without a Sharpe ratio is a test that found nothing.
    """
    scored = trials.loc[trials["sharpe"].notna() & (trials["n_obs"] >= 2)]
    cut = haircut_sharpe(scored["sharpe"], scored["n_obs"], method=method, n_tests=len(trials))
    year = np.sqrt(scored["periods_per_year"])
    added = pd.DataFrame(
        {
            "sharpe_annual": scored["sharpe"] * year,
            "haircut_annual": cut["haircut_sharpe"] * year,
            "haircut": cut["haircut"],
            "p_value": cut["p_value"],
            "p_corrected": cut["p_corrected"],
        }
    )
    table = trials.join(added)
    table["survives"] = (table["sharpe_annual"] > 0) & (table["p_corrected"] <= alpha)
    return table


def cluster_table(trials: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """One row a cluster of trials, largest first: cluster (from 1), n_trials, n_distinct, best, median, worst (annual
    Sharpe ratios), examples (names), first (when the first was scored)."""
    annual = trials["sharpe"] * np.sqrt(trials["periods_per_year"])
    frame = trials.assign(
        cluster=groups["cluster"], annual=annual, is_original=groups["original"] == trials["trial_id"]
    )
    table = frame.groupby("cluster", sort=False).agg(
        n_trials=("trial_id", "size"),
        n_distinct=("is_original", "sum"),
        best=("annual", "max"),
        median=("annual", "median"),
        worst=("annual", "min"),
        examples=("name", lambda names: ", ".join(dict.fromkeys(names))),
        first=("created", "min"),
    )
    table = table.sort_values("n_trials", ascending=False, kind="stable").reset_index()
    return table.assign(cluster=np.arange(1, len(table) + 1))


def cluster_points(trials: pd.DataFrame, groups: pd.DataFrame, most: int = 12) -> pd.DataFrame:
    """The scored trials by cluster, for a chart: cluster (a label; small ones together), name, sharpe (annual)."""
    size = groups["cluster"].map(groups["cluster"].value_counts())
    order = groups.assign(size=size).sort_values("size", ascending=False, kind="stable")["cluster"].drop_duplicates()
    label = {cluster: f"{number}" if number <= most else "others" for number, cluster in enumerate(order, 1)}
    points = pd.DataFrame(
        {
            "cluster": groups["cluster"].map(label),
            "name": trials["name"],
            "sharpe": trials["sharpe"] * np.sqrt(trials["periods_per_year"]),
        }
    )
    points = points.dropna(subset=["sharpe"])
    return points.iloc[np.unique(np.linspace(0, len(points) - 1, min(len(points), DOTS)).astype(int))]


def comparable(returns: Mapping[str, pd.Series], anchor: str) -> pd.DataFrame:
    """The returns that can stand beside the anchor's: a column a trial, over the timestamps that all of them know.

    A trial that knows less than COVER of the anchor's timestamps, or never varies, is left out; at most MOST_COMPARED
    stay, the anchor among them.
    """
    stamps = returns[anchor].index
    names = [anchor, *(name for name in returns if name != anchor)]
    kept = [name for name in names if returns[name].index.isin(stamps).sum() >= COVER * len(stamps)][:MOST_COMPARED]
    table = pd.concat({name: returns[name] for name in kept}, axis=1, sort=True).dropna()
    return table.loc[:, table.std() > 0]


def logit_histogram(result: OverfittingResult, n_bins: int = 24) -> pd.DataFrame:
    """left, right, count of the logits, and `below`: whether the bin lies at or below 0, where the choice failed.

    Few configurations have few ranks: each then has a bin of its own.
    """
    ranks, number = np.unique(result.logits.round(9), return_counts=True)
    if len(ranks) <= 2 * n_bins:
        middle = (ranks[1:] + ranks[:-1]) / 2
        margin = (middle[0] - ranks[0]) if len(middle) else 0.5
        edges = np.r_[ranks[0] - margin, middle, ranks[-1] + (ranks[-1] - middle[-1] if len(middle) else 0.5)]
        return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "count": number, "below": ranks <= 0})
    reach = float(np.abs(result.logits).max())
    edges = np.linspace(-reach, reach, 2 * (n_bins // 2) + 1)
    place = np.clip(np.searchsorted(edges, result.logits, side="left") - 1, 0, len(edges) - 2)
    count = np.bincount(place, minlength=len(edges) - 1)
    return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "count": count, "below": edges[1:] <= 1e-12})


def degradation_points(result: OverfittingResult, periods_per_year: float) -> pd.DataFrame:
    """in_sample, out_of_sample: annual Sharpe ratios of what was chosen, thinned to DOTS points."""
    chosen = np.unique(np.linspace(0, len(result.logits) - 1, min(len(result.logits), DOTS)).astype(int))
    return pd.DataFrame(
        {
            "in_sample": annualize_sharpe(result.in_sample[chosen], periods_per_year),
            "out_of_sample": annualize_sharpe(result.out_of_sample[chosen], periods_per_year),
        }
    )


def degradation_line(result: OverfittingResult, periods_per_year: float) -> pd.DataFrame:
    """The two ends of the fitted line, as `degradation_points`."""
    slope, intercept = result.degradation
    ends = np.array([result.in_sample.min(), result.in_sample.max()])
    return pd.DataFrame(
        {
            "in_sample": annualize_sharpe(ends, periods_per_year),
            "out_of_sample": annualize_sharpe(intercept + slope * ends, periods_per_year),
        }
    )


def _holder(annual: np.ndarray) -> np.ndarray:
    """The row of the best value up to each row."""
    filled = np.where(np.isfinite(annual), annual, -np.inf)
    is_record = filled > np.r_[-np.inf, np.maximum.accumulate(filled)[:-1]]
    return np.maximum.accumulate(np.where(is_record, np.arange(len(filled)), 0))


def _first_scored(cluster: pd.Series, known: np.ndarray) -> np.ndarray:
    """Whether a row is the first of its cluster among the known ones."""
    first = np.zeros(len(cluster), dtype=bool)
    rows = np.flatnonzero(known)
    first[rows[~cluster.iloc[rows].duplicated().to_numpy()]] = True
    return first


def _running_variance(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Variance (ddof 1) of the counted values up to each row; missing below two of them."""
    n = np.cumsum(counts).astype(float)
    centred = np.where(counts, values - values[counts].mean() if counts.any() else 0.0, 0.0)
    total, square = np.cumsum(centred), np.cumsum(centred**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (square - total**2 / n) / (n - 1)
    return np.where(n >= 2, np.maximum(variance, 0.0), np.nan)
