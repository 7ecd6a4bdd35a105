"""The parts of the page Features: one feature taken apart, and the tabs below."""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.report import features as reports
from finml_core.report import signals
from pages._ui import feature_studies as studies
from pages._ui import feature_waiting as waiting
from pages._ui import tables, text
from pages._ui.feature_studies import Key
from pages._ui.frame import chart, download_table, verdict

METHODS = {
    "f_test": "F test",
    "mutual_information": "Mutual information",
    "random_forest": "Random forest",
    "clustered_mda": "Clustered MDA",
}
SCORES = {
    "f_test": "F statistic (median of folds)",
    "mutual_information": "Mutual information (nats, median of folds)",
    "random_forest": "Impurity importance (median of folds)",
    "clustered_mda": "Loss added by shuffling the cluster (median of folds)",
}
MOST_DRAWN = 24
BUCKETS = 5


@st.fragment
def one_feature(key: Key, names: list[str], horizon: int) -> None:
    """History under price, and what the feature told: by horizon, bucket, year, regime and over time."""
    name, symbol = _feature_and_symbol(names, list(studies.universe(key).rows))
    feature = studies.registry()[name]
    st.markdown(
        f"**{name}** ({text.name(feature.family)}): `{feature.formula}`  \n"
        f"Needs {text.counted(feature.lookback, 'bar')}"
        + (f", settled after {text.counted(feature.warm_up, 'more bar')}" if feature.warm_up else "")
        + f". {feature.reference}"
    )
    history = studies.history(key, name, symbol)
    now = history["value"].dropna()
    rank = (now <= now.iloc[-1]).mean() if len(now) else float("nan")
    chart(
        charts.feature_history(history, name=name, unit="adjusted"),
        f"{symbol}: {text.compact(now.iloc[-1])} at the last bar, above {text.percent(rank, 0)} of its own history."
        if len(now)
        else f"{symbol} has too few bars for this feature, or lacks what it is made from.",
        alt=f"Adjusted close of {symbol}, and {name} below it",
        key="features_history",
    )
    download_table(history, "feature_history")
    study = studies.study(key, name, BUCKETS)
    left, right = st.columns(2)
    with left:
        _decay(study)
        _over_time(study, horizon)
        _years(study, horizon)
    with right:
        _buckets(key, name, horizon)
        _distribution(key, name)
        _regimes(key, study, horizon)


def board(table: pd.DataFrame, horizon: int) -> None:
    """Every feature as a signal, with all that an analyst asks of one."""
    st.caption(
        f"Over the next {text.counted(horizon, 'bar')}. Across symbols: one rank correlation a timestamp; over time: "
        "along each symbol, where symbols are few or share the feature. Turnover is the share of the outermost fifths "
        "that is new at each bar."
    )
    shown = table.assign(t=table["ic"] / table["error"], gap_t=table["spread"] / table["spread_error"])
    tables.show(
        shown.rename(columns={"spread": "gap", "turnover": "renewal"}),
        ("name", "family", "mode", "ic", "error", "t", "p_value", "p_corrected", "icir", "hit", "pearson", "gap",
         "gap_t", "renewal", "rank_autocorrelation"),
        alt="Every feature judged as a signal",
        labels=BOARD_LABELS,
        download="information_board",
    )  # fmt: skip


@st.fragment
def clusters(key: Key) -> None:
    """Who says the same: clusters, and their map."""
    threshold = st.slider(
        "Distance inside a cluster", 0.05, 0.95, 0.5, 0.05, key="feat_distance", bind="query-params", width=260
    )
    found = studies.clusters(key, threshold)
    matrix = studies.correlation(key)
    largest = found.drop_duplicates("cluster").sort_values("size", ascending=False, kind="stable")
    options = ["One of each", *(f"Cluster {number}" for number in largest.loc[largest["size"] > 1, "cluster"])]
    part = st.selectbox("Show", options, key="feat_cluster", bind="query-params", width=260)
    if part == options[0]:
        members = found.loc[found["is_medoid"], "name"].tolist()
        told = (
            f"{text.counted(len(found), 'feature')} fall into {text.counted(int(found['cluster'].max()), 'cluster')}; "
            f"shown is the middle one of each{'' if len(members) <= 60 else ', of the 60 largest'}."
        )
        if len(members) > 60:
            kept = set(largest["cluster"].head(60))
            members = found.loc[found["is_medoid"] & found["cluster"].isin(kept), "name"].tolist()
    else:
        members = found.loc[found["cluster"] == int(part.split()[-1]), "name"].tolist()
        told = f"{text.counted(len(members), 'feature')} that move together, in either direction."
    pairs = reports.correlation_pairs(matrix, members)
    chart(
        charts.correlation_map(pairs),
        f"{told} Rank correlations on {_sampled(key)}; neighbours are as alike as can be.",
        alt=f"Correlation map of {len(members)} features",
        key="features_correlation",
    )
    tables.show(
        found,
        ("cluster", "name", "size", "is_medoid"),
        alt="Cluster of each feature",
        labels={
            "cluster": st.column_config.NumberColumn("Cluster", format="%d"),
            "size": st.column_config.NumberColumn("Features in it", format="%d"),
            "is_medoid": st.column_config.CheckboxColumn("Middle one"),
        },
        download="clusters",
    )


def stationarity(key: Key) -> None:
    """Unit-root tests of each feature."""
    table = studies.stationarity(key).sort_values(["adf_rejects", "adf"], ascending=[True, False])
    rooted = int((table["verdict"] == "unit root").sum())
    verdict(
        "passed" if rooted == 0 else "doubtful",
        f"{rooted} of {len(table)} features look like a unit root on most of {_sampled(key)}. Treat those with "
        "`make_stationary`, inside the training fold, before a model reads them.",
    )
    tables.show(
        table,
        ("name", "verdict", "n_series", "adf", "adf_p", "adf_rejects", "kpss", "kpss_rejects"),
        alt="Unit-root tests of each feature",
        labels={
            "verdict": "Reads as",
            "n_series": st.column_config.NumberColumn("Series", format="%d"),
            "adf": st.column_config.NumberColumn("ADF", format="%.2f", help="Median t-value; below −2.86 at 5 %"),
            "adf_p": st.column_config.NumberColumn("ADF p", format="%.3f", help="Median; small speaks against a root"),
            "kpss": st.column_config.NumberColumn("KPSS", format="%.3f", help="Median; above 0.463 at 5 %"),
        },
        download="stationarity",
    )


@st.fragment
def selection(key: Key, horizon: int) -> None:
    """What each training fold would choose, with the share of false ones bounded."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.selectbox(
            "Scored by", list(METHODS), format_func=METHODS.get, key="feat_method", bind="query-params", width=260
        )
        fdr = st.slider(
            "False ones among the chosen, at most", 0.01, 0.5, 0.1, 0.01, key="feat_fdr", bind="query-params", width=260
        )
    try:
        choice = studies.selection(key, method, horizon)
    except studies.NotYet as later:
        waiting.wait(later.order, f"{METHODS[method]} in each training fold")
        return
    folds, left_out = choice.folds, choice.left_out
    found = reports.selection_over_folds(folds, fdr)
    steady = int((found["chosen"] >= 0.5).sum())
    drawn = found.head(MOST_DRAWN)
    chart(
        charts.feature_scores(drawn, title=SCORES[method]),
        f"{steady} of {len(found)} features are chosen in at least half of {len(folds)} folds, each by its own "
        f"training rows; {text.thousands(choice.n_rows)} rows of {_sampled(key)}."
        + (f" Shown are the first {MOST_DRAWN}." if len(found) > MOST_DRAWN else "")
        + (f" Left out, as too often missing: {', '.join(left_out[:6])}." if left_out else ""),
        alt="Score of each feature and whether it was chosen",
        key="features_selection",
    )
    tables.show(
        found,
        ("name", "score", "p_value", "chosen", "n_folds"),
        alt="Features by how often they were chosen",
        labels={
            "score": st.column_config.NumberColumn("Score", format="%.4f", help=SCORES[method]),
            "n_folds": st.column_config.NumberColumn("Folds", format="%d"),
        },
        download="selection",
    )


def _feature_and_symbol(names: list[str], symbols: list[str]) -> tuple[str, str]:
    """What is taken apart; the feature may have been clicked in the catalogue."""
    clicked = st.session_state.pop("feat_clicked", None)
    if clicked in names:
        st.session_state["feat_name"] = clicked
    with st.container(horizontal=True):
        name = st.selectbox("Feature", names, key="feat_name", bind="query-params", width=320)
        symbol = st.selectbox("Symbol", symbols, key="feat_symbol", bind="query-params", width=220)
    return name, symbol


def _decay(study: signals.SignalStudy) -> None:
    decay = signals.decay(study)
    known = decay.dropna(subset=["ic"])
    if known.empty:
        told = "No rank correlation: the feature does not vary here, or has too few rows."
    else:
        best = known.loc[known["ic"].abs().idxmax()]
        sure = "clear of zero, as one of many features" if best["lower"] * best["upper"] > 0 else "not clear of zero"
        told = (
            f"Strongest over {text.counted(int(best['horizon']), 'bar')}: {text.signed(best['ic'], 3)}, {sure} "
            f"(band: 90{text.THIN}%), {study.mode}."
        )
    chart(
        charts.information_decay(decay),
        told,
        alt=f"Rank correlation of {study.name} with the return over 1 to 20 bars",
        key="features_decay",
    )
    download_table(decay, "information_by_horizon")


@st.fragment
def _over_time(study: signals.SignalStudy, horizon: int) -> None:
    window = st.slider("Smoothing, bars", 5, 252, 63, key="feat_window", bind="query-params")
    line = signals.over_time(study, horizon, window)
    smooth = line["smooth"].dropna()
    told = (
        f"Above zero {text.percent((smooth > 0).mean(), 0)} of the time; {text.signed(smooth.iloc[-1], 3)} at the end."
        if len(smooth)
        else "Too few bars for this smoothing."
    )
    chart(
        charts.information_over_time(line, window=window),
        told,
        alt=f"Information coefficient of {study.name} over time, mean of {window} bars",
        key="features_ic_time",
    )
    download_table(line, "information_over_time")


def _years(study: signals.SignalStudy, horizon: int) -> None:
    years = signals.by_year(study, horizon).dropna(subset=["ic"])
    same = int((years["ic"] * study.ic(horizon).value > 0).sum())
    chart(
        charts.information_by_group(years, title="Year"),
        f"The sign of the whole in {same} of {text.counted(len(years), 'year')}.",
        alt=f"Information coefficient of {study.name} by year",
        key="features_years",
    )
    download_table(years, "information_by_year")


def _regimes(key: Key, study: signals.SignalStudy, horizon: int) -> None:
    groups = signals.by_regime(study, horizon, studies.market_regimes(key)).dropna(subset=["ic"])
    groups = groups.assign(group=groups["group"].map(text.name)).sort_values("n", ascending=False)
    clear = groups.loc[groups["lower"] * groups["upper"] > 0]
    told = (
        f"Clear of zero (90{text.THIN}%) under {', '.join(clear['group'])}."
        if len(clear)
        else "Clear of zero under none of them."
    )
    chart(
        charts.information_by_group(groups, title="Regime"),
        f"{told} The regime is that of the equal-weight index, as known at each bar."
        if len(groups)
        else "No regime is known on these bars yet.",
        alt=f"Information coefficient of {study.name} by regime",
        key="features_regimes",
    )
    download_table(groups, "information_by_regime")


@st.fragment
def _buckets(key: Key, name: str, horizon: int) -> None:
    study = studies.study(key, name, st.slider("Buckets", 2, 10, BUCKETS, key="feat_buckets", bind="query-params"))
    buckets, spread = signals.by_bucket(study, horizon), study.spread(horizon)
    clear = " clear of zero" if abs(spread.value) > 1.6449 * spread.error else " not clear of zero"
    chart(
        charts.bucket_returns(buckets, horizon=horizon),
        f"Highest less lowest: {text.percent(spread.value, 2)} ± {text.percent(spread.error, 2)},{clear}; "
        f"{text.percent(study.turnover, 0)} of the outermost is new at each bar. Before costs."
        + (" Buckets are of the whole history: a description, no strategy." if study.mode == signals.ALONG else ""),
        alt=f"Mean return by each of {len(buckets)} buckets of {study.name}",
        key="features_buckets",
    )
    download_table(buckets, "returns_by_bucket")


def _distribution(key: Key, name: str) -> None:
    counts, n, median = studies.histogram(key, name)
    chart(
        charts.distribution(counts, name=name),
        f"{text.thousands(n)} values of {text.counted(len(key.symbols), 'symbol')}, median {text.compact(median)}; "
        f"the outermost 1{text.THIN}% are not drawn.",
        alt=f"Distribution of {name}",
        key="features_distribution",
    )
    download_table(counts, "distribution")


def _sampled(key: Key) -> str:
    names = studies.universe(key).sample
    return f"{text.counted(len(names), 'symbol')} ({', '.join(names)})"


BOARD_LABELS = {
    "mode": "Compared",
    "t": st.column_config.NumberColumn("t", format="%.2f", help="Newey-West, overlapping returns counted"),
    "icir": st.column_config.NumberColumn("ICIR", format="%.2f", help="Mean over deviation of one bar's IC"),
    "pearson": st.column_config.NumberColumn("Linear", format="%.3f", help="Pearson correlation"),
    "gap_t": st.column_config.NumberColumn("Spread t", format="%.2f"),
    "rank_autocorrelation": st.column_config.NumberColumn("Rank persistence", format="%.3f"),
}
