"""A trial: one distinct thing that was scored, and the returns that it was scored by."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

TrialKind = Literal["model", "strategy", "arbitrated", "backtest"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the count of trials counts: identity decides, however often and by whomever it is scored again."""

    name: str
    kind: TrialKind
    identity: Mapping[str, Any]  # plain: bars, features, label, split, model or strategy, calibration, sizing, backtest
    returns: pd.Series | None  # net, per bar, indexed by ts; None where scoring failed
    periods_per_year: float

    @property
    def trial_id(self) -> str:
        """Sixteen hexadecimal digits of the identity, independent of the order of its keys."""
        return fingerprint(self.identity)


def fingerprint(plain: Any) -> str:
    """Sixteen hexadecimal digits of a plain value, the same in every process."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def bars_fingerprint(bars: pd.DataFrame) -> str:
    """Sixteen hexadecimal digits of sorted bars' content."""
    digest = hashlib.sha256(",".join(bars.columns).encode())
    digest.update(pd.util.hash_pandas_object(bars, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]
