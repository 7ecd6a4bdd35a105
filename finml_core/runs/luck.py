"""What chance alone would give: the number of trials and the scatter of their Sharpe ratios, at one bar size."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finml_core.checks import check_positive


@dataclass(frozen=True, kw_only=True)
class LuckSummary:
    """The team's trials, every Sharpe ratio converted to bars of one size."""

    periods_per_year: float  # of the bars that the Sharpe ratios here are per
    n_trials: int  # distinct, failed ones too
    n_scored: int  # those that have a Sharpe ratio
    sharpe_variance: float  # across the scored trials (ddof 1), per period; missing below two of them
    best_sharpe: float  # per period; missing if none is scored
    best_trial_id: str | None

    def variance_for(self, n_obs: int) -> float:
        """Variance of the trials' Sharpe ratios; unknown, it is the one that luck alone gives over `n_obs` bars."""
        if self.n_trials <= 1:
            return 0.0
        return self.sharpe_variance if math.isfinite(self.sharpe_variance) else 1.0 / n_obs

    def expected_max_sharpe(self, n_obs: int) -> float:
        """The best Sharpe ratio per period that so many trials without skill would show; 0 with one trial."""
        from finml_core.metrics import expected_max_sharpe

        return float(expected_max_sharpe(max(self.n_trials, 1), self.variance_for(n_obs)))

    def deflated(self, sharpe: float, n_obs: int, skew: float, kurtosis: float) -> float:
        """Deflated Sharpe ratio of a Sharpe ratio per period; with one trial the probabilistic one.

        Missing if any of its numbers is missing.
        """
        if n_obs < 2 or not all(math.isfinite(value) for value in (sharpe, skew, kurtosis)):
            return math.nan
        from finml_core.metrics import deflated_sharpe_ratio

        n_trials = max(self.n_trials, 1)
        return float(deflated_sharpe_ratio(sharpe, n_obs, skew, kurtosis, n_trials, self.variance_for(n_obs)))


def summarize(trials: pd.DataFrame, periods_per_year: float) -> LuckSummary:
    """Count the trials of the ledger and convert their Sharpe ratios: by year, then to the bars asked for."""
    check_positive("periods_per_year", periods_per_year)
    sharpe = trials["sharpe"] * np.sqrt(trials["periods_per_year"] / periods_per_year)
    scored = sharpe.dropna()
    return LuckSummary(
        periods_per_year=float(periods_per_year),
        n_trials=len(trials),
        n_scored=len(scored),
        sharpe_variance=float(scored.var(ddof=1)) if len(scored) > 1 else math.nan,
        best_sharpe=float(scored.max()) if len(scored) else math.nan,
        best_trial_id=str(trials.loc[scored.idxmax(), "trial_id"]) if len(scored) else None,
    )


def leaderboard_luck(leaderboard: pd.DataFrame, luck: LuckSummary) -> pd.DataFrame:
    """Luck beside each row of a leaderboard, which carries `model, sharpe` (per bar), `n_obs, skew, kurtosis`.

    Returns
    -------
    DataFrame
        `model, sharpe, n_trials, trials_sharpe_variance, expected_max_sharpe, dsr`; Sharpe ratios per bar.
    """
    columns = ["model", "sharpe", "n_obs", "skew", "kurtosis"]
    rows = []
    for model, sharpe, n_obs, skew, kurtosis in leaderboard[columns].itertuples(index=False):
        n_bars = max(int(n_obs), 1) if pd.notna(n_obs) else 1
        rows.append(
            {
                "model": model,
                "sharpe": sharpe,
                "n_trials": luck.n_trials,
                "trials_sharpe_variance": luck.variance_for(n_bars),
                "expected_max_sharpe": luck.expected_max_sharpe(n_bars),
                "dsr": luck.deflated(float(sharpe), n_bars, float(skew), float(kurtosis)),
            }
        )
    return pd.DataFrame(rows)
