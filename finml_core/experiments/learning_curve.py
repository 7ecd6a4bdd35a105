"""Does more history help? One model trained on longer and longer windows that all end where the same test begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from finml_core.checks import check_between, check_integer
from finml_core.errors import SplitError
from finml_core.experiments.config import ExperimentConfig
from finml_core.experiments.data import Dataset
from finml_core.experiments.predict import Split, predict_out_of_sample
from finml_core.experiments.progress import Checkpoint, Progress, Report, ShouldStop, within
from finml_core.experiments.score import score_folds
from finml_core.models import ModelType
from finml_core.purging import Timeline, block_rows, label_times, purged_train, row_times
from finml_core.samples import Samples

CONFIDENCE = 0.9  # of the intervals
CURVE = (
    "share", "length", "n_train", "n_tests", "train", "score", "error", "lower", "upper",
    "behind", "behind_lower", "behind_upper",
)  # fmt: skip
SCORES = ("share", "length", "fold", "train", "score", "n_train", "n_test", "test_start", "test_end")


@dataclass(frozen=True, kw_only=True)
class LearningConfig:
    """Which windows are compared: lengths in equal ratios, tests in equal blocks."""

    n_lengths: int = 6
    shortest: float = 0.125  # of the longest window
    n_tests: int = 6  # blocks that every length is tested on
    first_test: float = 0.5  # share of the timestamps before the first test: the longest window

    def __post_init__(self) -> None:
        check_integer("n_lengths", self.n_lengths, 2)
        check_integer("n_tests", self.n_tests, 2)
        check_between("shortest", self.shortest, 0.01, 0.9)
        check_between("first_test", self.first_test, 0.1, 0.9)

    @property
    def shares(self) -> tuple[float, ...]:
        """Each window as a share of the longest, ascending; the last is 1."""
        steps = np.linspace(0, 1, self.n_lengths)
        return tuple(round(float(self.shortest ** (1 - step)), 4) for step in steps)


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """What each length of history was worth."""

    curve: pd.DataFrame  # a row a length
    scores: pd.DataFrame  # a row a length and test
    predictions: dict[float, pd.DataFrame]  # by share: the out-of-sample rows


def training_windows(samples: Samples, config: LearningConfig) -> dict[float, tuple[int, list[Split]]]:
    """For each share its length in timestamps and the (train, test) row numbers of every test.

    All windows of a test end at the same place, so that a shorter one is part of a longer one; training rows whose
    label reaches into the test are purged. Every length has the same tests.

    Raises
    ------
    SplitError
        If the shortest window has no training row left, or a test no row.
    """
    timeline = Timeline(row_times(samples.X.index), label_times(samples.label_end, samples.X.index))
    n_stamps = len(timeline.stamps)
    longest = int(n_stamps * config.first_test)
    edges = np.linspace(longest, n_stamps, config.n_tests + 1).astype(int).tolist()
    found = {}
    for share in config.shares:
        length = max(round(longest * share), 1)
        folds = [_fold(timeline, (start, stop), length) for start, stop in pairwise(edges)]
        if any(len(train) == 0 or len(test) == 0 for train, test in folds):
            raise SplitError(
                f"a window of {length} of {n_stamps} timestamps has no row to train on or to test once labels "
                f"that reach up to {timeline.horizon} ahead are purged. Use more history, fewer tests, or a longer "
                "shortest window."
            )
        found[share] = length, folds
    return found


def learning_curve(
    data: Dataset,
    model: ModelType,
    config: ExperimentConfig,
    settings: LearningConfig,
    *,
    progress: Report | None = None,
    should_stop: ShouldStop | None = None,
    checkpoint: Checkpoint | None = None,
) -> LearningCurve:
    """Train the model anew on each window of each test, and score AUC within each test.

    Returns
    -------
    LearningCurve
        `curve` has share, length (timestamps), n_train (mean rows), n_tests, train (mean AUC on the rows learned from),
        score (mean over tests), error, lower, upper (of the score, Student's t over tests at 90 %), behind (score less
        that of the longest window on the same tests), behind_lower, behind_upper.
    """
    windows = training_windows(data.samples, settings)
    scores, predictions = [], {}
    for number, (share, (length, folds)) in enumerate(windows.items()):
        part = within(progress, (number / len(windows), (number + 1) / len(windows)))
        tell = Progress(_named(part, f"{length} bars of history"), should_stop)
        rows = _predicted(data, model, config, folds, f"learning-{length}", tell, checkpoint)
        scores.append(_scores(rows, folds, data.samples).assign(share=share, length=length))
        predictions[share] = rows.loc[rows["is_test"]].drop(columns="is_test")
    table = pd.concat(scores, ignore_index=True).loc[:, list(SCORES)]
    return LearningCurve(curve=summarize_curve(table), scores=table, predictions=predictions)


def summarize_curve(scores: pd.DataFrame, confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Mean over tests with Student's t interval, and what is missing to the longest window on the same tests."""
    table = scores.pivot_table(index="fold", columns="share", values="score")
    rows = []
    for share, part in scores.groupby("share", sort=True):
        own, gap = part["score"].to_numpy(), (table[share] - table[table.columns.max()]).dropna().to_numpy()
        mean, error, lower, upper = _interval(own[np.isfinite(own)], confidence)
        behind, _, behind_lower, behind_upper = _interval(gap, confidence)
        rows.append(
            (share, int(part["length"].iloc[0]), float(part["n_train"].mean()), len(part), float(part["train"].mean()),
             mean, error, lower, upper, behind, behind_lower, behind_upper)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(CURVE))


def _fold(timeline: Timeline, block: tuple[int, int], length: int) -> Split:
    start, stop = block
    return purged_train(timeline, [block], window=(start - length, stop)), block_rows(timeline, [block])


def _predicted(
    data: Dataset,
    model: ModelType,
    config: ExperimentConfig,
    folds: Sequence[Split],
    key: str,
    progress: Progress,
    checkpoint: Checkpoint | None,
) -> pd.DataFrame:
    """Forecasts of the tests and of the rows learned from, which `is_test` tells apart."""
    kept = None if checkpoint is None else checkpoint.load(key)
    if kept is not None:
        return kept
    both = [(train, np.r_[train, test]) for train, test in folds]
    rows = predict_out_of_sample(
        data.samples, both, [model], config.model, context=data.features, progress=progress
    ).predictions
    starts = [data.samples.X.index[test].get_level_values("ts").min() for _, test in folds]
    rows = rows.assign(is_test=rows["ts"] >= rows["fold"].map(dict(enumerate(starts))))
    if checkpoint is not None:
        checkpoint.save(key, rows)
    return rows


def _named(report: Report | None, words: str) -> Report | None:
    return None if report is None else lambda event: report({**event, "message": f"{words}: {event['message']}"})


def _scores(rows: pd.DataFrame, folds: Sequence[Split], samples: Samples) -> pd.DataFrame:
    ts = samples.X.index.get_level_values("ts")
    tested = score_folds(rows.loc[rows["is_test"]]).set_index("fold")
    learned = score_folds(rows.loc[~rows["is_test"]]).set_index("fold")
    return pd.DataFrame(
        {
            "fold": range(len(folds)),
            "train": learned["auc"].reindex(range(len(folds))).to_numpy(),
            "score": tested["auc"].reindex(range(len(folds))).to_numpy(),
            "n_train": [len(train) for train, _ in folds],
            "n_test": [len(test) for _, test in folds],
            "test_start": [ts[test].min() for _, test in folds],
            "test_end": [ts[test].max() for _, test in folds],
        }
    )


def _interval(values: np.ndarray, confidence: float) -> tuple[float, float, float, float]:
    """Mean, standard error, lower and upper; missing where fewer than two values are known."""
    if len(values) < 2:
        return (float(values.mean()) if len(values) else np.nan, np.nan, np.nan, np.nan)
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    reach = -float(stdtrit(len(values) - 1, (1 - confidence) / 2)) * error
    return mean, error, mean - reach, mean + reach
