"""A trial as one row of the ledger."""

import getpass
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from finml_core.runs.status import now

if TYPE_CHECKING:
    import pyarrow as pa

STATES = ("done", "failed", "cancelled", "lost")


def trial_row(trial: Any, *, run_id: str | None, state: str) -> "pa.Table":
    """One row with the trial's identity, moments and returns; what the returns cannot tell is missing."""
    import pyarrow as pa

    returns = _clean(trial.returns)
    row = {
        "trial_id": trial.trial_id,
        "run_id": run_id,
        "name": trial.name,
        "kind": trial.kind,
        "state": state,
        "created": now(),
        "user": user(),
        "periods_per_year": float(trial.periods_per_year),
        "n_obs": len(returns),
        **_moments(returns.to_numpy()),
        "identity": json.dumps(trial.identity, sort_keys=True, separators=(",", ":"), default=str),
        "ts": returns.index.to_numpy() if len(returns) else None,
        "net_return": returns.to_numpy() if len(returns) else None,
    }
    return pa.table({field.name: pa.array([row[field.name]], type=field.type) for field in schema()}, schema=schema())


def schema() -> "pa.Schema":
    """Columns and types of the ledger."""
    import pyarrow as pa

    text, number, moment = pa.string(), pa.float64(), pa.timestamp("us")
    return pa.schema(
        {
            "trial_id": text,
            "run_id": text,
            "name": text,
            "kind": text,
            "state": text,
            "created": moment,
            "user": text,
            "periods_per_year": number,
            "n_obs": pa.int64(),
            "sharpe": number,
            "skew": number,
            "kurtosis": number,
            "identity": text,
            "ts": pa.list_(moment),
            "net_return": pa.list_(number),
        }
    )


def user() -> str:
    """Who is at work: FINML_USER, or the name of the account; empty where there is none."""
    try:
        return os.environ.get("FINML_USER") or getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return ""


def _clean(returns: pd.Series | None) -> pd.Series:
    """Returns that are numbers, indexed by timestamps in microseconds."""
    if returns is None:
        return pd.Series([], index=pd.DatetimeIndex([]), dtype="float64")
    returns = returns.astype("float64")
    returns = returns[np.isfinite(returns.to_numpy())]
    return returns.set_axis(pd.DatetimeIndex(returns.index).as_unit("us"))


def _moments(returns: np.ndarray) -> dict[str, float | None]:
    if len(returns) < 2 or np.ptp(returns) == 0:
        return {"sharpe": None, "skew": None, "kurtosis": None}
    from finml_core.metrics import kurtosis, sharpe_ratio, skewness

    moments = {"sharpe": sharpe_ratio(returns), "skew": skewness(returns), "kurtosis": kurtosis(returns)}
    return {name: float(value) if np.isfinite(value) else None for name, value in moments.items()}
