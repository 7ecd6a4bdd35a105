"""How models made of models are kept: each member in a folder of its own, named in one manifest with its checksum."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEMBERS = "members"


@dataclass(frozen=True)
class Compound:
    """What an ensemble is made of, what else its manifest says, and the way back."""

    members: Callable[[Any], list[Any]]
    state: Callable[[Any], dict[str, Any]]
    restore: Callable[[dict[str, Any], list[Any]], Any]


def member_folder(folder: Path, number: int) -> Path:
    """Where a member is kept."""
    return folder / MEMBERS / str(number)


def _stacked_members(model: Any) -> list[Any]:
    return [model.final_, *model.estimators_.values()]


def _stacked_state(model: Any) -> dict[str, Any]:
    settings = {name: getattr(model, name) for name in ("n_splits", "embargo_pct", "C")}
    return {"settings": settings, "names": list(model.estimators_)}


def _restore_stacked(state: dict[str, Any], members: list[Any]) -> Any:
    import numpy as np

    from finml_core.models.ensembles import StackedEnsemble

    final, *members = members
    named = dict(zip(state["names"], members, strict=True))
    model = StackedEnsemble(named, **state["settings"])
    model.final_, model.estimators_ = final, named
    model.classes_ = np.asarray(members[0].classes_)
    model.n_features_in_, model.feature_names_in_ = members[0].n_features_in_, members[0].feature_names_in_
    return model


def _seeds_state(model: Any) -> dict[str, Any]:
    return {"settings": {"n_seeds": model.n_seeds, "first_seed": model.first_seed}}


def _restore_seeds(state: dict[str, Any], members: list[Any]) -> Any:
    from finml_core.models.ensembles import SeedEnsemble

    model = SeedEnsemble(members[0], **state["settings"])
    model.estimators_, model.classes_ = members, members[0].classes_
    model.n_features_in_ = members[0].n_features_in_
    return model


def _horizons_state(model: Any) -> dict[str, Any]:
    return {"horizons": list(model.horizons), "is_joint": model.is_joint_}


def _restore_horizons(state: dict[str, Any], members: list[Any]) -> Any:
    from finml_core.models.ensembles import MultiHorizonForecaster

    model = MultiHorizonForecaster(members[0], horizons=tuple(state["horizons"]))
    model.estimators_, model.is_joint_ = members, state["is_joint"]
    model.n_features_in_ = members[0].n_features_in_
    return model


COMPOUNDS: Mapping[str, Compound] = {
    "StackedEnsemble": Compound(_stacked_members, _stacked_state, _restore_stacked),
    "SeedEnsemble": Compound(lambda model: model.estimators_, _seeds_state, _restore_seeds),
    "MultiHorizonForecaster": Compound(lambda model: model.estimators_, _horizons_state, _restore_horizons),
}
