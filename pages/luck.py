"""Could chance have done this?"""

import math

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.report import luck as reports
from pages._ui import jobs, load, luck_audit, luck_studies, tables, text
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

METHODS = {"holm": "Holm", "bonferroni": "Bonferroni", "bh": "Benjamini-Hochberg", "by": "BHY"}
ALPHA = 0.05
STATES = ("done", "failed", "cancelled", "lost")
LEDGER = ("name", "kind", "state", "created", "user", "n_obs", "sharpe_annual", "haircut_annual", "p_corrected",
          "survives", "copy_of", "run_id", "trial_id")  # fmt: skip
LABELS = {
    "name": st.column_config.TextColumn("Trial", pinned=True),
    "kind": st.column_config.TextColumn("Kind"),
    "state": st.column_config.TextColumn("State"),
    "created": st.column_config.DatetimeColumn("Scored (UTC)", format="YYYY-MM-DD HH:mm"),
    "user": st.column_config.TextColumn("By"),
    "n_obs": st.column_config.NumberColumn("Bars", format="localized"),
    "sharpe_annual": st.column_config.NumberColumn("Sharpe", format="%.2f", help="A year"),
    "haircut_annual": st.column_config.NumberColumn(
        "After haircut", format="%.2f", help="The Sharpe ratio that would be as significant if nothing else were tried"
    ),
    "survives": st.column_config.CheckboxColumn("Survives"),
    "copy_of": st.column_config.TextColumn("Copy of"),
    "run_id": st.column_config.TextColumn("Run"),
    "trial_id": st.column_config.TextColumn("Trial id"),
}
CLUSTERS = {
    "cluster": st.column_config.NumberColumn("Cluster", pinned=True),
    "n_trials": st.column_config.NumberColumn("Trials", format="localized"),
    "n_distinct": st.column_config.NumberColumn("Distinct", format="localized"),
    "best": st.column_config.NumberColumn("Best", format="%.2f", help="Sharpe ratio a year"),
    "median": st.column_config.NumberColumn("Median", format="%.2f"),
    "worst": st.column_config.NumberColumn("Worst", format="%.2f"),
    "examples": st.column_config.TextColumn("Made of", width="large"),
}

selection = open_page("Luck", "Could chance have done this?")
jobs.show_error()
trials = luck_studies.trials()
if trials.empty and not load.runs():
    empty_state("Nothing has been run yet.", "Load the bundled bars and run the first experiment", jobs.start_first)
    st.stop()
if trials.empty:
    if selection.run_id is None or not jobs.unfinished(selection.run_id):
        st.info("No trial has been scored yet: the first finished run leaves some.", icon=":material/info:")
    st.stop()


def named(choice: str) -> str:
    """A choice of what is judged, in words."""
    return "The best of all trials" if choice == luck_studies.BEST else text.name(choice)


def years(bars: float, periods: float) -> str:
    """A length of record in years."""
    return f"{text.number(bars / periods, 1)} years" if math.isfinite(bars) else "no length"


def draw_headline(method: str, survived: pd.DataFrame) -> None:
    """Trials, DSR, PBO, record, survivors."""
    summary = judged.luck
    one = summary.n_trials == 1
    overfitting = luck_studies.overfitting(judged.trial["trial_id"])
    compared = luck_studies.comparable(judged.trial["trial_id"]).shape[1]
    needed = judged.min_track_record
    periods = float(judged.trial["periods_per_year"])
    count = int(survived["survives"].sum())
    headline(
        [
            Headline(
                "Trials",
                text.thousands(summary.n_trials),
                f"{text.thousands(summary.n_distinct)} distinct, worth about "
                f"{text.thousands(summary.n_effective)} independent",
                help="Every distinct setting whose score anybody saw in this store; failed and cancelled ones too",
            ),
            Headline(
                "DSR",
                text.p_value(judged.dsr),
                "one trial: the same as PSR, chance is expected to show 0"
                if one
                else f"all trials counted; {text.p_value(judged.dsr_effective)} if only the independent ones",
                help="Deflated Sharpe ratio: the probability that the true Sharpe ratio is above what the best of so "
                "many trials without skill would show. Above 0.95 excludes luck; it is no 5 % test of the search: the "
                "best of 100 trials of noise gets there about 0.15 % of the time.",
            ),
            Headline(
                "PBO",
                text.MISSING if overfitting is None else text.probability(overfitting.pbo),
                "needs two comparable trials"
                if overfitting is None
                else f"of choosing among {text.counted(compared, 'comparable trial')}; 0.5 is chance",
                help="Probability of backtest overfitting: how often the best in one half of history is below the "
                "median in the other",
            ),
            Headline(
                "Record",
                years(judged.trial["n_obs"], periods),
                f"{years(needed, periods)} needed to tell it from 0"
                if math.isfinite(needed)
                else "no length would tell it from 0",
                help="Minimum track record length at 95 % confidence, before any correction for other trials",
            ),
            Headline(
                "Survivors",
                f"{count} of {text.thousands(len(survived))}",
                f"significant at 5{text.THIN}% after {METHODS[method]}",
            ),
        ]
    )


def draw_hero() -> None:
    """The best so far against what chance would give by then."""
    line = reports.best_so_far(trials, luck_studies.groups())
    last = line.iloc[-1]
    ahead = "above" if last["best"] > max(last["expected"], last["expected_effective"]) else "no better than"
    if len(trials) == 1:
        reading = "One trial: chance is expected to show 0, and DSR is the same as PSR."
    else:
        reading = (
            f"After {text.counted(len(trials), 'trial')} the best Sharpe ratio is {text.number(last['best'])} a year "
            f"({text.name(last['best_name'])}): {ahead} the {text.number(last['expected'])} that the best of so many "
            "without skill would show by now."
        )
    chart(
        charts.best_sharpe_against_luck(line),
        reading,
        alt=f"Best Sharpe ratio of {len(trials)} trials against what chance would give",
        key="luck_hero",
    )
    download_table(line, "best_against_luck")


def draw_trials(survived: pd.DataFrame) -> None:
    """The ledger, filtered for reading; every number above goes on counting all of it."""
    with st.grid(3, min_column_width=200):
        words = st.text_input("Search", key="luck_search", bind="query-params", placeholder="name, run, person or id")
        kinds = st.multiselect("Kind", sorted(trials["kind"].dropna().unique()), key="luck_kind", bind="query-params")
        states = st.multiselect("State", STATES, key="luck_state", bind="query-params")
    table = survived.assign(copy_of=luck_studies.copied_names())
    table["name"] = table["name"].map(text.name, na_action="ignore")
    table = table.iloc[::-1]
    shown = table.loc[
        table["kind"].isin(kinds or table["kind"].unique()) & table["state"].isin(states or table["state"].unique())
    ]
    shown = load.search(shown.loc[:, list(LEDGER)], words)
    unscored = int(trials["sharpe"].isna().sum())
    st.caption(
        f"**{text.thousands(len(shown))} shown of {text.thousands(len(trials))} that count**, newest first; "
        f"{text.thousands(unscored)} without a Sharpe ratio (failed, cancelled, or flat)."
    )
    tables.show(shown, LEDGER, alt="Trials, newest first", labels=LABELS)
    download_table(table, "trials")


def draw_overfitting() -> None:
    """Logits of CSCV and the degradation of performance."""
    result = luck_studies.overfitting(judged.trial["trial_id"])
    if result is None:
        st.info("PBO compares trials on the same history: it needs two distinct ones and 32 bars or more.")
        return
    compared = luck_studies.comparable(judged.trial["trial_id"])
    periods = float(judged.trial["periods_per_year"])
    left, right = st.columns(2)
    with left:
        histogram = reports.logit_histogram(result)
        chart(
            charts.overfitting_logits(histogram),
            f"In {text.percent(result.pbo, 0)} of {text.thousands(len(result.logits))} divisions of history, the trial "
            "that looked best in one half is at or below the median in the other.",
            alt="Histogram of logits of the relative rank out of sample",
            key="luck_logits",
        )
        download_table(histogram, "pbo_logits")
    with right:
        points = reports.degradation_points(result, periods)
        slope, _ = result.degradation
        chart(
            charts.performance_degradation(points, reports.degradation_line(result, periods)),
            f"Each unit of Sharpe ratio where it was chosen is worth {text.number(slope)} elsewhere; the chosen one "
            f"loses in the other half in {text.percent(result.probability_of_loss, 0)} of divisions.",
            alt="Sharpe ratio in one half of history against the other",
            key="luck_degradation",
        )
        download_table(points, "pbo_degradation")
    st.caption(
        f"{text.counted(compared.shape[1], 'distinct trial')} that know at least 90{text.THIN}% of the same bars, "
        f"{text.thousands(len(compared))} bars in common, {compared.index[0]:%Y-%m-%d} to "
        f"{compared.index[-1]:%Y-%m-%d}."
    )


def draw_reality() -> None:
    """Reality check, SPA and the confidence set of the best."""
    options = ["cash", *(["holding"] if finished else [])]
    against = st.segmented_control(
        "Benchmark",
        options,
        default="cash",
        required=True,
        format_func=lambda name: {"cash": "Cash", "holding": "Holding all equally"}[name],
        key="luck_benchmark",
        bind="query-params",
    )
    with show_errors():
        result, best = luck_studies.snooping(judged.trial["trial_id"], finished if against == "holding" else None)
        name = {"cash": "cash", "holding": "holding"}[against]
        beats = result.spa <= ALPHA
        verdict(
            "passed" if beats else "doubtful",
            f"Hansen's SPA: p {text.p_value(result.spa)} (between {text.p_value(result.spa_lower)} and "
            f"{text.p_value(result.spa_upper)}); White's reality check: p {text.p_value(result.reality_check)}. "
            + (
                f"The best of {text.counted(result.n_configurations, 'trial')} earns more than {name}, the search "
                "allowed for."
                if beats
                else f"That the best of {text.counted(result.n_configurations, 'trial')} earns more than {name} is not "
                "shown, the search allowed for."
            ),
        )
        st.caption(
            "Both look at mean returns over the bars in common. Whoever is mostly long earns more than cash while "
            "markets rise: holding is the harder benchmark."
        )
        if best is not None:
            known = trials.set_index("trial_id")
            table = best.assign(
                trial=[text.name(known.loc[key, "name"]) for key in best["configuration"]],
                run=[known.loc[key, "run_id"] for key in best["configuration"]],
                mean_annual=best["mean"] * float(judged.trial["periods_per_year"]) * 100,
            ).sort_values("mean", ascending=False)
            inside = int(table["included"].sum())
            st.markdown(
                f"**Model confidence set, 90{text.THIN}%**: {inside} of {len(table)} cannot be told from the best by "
                "their mean return."
            )
            tables.show(
                table,
                ("trial", "mean_annual", "p_value", "included", "run"),
                alt="Model confidence set",
                labels={
                    "trial": st.column_config.TextColumn("Trial", pinned=True),
                    "mean_annual": st.column_config.NumberColumn("Return a year", format="%.1f %%"),
                    "included": st.column_config.CheckboxColumn("In the set"),
                    "run": "Run",
                },
                download="model_confidence_set",
            )


def draw_clusters() -> None:
    """The effective number of independent trials."""
    groups = luck_studies.groups()
    table = reports.cluster_table(trials, groups)
    table["examples"] = table["examples"].map(
        lambda names: ", ".join(text.name(name) for name in names.split(", ")[:8])
    )
    points = reports.cluster_points(trials, groups)
    summary = judged.luck
    chart(
        charts.trial_clusters(points),
        f"{text.counted(summary.n_trials, 'trial')}, of which {text.thousands(summary.n_distinct)} are no copy of an "
        f"earlier one, form {text.counted(summary.n_effective, 'cluster')} of like returns, largest first.",
        alt="Sharpe ratios of the trials in each cluster",
        key="luck_clusters",
    )
    tables.show(table, tuple(CLUSTERS), alt="Clusters of trials", labels=CLUSTERS, download="trial_clusters")


def draw_rules() -> None:
    """What is counted, and what is not."""
    st.markdown(
        f"""**One trial** is one distinct setting whose score was computed in this store, by anybody: each model and
strategy of a run, each slider position of Backtest, each length of a learning curve and each group of features left out
once it is shown, each evaluation of a search. Failed, cancelled and lost ones count
from the moment they were set out to be scored. Scoring the same setting again adds nothing, and deleting a run keeps
its trials.

**No trial**: benchmarks nobody chose (holding all equally), noise twins and other controls, drawing a page again.

**Copies and clusters**: a trial whose returns correlate by 0.95 or more with an earlier one is its copy. The rest are
clustered by their returns; a cluster counts as one independent trial.

**Which number deflates**: the higher of two bars. One counts all {text.counted(len(trials), "trial")}, with the scatter
of Sharpe ratios over distinct trials only, so that a slider moved by one step never lowers the bar; the other counts
clusters. Clusters found in noisy returns may be too few, and all trials can only be too many: the headline errs towards
caution."""
    )


with show_errors():
    run_id = selection.run_id
    finished = run_id if run_id and load.run_store().status(run_id).state == "done" else None
    summary = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = luck_studies.judgeable(finished)
        choice = st.selectbox("Judge", options, format_func=named, key="luck_judge", bind="query-params", width=280)
        method = st.selectbox(
            "Correction", list(METHODS), format_func=METHODS.get, key="luck_method", bind="query-params", width=220
        )
    judged = luck_studies.judged(finished, choice)
    if judged is None:
        st.info(
            f"{text.counted(len(trials), 'trial')} counted, but none with a Sharpe ratio that could be judged.",
            icon=":material/info:",
        )
        draw_rules()
        st.stop()
    survived = reports.survivors(trials, method=method, alpha=ALPHA)
    with summary:
        draw_headline(method, survived)
    st.caption(
        f"Judged: {text.name(judged.trial['name'])}, Sharpe ratio {text.number(judged.sharpe_annual)} a year against "
        f"{text.number(judged.bar_annual)} that chance would show by now; PSR {text.p_value(judged.psr)} before any "
        f"correction."
    )
    draw_hero()
    names = {
        "Trials": lambda: draw_trials(survived),
        "Overfitting": draw_overfitting,
        "Reality check": draw_reality,
        "Effective number": draw_clusters,
        "Noise twin": lambda: luck_audit.show(finished),
        "What counts": draw_rules,
    }
    for tab, draw in zip(
        st.tabs(list(names), key="luck_tab", on_change="rerun", bind="query-params"), names.values(), strict=True
    ):
        if tab.open:
            with tab:
                draw()
    how(
        "How this is computed",
        """Chance: the expected maximum Sharpe ratio of N trials without skill (False Strategy Theorem; Bailey & López
de Prado 2014), from the variance of the distinct trials' Sharpe ratios, at least 1 / bars. DSR: the probability that
the true Sharpe ratio is above it, with skew and kurtosis of the returns. PBO: combinatorially symmetric
cross-validation in 16 blocks (Bailey, Borwein, López de Prado & Zhu 2017). Survivors and haircuts: Harvey & Liu 2015,
two-sided t-ratios over every trial of the ledger. Reality check: White 2000; SPA: Hansen 2005; confidence set: Hansen,
Lunde & Nason 2011; stationary bootstrap (Politis & Romano 1994), 500 resamples, blocks of the root of the bars.
Clusters: k-means on correlation distances, number by
silhouette (ONC; López de Prado & Lewis 2019).""",
    )
