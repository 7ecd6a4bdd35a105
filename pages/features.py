"""Which features carry information, and is none from the future?"""

import streamlit as st

from finml_core import charts
from finml_core.features import FEATURES
from finml_core.report import features as tables
from finml_core.splits import audit_features
from pages._ui import jobs, load, studies, text
from pages._ui.frame import (
    Headline,
    chart,
    download_table,
    empty_state,
    headline,
    how,
    open_page,
    show_errors,
    verdict,
)  # fmt: skip

HORIZONS = (1, 2, 5, 10, 20)
AUDIT_CUTS = 3

selection = open_page("Features", "Which features carry information, and is none from the future?")
jobs.show_error()
if not load.symbols():
    empty_state("There are no bars yet.", "Load the bundled bars and run the first experiment", jobs.start_first)
    st.stop()


def one_feature(name: str) -> None:
    """History under price, distribution and information of one feature."""
    feature = FEATURES[name]
    st.markdown(
        f"**{name}** · {feature.family} · {feature.formula}  \nLookback {feature.lookback} bars. {feature.reference}"
    )
    symbol = st.selectbox("Symbol", selection.symbols, key="feat_symbol", bind="query-params")
    history = studies.feature_history(selection.symbols, selection.start, selection.end, name, symbol)
    chart(
        charts.feature_history(history),
        f"{name} of {symbol} below its adjusted close.",
        alt=f"Adjusted close of {symbol} and {name}",
        key="features_history",
    )
    left, right = st.columns(2)
    decay = studies.information_decay(selection.symbols, selection.start, selection.end, name, HORIZONS)
    best = decay.loc[decay["ic"].abs().idxmax()]
    sure = "clear of zero" if best["lower"] * best["upper"] > 0 else "not clear of zero"
    with left:
        chart(
            charts.information_decay(decay),
            f"Strongest over {int(best['horizon'])} bars: rank correlation {best['ic']:+.3f}, {sure} (90 %, one feature of many).",
            alt=f"Information coefficient of {name} by horizon",
            key="features_decay",
        )
    with right:
        values = table[name]
        chart(
            charts.distribution(tables.histogram(values)),
            f"Values of all chosen symbols between the 0.5 % and 99.5 % quantiles; {values.isna().mean():.1%} missing.",
            alt=f"Distribution of {name}",
            key="features_distribution",
        )


def certificate() -> None:
    """Cut the future off and see whether anything before it changes."""
    st.markdown(
        "Every feature is computed again on bars that end earlier. A value that changes when the future is cut off has seen it."
    )
    if st.button("Audit all features on these bars", key="features_audit"):
        from finml_core.features import FeatureEngineer

        bars = load.bars(selection.symbols, selection.start, selection.end)
        with st.spinner("Computing features on shortened histories"):
            audit = audit_features(lambda part: FeatureEngineer().fit(part).transform(part), bars, n_cuts=AUDIT_CUTS)
        failed = audit[~audit["passed"]]
        words = f"{len(audit)} features, {len(failed)} changed when the future was cut off at {AUDIT_CUTS} places."
        verdict("passed" if failed.empty else "failed", words)
        st.dataframe(audit, hide_index=True, width="stretch")
        download_table(audit, "feature_audit")


with show_errors():
    table = studies.features(selection.symbols, selection.start, selection.end)
    catalogue = studies.feature_catalogue(selection.symbols, selection.start, selection.end)
    headline(
        [
            Headline("Features", f"{table.shape[1]}", f"in {catalogue['family'].nunique()} families"),
            Headline("Rows", text.thousands(len(table)), f"{len(selection.symbols)} symbols"),
            Headline(
                "Longest lookback", f"{catalogue['lookback'].max()} bars", "rows before it are missing, never filled"
            ),
            Headline("Missing", text.percent(table.isna().to_numpy().mean()), "of all values: the warm-up"),
        ]
    )
    name = st.selectbox("Feature", list(table.columns), key="feat_name", bind="query-params")
    one_feature(name)
    listed, clusters, audit = st.tabs(["Catalogue", "Correlations", "Causality certificate"])
    with listed:
        search = st.text_input("Search", key="feat_search", placeholder="name, family or formula")
        st.dataframe(load.search(catalogue, search), hide_index=True, width="stretch")
        download_table(catalogue, "features")
    with clusters:
        family = st.segmented_control(
            "Family", list(catalogue["family"].unique()), default=catalogue["family"].iloc[0], key="feat_family"
        )
        members = list(catalogue.loc[catalogue["family"] == family, "name"])
        chart(
            charts.correlation_map(
                studies.correlations(selection.symbols, selection.start, selection.end, tuple(members))
            ),
            "Rank correlation of each pair over all chosen bars.",
            alt=f"Correlation map of the {family} features",
            key="features_correlation",
        )
    with audit:
        certificate()
    how(
        "How this is computed",
        """A feature row at t uses nothing after the close of bar t. Returns and ratios are of adjusted prices, money of raw price
and volume. Information coefficient: Spearman correlation with the return over the next h bars, all symbols pooled; its interval
counts n / h independent outcomes, since outcomes overlap, and is for one feature: among many, the best looks good by luck.""",
    )
