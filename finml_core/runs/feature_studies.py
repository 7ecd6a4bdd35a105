"""Studies of features, computed once by whoever needs them first: `python -m finml_core.runs.feature_studies`.

The process reads an order (JSON) from its standard input, waits for its turn, since one study fills a processor and a
gigabyte of memory, computes what is not there yet, and leaves it on disk.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from finml_core.bars import BarStore
from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig
from finml_core.experiments.feature_choice import FeatureChoice, choose_features
from finml_core.experiments.feature_study import FeatureStudy, Universe, lay_out, study_features
from finml_core.runs.feature_cache import FOLDER, feature_cache
from finml_core.runs.files import write_json
from finml_core.runs.home import DEFAULT_EXPERIMENT
from finml_core.runs.study_store import Kept, StudyStore, study_name
from finml_core.runs.worker import be_polite

BOARD = "board"
TURN = ".turn.lock"
PATIENCE_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class StudyOrder:
    """What is to be studied: a piece (`board`, or a method of choice with its horizon) of some bars."""

    home: str
    symbols: tuple[str, ...]
    start: str | None  # the first moment that counts, ISO
    end: str | None  # the last
    piece: str
    name: str  # of the study that is waited for

    def bars(self) -> pd.DataFrame:
        """The bars as the store has them now."""
        span = [None if moment is None else pd.Timestamp(moment) for moment in (self.start, self.end)]
        return BarStore(Path(self.home) / "market.duckdb").load(list(self.symbols), *span)


def studies(home: Path) -> StudyStore:
    """The studies of the deployment at `home`."""
    return StudyStore(home / FOLDER / "studies")


def choice_piece(method: str, horizon: int) -> str:
    """The piece that is a choice of features."""
    return f"{method}-{horizon}"


def load_study(store: StudyStore, config: ExperimentConfig, world: Universe) -> FeatureStudy | None:
    """What was found out about every feature of these bars, if that is on disk."""
    kept = store.load(study_name(world.content, config, BOARD))
    if kept is None or set(kept.frames) != {"board", "sample", "unit_roots", "audit"}:
        return None
    board = kept.frames["board"]
    board = board.assign(history=[list(line) for line in board["history"]])
    return FeatureStudy(**{**kept.frames, "board": board}, left_out=dict(kept.facts["left_out"]))


def save_study(store: StudyStore, config: ExperimentConfig, world: Universe, study: FeatureStudy) -> None:
    """Leave it for the next reader."""
    frames = {"board": study.board, "sample": study.sample, "unit_roots": study.unit_roots, "audit": study.audit}
    facts = {"left_out": study.left_out}
    store.save(study_name(world.content, config, BOARD), Kept(frames=frames, facts=facts))


def load_choice(
    store: StudyStore, config: ExperimentConfig, world: Universe, method: str, horizon: int
) -> FeatureChoice | None:
    """What each training fold would choose, if that is on disk."""
    kept = store.load(study_name(world.content, config, choice_piece(method, horizon)))
    if kept is None or "folds" not in kept.frames:
        return None
    by_fold = kept.frames["folds"].groupby("fold", sort=True)
    folds = {int(fold): rows.drop(columns="fold").reset_index(drop=True) for fold, rows in by_fold}
    return FeatureChoice(folds=folds, left_out=tuple(kept.facts["left_out"]), n_rows=int(kept.facts["n_rows"]))


def save_choice(
    store: StudyStore, config: ExperimentConfig, world: Universe, method: str, horizon: int, choice: FeatureChoice
) -> None:
    """Leave it for the next reader."""
    folds = pd.concat([table.assign(fold=fold) for fold, table in choice.folds.items()], ignore_index=True)
    facts = {"left_out": list(choice.left_out), "n_rows": choice.n_rows}
    name = study_name(world.content, config, choice_piece(method, horizon))
    store.save(name, Kept(frames={"folds": folds}, facts=facts))


def compute(order: StudyOrder) -> None:
    """Compute the piece of an order, and the board that it needs, unless they are there."""
    home = Path(order.home)
    store, config = studies(home), ExperimentConfig.from_yaml(DEFAULT_EXPERIMENT)
    progress = progress_file(home, order.name)

    def tell(share: float, message: str) -> None:
        write_json(progress, {"fraction": share, "message": message})

    tell(0.0, "waiting for another study to end")
    with _turn(store.folder):
        tell(
            0.0,
            "laying out bars and the returns that follow; on a fresh machine code is compiled first (half a minute)",
        )
        world = lay_out(order.bars())
        world.outcomes  # noqa: B018 - made here, so that the words above are said while it is
        study = load_study(store, config, world)
        if study is None:
            study = study_features(config.features, world, feature_cache(home), tell)
            save_study(store, config, world, study)
        if order.piece != BOARD:
            method, horizon = order.piece.rsplit("-", 1)
            if load_choice(store, config, world, method, int(horizon)) is None:
                choice = choose_features(world, study.sample, config.split, method, int(horizon), tell)
                save_choice(store, config, world, method, int(horizon), choice)


def progress_file(home: Path, name: str) -> Path:
    """Where a process says how far it is."""
    return studies(home).folder / f"{name}.progress.json"


def _turn(folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / TURN, timeout=PATIENCE_S)


def main() -> int:
    """Entry of the process; an error that a reader can mend is left beside the progress."""
    order = StudyOrder(**{key: _tuple(value) for key, value in json.load(sys.stdin).items()})
    progress = progress_file(Path(order.home), order.name)
    be_polite()
    try:
        compute(order)
    except (FinmlError, Timeout) as error:
        write_json(progress, {"error": str(error)})
        return 2
    progress.unlink(missing_ok=True)
    return 0


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
