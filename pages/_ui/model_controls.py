"""Sliders that describe a run to train, and what it will cost."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from finml_core.calibration import CALIBRATORS
from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig, Pace, SplitConfig, estimate_cost
from finml_core.features import FAMILIES
from finml_core.models import HYPERPARAMETERS, Hyperparameter, ModelConfig, ModelType, describe_models, with_values
from finml_core.runs.home import home
from pages._ui import load, text
from pages._ui.label_controls import asked, in_words, label_controls
from pages._ui.selection import Selection

FAMILY_NAMES = {"baseline": "Baselines", "linear": "Linear models", "trees": "Trees", "network": "Networks"}
LABELS = {
    "direction": "Direction after the horizon",
    "triple_barrier": "Triple barrier",
    "trend_scanning": "Trend scanning",
}
SPLITTERS = {"purged_kfold": "Purged K-fold", "walk_forward": "Walk-forward", "combinatorial": "Combinatorial"}
MOST_TESTED = 4  # blocks at a time
SHARED = ("train", "sequence_length")  # where settings stand that all networks have in common
COST_COLUMNS = {
    "model": st.column_config.TextColumn("Model"),
    "trainings": st.column_config.NumberColumn("Trainings", help="Folds times seeds"),
    "paths": st.column_config.NumberColumn("Paths", help="Full out-of-sample histories that the folds make"),
    "rows": st.column_config.NumberColumn("Rows", format="%,.0f", help="Training rows of a fold"),
    "windows": st.column_config.NumberColumn("Windows", format="%,.0f", help="Of a fold and epoch"),
    "parameters": st.column_config.NumberColumn("Parameters", format="%,.0f"),
    "seconds": st.column_config.NumberColumn("Seconds", format="%.0f", help="At the pace measured here, all epochs"),
}


def experiment_controls(selection: Selection) -> ExperimentConfig | None:
    """The experiment that the sliders describe; None, and the reason shown, where it cannot exist."""
    default = load.default_experiment()
    name = st.text_input("Name", default.name, key="build_name")
    models = _models(default)
    horizon = st.slider("Label horizon, bars", 1, 60, default.label.horizon, key="build_horizon", bind="query-params")
    folds = st.slider(
        "Folds", 2, 10, default.split.n_splits, key="build_folds", bind="query-params",
        help="Of the combinatorial splitter these are the blocks, of which it tests every choice.",
    )  # fmt: skip
    seeds = st.slider(
        "Seeds", 1, 10, default.n_seeds, key="build_seeds", bind="query-params",
        help="Trainings of each model that draws; scores are spread over them, decisions use their mean.",
    )  # fmt: skip
    with st.expander("Features, label and split"):
        families = st.multiselect("Families", FAMILIES, default.features.families, key="build_families")
        kinds = list(LABELS)
        kind_of_label = st.selectbox(
            "Label", kinds, kinds.index(default.label.kind), LABELS.get, key="build_label", bind="query-params"
        )
        outcome = label_controls(asked(default.label, default.primary), kind_of_label, horizon, "build")
        st.caption(in_words(outcome))
        kind = st.selectbox("Splitter", list(SPLITTERS), format_func=SPLITTERS.get, key="build_split")
        tested = _tested_blocks(folds) if kind == "combinatorial" else default.split.n_test_splits
        embargo = st.slider("Embargo, % of bars", 0.0, 10.0, 1.0, 0.5, key="build_embargo")
        methods = list(CALIBRATORS)
        calibration = st.selectbox(
            "Calibration", methods, methods.index(default.calibration.method), key="build_calibration"
        )
        seed = st.number_input("First seed", 0, 9999, default.model.seed, key="build_seed")
    try:
        return replace(
            default,
            name=name,
            symbols=tuple(selection.symbols),
            start=selection.start.isoformat() if selection.start else None,
            end=selection.end.isoformat() if selection.end else None,
            models=tuple(models),
            n_seeds=seeds,
            label=outcome.label,
            primary=outcome.primary,
            split=SplitConfig(kind=kind, n_splits=folds, n_test_splits=tested, embargo_pct=embargo / 100),
            calibration=replace(default.calibration, method=calibration),
            features=replace(default.features, families=tuple(families)),
            model=replace(_settings(models, default.model), seed=int(seed)),
        )
    except FinmlError as error:
        st.error(str(error), icon=":material/error:")
        return None


def _tested_blocks(n_blocks: int) -> int:
    """How many blocks each fold tests; two blocks leave no choice."""
    most = min(MOST_TESTED, n_blocks - 1)
    if most == 1:
        st.caption("Of two blocks one is tested at a time: purged K-fold.")
        return 1
    return st.slider(
        "Blocks tested at a time", 1, most, 2, key="build_tested",
        help="More make more paths, each from models that saw less of history; 1 is purged K-fold.",
    )  # fmt: skip


def _models(default: ExperimentConfig) -> list[ModelType]:
    """The chosen models, a list a family; in the order of leaderboards."""
    chosen: list[ModelType] = []
    for family, title in FAMILY_NAMES.items():
        offered = [each for each in describe_models() if each.family == family]
        names = [each.model_type.value for each in offered]
        own = [model.value for model in default.models if model.value in names]
        picked = st.multiselect(
            title,
            names,
            own,
            key=f"build_models_{family}",
            format_func=text.name,
            help="  \n".join(f"**{text.name(each.model_type.value)}**: {each.summary}" for each in offered),
        )
        chosen += [ModelType(name) for name in names if name in picked]
    return chosen


def _settings(models: list[ModelType], config: ModelConfig) -> ModelConfig:
    """Each chosen model's own sliders, folded away; what all networks share stands there once."""
    for model in models:
        own = [setting for setting in HYPERPARAMETERS[model] if setting.path[0] not in SHARED]
        if not own:
            continue
        with st.expander(text.name(model.value)):
            for setting in own:
                config = _with_widget(config, model, setting, f"build_{model.value}_{setting.name}")
    networks = [model for model in models if model.is_sequence]
    if networks:
        with st.expander("Training of networks"):
            for setting in HYPERPARAMETERS[networks[0]]:
                if setting.path[0] in SHARED:
                    config = _with_widget(config, networks[0], setting, f"build_network_{setting.name}")
    return config


def _with_widget(config: ModelConfig, model: ModelType, setting: Hyperparameter, key: str) -> ModelConfig:
    """The configuration with one setting as its widget stands."""
    if setting.kind == "choice":
        start = setting.choices.index(setting.default)
        value = st.selectbox(setting.label, setting.choices, start, key=key, help=setting.help)
    elif setting.kind == "log":
        value = st.select_slider(
            setting.label, setting.options, setting.default, key=key, help=setting.help, format_func="{:.4g}".format
        )
    else:
        value = st.slider(
            setting.label, setting.low, setting.high, setting.default, setting.step, key=key, help=setting.help
        )
    return with_values(config, model, {setting.name: value})


def show_estimate(config: ExperimentConfig) -> None:
    """What the run will cost: a sentence, and a row a model folded away."""
    covered = load.coverage().set_index("symbol")
    n_bars = {symbol: int(covered.loc[symbol, "n_bars"]) for symbol in config.symbols}
    costs = estimate_cost(config, n_bars, paces())
    st.caption(_sentence(config, costs))
    with st.expander("Cost by model"):
        shown = costs.assign(model=[text.name(model) for model in costs["model"]])
        st.dataframe(shown, hide_index=True, width="stretch", column_config=COST_COLUMNS, placeholder="")
        st.caption(
            "Bars of the whole store; dates chosen in the sidebar make it fewer. A network's time counts all its "
            "epochs; early stopping often ends before."
        )


def _sentence(config: ExperimentConfig, costs: pd.DataFrame) -> str:
    n_trainings = int(costs["trainings"].sum())
    if n_trainings == 0:
        return "No fold fits into these bars: use shorter training or test blocks, or more history."
    paths = int(costs["paths"].max())
    made = f" for {text.counted(paths, 'path')} out of sample" if paths > 1 else ""
    size = f"{text.counted(n_trainings, 'training')}{made} on about {text.thousands(costs['rows'].max())} rows each"
    widest = costs["parameters"].max()
    if not np.isnan(widest):
        size += f", up to {text.thousands(widest)} parameters"
    untimed = [text.name(model) for model in costs.loc[costs["seconds"].isna(), "model"]]
    known = costs["seconds"].sum()
    if len(untimed) == len(costs):
        return f"{size}; no run has timed {', '.join(untimed)} here yet."
    rest = f", besides {', '.join(untimed)}, which no run has timed here yet" if untimed else ""
    return f"{size}: at most about {max(known, 1):.0f} s at the pace measured here{rest}."


@st.cache_data(max_entries=4, show_spinner=False)
def _paces(home_path: str, run_ids: tuple[str, ...]) -> dict[str, tuple[float, float, float]]:
    found: dict[str, tuple[float, float, float]] = {}
    for run_id in run_ids:
        times = load.table(run_id, "times")
        if "n_rows" not in times.columns:  # a run of an earlier version
            continue
        length = load.run_config(run_id).model.sequence_length
        for model, part in times.groupby("model"):
            row = (
                float((part["seconds"] / part["n_rows"]).mean()),
                float(part["windows_per_second"].median()),
                float(part["n_parameters"].max()) * length,
            )
            found.setdefault(str(model), row)
    return found


def paces() -> dict[str, Pace]:
    """How fast the newest finished runs trained each model."""
    done = tuple(run.run_id for run in load.runs() if run.state in load.FINISHED)[:10]
    return {
        model: Pace(seconds_per_row=row, windows_per_second=windows, window_work=work)
        for model, (row, windows, work) in _paces(str(home()), done).items()
    }
