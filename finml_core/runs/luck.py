"""What chance alone would give: the number of trials and the scatter of their Sharpe ratios, at one bar size.

Two bars are set. One counts every trial of the ledger; the other the clusters of trials that are variations of one
idea. The higher one is the headline: counting every trial can only err towards caution, and clusters found in returns
full of noise may be too few. Copies of a trial (a slider moved by one step) shrink the scatter of all trials and would
lower the first bar, so the scatter is taken over originals only, and never below what luck alone gives.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.checks import check_positive


@dataclass(frozen=True, kw_only=True)
class LuckSummary:
    """The team's trials, every Sharpe ratio converted to bars of one size."""

    periods_per_year: float  # of the bars that the Sharpe ratios here are per
    n_trials: int  # distinct identities, failed ones too
    n_scored: int  # those that have a Sharpe ratio
    n_distinct: int  # those that are no copy of an earlier one; a trial without returns counts for itself
    n_effective: int  # clusters of these
    sharpe_variance: float  # across the scored originals (ddof 1), per period; missing below two of them
    cluster_variance: float  # across the first original of each cluster (ddof 1), per period; missing below two
    best_sharpe: float  # per period; missing if none is scored
    best_trial_id: str | None

    def variance_for(self, n_obs: int) -> float:
        """Variance of the originals' Sharpe ratios, at least 1 / n_obs: what luck alone gives over `n_obs` bars."""
        return 0.0 if self.n_trials <= 1 else _at_least_luck(self.sharpe_variance, n_obs)

    def expected_max_sharpe(self, n_obs: int) -> float:
        """The best Sharpe ratio per period that so many trials without skill would show; 0 with one trial.

        The higher of the bars that all trials and that the effective ones set.
        """
        from finml_core.metrics import expected_max_sharpe

        every = expected_max_sharpe(max(self.n_trials, 1), self.variance_for(n_obs))
        return float(max(every, self.expected_max_effective(n_obs)))

    def expected_max_effective(self, n_obs: int) -> float:
        """The same for the effective number of trials alone."""
        from finml_core.metrics import expected_max_sharpe

        variance = _at_least_luck(self.cluster_variance, n_obs)
        return float(expected_max_sharpe(max(self.n_effective, 1), variance))

    def deflated(self, sharpe: float, n_obs: int, skew: float, kurtosis: float) -> float:
        """Deflated Sharpe ratio of a Sharpe ratio per period; with one trial the probabilistic one.

        Missing if any of its numbers is missing.
        """
        return _above(self.expected_max_sharpe(max(n_obs, 1)), sharpe, n_obs, skew, kurtosis)

    def deflated_effective(self, sharpe: float, n_obs: int, skew: float, kurtosis: float) -> float:
        """The same against the bar of the effective number of trials alone."""
        return _above(self.expected_max_effective(max(n_obs, 1)), sharpe, n_obs, skew, kurtosis)


def summarize(trials: pd.DataFrame, periods_per_year: float, groups: pd.DataFrame | None = None) -> LuckSummary:
    """Count the trials of the ledger and convert their Sharpe ratios: by year, then to the bars asked for.

    `groups` has `original, cluster` on the same index (see `TrialGroups.assign`); without it each trial stands for
    itself.
    """
    check_positive("periods_per_year", periods_per_year)
    sharpe = trials["sharpe"] * np.sqrt(trials["periods_per_year"] / periods_per_year)
    if groups is None:
        groups = pd.DataFrame({"original": trials["trial_id"], "cluster": np.arange(len(trials))}, index=trials.index)
    scored = sharpe.dropna()
    is_original = groups["original"] == trials["trial_id"]
    originals = sharpe[is_original].dropna()
    return LuckSummary(
        periods_per_year=float(periods_per_year),
        n_trials=len(trials),
        n_scored=len(scored),
        n_distinct=int(is_original.sum()),
        n_effective=int(groups["cluster"].nunique()),
        sharpe_variance=_variance(originals),
        cluster_variance=_variance(originals.groupby(groups["cluster"]).first()),
        best_sharpe=float(scored.max()) if len(scored) else math.nan,
        best_trial_id=str(trials.loc[scored.idxmax(), "trial_id"]) if len(scored) else None,
    )


def leaderboard_luck(leaderboard: pd.DataFrame, luck: LuckSummary) -> pd.DataFrame:
    """Luck beside each row of a leaderboard, which carries `model, sharpe` (per bar), `n_obs, skew, kurtosis`.

    Returns
    -------
    DataFrame
        `model, sharpe, n_trials, n_effective, trials_sharpe_variance, expected_max_sharpe, dsr, dsr_effective`; Sharpe
        ratios per bar. `dsr` is the headline, `dsr_effective` that of the effective number of trials alone.
    """
    columns = ["model", "sharpe", "n_obs", "skew", "kurtosis"]
    rows = []
    for model, sharpe, n_obs, skew, kurtosis in leaderboard[columns].itertuples(index=False):
        n_bars = max(int(n_obs), 1) if pd.notna(n_obs) else 1
        moments = (float(sharpe), n_bars, float(skew), float(kurtosis))
        rows.append(
            {
                "model": model,
                "sharpe": sharpe,
                "n_trials": luck.n_trials,
                "n_effective": luck.n_effective,
                "trials_sharpe_variance": luck.variance_for(n_bars),
                "expected_max_sharpe": luck.expected_max_sharpe(n_bars),
                "dsr": luck.deflated(*moments),
                "dsr_effective": luck.deflated_effective(*moments),
            }
        )
    return pd.DataFrame(rows)


def _variance(sharpes: pd.Series) -> float:
    return float(sharpes.var(ddof=1)) if len(sharpes) > 1 else math.nan


def _at_least_luck(variance: float, n_obs: int) -> float:
    return max(variance, 1.0 / n_obs) if math.isfinite(variance) else 1.0 / n_obs


def _above(benchmark: float, sharpe: float, n_obs: int, skew: float, kurtosis: float) -> float:
    if n_obs < 2 or not all(math.isfinite(value) for value in (sharpe, skew, kurtosis)):
        return math.nan
    from finml_core.metrics import probabilistic_sharpe_ratio

    return float(probabilistic_sharpe_ratio(sharpe, n_obs, skew, kurtosis, benchmark))
