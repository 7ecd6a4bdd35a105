"""Where a run's network looked when it made one prediction: asked of the saved model, in a process of its own.

`python -m finml_core.runs.attention ORDER` prints rows as JSON; ORDER is the JSON text that `attention_of` makes.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from finml_core.errors import FinmlError, RunError
from finml_core.experiments import ExperimentConfig
from finml_core.experiments.fitting import kept_name
from finml_core.models import ModelType
from finml_core.runs.launch import ROOT
from finml_core.runs.store import RunStore

TIMEOUT_S = 120.0
SAID = "cannot look: "  # before an error that a reader can mend


def has_attention(config: ExperimentConfig, model: ModelType | str) -> bool:
    """Whether this model of an experiment weighs the bars of its window."""
    model = ModelType(model)
    if model in (ModelType.TRANSFORMER, ModelType.HYBRID):
        return True
    return getattr(getattr(config.model, model.value, None), "attention", "none") != "none"


def attention_of(
    home: Path, run_id: str, model: str, fold: int, symbol: str, ts: pd.Timestamp, *, seed: int | None = None
) -> pd.DataFrame:
    """How much each head of a saved network looked at each bar before one decision.

    Parameters
    ----------
    home : Path
        The deployment's folder.
    run_id, model, fold : the saved model
    symbol, ts : the decision bar
    seed : int, optional
        Of the model's trainings in this fold; None takes the first.

    Returns
    -------
    DataFrame with head, bar, ts, weight, p_up
        `bar` counts back from the decision bar, which is 0; a head's weights sum to 1. `p_up` is this network's own
        probability for the decision bar, the same in every row.

    Raises
    ------
    RunError
        If the run kept no such model, the model has no attention, or the bar has no full window.
    """
    order = {"home": str(home), "run_id": run_id, "model": model, "fold": int(fold), "symbol": symbol, "ts": str(ts)}
    order["seed"] = None if seed is None else int(seed)
    command = [sys.executable, "-m", "finml_core.runs.attention", json.dumps(order)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise RunError(f"{model} of run {run_id} did not answer in {TIMEOUT_S:.0f} s; try again.") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RunError(last.removeprefix(SAID) if last.startswith(SAID) else f"the process ended early: {last}")
    table = pd.DataFrame(json.loads(done.stdout))
    return table.assign(ts=pd.to_datetime(table["ts"]).astype("datetime64[us]"))


def look(order: dict[str, Any]) -> pd.DataFrame:
    """The work of the process: features of the run's own bars, its saved model, the weights of one window."""
    from finml_core.bars import load_snapshot
    from finml_core.experiments import make_dataset
    from finml_core.models import load_model
    from finml_core.runs.feature_cache import feature_cache

    store = RunStore(Path(order["home"]))
    run_id, symbol, ts = order["run_id"], order["symbol"], pd.Timestamp(order["ts"])
    config = store.config(run_id)
    first = config.model.seed
    seed = first if order["seed"] is None else order["seed"]
    name = kept_name(order["model"], seed, is_first=seed == first)
    model = load_model(store.model_folder(run_id, name, order["fold"]))
    if not hasattr(model, "attention_weights"):
        raise RunError(f"{order['model']} reads rows, not windows, and has no attention to show.")
    bars = load_snapshot(Path(order["home"]) / "snapshots", store.status(run_id).snapshot)
    features = make_dataset(config, bars, feature_cache(Path(order["home"]))).features
    if (symbol, ts) not in features.index:
        raise RunError(f"run {run_id} has no bar of {symbol} at {ts}; choose one of its predictions.")
    length = model.sequence_length
    window = features.loc[symbol, list(model.feature_names_in_)].loc[:ts].tail(length)
    if len(window) < length or window.isna().any(axis=None):
        raise RunError(f"{symbol} at {ts} has no full window of {length} bars; choose a later bar.")
    row = features.loc[[(symbol, ts)]]
    weights = model.attention_weights(row, context=features)[0]
    n_heads = len(weights)
    return pd.DataFrame(
        {
            "head": [head for head in range(n_heads) for _ in range(length)],
            "bar": list(range(1 - length, 1)) * n_heads,
            "ts": [str(stamp) for stamp in window.index] * n_heads,
            "weight": weights.ravel(),
            "p_up": float(model.predict_proba(row, context=features)[0, 1]),
        }
    )


def main(arguments: list[str]) -> int:
    """Entry of the process."""
    try:
        print(look(json.loads(arguments[0])).to_json(orient="records", double_precision=12))
    except FinmlError as error:
        print(f"{SAID}{error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
