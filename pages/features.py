"""Which features carry information, and is none from the future?"""

import streamlit as st

from finml_core import charts
from finml_core.features import FEATURES
from finml_core.report import features as reports
from pages._ui import jobs, load, studies, tables, text
from pages._ui.frame import Headline, chart, download_table, empty_state, headline, how, open_page, show_errors, verdict

HORIZONS = (1, 2, 5, 10, 20)
AUDIT_CUTS = 3
FALSE_SHARE = 0.1  # of the features that pass the correction
CATALOGUE = (
    "name", "family", "ic", "error", "p_value", "p_corrected", "missing", "lookback", "formula", "inputs", "reference",
)  # fmt: skip

selection = open_page("Features", "Which features carry information, and is none from the future?")
jobs.show_error()
if not load.symbols():
    empty_state("There are no bars yet.", "Load the bundled bars and run the first experiment", jobs.start_first)
    st.stop()
chosen = (selection.symbols, selection.start, selection.end)


def controls() -> tuple[str, str, int]:
    """Feature, symbol and horizon; the feature may also have been clicked in the catalogue."""
    clicked = st.session_state.pop("feat_clicked", None)
    if clicked in names:
        st.session_state["feat_name"] = clicked
    with st.grid(3, min_column_width=220):
        name = st.selectbox("Feature", names, key="feat_name", bind="query-params")
        symbol = st.selectbox("Symbol", selection.symbols, key="feat_symbol", bind="query-params")
        horizon = st.segmented_control(
            "Information about the next … bars",
            HORIZONS,
            default=5,
            required=True,
            key="feat_horizon",
            bind="query-params",
        )
    return name, symbol, horizon


def one_feature(name: str, symbol: str) -> None:
    """History under price, distribution and information of one feature."""
    feature = FEATURES[name]
    st.markdown(
        f"**{name}** ({feature.family}): `{feature.formula}`  \n"
        f"Needs {text.counted(feature.lookback, 'bar')}. {feature.reference}"
    )
    history = studies.feature_history(*chosen, name, symbol)
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
    left, right = st.columns(2)
    with left:
        decay = studies.information_decay(*chosen, name, HORIZONS)
        chart(
            charts.information_decay(decay),
            sentence_of_decay(decay),
            alt=f"Rank correlation of {name} with the return over 1 to 20 bars",
            key="features_decay",
        )
        download_table(decay, "information_by_horizon")
    with right:
        values = features[name]
        counts = reports.histogram(values)
        chart(
            charts.distribution(counts, name=name),
            f"{text.thousands(values.notna().sum())} values of {text.counted(len(selection.symbols), 'symbol')}, "
            f"median {text.compact(values.median())}; the outermost 1{text.THIN}% are not drawn.",
            alt=f"Distribution of {name}",
            key="features_distribution",
        )
        download_table(counts, "distribution")


def sentence_of_decay(decay) -> str:
    """Where the feature tells most, and whether that is clear of zero."""
    known = decay.dropna(subset=["ic"])
    if known.empty:
        return "No rank correlation: the feature does not vary here, or has too few rows."
    best = known.loc[known["ic"].abs().idxmax()]
    sure = "clear of zero, as one of many features" if best["lower"] * best["upper"] > 0 else "not clear of zero"
    return (
        f"Strongest over {text.counted(int(best['horizon']), 'bar')}: rank correlation {text.signed(best['ic'], 3)}, "
        f"{sure} (band: 90{text.THIN}%)."
    )


def click() -> None:
    """Show the feature whose row was chosen."""
    rows = st.session_state["features_catalogue"]["selection"]["rows"]
    if rows:
        st.session_state["feat_clicked"] = listed["name"].iloc[rows[0]]


def certificate() -> None:
    """Cut the future off and see whether anything before it changes."""
    st.markdown(
        "Every feature is computed again on bars that end earlier. A value that changes when the future is cut off "
        "has seen it."
    )
    if st.button("Audit all features on these bars", key="features_audit"):
        st.session_state["features_audited"] = chosen
    if st.session_state.get("features_audited") != chosen:
        return
    audit = studies.feature_audit(*chosen, AUDIT_CUTS)
    failed = int((~audit["passed"]).sum())
    verdict(
        "failed" if failed else "passed",
        f"{failed} of {len(audit)} features changed when the future was cut off at {AUDIT_CUTS} places.",
    )
    tables.show(
        audit.sort_values(["passed", "feature"]),
        ("feature", "passed", "first_offence", "max_difference") if failed else ("feature", "passed", "max_difference"),
        alt="Audit of each feature",
        download="feature_audit",
    )


with show_errors():
    features = studies.features(*chosen)
    names = list(features.columns)
    summary = st.container()
    name, symbol, horizon = controls()
    information = studies.information(*chosen, horizon)
    catalogue = information.merge(studies.feature_catalogue(*chosen), on="name")
    found = int((information["p_corrected"] <= FALSE_SHARE).sum())
    alone = int((information["p_value"] < 0.05).sum())
    best = information.iloc[0]
    with summary:
        headline(
            [
                Headline("Features", f"{len(names)}", f"in {catalogue['family'].nunique()} families"),
                Headline(
                    "Carry information",
                    f"{found} of {len(names)}",
                    f"after correction for looking at all; at most {FALSE_SHARE:.0%} of them by luck",
                ),
                Headline(
                    "p < 0.05 alone",
                    f"{alone}",
                    f"luck gives about {0.05 * information['p_value'].notna().sum():.0f}",
                ),
                Headline(
                    "Strongest",
                    f"{text.plus_minus(best['ic'], best['error'], 3)}",
                    f"IC of {best['name']}, {text.counted(horizon, 'bar')} ahead",
                ),
                Headline(
                    "Missing",
                    text.percent(features.isna().to_numpy().mean()),
                    f"of {text.thousands(len(features))} rows: the warm-up, at most "
                    f"{catalogue['lookback'].max()} bars, never filled",
                ),
            ]
        )
    one_feature(name, symbol)
    by_feature, clusters, audit = st.tabs(
        ["Catalogue", "Correlations", "Causality certificate"], key="feat_tab", on_change="rerun", bind="query-params"
    )
    if by_feature.open:
        with by_feature:
            words = st.text_input(
                "Search", key="feat_search", placeholder="name, family or formula", bind="query-params"
            )
            listed = load.search(catalogue, words)
            st.caption(f"{text.counted(len(listed), 'feature')}, strongest first. Choose a row to draw it above.")
            tables.show(
                listed,
                CATALOGUE,
                alt="Catalogue of features with what each tells",
                download="features",
                key="features_catalogue",
                on_select=click,
                selection_mode="single-row",
            )
    if clusters.open:
        with clusters:
            families = list(dict.fromkeys(FEATURES[member].family for member in names))
            family = st.segmented_control(
                "Family",
                families,
                default=families[0],
                required=True,
                format_func=text.name,
                key="feat_family",
                bind="query-params",
            )
            members = tuple(member for member in names if FEATURES[member].family == family)
            pairs = studies.correlations(*chosen, members)
            apart = pairs[pairs["a"] < pairs["b"]].dropna()
            twins = int((apart["correlation"].abs() > 0.95).sum())
            chart(
                charts.correlation_map(pairs),
                f"Rank correlations of {text.counted(len(members), 'feature')}: {twins} of {len(apart)} pairs are "
                "nearly the same (above 0.95 in size).",
                alt=f"Correlation map of the {family} features",
                key="features_correlation",
            )
            download_table(pairs, "correlations")
    if audit.open:
        with audit:
            certificate()
    how(
        "How this is computed",
        f"""A feature row at t uses nothing after the close of bar t. Returns and ratios are of adjusted prices, money
of raw price and volume. Information coefficient (IC): Spearman correlation with the return over the next h bars, all
symbols pooled. Its error counts n / h rows, since outcomes overlap, divided by 1 + (k − 1) r, since k symbols move
together with mean correlation r (Kish 1965). "After correction": Benjamini & Hochberg (1995) at {FALSE_SHARE:.0%}.
The IC here is on the whole of the chosen bars: do not choose features by it for a test on the same bars.""",
    )
