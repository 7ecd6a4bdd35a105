"""Tables as a reader sees them: headings in words, digits by kind, a dash where nothing is known."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages._ui import text
from pages._ui.frame import download_table

_PERCENT = (
    "value", "lower", "upper", "missing", "base_rate", "coverage", "weight_before", "weight_after",
    "gap", "renewal", "hit", "chosen", "adf_rejects", "kpss_rejects",
)  # fmt: skip
_WHOLE = ("money",)
_P_VALUES = ("p_value", "p_corrected")
_WORDS = ("group", "regime", "model", "strategy", "family", "series", "role")


def _number(label: str, digits: int, help: str | None = None) -> Any:
    return st.column_config.NumberColumn(label, format=f"%.{digits}f", help=help)


def _percent(label: str, help: str | None = None, digits: int = 1) -> Any:
    return st.column_config.NumberColumn(label, format=f"%.{digits}f %%", help=help)


def _text(label: str, help: str | None = None, width: Any = None, alignment: Any = None) -> Any:
    return st.column_config.TextColumn(label, help=help, width=width, alignment=alignment)


def _count(label: str, help: str | None = None) -> Any:
    return st.column_config.NumberColumn(label, format="localized", help=help)


def _day(label: str) -> Any:
    return st.column_config.DateColumn(label, format="YYYY-MM-DD")


COLUMNS: dict[str, Any] = {
    # features
    "name": _text("Feature", width="medium"),
    "family": _text("Family"),
    "formula": _text("Formula", width="medium"),
    "lookback": _count("Lookback, bars"),
    "inputs": _text("Made from"),
    "reference": _text("Reference", width="large"),
    "missing": _percent("Missing", "Share of values that the warm-up leaves open"),
    "ic": _number("IC", 3, "Rank correlation with the return over the chosen horizon"),
    "error": _number("±", 3, "Standard error; overlapping returns and symbols that move together are discounted"),
    "p_value": _text("p", "Of this feature alone", alignment="right"),
    "p_corrected": _text(
        "p, corrected", "For having looked at all of them (Benjamini & Hochberg, 1995)", alignment="right"
    ),
    "gap": _percent("Spread", "Highest less lowest fifth over the horizon, before costs", 2),
    "renewal": _percent("Turnover", "Share of the outermost fifths that is new at each bar", 0),
    "hit": _percent("Same sign", "Share of bars with the sign of the mean"),
    "chosen": _percent("Chosen in", "Share of folds", 0),
    "adf_rejects": _percent("No unit root", "Share of sampled symbols, augmented Dickey-Fuller at 5 %", 0),
    "kpss_rejects": _percent("Level moves", "Share of sampled symbols, KPSS at 5 %", 0),
    "feature": _text("Feature", width="medium"),
    "passed": st.column_config.CheckboxColumn("Passed"),
    "first_offence": _text("First changed at"),
    "max_difference": st.column_config.NumberColumn("Largest change", format="compact"),
    # splits and folds
    "fold": st.column_config.NumberColumn("Fold", format="%d", pinned=True),
    "n_train": _count("Training rows"),
    "n_test": _count("Test rows"),
    "n_purged": _count("Purged"),
    "n_embargoed": _count("Embargoed"),
    "overlapping_pairs": _count("Overlapping pairs", "Counted anew after the purge; must be 0"),
    "test_start": _day("Test from"),
    "test_end": _day("Test to"),
    "effective_sample_size": st.column_config.NumberColumn("Independent rows", format="%.0f"),
    "model": _text("Model"),
    "auc": _number("AUC", 3, "0.5 is a coin"),
    "log_loss": _number("Log loss", 4),
    "brier": _number("Brier", 4),
    "accuracy": _number("Accuracy", 3),
    # calibration
    "group": _text("Group"),
    "n": _count("Rows"),
    "base_rate": _percent("Base rate", "Share of rises"),
    "ece_raw": _number("ECE, raw", 3),
    "ece_calibrated": _number("ECE, calibrated", 3),
    "ece_chance": _number("ECE by chance", 3, "What true probabilities show on so few rows, at least"),
    "brier_raw": _number("Brier, raw", 3),
    "brier_calibrated": _number("Brier, calibrated", 3),
    "measure": _text("Measure"),
    "raw": _text("Raw", alignment="right"),
    "calibrated": _text("Calibrated", alignment="right"),
    "year": st.column_config.NumberColumn("Year", format="%d"),
    "coverage": _percent("Covered"),
    # regimes
    "regime": _text("Regime"),
    "start": _day("From"),
    "end": _day("To"),
    "n_bars": _count("Bars"),
    "expected_bars": _number("Mean length, bars", 1),
    "n_spells": _count("Spells"),
    # arbitration
    "strategy": _text("Strategy"),
    "signal": _text("Opinion"),
    "confidence": _number("Confidence", 3),
    "score": _number("Score", 2, "Shrunk annual Sharpe ratio of what is known at this close"),
    "weight": _number("Weight", 3),
    "contribution": _number("Contribution", 3, "Weight × sign × confidence"),
    "silenced": st.column_config.CheckboxColumn("Silenced"),
    "reason": _text("Why", width="medium"),
    # backtest
    "series": _text("Series"),
    "value": _percent("Return a year"),
    "lower": _percent("From (90 %)"),
    "upper": _percent("To (90 %)"),
    "sharpe": _number("Sharpe", 2, "A year"),
    "sharpe_text": _text("Sharpe", "A year, after costs, with its standard error", alignment="right"),
    "dsr": _number("DSR", 3, "Deflated by the trials of everybody in this store"),
    "n_trials": _count("Trials"),
    "ts": _day("Filled"),
    "decided_at": _day("Decided"),
    "symbol": _text("Symbol"),
    "units": st.column_config.NumberColumn("Units", format="%.1f"),
    "price": _number("Price", 2),
    "money": _count("Value", "Money traded; negative is sold"),
    "weight_before": _percent("Weight before"),
    "weight_after": _percent("Weight after"),
    "commission": _number("Commission", 2),
    "spread": _number("Spread", 2),
    "impact": _number("Impact", 2),
    "borrow": _number("Borrow", 2),
}


def show(
    frame: pd.DataFrame,
    columns: Sequence[str],
    alt: str,
    *,
    labels: Mapping[str, Any] | None = None,
    download: str | None = None,
    **options: Any,
) -> Any:
    """The chosen columns of a table, in this order, and a button that saves the whole under `download`.

    `labels` replaces headings; `options` go to the table.
    """
    shown = frame.loc[:, [column for column in columns if column in frame.columns]].copy()
    for column in shown.columns.intersection(list(_WORDS)):
        shown[column] = shown[column].map(text.name, na_action="ignore")
    for column in shown.columns.intersection(list(_P_VALUES)):
        shown[column] = shown[column].map(text.p_value)
    for column in shown.columns.intersection(list(_WHOLE)):
        shown[column] = shown[column].round(0)
    for column in shown.columns.intersection(list(_PERCENT)):
        shown[column] = 100 * shown[column]
    named = {column: COLUMNS[column] for column in shown.columns if column in COLUMNS}
    named |= {column: _text(label) if isinstance(label, str) else label for column, label in (labels or {}).items()}
    event = st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        column_config=named,
        placeholder=text.MISSING,
        alt=alt,
        **options,
    )
    if download:
        download_table(frame, download)
    return event
