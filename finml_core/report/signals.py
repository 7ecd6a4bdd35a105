"""Every feature judged as a signal: what its rank tells of the returns that follow, and what it would cost to follow.

Where a timestamp has enough symbols, a feature is compared across symbols there, one information coefficient (IC) a
timestamp; else, and for features that all symbols share, along each symbol's own history.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from finml_core.checks import check_integer
from finml_core.metrics import MultipleHypothesisCorrection
from finml_core.metrics.overlap import Mean, overlapping_mean
from finml_core.report.outcomes import Outcomes, Ranked
from finml_core.typing import FloatArray, IntArray

MIN_CROSS = 10  # symbols at a timestamp from which they are compared with one another
MIN_ALONG = 20  # bars of a symbol from which its history is
ACROSS, ALONG = "across symbols", "over time"
THREADS = 2  # kernels let go of the interpreter; a server keeps a core for its readers
NO_SHARES = np.empty(0)


@dataclass(frozen=True)
class SignalStudy:
    """What one feature told about returns over each horizon, timestamp by timestamp."""

    name: str
    mode: str  # "across symbols" or "over time"
    stamps: pd.DatetimeIndex
    total: dict[int, FloatArray]  # by horizon: summed IC of each timestamp, 0 where unknown
    weight: dict[int, FloatArray]  # the number of ICs (across) or of symbols (over time) in it
    pearson: dict[int, float]
    bucket_total: dict[int, FloatArray]  # (timestamps, buckets): summed returns
    bucket_known: dict[int, FloatArray]  # the number of returns in each
    turnover: float  # share of the outermost buckets that was elsewhere a bar before
    rank_autocorrelation: float

    @property
    def horizons(self) -> tuple[int, ...]:
        """Bars ahead."""
        return tuple(self.total)

    def ic(self, horizon: int, chosen: FloatArray | None = None) -> Mean:
        """Mean rank IC; `chosen` (0 or 1 a timestamp) restricts it to a regime or a year."""
        mask = 1.0 if chosen is None else chosen
        return overlapping_mean(self.total[horizon] * mask, self.weight[horizon] * mask, horizon)

    def bucket_mean(self, horizon: int, bucket: int) -> Mean:
        """Mean return of one bucket."""
        return overlapping_mean(*self._bucket(horizon, bucket), horizon)

    def spread(self, horizon: int) -> Mean:
        """Mean return of the highest less that of the lowest bucket, over the timestamps that have both.

        Over time a timestamp rarely has both: then each bucket's mean is taken by itself.
        """
        (low, n_low), (high, n_high) = self._bucket(horizon, 0), self._bucket(horizon, -1)
        if self.mode == ACROSS:
            both = (n_low > 0) & (n_high > 0)
            gap = np.where(both, _over(high, n_high) - _over(low, n_low), 0.0)
            return overlapping_mean(gap, both.astype(float), horizon)
        if not n_low.any() or not n_high.any():
            return Mean(np.nan, np.nan, np.nan, 0.0)
        above, below = high.sum() / n_high.sum(), low.sum() / n_low.sum()
        # each timestamp's part in the difference of two ratios of sums, linearised around it
        part = (high - above * n_high) / n_high.sum() - (low - below * n_low) / n_low.sum()
        return overlapping_mean(above - below + len(part) * part, np.ones(len(part)), horizon)

    def _bucket(self, horizon: int, bucket: int) -> tuple[FloatArray, FloatArray]:
        return self.bucket_total[horizon][:, bucket], self.bucket_known[horizon][:, bucket]


def study_signal(
    feature: pd.Series | FloatArray, outcomes: Outcomes, *, name: str = "", n_buckets: int = 5
) -> SignalStudy:
    """Compare one feature with what followed.

    Parameters
    ----------
    feature : Series or array on the rows of the closes that `outcomes` was made of
    n_buckets : int
        Equal shares by rank (of the timestamp's symbols, or of the symbol's whole history, which describes and is no
        strategy), at least 2.

    Returns
    -------
    SignalStudy
        Exact Spearman and Pearson correlations of the symbols (bars) that have both.
    """
    check_integer("n_buckets", n_buckets, 2)
    values = outcomes.matrix(feature)
    study = partial(_study, outcomes, name, n_buckets)
    if _is_wide(values):
        across = study(Ranked.of(values), ACROSS)
        if any(weight.any() for weight in across.weight.values()):
            return across
    return study(Ranked.of(values.T), ALONG)


def signal_board(features: pd.DataFrame, outcomes: Outcomes, *, n_buckets: int = 5, n_spans: int = 24) -> pd.DataFrame:
    """One row a feature and horizon; p-values are corrected later, over everything that was looked at.

    Returns
    -------
    DataFrame
        name, horizon, mode, ic, error, p_value (see `overlapping_mean`), icir (mean over deviation of the IC of a
        timestamp), hit (share of timestamps with the mean's sign), pearson, spread (highest less lowest bucket, a
        fraction over the horizon), spread_error, turnover, rank_autocorrelation, history (mean IC of `n_spans` equal
        spans of time, a list), missing (share of rows).
    """
    column = partial(_board_rows, outcomes=outcomes, n_buckets=n_buckets, n_spans=n_spans)
    with ThreadPoolExecutor(THREADS) as pool:
        rows = [row for rows in pool.map(column, (features[name] for name in features.columns)) for row in rows]
    return pd.DataFrame(rows, columns=BOARD)


def corrected(board: pd.DataFrame, *, method: str = "bh") -> pd.DataFrame:
    """The board of one horizon with `p_corrected` for all its features, strongest first; unknown ones come last."""
    known = board["p_value"].notna()
    found = MultipleHypothesisCorrection(method=method).correct(board.loc[known, "p_value"])
    board = board.assign(p_corrected=found["p_corrected"].reindex(board.index))
    strength = (board["ic"] / board["error"]).abs()
    return board.iloc[np.argsort(-strength.fillna(-1.0).to_numpy(), kind="stable")].reset_index(drop=True)


def decay(study: SignalStudy) -> pd.DataFrame:
    """`horizon, ic, lower, upper` (90 %) of one feature."""
    return pd.DataFrame([{"horizon": h, **_interval(study.ic(h))} for h in study.horizons])


def by_year(study: SignalStudy, horizon: int) -> pd.DataFrame:
    """`group, ic, lower, upper, n` of each calendar year."""
    year = study.stamps.year.to_numpy()
    return _grouped(study, horizon, {str(one): year == one for one in np.unique(year)})


def by_regime(study: SignalStudy, horizon: int, regimes: pd.Series) -> pd.DataFrame:
    """`group, ic, lower, upper, n` under each of the market's regimes; `regimes` is indexed by ts, known at it."""
    known = regimes.reindex(study.stamps)
    return _grouped(study, horizon, {str(one): (known == one).to_numpy(dtype=bool) for one in known.dropna().unique()})


def by_bucket(study: SignalStudy, horizon: int) -> pd.DataFrame:
    """`bucket` (1 is lowest), `value` (mean return over the horizon, a fraction), `lower, upper` (90 %)."""
    rows = []
    for bucket in range(study.bucket_total[horizon].shape[1]):
        mean = study.bucket_mean(horizon, bucket)
        rows.append({"bucket": bucket + 1, **_interval(mean, "value")})
    return pd.DataFrame(rows)


def over_time(study: SignalStudy, horizon: int, window: int = 63) -> pd.DataFrame:
    """`ts, ic, smooth` of each timestamp; `smooth` is the mean of the last `window` timestamps."""
    total, weight = study.total[horizon], study.weight[horizon]
    ic = pd.Series(_over(total, weight), index=study.stamps)
    smooth = pd.Series(total, ic.index).rolling(window).sum() / pd.Series(weight, ic.index).rolling(window).sum()
    return pd.DataFrame({"ts": study.stamps, "ic": ic.to_numpy(), "smooth": smooth.to_numpy()}).dropna(subset=["ic"])


BOARD = [
    "name", "horizon", "mode", "ic", "error", "p_value", "icir", "hit", "pearson", "spread", "spread_error",
    "turnover", "rank_autocorrelation", "history", "missing",
]  # fmt: skip


def _board_rows(column: pd.Series, outcomes: Outcomes, n_buckets: int, n_spans: int) -> list[dict[str, object]]:
    study = study_signal(column, outcomes, name=str(column.name), n_buckets=n_buckets)
    missing = float(column.isna().mean())
    rows = []
    for horizon in study.horizons:
        mean, spread = study.ic(horizon), study.spread(horizon)
        each = _over(study.total[horizon], study.weight[horizon])
        known = each[np.isfinite(each)]
        varies = len(known) > 1 and known.std() > 1e-12
        rows.append(
            {
                "name": study.name,
                "horizon": horizon,
                "mode": study.mode,
                "ic": mean.value,
                "error": mean.error,
                "p_value": mean.p_value,
                "icir": float(known.mean() / known.std(ddof=1)) if varies else np.nan,
                "hit": float((np.sign(known) == np.sign(mean.value)).mean()) if len(known) else np.nan,
                "pearson": study.pearson[horizon],
                "spread": spread.value,
                "spread_error": spread.error,
                "turnover": study.turnover,
                "rank_autocorrelation": study.rank_autocorrelation,
                "history": _spans(study.total[horizon], study.weight[horizon], n_spans),
                "missing": missing,
            }
        )
    return rows


def _study(outcomes: Outcomes, name: str, n_buckets: int, x: Ranked, mode: str) -> SignalStudy:
    from finml_core.report.signal_kernels import bucket_rows, bucket_sums, correlate_rows

    n_times = len(outcomes.stamps)
    bucket = np.empty(x.rank.shape, dtype=np.int16)
    bucket_rows(x.rank, x.count, n_buckets, bucket)
    by_time = bucket if mode == ACROSS else np.ascontiguousarray(bucket.T)
    total, weight, pearson, bucket_total, bucket_known = {}, {}, {}, {}, {}
    for horizon in outcomes.horizons:
        y = (outcomes.across if mode == ACROSS else outcomes.along)[horizon]
        ic, linear = np.empty(len(x.count)), np.empty(len(x.count))
        share, n_shares = (NO_SHARES, NO_SHARES) if mode == ACROSS else (np.zeros(n_times), np.zeros(n_times))
        least = MIN_CROSS if mode == ACROSS else MIN_ALONG
        correlate_rows(
            x.values, x.order, x.rank, x.count, y.values, y.order, y.rank, y.count, least, ic, linear, share, n_shares
        )
        is_known = np.isfinite(ic)
        total[horizon] = np.where(is_known, ic, 0.0) if mode == ACROSS else share
        weight[horizon] = is_known.astype(float) if mode == ACROSS else n_shares
        size = np.minimum(x.count, y.count)[is_known] if mode == ALONG else None
        pearson[horizon] = float(np.average(linear[is_known], weights=size)) if is_known.any() else np.nan
        sums = np.zeros((n_times, n_buckets)), np.zeros((n_times, n_buckets))
        bucket_sums(by_time, outcomes.across[horizon].values, *sums)
        bucket_total[horizon], bucket_known[horizon] = sums
    autocorrelation, turnover = _persistence(x, bucket, by_time, n_buckets, mode)
    return SignalStudy(
        name=name,
        mode=mode,
        stamps=outcomes.stamps,
        total=total,
        weight=weight,
        pearson=pearson,
        bucket_total=bucket_total,
        bucket_known=bucket_known,
        turnover=turnover,
        rank_autocorrelation=autocorrelation,
    )


def _persistence(x: Ranked, bucket: IntArray, by_time: IntArray, n_buckets: int, mode: str) -> tuple[float, float]:
    from finml_core.report.signal_kernels import lagged

    if mode == ACROSS:
        return lagged(x.rank, bucket, n_buckets - 1, MIN_CROSS)
    _, turnover = lagged(np.ascontiguousarray(x.rank.T), by_time, n_buckets - 1, 1)
    found = [_lag_one(row) for row in x.rank]
    known = [value for value in found if np.isfinite(value)]
    return (float(np.mean(known)) if known else np.nan), turnover


def _lag_one(rank: FloatArray) -> float:
    now, before = rank[1:].astype(float), rank[:-1].astype(float)
    both = (now > 0) & (before > 0)
    now, before = now[both] - now[both].mean() if both.any() else now[both], before[both]
    if len(now) < MIN_ALONG:
        return np.nan
    before = before - before.mean()
    size = np.sqrt((now @ now) * (before @ before))
    return float(now @ before / size) if size > 0 else np.nan


def _is_wide(values: FloatArray) -> bool:
    count = np.isfinite(values).sum(axis=1)
    return bool((count > 0).any() and np.median(count[count > 0]) >= MIN_CROSS)


def _over(total: FloatArray, weight: FloatArray) -> FloatArray:
    return np.divide(total, weight, out=np.full(total.shape, np.nan), where=weight > 0)


def _interval(mean: Mean, value: str = "ic") -> dict[str, float]:
    half = 1.6449 * mean.error  # normal quantile of a two-sided 90 % interval
    return {value: mean.value, "lower": mean.value - half, "upper": mean.value + half}


def _grouped(study: SignalStudy, horizon: int, groups: dict[str, np.ndarray]) -> pd.DataFrame:
    rows = []
    for group, chosen in groups.items():
        mean = study.ic(horizon, chosen.astype(float))
        rows.append({"group": group, **_interval(mean), "n": int((chosen & (study.weight[horizon] > 0)).sum())})
    return pd.DataFrame(rows, columns=["group", "ic", "lower", "upper", "n"])


def _spans(total: FloatArray, weight: FloatArray, n_spans: int) -> list[float]:
    edges = np.linspace(0, len(total), n_spans + 1).astype(int)[:-1]
    if len(total) < n_spans:
        return []
    means: Iterable[float] = _over(np.add.reduceat(total, edges), np.add.reduceat(weight, edges))
    return [float(mean) for mean in means if np.isfinite(mean)]
