"""Where a saved network of a run looked before one decision."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.errors import FinmlError
from finml_core.experiments import ExperimentConfig
from finml_core.runs.attention import attention_of, has_attention
from finml_core.runs.home import home
from pages._ui import load, text
from pages._ui.frame import chart
from pages._ui.model_tables import seeds_of


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One network of a run and one of its decisions."""

    run_id: str
    model: str
    fold: int
    seed: int
    symbol: str
    ts: pd.Timestamp


def attention(run_id: str) -> None:
    """The map of a chosen prediction, asked of the saved network when the button is pressed."""
    config = load.run_config(run_id)
    models = [model.value for model in config.models if has_attention(config, model)]
    if not models:
        st.info(
            "No model of this run weighs the bars of its window, so there is nothing to map: train a Transformer or "
            "the LSTM-Transformer hybrid, or give an LSTM or GRU attention with its slider.",
            icon=":material/visibility_off:",
        )
        st.caption(_without(config))
        return
    scores = seeds_of(run_id)
    with st.grid(2, min_column_width=150):
        model = st.selectbox("Network", models, format_func=text.name, key=f"models_attention_model_{run_id}")
        seeds = sorted(scores.loc[scores["model"] == model, "seed"].unique().tolist())
        seed = st.selectbox(
            "Seed", seeds, key=f"models_attention_seed_{run_id}_{model}",
            help="Each seed trained a network of its own in every fold; the run decided by their mean probability.",
        )  # fmt: skip
        symbol = st.selectbox("Symbol", config.symbols, key=f"models_attention_symbol_{run_id}")
        rows = load.predictions(run_id, model)
        rows = rows.loc[rows["symbol"] == symbol].dropna(subset=["p_raw"])
        first, last = rows["ts"].min().date(), rows["ts"].max().date()
        day = st.date_input("Prediction of", last, first, last, key=f"models_attention_day_{run_id}_{symbol}")
    ts = rows.loc[rows["ts"] < pd.Timestamp(day) + pd.Timedelta(days=1), "ts"].max()
    row = _of_fold(rows.loc[rows["ts"] == ts].drop_duplicates("fold").set_index("fold"), run_id)
    asked = Asked(run_id=run_id, model=model, fold=int(row.name), seed=int(seed), symbol=symbol, ts=ts)
    which = (
        f"{text.name(model)} of fold {asked.fold + 1} of {scores['fold'].nunique()}, which did not train on this bar, "
        f"from seed {seed}"
    )
    if st.button("Look", key="models_attention_look", help="Loads the saved network in a process of its own"):
        st.session_state["models_attention"] = asked
    if st.session_state.get("models_attention") != asked:
        st.caption(f"The map would be of {which}. Loading the saved network takes some seconds.")
    else:
        _show(asked, which, row, len(seeds))
    st.caption(_without(config))


def _of_fold(rows: pd.DataFrame, run_id: str) -> pd.Series:
    """The bar's row of the chosen fold; only combinatorial splits test a bar in more than one."""
    if len(rows) == 1:
        return rows.iloc[0]
    fold = st.selectbox(
        "Fold", sorted(rows.index), format_func=lambda fold: f"Fold {fold + 1}", key=f"models_attention_fold_{run_id}"
    )
    return rows.loc[fold]


def _show(asked: Asked, which: str, row: pd.Series, n_seeds: int) -> None:
    try:
        weights = _attention(str(home()), asked)
    except FinmlError as error:
        st.error(str(error), icon=":material/error:")
        return
    mean = weights.groupby("bar")["weight"].mean()
    own = text.probability(weights["p_up"].iloc[0])
    among = f" (mean of {n_seeds} seeds {text.probability(row['p_raw'])})" if n_seeds > 1 else ""
    chart(
        charts.attention_map(weights),
        f"{which}. P up {own}{among} on {row['ts']:%Y-%m-%d}: most attention, {text.percent(mean.max())} on average "
        f"over heads, went to {_place(-int(mean.idxmax()))}; an even look gives each {text.percent(1 / len(mean))}.",
        alt=f"Attention of each head of {asked.model}, seed {asked.seed}, over the window before {row['ts']:%Y-%m-%d}",
        key="models_attention_map",
    )


def _without(config: ExperimentConfig) -> str:
    """Which models of the run have no map, and why."""
    networks = [model for model in config.models if model.is_sequence and not has_attention(config, model)]
    others = [model for model in config.models if not model.is_sequence]
    reasons = {"trained without attention": networks, "reading rows, not windows": others}
    told = "; ".join(f"{_names(models)} ({reason})" for reason, models in reasons.items() if models)
    return f"Without a map: {told}." if told else ""


def _names(models: list) -> str:
    return ", ".join(text.name(model.value) for model in models)


def _place(n_before: int) -> str:
    return "the decision bar itself" if n_before == 0 else f"the bar {n_before} back"


@st.cache_data(max_entries=32, show_spinner="Loading the saved network …")
def _attention(home_path: str, asked: Asked) -> pd.DataFrame:
    return attention_of(home(), asked.run_id, asked.model, asked.fold, asked.symbol, asked.ts, seed=asked.seed)
