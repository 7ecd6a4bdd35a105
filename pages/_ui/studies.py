"""What the Research pages compute on the chosen bars, cached by symbols, dates and the store's version."""

from datetime import date

import pandas as pd
import streamlit as st

from finml_core.experiments import ExperimentConfig
from finml_core.features import FEATURES
from finml_core.report import features as feature_report
from finml_core.schemas import adjusted, key_index
from pages._ui import load


@st.cache_data(max_entries=4, show_spinner="Computing features")
def _features(
    config: ExperimentConfig, chosen: tuple[str, ...], start: date | None, end: date | None, version: int
) -> pd.DataFrame:
    from finml_core.features import FeatureEngineer

    panel = load.bars(chosen, start, end)
    return FeatureEngineer(config.features).fit(panel).transform(panel)


def features(chosen: tuple[str, ...], start: date | None = None, end: date | None = None) -> pd.DataFrame:
    """Every default feature of the chosen bars, on (symbol, ts)."""
    return _features(load.default_experiment(), tuple(chosen), start, end, load.data_version())


def adjusted_close(chosen: tuple[str, ...], start: date | None = None, end: date | None = None) -> pd.Series:
    """Adjusted closes on (symbol, ts)."""
    panel = adjusted(load.bars(chosen, start, end))
    return pd.Series(panel["close"].to_numpy(), index=key_index(panel), name="close")


@st.cache_data(max_entries=4, show_spinner=False)
def _catalogue(chosen: tuple[str, ...], start: date | None, end: date | None, version: int) -> pd.DataFrame:
    table = _features(load.default_experiment(), chosen, start, end, version)
    metadata = pd.DataFrame(
        [
            {
                "name": feature.name,
                "family": feature.family,
                "formula": feature.formula,
                "lookback": feature.lookback,
                "warm_up": feature.warm_up,
                "inputs": ", ".join(feature.inputs),
                "reference": feature.reference,
            }
            for feature in FEATURES.values()
        ]
    )
    return feature_report.catalogue(table, metadata)


def feature_catalogue(chosen: tuple[str, ...], start: date | None = None, end: date | None = None) -> pd.DataFrame:
    """Metadata of each feature with what was measured on the chosen bars."""
    return _catalogue(tuple(chosen), start, end, load.data_version())


def feature_history(
    chosen: tuple[str, ...], start: date | None, end: date | None, name: str, symbol: str
) -> pd.DataFrame:
    """ts, close (adjusted), value of one feature of one symbol."""
    table = pd.DataFrame({"close": adjusted_close(chosen, start, end), "value": features(chosen, start, end)[name]})
    return table.xs(symbol, level="symbol").reset_index()


@st.cache_data(max_entries=256, show_spinner=False)
def _decay(
    chosen: tuple[str, ...], start: date | None, end: date | None, name: str, horizons: tuple[int, ...], version: int
) -> pd.DataFrame:
    return feature_report.information_decay(
        features(chosen, start, end)[name], adjusted_close(chosen, start, end), horizons
    )


def information_decay(
    chosen: tuple[str, ...], start: date | None, end: date | None, name: str, horizons: tuple[int, ...]
) -> pd.DataFrame:
    """horizon, ic, lower, upper of one feature."""
    return _decay(tuple(chosen), start, end, name, horizons, load.data_version())


@st.cache_data(max_entries=16, show_spinner=False)
def _correlations(
    chosen: tuple[str, ...], start: date | None, end: date | None, names: tuple[str, ...], version: int
) -> pd.DataFrame:
    return feature_report.correlations(features(chosen, start, end)[list(names)])


def correlations(chosen: tuple[str, ...], start: date | None, end: date | None, names: tuple[str, ...]) -> pd.DataFrame:
    """a, b, correlation of the named features."""
    return _correlations(tuple(chosen), start, end, names, load.data_version())


@st.cache_data(max_entries=16, show_spinner="Measuring what each feature tells")
def _information(
    chosen: tuple[str, ...], start: date | None, end: date | None, horizon: int, version: int
) -> pd.DataFrame:
    return feature_report.information_table(features(chosen, start, end), adjusted_close(chosen, start, end), horizon)


def information(chosen: tuple[str, ...], start: date | None, end: date | None, horizon: int) -> pd.DataFrame:
    """name, ic, error, p_value, p_corrected of every feature, strongest first."""
    return _information(tuple(chosen), start, end, horizon, load.data_version())


@st.cache_data(max_entries=8, show_spinner="Computing features on shortened histories")
def _feature_audit(
    chosen: tuple[str, ...], start: date | None, end: date | None, n_cuts: int, version: int
) -> pd.DataFrame:
    from finml_core.features import FeatureEngineer
    from finml_core.splits import audit_features

    panel = load.bars(chosen, start, end)
    return audit_features(lambda part: FeatureEngineer().fit(part).transform(part), panel, n_cuts=n_cuts)


def feature_audit(chosen: tuple[str, ...], start: date | None, end: date | None, n_cuts: int) -> pd.DataFrame:
    """feature, passed, first_offence, max_difference after the future was cut off at some places."""
    return _feature_audit(tuple(chosen), start, end, n_cuts, load.data_version())
