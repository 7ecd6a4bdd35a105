"""A market whose truth is known: built by sliders, looked at, stored under a name, its truth to be taken along."""

import re
from dataclasses import replace

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.bars import IngestOptions, SyntheticConfig, SyntheticMarket, simulate_bars
from finml_core.vocabulary import RegimeType
from pages._ui import load, text
from pages._ui.frame import chart, show_errors, to_csv
from pages._ui.market import writes

PREVIEWED = 60_000  # bars that are drawn while a slider moves; larger markets show fewer symbols first
LARGEST = 2_000_000  # bars that are built at once
SIZES = ("1d", "30min", "15min", "5min", "1min")
LENGTHS = (250, 500, 1000, 1500, 2500, 5000, 10_000, 20_000, 50_000, 100_000)
HALF_LIVES = ("never", 60, 250, 500, 1000, 2500, 5000)


@st.fragment
def show() -> None:
    """The sliders, and what they make below them."""
    writes.redraw()
    writes.told()
    with show_errors():
        config, name = _sliders()
        if config is not None:
            _preview(config)
            _store(config, name)


def _sliders() -> tuple[SyntheticConfig | None, str]:
    key = "market_syn_"
    with st.grid(4, min_column_width=200):
        name = st.text_input("Name", "LAB", max_chars=8, key=f"{key}name", help="Symbols are LAB00, LAB01 and so on")
        size = st.selectbox("Bar size", SIZES, key=f"{key}size")
        n_symbols = st.slider("Symbols", 1, 100, 5, key=f"{key}symbols")
        n_bars = st.select_slider("Bars of each", LENGTHS, 1500, key=f"{key}bars")
        is_daily = size == "1d"
        volatility = st.slider(
            "Volatility a bar, %", 0.01, 5.0, 1.5 if is_daily else 0.1, 0.01, key=f"{key}volatility_{is_daily}"
        )
        shock = st.slider("Clustering: last shock", 0.0, 0.3, 0.08, 0.01, key=f"{key}alpha", help="GARCH alpha")
        persistence = st.slider("Clustering: persistence", 0.0, 0.99, 0.88, 0.01, key=f"{key}beta", help="GARCH beta")
        correlation = st.slider("Cross-correlation", 0.0, 1.0, 0.3, 0.05, key=f"{key}rho")
        strength = st.slider("Planted signal", 0.0, 1.0, 0.3, 0.05, key=f"{key}signal", help="0: nothing to find")
        half_life = st.select_slider("Half-life of the signal, bars", HALF_LIVES, "never", key=f"{key}half_life")
        jumps = st.slider("Jumps in 1000 bars", 0, 50, 0, key=f"{key}jumps")
        jump_size = st.slider("Size of a jump, deviations", 1.0, 10.0, 5.0, 0.5, key=f"{key}jump_size")
        duration = st.slider("Mean length of a regime, bars", 5, 250, 40, key=f"{key}duration")
        seed = st.number_input("Seed", 0, 10**6, 7, key=f"{key}seed")
    regimes = st.pills(
        "Regimes",
        [str(regime) for regime in RegimeType],
        default=list(SyntheticConfig().regimes),
        selection_mode="multi",
        format_func=text.name,
        key=f"{key}regimes",
    )
    if not regimes:
        st.info("Choose at least one regime.")
        return None, name
    config = SyntheticConfig(
        prefix=name.strip() or "LAB",
        bar_size=size,
        n_symbols=n_symbols,
        n_bars=n_bars,
        regimes=tuple(regimes),
        regime_duration=float(duration),
        volatility=volatility / 100,
        volatility_shock=shock,
        volatility_persistence=persistence,
        cross_correlation=correlation,
        signal_strength=strength,
        signal_half_life=None if half_life == "never" else float(half_life),
        jump_probability=jumps / 1000,
        jump_size=jump_size,
        seed=int(seed),
    )
    return config, name.strip()


@st.cache_resource(max_entries=4, ttl=1800, show_spinner="Drawing the market", show_time=True)
def _market(config: SyntheticConfig) -> SyntheticMarket:
    """Shared between readers and never changed."""
    return simulate_bars(config)


def _preview(config: SyntheticConfig) -> None:
    n_shown = max(1, min(config.n_symbols, PREVIEWED // config.n_bars))
    market = _market(replace(config, n_symbols=n_shown))
    symbols = list(market.bars["symbol"].unique())
    shown = st.selectbox("Look at", symbols, key="market_syn_look") if len(symbols) > 1 else symbols[0]
    bars = market.bars[market.bars["symbol"] == shown]
    moves = bars["close"].pct_change().abs()
    n_jumps = int((market.jumps["symbol"] == shown).sum())
    thinned = (
        f" Drawn with {text.counted(n_shown, 'symbol')} instead of {config.n_symbols}, so that sliders answer at once."
        if n_shown < config.n_symbols
        else ""
    )
    chart(
        charts.regime_band(bars[["ts", "close"]], market.regimes.assign(confidence=1.0)),
        f"{shown} with the regimes that made it. The median bar moves {text.percent(moves.median(), 2)}, the largest "
        f"{text.percent(moves.max(), 1)}; {text.counted(n_jumps, 'jump')}. Who knew what is planted would tell rises "
        f"from falls of the next bar with an AUC of {text.probability(market.best_auc)}; no model can expect more."
        f"{thinned}",
        alt=f"Price of {shown} over its true regimes",
        key="market_syn_chart",
    )


def _store(config: SyntheticConfig, name: str) -> None:
    n_bars = config.n_symbols * config.n_bars
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,7}", name):
        st.info("Give it a name of one to eight letters and digits, a letter first.")
        return
    if n_bars > LARGEST:
        st.info(
            f"{text.thousands(n_bars)} bars are more than {text.thousands(LARGEST)}: fewer symbols or bars, please."
        )
        return
    taken = [symbol for symbol in load.symbols() if re.fullmatch(rf"{name}\d+", symbol)]
    if taken:
        st.caption(f"{name} is in the store already, such as {taken[0]}: its bars would be taken from this market.")
    with st.container(horizontal=True):
        if st.button(f"Store {text.thousands(n_bars)} bars as {name}", key="market_syn_store", type="primary"):
            writes.ingest(
                _market(config).bars,
                f"the market {name}",
                options=IngestOptions(source=f"synthetic {name}"),
                on_conflict="replace",
            )
        st.download_button(
            "Download its truth",
            data=lambda: to_csv(_truth(config)),
            file_name=f"truth_{name}.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key="market_syn_truth",
            help="One row a bar: regime, expected return, volatility, score and jump that were planted",
        )


def _truth(config: SyntheticConfig) -> pd.DataFrame:
    return _market(config).truth
