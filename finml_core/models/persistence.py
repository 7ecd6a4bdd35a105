"""Models in a folder, without pickle: nothing that is read can run code."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from finml_core.models.compounds import COMPOUNDS, Compound, member_folder
from finml_core.models.errors import ModelError

FORMAT = 2
MANIFEST = "model.json"
# scikit-learn's own types are trusted by skops; beyond them only these are ever built from a file
TRUSTED = (
    *(
        f"finml_core.models.naive.{name}{task}"
        for name in ("Naive", "AlwaysUp")
        for task in ("Classifier", "Regressor")
    ),
    "finml_core.models.linear.LogisticClassifier",
    "finml_core.models.linear.RidgeRegressor",
    "finml_core.models.linear.ElasticNetClassifier",
    "finml_core.models.linear.ElasticNetRegressor",
    "finml_core.models.trees.forest.RandomForestClassifier",
    "finml_core.models.trees.forest.RandomForestRegressor",
    "finml_core.models.trees.histogram.GradientBoostingClassifier",
    "finml_core.models.trees.histogram.GradientBoostingRegressor",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


def save_model(model: Any, folder: str | Path) -> None:
    """Write a fitted model to `folder`: a manifest `model.json` with checksums, and one payload file.

    An ensemble has a folder for each member instead of the payload; a StackedEnsemble comes back without the
    out-of-fold predictions that it learned from. Each file is written under another name and then put in place, the
    manifest last.

    Raises
    ------
    ModelError
        For a model that is of no known class, or not fitted.
    """
    kind = type(model).__name__
    if kind not in STORAGES and kind not in COMPOUNDS:
        raise ModelError(f"a {kind} cannot be saved; known are: {', '.join((*STORAGES, *COMPOUNDS))}.")
    if not hasattr(model, "n_features_in_"):
        raise ModelError(f"this {kind} is not fitted; fit it before it is saved.")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if kind in COMPOUNDS:
        content = _save_members(model, COMPOUNDS[kind], folder)
    else:
        storage = STORAGES[kind]
        unfinished = folder / f".{storage.file}.{os.getpid()}"
        content = {"state": storage.save(model, unfinished)}
        content["files"] = {storage.file: _checksum_of_file(unfinished)}
        os.replace(unfinished, folder / storage.file)
    content = {"format": FORMAT, "kind": kind, **content}
    manifest = folder / f".{MANIFEST}.{os.getpid()}"
    manifest.write_text(json.dumps({**content, "checksum": _checksum(content)}, indent=1), encoding="utf-8")
    os.replace(manifest, folder / MANIFEST)


def load_model(folder: str | Path) -> Any:
    """The model that `save_model` wrote to `folder`; networks come to the device "auto" names here.

    Raises
    ------
    ModelError
        If a file is missing, cut short, altered, or of an unknown kind.
    """
    folder = Path(folder)
    content = _read_manifest(folder / MANIFEST)
    for name, checksum in content["files"].items():
        _check_file(folder, name, checksum)
    kind = content["kind"]
    if kind in COMPOUNDS:
        members = [load_model(member_folder(folder, number)) for number in range(len(content["files"]))]
        return COMPOUNDS[kind].restore(content["state"], members)
    storage = STORAGES[kind]
    path = folder / storage.file
    if storage.file not in content["files"]:
        raise ModelError(f"the manifest in {folder} names no {storage.file}; train the model again.")
    try:
        return storage.load(kind, content["state"], path)
    except Exception as error:  # each library has errors of its own for a file that it cannot read
        raise ModelError(f"{path} cannot be read as a {kind}: {error}. Train the model again.") from error


def _save_members(model: Any, compound: Compound, folder: Path) -> dict[str, Any]:
    files = {}
    for number, member in enumerate(compound.members(model)):
        save_model(member, member_folder(folder, number))
        manifest = member_folder(folder, number) / MANIFEST
        files[manifest.relative_to(folder).as_posix()] = _checksum_of_file(manifest)
    return {"state": compound.state(model), "files": files}


def _check_file(folder: Path, name: str, checksum: str) -> None:
    path = folder / name
    if not path.is_file():
        raise ModelError(f"the model in {folder} has no file {name}; train it again.")
    if _checksum_of_file(path) != checksum:
        raise ModelError(
            f"{path} is not the file that was saved: its checksum differs, so it was cut short or altered. Train again."
        )


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelError(f"there is no model in {path.parent}: {MANIFEST} is missing.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        checksum = content.pop("checksum")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(f"{path} is no manifest of a model; it was cut short or altered. Train again.") from error
    if checksum != _checksum(content):
        raise ModelError(f"{path} is not the manifest that was saved: its checksum differs. Train again.")
    if content["format"] != FORMAT:
        raise ModelError(f"{path} has format {content['format']}; this version reads format {FORMAT}. Train again.")
    if content["kind"] not in (*STORAGES, *COMPOUNDS):
        raise ModelError(f"{path} holds a {content['kind']!r}; known are: {', '.join((*STORAGES, *COMPOUNDS))}.")
    return content


def _checksum(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _checksum_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _save_skops(model: Any, path: Path) -> dict[str, Any]:
    from skops import io

    io.dump(model, path)
    return {}


def _load_skops(kind: str, state: dict[str, Any], path: Path) -> Any:
    from skops import io

    return io.load(path, trusted=list(TRUSTED))


def _save_lightgbm(model: Any, path: Path) -> dict[str, Any]:
    path.write_text(model.booster_.model_to_string(), encoding="utf-8")
    return {"params": model.get_params(), "n_trees": model.n_trees_, **_common_state(model)}


def _load_lightgbm(kind: str, state: dict[str, Any], path: Path) -> Any:
    import lightgbm

    from finml_core.models.trees import light

    model = _restored_trees(getattr(light, kind), state)
    model.booster_ = lightgbm.Booster(model_str=path.read_text(encoding="utf-8"))
    return model


def _save_xgboost(model: Any, path: Path) -> dict[str, Any]:
    path.write_bytes(model.booster_.save_raw("json"))
    return {"params": model.get_params(), "n_trees": model.n_trees_, **_common_state(model)}


def _load_xgboost(kind: str, state: dict[str, Any], path: Path) -> Any:
    from finml_core.models.trees import xgb

    model = _restored_trees(getattr(xgb, kind), state)
    model.booster_ = xgb.load_xgboost().Booster({"nthread": model.n_jobs})
    model.booster_.load_model(bytearray(path.read_bytes()))
    return model


def _restored_trees(kind: type, state: dict[str, Any]) -> Any:
    model = kind(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in state["params"].items()}
    )
    model.n_trees_ = state["n_trees"]
    _restore_common(model, state)
    return model


def _save_sequence(model: Any, path: Path) -> dict[str, Any]:
    import torch
    from safetensors.torch import save_file

    weights = {f"network/{name}": value.contiguous().cpu() for name, value in model.network_.state_dict().items()}
    scaling = {f"scaling/{name}": torch.from_numpy(getattr(model, f"{name}_")) for name in SCALING}
    save_file({**weights, **scaling}, path)
    return {
        "network": {"kind": type(model.network_config_).__name__, **asdict(model.network_config_)},
        "train": None if model.train is None else asdict(model.train),
        "head": asdict(model.head_),
        "history": model.history_,
        **{name: getattr(model, name) for name in WINDOWS},
        **{name: getattr(model, f"{name}_") for name in COUNTS},
        **_common_state(model),
    }


def _load_sequence(kind: str, state: dict[str, Any], path: Path) -> Any:
    from safetensors.torch import load_file

    from finml_core.models import sequence
    from finml_core.models.configs import TrainConfig
    from finml_core.models.heads import Head
    from finml_core.models.networks import CONFIGS, make_network
    from finml_core.models.training import resolve_device

    settings = dict(state["network"])
    config = CONFIGS[settings.pop("kind")](**settings)
    train = None if state["train"] is None else TrainConfig(**state["train"])
    head = Head(**{**state["head"], "quantiles": tuple(state["head"]["quantiles"])})
    extra = {"quantiles": head.quantiles} if kind == "SequenceRegressor" else {}
    windows = {name: state[name] for name in WINDOWS}
    model = getattr(sequence, kind)(network=config, train=train, **windows, **extra)
    tensors = load_file(path)
    for name in SCALING:
        setattr(model, f"{name}_", tensors.pop(f"scaling/{name}").numpy())
    _restore_common(model, state)
    model.head_ = head
    model.device_ = resolve_device("auto")
    model.network_ = make_network(config, n_features=model.n_features_in_, n_outputs=head.n_outputs)
    model.network_.load_state_dict({name.removeprefix("network/"): value for name, value in tensors.items()})
    model.network_.to(model.device_).eval()
    model.network_config_ = config
    model.history_ = state["history"]
    for name in COUNTS:
        setattr(model, f"{name}_", state[name])
    return model


def _common_state(model: Any) -> dict[str, Any]:
    names = getattr(model, "feature_names_in_", None)
    classes = getattr(model, "classes_", None)
    return {
        "classes": None if classes is None else classes.tolist(),
        "classes_dtype": None if classes is None else classes.dtype.str,
        "n_features": model.n_features_in_,
        "feature_names": None if names is None else [str(name) for name in names],
    }


def _restore_common(model: Any, state: dict[str, Any]) -> None:
    import numpy as np

    if state["classes"] is not None:
        model.classes_ = np.array(state["classes"], dtype=np.dtype(state["classes_dtype"]))
    model.n_features_in_ = state["n_features"]
    if state["feature_names"] is not None:
        model.feature_names_in_ = np.array(state["feature_names"], dtype=object)


@dataclass(frozen=True)
class _Storage:
    """How a class is kept: its file, what the manifest says of it, and the way back."""

    file: str
    save: Callable[[Any, Path], dict[str, Any]]
    load: Callable[[str, dict[str, Any], Path], Any]


SCALING = ("mean", "scale", "target_mean", "target_scale")
WINDOWS = ("sequence_length", "longest_gap")
COUNTS = ("best_epoch", "batch_size", "n_windows", "n_parameters")  # of a network's training
SKOPS = _Storage("model.skops", _save_skops, _load_skops)
LIGHTGBM = _Storage("trees.txt", _save_lightgbm, _load_lightgbm)
XGBOOST = _Storage("trees.json", _save_xgboost, _load_xgboost)
WEIGHTS = _Storage("weights.safetensors", _save_sequence, _load_sequence)
STORAGES: Mapping[str, _Storage] = {
    "NaiveClassifier": SKOPS,
    "NaiveRegressor": SKOPS,
    "AlwaysUpClassifier": SKOPS,
    "AlwaysUpRegressor": SKOPS,
    "LogisticClassifier": SKOPS,
    "RidgeRegressor": SKOPS,
    "ElasticNetClassifier": SKOPS,
    "ElasticNetRegressor": SKOPS,
    "RandomForestClassifier": SKOPS,
    "RandomForestRegressor": SKOPS,
    "GradientBoostingClassifier": SKOPS,
    "GradientBoostingRegressor": SKOPS,
    "LightGBMClassifier": LIGHTGBM,
    "LightGBMRegressor": LIGHTGBM,
    "XGBoostClassifier": XGBOOST,
    "XGBoostRegressor": XGBOOST,
    "SequenceClassifier": WEIGHTS,
    "SequenceRegressor": WEIGHTS,
}
