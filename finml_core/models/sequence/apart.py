"""Folds of a network trained apart, a thread a core: torch lets go of Python's lock while it computes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import torch

from finml_core.models.sequence.base import SequenceModel
from finml_core.models.sequence.prepared import Prepared

MOST_THREADS = 8  # more wait for each other's Python


def trainings_at_once(device: torch.device) -> int:
    """How many trainings run beside each other: as many as torch may use threads here; one on a CUDA device."""
    return 1 if device.type == "cuda" else min(torch.get_num_threads(), MOST_THREADS)


def fit_apart(models: Sequence[SequenceModel], columns: pd.Index, prepared: Sequence[Prepared], n_threads: int) -> None:
    """Train each model on what is prepared for it; where several train at once, each on one thread.

    Every training has its own generators, so that its bits are those of training it alone on one thread. When one
    fails or is cancelled, the others stop before their next batch, and its error is raised.
    """
    if min(n_threads, len(models)) == 1:
        for model, each in zip(models, prepared, strict=True):
            model.train_prepared(columns, each, model.should_stop)
        return
    errors: list[BaseException] = []

    def fit(model: SequenceModel, each: Prepared) -> None:
        if errors:
            return
        torch.set_num_threads(1)  # of this thread alone
        try:
            model.train_prepared(columns, each, lambda: bool(errors) or _asked(model))
        except BaseException as error:
            errors.append(error)
            raise

    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(min(n_threads, len(models)), thread_name_prefix="fold") as pool:
            list(pool.map(fit, models, prepared))
    except BaseException:
        if errors:
            raise errors[0] from None  # the first one; those that it stopped followed
        raise
    finally:
        torch.set_num_threads(before)  # what threads begin with that are started later


def _asked(model: SequenceModel) -> bool:
    return model.should_stop is not None and model.should_stop()
