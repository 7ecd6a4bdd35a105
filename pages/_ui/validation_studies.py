"""What the page Validation computes: the labels once, then any split of them and any audit in a moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from finml_core.errors import DataError
from finml_core.experiments import label_bars
from finml_core.labels import class_balance, concurrency, weight_history
from finml_core.report.validation import outcome_drift
from finml_core.schemas import key_index
from finml_core.splits import (
    CombinatorialPurgedCV,
    LabelSpans,
    PurgedKFold,
    PurgedSplitter,
    SplitAudit,
    WalkForwardCV,
    audit_splits,
    split_diagnostics,
    split_timeline,
)
from pages._ui import load
from pages._ui.label_controls import Asked

Chosen = tuple[tuple[str, ...], date | None, date | None]  # symbols, first and last day
OWN = "This split"
CLASSES = ("direction", "quantile", "triple_barrier", "trend_scanning")


@dataclass(frozen=True, kw_only=True)
class SplitChoice:
    """What the sliders say; a splitter of any kind, with a purge that may be wrong on purpose."""

    kind: str = "purged_kfold"
    n_splits: int = 5  # folds of purged_kfold, blocks of combinatorial
    n_test_splits: int = 2  # blocks tested at a time, combinatorial
    train_size: int = 756  # timestamps, walk_forward
    test_size: int = 252  # timestamps, walk_forward
    step_size: int = 252  # timestamps, walk_forward
    expanding: bool = True
    embargo_pct: float = 0.01
    purge_gap: int | None = None  # timestamps instead of label ends

    def build(self) -> PurgedSplitter:
        """The splitter of these settings."""
        shared = {"purge_gap": self.purge_gap or 0, "embargo_pct": self.embargo_pct}
        if self.kind == "combinatorial":
            return CombinatorialPurgedCV(self.n_splits, self.n_test_splits, **shared)
        if self.kind == "walk_forward":
            sizes = self.train_size, self.test_size, self.step_size
            return WalkForwardCV(*sizes, expanding=self.expanding, **shared)
        return PurgedKFold(self.n_splits, **shared)


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Every bar of the selection whose outcome is known."""

    spans: LabelSpans
    y: np.ndarray
    weight: np.ndarray


# Kept as they are, not copied: a million rows would take longer to copy than to split.
@st.cache_resource(max_entries=4, show_spinner="Labelling the bars")
def _labelled(chosen: tuple[str, ...], start: date | None, end: date | None, label: Asked, version: int) -> Labelled:
    labels, _ = label_bars(label.label, label.primary, load.bars(chosen, start, end))
    known = labels.loc[labels["y"].notna(), ["y", "label_end", "sample_weight"]]
    if known.empty:
        raise DataError("no bar has a label: use smaller events, another side, a shorter horizon, or more history.")
    spans = LabelSpans(known.index, known["label_end"])
    return Labelled(spans=spans, y=known["y"].to_numpy(), weight=known["sample_weight"].to_numpy())


def labelled(chosen: Chosen, label: Asked) -> Labelled:
    """The labels of the selection, reduced to their spans."""
    symbols, start, end = chosen
    return _labelled(tuple(symbols), start, end, label, load.data_version())


@dataclass(frozen=True, kw_only=True)
class Description:
    """What the labels look like over time."""

    balance: pd.DataFrame | None  # as `class_balance`; None for an outcome without classes
    outcomes: pd.DataFrame | None  # left, right, count of such an outcome
    concurrency: pd.DataFrame  # as `concurrency`, at every bar
    weights: pd.DataFrame  # as `weight_history`
    n_bars: int
    n_labels: int


@st.cache_data(max_entries=8, show_spinner=False)
def _description(chosen: Chosen, label: Asked, version: int) -> Description:
    rows = labelled(chosen, label)
    labels = pd.DataFrame({"y": rows.y, "sample_weight": rows.weight}, index=rows.spans.index)
    ends = pd.Series(rows.spans.end.view("datetime64[us]"), index=rows.spans.index)
    bars = load.bars(*chosen)
    if label.is_sparse:  # labels are open at bars that have none of their own
        ends = ends.reindex(key_index(bars))
    count, edges = np.histogram(rows.y, 60) if label.kind not in CLASSES else (None, None)
    return Description(
        balance=class_balance(labels) if count is None else None,
        outcomes=None if count is None else pd.DataFrame({"left": edges[:-1], "right": edges[1:], "count": count}),
        concurrency=concurrency(ends),
        weights=weight_history(labels),
        n_bars=len(bars),
        n_labels=len(labels),
    )


def description(chosen: Chosen, label: Asked) -> Description:
    """Classes or outcomes, labels open at each bar, and weights, of the labels of the selection."""
    return _description(chosen, label, load.data_version())


@st.cache_data(max_entries=128, show_spinner=False)
def _split(chosen: Chosen, label: Asked, split: SplitChoice, version: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, splitter = labelled(chosen, label).spans, split.build()
    by_end = split.purge_gap is None
    return (
        split_timeline(splitter, rows, purge_by_end=by_end),
        split_diagnostics(splitter, rows, purge_by_end=by_end),
    )


def split(chosen: Chosen, label: Asked, choice: SplitChoice) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The spans of each fold's roles, and its counts."""
    return _split(chosen, label, choice, load.data_version())


@st.cache_data(max_entries=16, show_spinner=False)
def _paths(chosen: Chosen, label: Asked, split: SplitChoice, version: int) -> pd.DataFrame:
    stamps = labelled(chosen, label).spans.stamps.view("datetime64[us]")
    fold_of = CombinatorialPurgedCV(split.n_splits, split.n_test_splits).paths()
    blocks = np.array_split(stamps, split.n_splits)
    path, block = np.indices(fold_of.shape)
    first, last = (np.array([part[place] for part in blocks]) for place in (0, -1))
    return pd.DataFrame(
        {
            "path": path.reshape(-1) + 1,
            "block": block.reshape(-1),
            "fold": fold_of.reshape(-1),
            "start": first[block.reshape(-1)],
            "end": last[block.reshape(-1)],
        }
    )


def paths(chosen: Chosen, label: Asked, choice: SplitChoice) -> pd.DataFrame:
    """path (from 1), block, fold, start, end of a combinatorial split."""
    return _paths(chosen, label, choice, load.data_version())


@st.cache_resource(max_entries=4, show_spinner=False)
def _in_time(chosen: Chosen, label: Asked, version: int) -> tuple[LabelSpans, np.ndarray]:
    """The same rows in order of time, as splitters that number rows expect them."""
    rows = labelled(chosen, label)
    order = np.argsort(rows.spans.position[rows.spans.of_row], kind="stable")
    return LabelSpans(rows.spans.index[order], rows.spans.end[order].view("datetime64[us]")), rows.y[order]


@st.cache_data(max_entries=32, show_spinner="Auditing splitters")
def _audit(chosen: Chosen, label: Asked, split: SplitChoice, name: str, embargo: int, version: int) -> SplitAudit:
    spans, y = _in_time(chosen, label, version)
    if name != OWN:
        return audit_splits(foreign(split, label)[name](), spans, y=y, embargo=embargo, with_worth=False)
    splitter = split.build()
    rows = pd.DataFrame(index=spans.index)
    ends = None if split.purge_gap is not None else spans.end.view("datetime64[us]")
    return audit_splits(splitter.split(rows, groups=ends), spans, y=y, embargo=embargo)


def audit(chosen: Chosen, label: Asked, choice: SplitChoice, name: str) -> SplitAudit:
    """What one splitter leaks on the rows of the selection, under the embargo that was asked for.

    A walk-forward split asks for none: its training precedes its test.
    """
    spans = labelled(chosen, label).spans
    embargo = 0 if choice.kind == "walk_forward" else choice.build().embargo(len(spans.stamps))
    if name != OWN:  # what does not concern a foreign splitter makes no other audit of it
        choice = SplitChoice(n_splits=_folds(choice), purge_gap=0)
    return _audit(chosen, label, choice, name, embargo, load.data_version())


def drift(chosen: Chosen, label: Asked, choice: SplitChoice, name: str) -> pd.DataFrame:
    """The mean outcome on both sides of each fold of a splitter; see `report.validation.outcome_drift`."""
    return outcome_drift(audit(chosen, label, choice, name).folds, labelled(chosen, label).y)


def foreign(choice: SplitChoice, label: Asked) -> dict[str, Callable[[], Any]]:
    """Other splitters with as many folds, by name: scikit-learn's, which know no labels."""
    from sklearn.model_selection import KFold, TimeSeriesSplit

    n = _folds(choice)
    return {
        "K-fold": lambda: KFold(n),
        "K-fold, shuffled": lambda: KFold(n, shuffle=True, random_state=0),
        "Time series split": lambda: TimeSeriesSplit(n),
        f"Time series split, gap {label.horizon}": lambda: TimeSeriesSplit(n, gap=label.horizon),
    }


def _folds(choice: SplitChoice) -> int:
    return choice.n_splits if choice.kind != "walk_forward" else 5


def comparison(chosen: Chosen, label: Asked, choice: SplitChoice) -> pd.DataFrame:
    """splitter, share (of training rows that leak), pairs, embargo_violations, class_drift (largest), passed."""
    found = []
    for name in (OWN, *foreign(choice, label)):
        folds = audit(chosen, label, choice, name).folds
        found.append(
            {
                "splitter": name,
                "share": folds["leaking_rows"].sum() / folds["n_train"].sum(),
                "pairs": int(folds["overlapping_pairs"].sum()),
                "leaking_rows": int(folds["leaking_rows"].sum()),
                "embargo_violations": int(folds["embargo_violations"].sum()),
                "class_drift": folds["class_drift"].abs().max(),
                "passed": not folds["overlapping_pairs"].any(),
            }
        )
    return pd.DataFrame(found)
