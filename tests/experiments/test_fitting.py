"""Words and shares of jobs that are trained at once."""

import numpy as np
import pytest

from finml_core.experiments.fitting import Epochs, Job
from finml_core.experiments.progress import Progress
from finml_core.models import ModelType

ROWS = np.arange(3)


def jobs_of(*which: tuple[int, int]) -> list[Job]:
    return [
        Job(model=ModelType.GRU, fold=fold, seed=seed, is_first_seed=seed == 0, train=ROWS, test=ROWS, paths=ROWS)
        for fold, seed in which
    ]


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ([(2, 0)], "training gru, fold 3 of 10"),
        ([(2, 1)], "training gru, fold 3 of 10, seed 1"),
        ([(0, 0), (1, 0)], "training gru, folds 1 to 2 of 10"),
        ([(8, 0), (9, 0), (0, 1)], "training gru, folds 1 to 10 of 10, 2 seeds"),
    ],
)
def test_jobs_are_named_by_their_folds_and_seeds(which, words):
    events = []
    Epochs(Progress(events.append), jobs_of(*which), 0, 20, 10)
    assert [event["message"] for event in events] == [words]


def test_epochs_of_every_job_move_the_share_of_all():
    events = []
    epochs = Epochs(Progress(events.append), jobs_of((0, 0), (1, 0)), 5, 10, 2)
    epochs.of(1)({"epoch": 2, "epochs": 4, "train_loss": 0.7})
    assert [event["fraction"] for event in events] == [0.5, 0.55]
    assert events[-1]["fold"] == 1
    assert events[-1]["train_loss"] == 0.7
