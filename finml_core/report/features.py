"""Tables of the page Features: the catalogue, who moves together, what was chosen, and the certificate."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from finml_core.metrics import MultipleHypothesisCorrection

MOST_MISSING = 0.4  # a feature that is missing more often is left out where complete rows are needed


def histogram(values: pd.Series, n_bins: int = 40) -> pd.DataFrame:
    """Counts between the 0.5 % and 99.5 % quantiles: `left, right, count`."""
    return distribution(values, n_bins)[0]


def distribution(values: pd.Series, n_bins: int = 40) -> tuple[pd.DataFrame, int, float]:
    """`histogram`, the number of known values, and their median."""
    known = values.to_numpy(dtype=float)
    known = known[np.isfinite(known)]
    if len(known) == 0:
        return pd.DataFrame(columns=["left", "right", "count"]), 0, float("nan")
    low, median, high = np.quantile(known, [0.005, 0.5, 0.995])
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(known, bins=n_bins, range=(low, high))
    return pd.DataFrame({"left": edges[:-1], "right": edges[1:], "count": counts}), len(known), float(median)


def catalogue(
    board: pd.DataFrame, metadata: pd.DataFrame, stationarity: pd.DataFrame, audit: pd.DataFrame
) -> pd.DataFrame:
    """One row a feature of the board, in its order: what it told, what is known about it, and what was tested.

    Parameters
    ----------
    board : one horizon of `signals.signal_board`, corrected
    metadata : name, family, formula, lookback, ...
    stationarity : of `features.stationarity_table`
    audit : of `splits.audit_features`
    """
    tested = stationarity[["name", "adf_rejects", "kpss_rejects", "verdict"]].rename(columns={"verdict": "stationary"})
    checked = audit[["feature", "passed", "verdict"]].rename(columns={"feature": "name", "passed": "causal"})
    table = board.merge(metadata, on="name", how="left").merge(tested, on="name", how="left")
    return table.merge(checked, on="name", how="left")


def correlation_pairs(correlation: pd.DataFrame, order: Sequence[str] | None = None) -> pd.DataFrame:
    """A square matrix as `a, b, correlation`, both ways, in this order."""
    names = list(correlation.columns if order is None else order)
    matrix = correlation.loc[names, names].to_numpy()
    return pd.DataFrame({"a": np.repeat(names, len(names)), "b": names * len(names), "correlation": matrix.reshape(-1)})


def equal_weight_bars(close: pd.Series) -> pd.DataFrame:
    """An index of all symbols as one asset's bars: each timestamp's mean return of the symbols that have one.

    `close` is adjusted and indexed by (symbol, ts), sorted. The index starts at 100; its open, high and low are its
    close, and it has no volume.
    """
    change = close.groupby(level="symbol", sort=False).pct_change(fill_method=None)
    level = 100 * (1 + change.groupby(level="ts").mean().fillna(0.0)).cumprod()
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), level))
    return frame.assign(volume=np.nan)


def complete_columns(features: pd.DataFrame, most_missing: float = MOST_MISSING) -> tuple[pd.DataFrame, list[str]]:
    """The features that vary and are seldom missing, on the rows that have them all; and the names of the others."""
    keeps = (features.isna().mean() <= most_missing) & (features.max() > features.min())
    return features.loc[:, keeps].dropna(), list(features.columns[~keeps])


def selection_over_folds(folds: Mapping[object, pd.DataFrame], fdr: float) -> pd.DataFrame:
    """How often each feature was chosen: `name, score` (median), `p_value` (median), `chosen` (share of folds).

    `folds` are tables of `features.select_features`; the correction is made anew at `fdr`, fold by fold, strongest
    first.
    """
    rows = pd.concat([_chosen(table, fdr) for table in folds.values()], ignore_index=True)
    found = rows.groupby("name", sort=False).agg(
        score=("score", "median"), p_value=("p_value", "median"), chosen=("chosen", "mean"), n_folds=("chosen", "size")
    )
    return found.sort_values(["chosen", "p_value"], ascending=[False, True]).reset_index()


def certificate(audit: pd.DataFrame, facts: Mapping[str, object]) -> str:
    """The audit as a text to keep: what was tested on what, each feature's verdict, and what each test means."""
    failed, doubtful = (int((audit["verdict"] == word).sum()) for word in ("failed", "doubtful"))
    lines = ["# Causality certificate", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += [
        f"- verdict: {len(audit) - failed - doubtful} passed, {doubtful} doubtful, {failed} failed",
        "",
        "Each feature was computed again on other histories of the same bars. repeat: the same bars; truncation: the",
        "future cut off; append: wild bars after the end; start: a later beginning. Values must stay the same, after a",
        "later beginning once the declared warm-up is over. Failed: it uses what it cannot know, or chance.",
        "Doubtful: it depends on where history begins.",
        "",
        "| feature | verdict | failed tests | first changed | symbol | largest change | forgets after |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in audit.sort_values(["passed", "feature"]).itertuples():
        first = "" if pd.isna(row.first_offence) else f"{row.first_offence:%Y-%m-%d %H:%M}"
        forgets = "" if pd.isna(row.forgets_after) else f"{row.forgets_after:.0f} bars"
        lines.append(
            f"| {row.feature} | {row.verdict} | {row.failed_tests} | {first} | {row.first_symbol or ''} "
            f"| {row.max_difference:.3g} | {forgets} |"
        )
    return "\n".join(lines) + "\n"


def _chosen(table: pd.DataFrame, fdr: float) -> pd.DataFrame:
    """The choice of one fold at another share of false ones; a cluster counts once."""
    unit = table["cluster"] if "cluster" in table else table["name"]
    once = table.loc[~unit.duplicated() & table["p_value"].notna(), "p_value"]
    corrected = MultipleHypothesisCorrection(method="bh").correct(once)["p_corrected"]
    by_unit = pd.Series(corrected.to_numpy(), unit[corrected.index].to_numpy())
    return table.assign(chosen=unit.map(by_unit).le(fdr).to_numpy())
