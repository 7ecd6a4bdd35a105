"""What pages read, cached by small values: symbols, dates, configurations, run ids and the store's version."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from finml_core.bars import BarStore, load_snapshot, quality_report
from finml_core.experiments import CODE_VERSION, ExperimentConfig, SizingConfig
from finml_core.regimes import RuleConfig, label_regimes
from finml_core.report import calibration as calibration_report
from finml_core.report import paths as path_report
from finml_core.runs import RunStatus, RunStore
from finml_core.runs.home import DEFAULT_EXPERIMENT, home
from finml_core.schemas import adjusted, bars_per_year

FINISHED = ("done",)


@cache
def bar_store() -> BarStore:
    """The store of bars of this deployment."""
    return BarStore(home() / "market.duckdb")


@cache
def run_store() -> RunStore:
    """The runs and trials of this deployment."""
    return RunStore(home())


# -- bars ---------------------------------------------------------------------------------------------------------


def data_version() -> int:
    """Raised by every ingest; part of every key below, so that nobody sees numbers of older bars.

    Asked a dozen times a page: the store is opened only after its file has changed.
    """
    return _data_version(str(bar_store().path), _file_state(bar_store().path))


@st.cache_data(max_entries=8, show_spinner=False)
def _data_version(path: str, state: tuple[tuple[int, int], ...]) -> int:
    return bar_store().version()


def _file_state(path: Path) -> tuple[tuple[int, int], ...]:
    """Time of change and size of the store's file and of its journal, where they exist."""
    found = []
    for file in (path, path.with_name(f"{path.name}.wal")):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        found.append((status.st_mtime_ns, status.st_size))
    return tuple(found)


@st.cache_data(max_entries=4, show_spinner=False)
def _coverage(version: int) -> pd.DataFrame:
    return bar_store().coverage()


def coverage() -> pd.DataFrame:
    """symbol, n_bars, first, last, source."""
    return _coverage(data_version())


def symbols() -> list[str]:
    """Every symbol of the store."""
    table = coverage()
    return sorted(table["symbol"]) if len(table) else []


def default_symbols() -> tuple[str, ...]:
    """Those of the default experiment that the store has, or its first four."""
    stored = symbols()
    wanted = [symbol for symbol in default_experiment().symbols if symbol in stored]
    return tuple(wanted or stored[:4])


def date_span(chosen: tuple[str, ...]) -> tuple[date, date] | None:
    """First and last day of any of the symbols' bars."""
    table = coverage()
    rows = table.loc[table["symbol"].isin(chosen)] if len(table) else table
    if rows.empty:
        return None
    return rows["first"].min().date(), rows["last"].max().date()


@st.cache_data(max_entries=16, show_spinner=False)
def _bars(chosen: tuple[str, ...], start: date | None, end: date | None, version: int) -> pd.DataFrame:
    return bar_store().load(list(chosen), first_moment(start), last_moment(end))


def first_moment(day: date | None) -> pd.Timestamp | None:
    """The first moment of a day."""
    return None if day is None else pd.Timestamp(day)


def last_moment(day: date | None) -> pd.Timestamp | None:
    """The last moment of a day."""
    return None if day is None else pd.Timestamp(day) + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)


def bars(chosen: tuple[str, ...], start: date | None = None, end: date | None = None) -> pd.DataFrame:
    """Long bars as supplied, whole days from `start` to `end`."""
    return _bars(tuple(chosen), start, end, data_version())


@st.cache_data(max_entries=16, show_spinner=False)
def _quality(chosen: tuple[str, ...], start: date | None, end: date | None, version: int) -> pd.DataFrame:
    return quality_report(_bars(chosen, start, end, version))


def quality(chosen: tuple[str, ...], start: date | None = None, end: date | None = None) -> pd.DataFrame:
    """Findings on the chosen bars."""
    return _quality(tuple(chosen), start, end, data_version())


@st.cache_data(max_entries=16, show_spinner=False)
def _regimes(symbol: str, start: date | None, end: date | None, config: RuleConfig, version: int) -> pd.DataFrame:
    from finml_core.regimes import RuleRegimeDetector

    panel = _bars((symbol,), start, end, version)
    probabilities = RuleRegimeDetector(config).fit(panel).filter(panel)
    return probabilities.join(label_regimes(probabilities)).reset_index()


def regimes(symbol: str, start: date | None, end: date | None, config: RuleConfig) -> pd.DataFrame:
    """symbol, ts, a probability a regime, regime, confidence."""
    return _regimes(symbol, start, end, config, data_version())


def close_line(symbol: str, start: date | None = None, end: date | None = None) -> pd.DataFrame:
    """ts and adjusted close of one symbol."""
    return adjusted(bars((symbol,), start, end))[["ts", "close"]]


def closes(symbol: str, until: pd.Timestamp, n_bars: int) -> list[float]:
    """The last adjusted closes of one symbol up to a moment."""
    line = close_line(symbol, end=until.date())
    return line["close"].tail(n_bars).tolist()


def search(table: pd.DataFrame, words: str) -> pd.DataFrame:
    """The rows that hold the words in any column, whatever their case."""
    if not words:
        return table
    found = table.astype("str").apply(lambda column: column.str.contains(words, case=False, regex=False))
    return table.loc[found.any(axis=1)]


# -- runs ---------------------------------------------------------------------------------------------------------


@cache
def default_experiment() -> ExperimentConfig:
    """The experiment that a first start queues."""
    return ExperimentConfig.from_yaml(DEFAULT_EXPERIMENT)


def runs() -> list[RunStatus]:
    """Every run, newest first; read anew each time, since others start and end runs too."""
    return run_store().list()


def run_options() -> list[tuple[str, str, str]]:
    """(run_id, label, state) for the sidebar, newest first."""
    return [(run.run_id, f"{run.name} · {run.run_id[-6:]} · {run.state}", run.state) for run in runs()]


def latest_run() -> str | None:
    """The newest finished run, or the newest of any state."""
    listed = runs()
    done = [run.run_id for run in listed if run.state in FINISHED]
    return (done or [run.run_id for run in listed] or [None])[0]


@st.cache_data(max_entries=64, show_spinner=False)
def _table(home_path: str, run_id: str, name: str, finished: str) -> pd.DataFrame:
    return run_store().table(run_id, name)


def table(run_id: str, name: str) -> pd.DataFrame:
    """One table of a finished run."""
    status = run_store().status(run_id)
    return _table(str(home()), run_id, name, str(status.finished))


def metrics(run_id: str) -> dict[str, Any]:
    """The run's headline numbers."""
    return run_store().summary(run_id)


def luck(run_id: str) -> pd.DataFrame:
    """model, sharpe, n_trials, expected_max_sharpe, dsr: by the ledger as it is now."""
    return run_store().luck(run_id)


def leaderboard(run_id: str) -> pd.DataFrame:
    """The run's leaderboard with luck beside it."""
    beside = luck(run_id)[["model", "n_trials", "expected_max_sharpe", "dsr"]]
    return table(run_id, "leaderboard").merge(beside, on="model", how="left")


def champion_position(run_id: str, models: list[str]) -> int:
    """Where the run's champion stands among the models."""
    champion = metrics(run_id)["champion"]
    return models.index(champion) if champion in models else 0


def n_paths(run_id: str) -> int:
    """Out-of-sample paths of a run; 1 for one of an earlier version."""
    return int(metrics(run_id).get("n_paths") or 1)


def median_path(run_id: str, model: str) -> int:
    """The path that speaks for a model or strategy of a run; 0 where there is one."""
    if n_paths(run_id) == 1:
        return 0
    return int(table(run_id, "leaderboard").set_index("model").loc[model, "path"])


def predictions(run_id: str, model: str, path: int | None = None) -> pd.DataFrame:
    """A model's out-of-sample rows on one path, by default the median one: one row a symbol and ts."""
    rows = table(run_id, "predictions")
    chosen = median_path(run_id, model) if path is None else path
    return rows.loc[(rows["model"] == model) & (rows["path"] == chosen)]


def equity_beside(run_id: str, model: str) -> pd.DataFrame:
    """`model, ts, net_return, equity, drawdown` of every strategy on the path of one, so that they may be paired."""
    if n_paths(run_id) == 1:
        return table(run_id, "equity")
    return path_report.equity_on(table(run_id, "path_returns"), median_path(run_id, model))


@st.cache_data(max_entries=64, show_spinner=False)
def _measures(
    home_path: str, run_id: str, model: str, n_bins: int, strategy: str, path: int | None, finished: str
) -> pd.DataFrame:
    rows = calibration_report.scored_rows(predictions(run_id, model, path), model)
    return calibration_report.measures(rows, n_bins, strategy)


def calibration_measures(
    run_id: str, model: str, n_bins: int, strategy: str = "width", path: int | None = None
) -> pd.DataFrame:
    """measure, series, value, lower, upper, on one path, by default the median one."""
    return _measures(str(home()), run_id, model, n_bins, strategy, path, str(run_store().status(run_id).finished))


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """One backtest under the page's settings, scored, with its luck by the ledger as it is now."""

    bars: pd.DataFrame  # by ts, money per unit of capital
    costs: pd.DataFrame
    trades: pd.DataFrame
    score: pd.Series
    path: int  # of all the above
    median: int  # the path that speaks for the model under these settings
    returns: pd.DataFrame  # net, a column a path
    spread: dict[str, float]  # Sharpe ratio a year over paths: mean, deviation, low, high
    dsr: float  # of the median path, whichever is shown
    n_trials: int
    periods_per_year: float


@st.cache_data(max_entries=64, show_spinner=False)
def _backtest(
    home_path: str, run_id: str, model: str, config: ExperimentConfig, path: int | None, finished: str
) -> tuple[dict[str, Any], pd.Series]:
    from finml_core.experiments import per_unit, rebacktest_paths, score_strategies

    bars_of_run = load_snapshot(home() / "snapshots", run_store().status(run_id).snapshot)
    found = rebacktest_paths(config, bars_of_run, table(run_id, "predictions"), model, path)
    if found.trial is not None:
        run_store().record_trial(found.trial, run_id)
    periods = bars_per_year(bars_of_run["ts"])
    shown = {
        "bars": per_unit(found.result),
        "costs": found.result.costs,
        "trades": found.result.trades,
        "score": score_strategies({model: found.result}, periods).iloc[0],
        "path": found.path,
        "median": found.median,
        "returns": found.returns,
        "spread": path_report.annual_spread(found.sharpe, periods),
        "periods_per_year": periods,
    }
    return shown, score_strategies({model: found.at_median}, periods).iloc[0]


def backtest(run_id: str, model: str, config: ExperimentConfig, path: int | None = None) -> Backtest:
    """Backtest a model of a run under other costs and sizes; what is shown is a trial, and counted as one.

    Looking at another path than the median one adds no trial: the setting is the trial.
    """
    finished = str(run_store().status(run_id).finished)
    shown, judged = _backtest(str(home()), run_id, model, config, path, finished)
    counted = run_store().trial_luck(shown["periods_per_year"])
    dsr = counted.deflated(judged["sharpe"], int(judged["n_obs"]), judged["skew"], judged["kurtosis"])
    return Backtest(**shown, dsr=dsr, n_trials=counted.n_trials)


def holding(run_id: str, config: ExperimentConfig) -> tuple[pd.DataFrame, pd.Series]:
    """Bars and score of holding the same symbols equally under the same fills and costs; no trial."""
    from finml_core.experiments import HOLDING

    config = replace(config, sizing=SizingConfig())
    finished = str(run_store().status(run_id).finished)
    shown, score = _backtest(str(home()), run_id, HOLDING, config, None, finished)
    return shown["bars"], score


def multiplier_table(config: ExperimentConfig) -> pd.DataFrame:
    """Styles in rows, regimes in columns."""
    return pd.DataFrame(config.to_plain()["arbitration"]["multipliers"]).T.fillna(1.0)


@st.cache_data(max_entries=64, show_spinner=False)
def _run_config(home_path: str, run_id: str) -> ExperimentConfig:
    return run_store().config(run_id)


def run_config(run_id: str) -> ExperimentConfig:
    """The configuration that the run was started with; a run's name holds its hash, so it never changes."""
    return _run_config(str(home()), run_id)


def as_of(run_id: str | None) -> dict[str, str]:
    """What the numbers on a page were made from."""
    return {"data_version": str(data_version()), "run": run_id or "none", "code_version": CODE_VERSION}


def scope(run_id: str, note: str = "") -> str:
    """The bars that a run was made on, in one line: they may differ from those chosen in the sidebar."""
    config, first = run_config(run_id), table(run_id, "diagnostics")["test_start"].min()
    names = ", ".join(config.symbols[:6]) + (f" and {len(config.symbols) - 6} more" if len(config.symbols) > 6 else "")
    return f"{config.name} on {names}, tested from {first:%Y-%m-%d}. {note}".strip()
