"""What the page Luck computes from the ledger of trials, cached by the ledger's state."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from finml_core.metrics import (
    OverfittingResult,
    SnoopingResult,
    data_snooping_test,
    min_track_record_length,
    model_confidence_set,
    probability_of_backtest_overfitting,
)
from finml_core.report import luck as reports
from finml_core.runs import LuckSummary
from finml_core.runs.home import home
from pages._ui import load, text

BEST = "best"  # the choice that follows the best trial of the team
PARTITIONS, FEW_PARTITIONS, LONG = 16, 8, 160  # blocks of history for PBO; fewer below so many bars
RESAMPLES = 500


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One trial under judgement, with what luck says of it by now."""

    trial: pd.Series
    luck: LuckSummary
    dsr: float
    dsr_effective: float
    psr: float
    min_track_record: float  # bars, against 0 at 95 %

    @property
    def years(self) -> float:
        """Length of its record."""
        return float(self.trial["n_obs"] / self.trial["periods_per_year"])

    @property
    def sharpe_annual(self) -> float:
        """Sharpe ratio a year."""
        return float(self.trial["sharpe"] * self.trial["periods_per_year"] ** 0.5)

    @property
    def bar_annual(self) -> float:
        """What chance alone would show by now, a year."""
        return self.luck.expected_max_sharpe(int(self.trial["n_obs"])) * self.trial["periods_per_year"] ** 0.5


def state() -> int:
    """Changes whenever somebody's trial enters the ledger."""
    folder = home() / "ledger"
    return folder.stat().st_mtime_ns if folder.exists() else 0


@st.cache_data(max_entries=2, show_spinner=False)
def _trials(home_path: str, version: int) -> pd.DataFrame:
    return load.run_store().trials()


def trials() -> pd.DataFrame:
    """Every trial, oldest first."""
    return _trials(str(home()), state())


@st.cache_data(max_entries=2, show_spinner="Sorting trials into copies and clusters")
def _groups(home_path: str, version: int) -> pd.DataFrame:
    return load.run_store().ledger.groups(_trials(home_path, version))


def groups() -> pd.DataFrame:
    """`original, cluster` of each trial."""
    return _groups(str(home()), state())


def copied_names() -> pd.Series:
    """Of whom each trial is a copy, by name and run; missing for originals."""
    table, original = trials(), groups()["original"]
    label = table["name"].map(text.name, na_action="ignore") + " · " + table["run_id"].fillna("").str[-6:]
    named = original.map(dict(zip(table["trial_id"], label, strict=True)))
    return named.where(original != table["trial_id"])


def judged(run_id: str | None, choice: str) -> Judged | None:
    """The trial that the reader chose: the best of all, or a model of the run; None if it has no Sharpe ratio."""
    from finml_core.metrics import probabilistic_sharpe_ratio

    table = trials()
    scored = table.loc[table["sharpe"].notna() & (table["n_obs"] >= 2)]
    if scored.empty:
        return None
    annual = scored["sharpe"] * scored["periods_per_year"] ** 0.5
    row = scored.loc[annual.idxmax()] if choice == BEST or run_id is None else _of_run(run_id, choice)
    if row is None:
        return None
    summary = load.run_store().trial_luck(float(row["periods_per_year"]))
    moments = (float(row["sharpe"]), int(row["n_obs"]), float(row["skew"]), float(row["kurtosis"]))
    return Judged(
        trial=row,
        luck=summary,
        dsr=summary.deflated(*moments),
        dsr_effective=summary.deflated_effective(*moments),
        psr=float(probabilistic_sharpe_ratio(*moments)),
        min_track_record=float(min_track_record_length(moments[0], 0.0, *moments[2:])),
    )


def _of_run(run_id: str, model: str) -> pd.Series | None:
    """A line of the run's leaderboard as a trial: the same trial may have been scored first in another run."""
    board = load.table(run_id, "leaderboard").set_index("model")
    if model not in board.index or pd.isna(board.loc[model, "sharpe"]):
        return None
    line = board.loc[model]
    table = trials()
    same = table.loc[(table["n_obs"] == line["n_obs"]) & ((table["sharpe"] - line["sharpe"]).abs() < 1e-12)]
    named = same.loc[same["name"] == model]
    found = named if len(named) else same
    return found.iloc[0] if len(found) else None


def judgeable(run_id: str | None) -> list[str]:
    """The choices: the best of all, then the rows of the run's leaderboard that were somebody's choice."""
    if run_id is None:
        return [BEST]
    board = load.table(run_id, "leaderboard")
    return [BEST, *board.loc[(board["kind"] != "benchmark") & board["sharpe"].notna(), "model"]]


@st.cache_data(max_entries=8, show_spinner=False)
def _comparable(home_path: str, version: int, anchor: str) -> pd.DataFrame:
    table, placed = _trials(home_path, version), _groups(home_path, version)
    size = table["periods_per_year"] / table.set_index("trial_id")["periods_per_year"][anchor]
    is_candidate = (placed["original"] == table["trial_id"]) & table["sharpe"].notna() & size.between(0.5, 2.0)
    names = list(dict.fromkeys([anchor, *table.loc[is_candidate, "trial_id"]]))
    own = placed.loc[table["trial_id"] == anchor, "original"].iloc[0]
    if own != anchor:
        names.remove(own)  # the judged trial stands for the original that it is a copy of
    return reports.comparable(load.run_store().ledger.returns_of(names), anchor)


def comparable(anchor: str) -> pd.DataFrame:
    """Returns of the distinct trials that know the anchor's timestamps, a column each."""
    return _comparable(str(home()), state(), anchor)


@st.cache_data(max_entries=8, show_spinner="Dividing history")
def _overfitting(home_path: str, version: int, anchor: str) -> OverfittingResult:
    table = _comparable(home_path, version, anchor)
    return probability_of_backtest_overfitting(table, PARTITIONS if len(table) >= LONG else FEW_PARTITIONS)


def overfitting(anchor: str) -> OverfittingResult | None:
    """CSCV over the comparable trials; None if there are fewer than two, or too little history."""
    table = comparable(anchor)
    if table.shape[1] < 2 or len(table) < 4 * FEW_PARTITIONS:
        return None
    return _overfitting(str(home()), state(), anchor)


@st.cache_data(max_entries=8, show_spinner="Resampling history", show_time=True)
def _snooping(
    home_path: str, version: int, anchor: str, holding_run: str | None
) -> tuple[SnoopingResult, pd.DataFrame | None]:
    table = _comparable(home_path, version, anchor)
    benchmark = None
    if holding_run is not None:
        held = holding(holding_run).reindex(table.index)
        table, benchmark = table.loc[held.notna()], held.dropna().to_numpy()
    result = data_snooping_test(table, benchmark, n_bootstrap=RESAMPLES)
    return result, model_confidence_set(table, n_bootstrap=RESAMPLES) if table.shape[1] > 1 else None


def snooping(anchor: str, holding_run: str | None) -> tuple[SnoopingResult, pd.DataFrame | None]:
    """Reality check and SPA against cash or the run's equal holding, and the confidence set of the best."""
    return _snooping(str(home()), state(), anchor, holding_run)


def holding(run_id: str) -> pd.Series:
    """Net return per bar of holding the run's symbols equally."""
    equity = load.table(run_id, "equity")
    return equity.loc[equity["model"] == "equal_holding"].set_index("ts")["net_return"]


def audit_of(run_id: str) -> tuple[dict[str, Any], pd.DataFrame] | None:
    """Certificate and noise twins of a run that audited itself; None if it did not."""
    if "noise_twin" not in load.run_store().tables(run_id):
        return None
    return load.run_store().document(run_id, "certificate"), load.table(run_id, "noise_twin")
