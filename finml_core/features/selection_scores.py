"""Four ways to score features on training rows, each with p-values of its own null."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import xlogy
from scipy.stats import gamma, rankdata, t

from finml_core.errors import DataError
from finml_core.features.redundancy import cluster_features, rank_correlations
from finml_core.features.selection_rows import TrainingRows
from finml_core.metrics.overlap import overlapping_mean
from finml_core.purging import block_rows, purged_train
from finml_core.typing import FloatArray, IntArray

N_BINS = 8
INDICATORS = 2**23  # numbers of one block of indicators
SHIFTS, FOREST_SHIFTS = 200, 20
TREES, DEPTH, LEAF, MOST_GROWN = 30, 5, 0.01, 2000
N_BLOCKS, N_SHUFFLES = 10, 4


def f_test(fold: TrainingRows, **_: Any) -> pd.DataFrame:
    """F of a linear relation; its p-value knows that outcomes overlap and symbols move together."""
    n = len(fold.y)
    outcome = _standard(fold.y)
    rows = []
    for column, varies in zip(fold.X.T, fold.is_varying & (np.ptp(fold.y) > 0), strict=True):
        if not varies:
            rows.append((np.nan, np.nan))
            continue
        product = _standard(column) * outcome
        r = product.mean()
        count = fold.by_time(np.ones(n))
        p = overlapping_mean(fold.by_time(product), count, fold.horizon).p_value
        rows.append((float(r**2 * (n - 2) / max(1 - r**2, 1e-300)), p))
    return _table(rows)


def mutual_information(
    fold: TrainingRows, *, n_permutations: int | None = None, seed: int = 0, **_: Any
) -> pd.DataFrame:
    """Nats between quantile bins of each feature and of the outcome, against circular shifts of the outcome."""
    outcome = _codes(fold.y, fold.is_class)
    codes = np.column_stack([_codes(column, is_class=False) for column in fold.X.T])
    steps = fold.shifts(n_permutations or SHIFTS, np.random.default_rng(seed))
    # -1 where the shifted outcome is unknown; the first column is the outcome itself
    moved = np.column_stack([outcome, *(_moved(fold, outcome, int(step)) for step in steps)])
    information = _information(codes, moved)
    score, null = information[0], information[1:]
    mean, variance = null.mean(axis=0), null.var(axis=0, ddof=1)
    ok = fold.is_varying & (variance > 0)
    p = np.full(len(score), np.nan)
    p[ok] = gamma.sf(score[ok], mean[ok] ** 2 / variance[ok], scale=variance[ok] / mean[ok])
    return _table(list(zip(np.where(fold.is_varying, score, np.nan), p, strict=True)))


def random_forest(fold: TrainingRows, *, n_permutations: int | None = None, seed: int = 0, **_: Any) -> pd.DataFrame:
    """Impurity importance in a forest, against forests grown on circular shifts of the outcome."""
    generator = np.random.default_rng(seed)
    score = _grown(fold.X, fold.y, fold.is_class, seed).feature_importances_
    steps = fold.shifts(n_permutations or FOREST_SHIFTS, generator)
    null = np.empty((len(steps), len(score)))
    for row, step in zip(null, steps, strict=True):
        moved, known = fold.shifted(fold.y, int(step))
        row[:] = _grown(fold.X[known], moved[known], fold.is_class, int(step)).feature_importances_
    mean, deviation = null.mean(axis=0), null.std(axis=0, ddof=1)
    ok = fold.is_varying & (deviation > 0)
    p = np.full(len(score), np.nan)
    n = len(null)
    p[ok] = t.sf((score - mean)[ok] / (deviation[ok] * np.sqrt(1 + 1 / n)), n - 1)
    return _table(list(zip(np.where(fold.is_varying, score, np.nan), p, strict=True)))


def clustered_mda(fold: TrainingRows, *, splits: Any = None, seed: int = 0, **_: Any) -> pd.DataFrame:
    """Loss added by shuffling a whole cluster of like features in blocks that follow the rows learned from.

    Blocks are judged by what came before them: trained on both sides, two blocks' losses would share each other's
    outcomes, and the test over blocks would find features in noise (twice as often as stated, in trials of it).
    """
    cluster = _clusters(fold)
    generator = np.random.default_rng(seed)
    pairs = _pairs(fold, splits)
    harm = np.zeros((len(pairs), cluster.max() + 1))
    for row, (train, test) in zip(harm, pairs, strict=True):
        model = _grown(fold.X[train], fold.y[train], fold.is_class, seed)
        base = _loss(model, fold.X[test], fold.y[test], fold.is_class)
        again = np.concatenate([generator.permutation(len(test)) for _ in range(N_SHUFFLES)])
        whole, outcome = np.tile(fold.X[test], (N_SHUFFLES, 1)), np.tile(fold.y[test], N_SHUFFLES)
        for k in range(harm.shape[1]):
            members, shuffled = np.flatnonzero(cluster == k), whole.copy()
            shuffled[:, members] = fold.X[test][again][:, members]
            row[k] = _loss(model, shuffled, outcome, fold.is_class) - base
    n = len(harm)
    mean, deviation = harm.mean(axis=0), harm.std(axis=0, ddof=1)
    moves = deviation > 0
    p = np.full(len(mean), np.nan)
    p[moves] = t.sf(mean[moves] / deviation[moves] * np.sqrt(n), n - 1)
    p[~moves & (mean <= 0)] = 1.0  # the forests never asked for any of them
    table = _table(list(zip(mean[cluster], p[cluster], strict=True)))
    table.loc[~fold.is_varying, ["score", "p_value"]] = np.nan
    return table.assign(cluster=cluster + 1)


METHODS = {
    "mutual_information": mutual_information,
    "f_test": f_test,
    "random_forest": random_forest,
    "clustered_mda": clustered_mda,
}


def _table(rows: list[tuple[float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["score", "p_value"], dtype=float)


def _standard(x: FloatArray) -> FloatArray:
    deviation = x.std()
    return (x - x.mean()) / (deviation if deviation > 0 else 1.0)


def _codes(x: FloatArray, is_class: bool) -> IntArray:
    """Each distinct value its own code, or `N_BINS` equal shares by rank; ties stay together."""
    if is_class:
        return np.unique(x, return_inverse=True)[1].astype(np.int64)
    return np.minimum((rankdata(x) - 0.5) * N_BINS / len(x), N_BINS - 1).astype(np.int64)


def _moved(fold: TrainingRows, outcome: IntArray, steps: int) -> IntArray:
    moved, known = fold.shifted(outcome.astype(float), steps)
    return np.where(known, moved, -1).astype(np.int64)


def _information(codes: IntArray, outcomes: IntArray) -> FloatArray:
    """Mutual information in nats of each outcome (-1 is unknown) with each feature, (n_outcomes, n_features).

    The joint counts of many pairs are one product of their indicators; blocks keep these within memory.
    """
    n, width = outcomes.shape[0], int(outcomes.max()) + 1
    found = np.empty((outcomes.shape[1], codes.shape[1]))
    block = max(1, INDICATORS // (n * max(width, N_BINS)))
    for low in range(0, outcomes.shape[1], block):
        seen = (outcomes[:, low : low + block, None] == np.arange(width)).astype(np.float32)
        for first in range(0, codes.shape[1], block):
            bins = (codes[:, first : first + block, None] == np.arange(N_BINS)).astype(np.float32)
            joint = bins.reshape(n, -1).T @ seen.reshape(n, -1)
            joint = joint.reshape(bins.shape[1], N_BINS, seen.shape[1], width).astype(float)
            total = joint.sum(axis=(1, 3))
            inner = xlogy(joint, joint).sum(axis=(1, 3))
            rows, columns = joint.sum(axis=3), joint.sum(axis=1)
            outer = xlogy(rows, rows).sum(axis=1) + xlogy(columns, columns).sum(axis=2)
            told = (inner - outer + xlogy(total, total)) / np.maximum(total, 1)
            found[low : low + block, first : first + block] = told.T
    return found


def _grown(X: FloatArray, y: FloatArray, is_class: bool, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if is_class else RandomForestRegressor
    forest = kind(
        n_estimators=TREES,
        max_depth=DEPTH,
        min_samples_leaf=LEAF,
        max_features="sqrt",  # few at a time, so that like features do not hide one another
        max_samples=min(1.0, MOST_GROWN / len(y)),
        random_state=seed,
    )
    return forest.fit(X, y)


def _loss(model: Any, X: FloatArray, y: FloatArray, is_class: bool) -> float:
    """Log loss of classes, squared error of a number."""
    if not is_class:
        return float(np.mean((model.predict(X) - y) ** 2))
    p = model.predict_proba(X)
    place = np.searchsorted(model.classes_, y)
    known = (place < len(model.classes_)) & (model.classes_[np.minimum(place, len(model.classes_) - 1)] == y)
    chance = np.where(known, p[np.arange(len(y)), np.minimum(place, p.shape[1] - 1)], 0.0)
    return float(-np.log(np.maximum(chance, 1e-6)).mean())


def _clusters(fold: TrainingRows) -> IntArray:
    """Cluster of each feature from 0, in the order of the features."""
    frame = pd.DataFrame(fold.X, columns=pd.RangeIndex(fold.X.shape[1]))
    found = cluster_features(rank_correlations(frame)).set_index("name")["cluster"]
    return found.reindex(frame.columns).to_numpy(dtype=np.int64) - 1


def _pairs(fold: TrainingRows, splits: Any) -> list[tuple[IntArray, IntArray]]:
    if splits is None:
        edges = np.linspace(fold.n_stamps // 4, fold.n_stamps, N_BLOCKS + 1).astype(int).tolist()
        pairs = [
            (purged_train(fold.timeline, [block], window=(0, block[1])), block_rows(fold.timeline, [block]))
            for block in pairwise(edges)
            if block[0] < block[1]
        ]
    else:
        place = np.full(int(fold.kept.max()) + 1, -1)
        place[fold.kept] = np.arange(len(fold.kept))
        pairs = [tuple(_within(place, side) for side in pair) for pair in splits]
    pairs = [(train, test) for train, test in pairs if len(train) and len(test)]
    if len(pairs) < 3:
        raise DataError(f"{len(pairs)} inner blocks have rows on both sides, but a cluster needs 3 to be judged.")
    return pairs


def _within(place: IntArray, side: Any) -> IntArray:
    """Row numbers of the fold as those among its complete rows; incomplete ones fall away."""
    side = np.asarray(side, dtype=np.int64)
    side = place[side[side < len(place)]]
    return side[side >= 0]
