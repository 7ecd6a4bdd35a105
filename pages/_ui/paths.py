"""Runs over paths: which path a page shows, and how far the paths are apart."""

from typing import Literal

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.report import paths as reports
from pages._ui import load, text
from pages._ui.frame import chart, download_table

MEDIAN = "Median path"  # the choice that follows the median path of whichever model is shown
NOTE = """

**Paths.** A combinatorial split tests every choice of blocks and puts the folds together to several histories, each of
which predicts every bar once, out of sample (López de Prado 2018, chapter 12). Each is calibrated and traded by itself.
A model's Sharpe ratio, equity and DSR are those of its median path, one record of the real length: averaging the
returns of paths would flatter, as errors cancel that no single model escapes, and pooling them would count the same
bars several times. The deviation over paths tells how much hangs on the rows that were trained on; paths share bars and
training rows, so it is no standard error."""


def note(run_id: str) -> str:
    """What a page says about paths where the run has several."""
    return NOTE if load.n_paths(run_id) > 1 else ""


def choose(run_id: str, key: str, *, width: int | Literal["stretch"] = "stretch") -> int | None:
    """The path that the page shows; None is the median one of its model, or the only one."""
    n_paths = load.n_paths(run_id)
    if n_paths == 1:
        return None
    names = [MEDIAN, *(f"Path {path + 1}" for path in range(n_paths))]
    chosen = st.selectbox(
        "Path",
        names,
        key=key,
        bind="query-params",
        width=width,
        help=f"Each of the {n_paths} paths is a whole history out of sample. Validation has the scores of all.",
    )
    return None if chosen == MEDIAN else names.index(chosen) - 1


def sharpe(row: pd.Series) -> tuple[str, str]:
    """Sharpe ratio of a row of a leaderboard with its uncertainty, over paths where there are several; what it is."""
    one = text.plus_minus(row["sharpe_annual"], row["sharpe_error_annual"])
    if not has_paths(row):
        return one, "± its standard error"
    over = text.plus_minus(row["sharpe_paths_mean"], row["sharpe_paths_deviation"])
    return over, f"mean and deviation over {int(row['n_paths'])} paths; the median path {one}"


def has_paths(row: pd.Series) -> bool:
    """Whether a row of a leaderboard is that of a run over several paths."""
    return "n_paths" in row.index and pd.notna(row["n_paths"]) and row["n_paths"] > 1


def draw_fan(view: load.Backtest, model: str, is_log: bool) -> None:
    """The growth of every path under the page's settings."""
    fan, lines = reports.equity_fan(view.returns, view.path)
    last, spread = fan.iloc[-1], view.spread
    n_paths = view.returns.shape[1]
    drawn = "" if n_paths <= reports.MOST_LINES else f" {reports.MOST_LINES} of them are drawn."
    chart(
        charts.equity_fan(fan, lines, log=is_log),
        f"{text.counted(n_paths, 'path')} through the same history, out of sample and after costs.{drawn} The median "
        f"one ends at {text.number(last['median'])}, nine in ten between {text.number(last['low'])} and "
        f"{text.number(last['high'])}; path {view.path + 1}, which is shown, at {text.number(last['equity'])}. Sharpe "
        f"ratio {text.plus_minus(spread['mean'], spread['deviation'])}, nine in ten between "
        f"{text.number(spread['low'])} and {text.number(spread['high'])}.",
        alt=f"Fan of equity of {text.name(model)} over {n_paths} paths: median and 5 to 95 % band",
        key="backtest_fan",
    )
    download_table(fan, "equity_fan")
