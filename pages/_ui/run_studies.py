"""Tabs of the page Validation that ask a finished run further questions: more history, fewer features."""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.errors import FinmlError
from finml_core.experiments import LearningConfig, StudyConfig, study_of
from finml_core.metrics import MultipleHypothesisCorrection
from finml_core.models import ModelType
from finml_core.runs import RunStatus, StudyStore
from pages._ui import load, tables, text
from pages._ui.frame import chart, download_table

ACTIVE = ("queued", "running")
ALPHA = 0.05
MOST_DRAWN = 20  # groups of an ablation
GROUPS = {"families": "Families", "features": "Single features"}
CORRECTIONS = {"bh": "Benjamini-Hochberg", "by": "BHY", "holm": "Holm", "bonferroni": "Bonferroni"}
LENGTHS = {
    "length": st.column_config.NumberColumn("Bars of history", format="localized"),
    "n_train": st.column_config.NumberColumn("Training rows", format="%.0f", help="Mean over tests, after the purge"),
    "train": st.column_config.NumberColumn("AUC, learned", format="%.3f", help="On the rows learned from"),
    "score": st.column_config.NumberColumn("AUC, tested", format="%.3f"),
    "from": st.column_config.NumberColumn("From (90 %)", format="%.3f"),
    "to": st.column_config.NumberColumn("To (90 %)", format="%.3f"),
    "behind": st.column_config.NumberColumn("Less the longest", format="%+.3f", help="On the same tests"),
    "behind_from": st.column_config.NumberColumn("From (90 %)", format="%+.3f"),
    "behind_to": st.column_config.NumberColumn("To (90 %)", format="%+.3f"),
}
ABLATED = {
    "group": st.column_config.TextColumn("Left out", pinned=True),
    "n_features": st.column_config.NumberColumn("Features", format="%d"),
    "score_without": st.column_config.NumberColumn("AUC without", format="%.3f"),
    "importance": st.column_config.NumberColumn("AUC lost", format="%+.4f"),
    "from": st.column_config.NumberColumn("From (90 %)", format="%+.4f"),
    "to": st.column_config.NumberColumn("To (90 %)", format="%+.4f"),
    "p_value": st.column_config.TextColumn("p", help="One-sided: it is missed", alignment="right"),
    "p_corrected": st.column_config.TextColumn("p, corrected", alignment="right"),
    "found": st.column_config.CheckboxColumn("Missed"),
}


def draw_learning(run_id: str) -> None:
    """Score against the length of the training history."""
    config = load.run_config(run_id)
    model = _choose_model(run_id, [model for model in config.models if not model.is_baseline], "val_history_model")
    if model is None:
        return
    settings = LearningConfig()
    found = _answer(
        study_of(run_id, config, "learning_curve", model),
        f"**Does more history help?** {text.name(model)} is trained on {settings.n_lengths} lengths of history that "
        f"all end where a test begins, the shortest an eighth of the longest; each is tested on the same "
        f"{settings.n_tests} blocks, the second half of the bars.",
        "Compare lengths of history",
        settings.n_lengths * settings.n_tests,
        settings.n_lengths,
    )
    if found is None:
        return
    curve, scores = _table(found, "learning_curve"), _table(found, "learning_scores")
    chart(
        charts.history_curve(curve),
        _history_in_words(curve, model),
        alt=f"AUC of {text.name(model)} against the length of its training history",
        key="validation_history",
    )
    shown = curve.rename(
        columns={"lower": "from", "upper": "to", "behind_lower": "behind_from", "behind_upper": "behind_to"}
    )
    tables.show(shown, tuple(LENGTHS), alt="Scores by length of history", labels=LENGTHS, download="learning_curve")
    download_table(scores, "learning_scores")


def draw_ablation(run_id: str) -> None:
    """What is lost without each family, or each single feature."""
    config = load.run_config(run_id)
    able = [model for model in config.models if not model.is_baseline and not model.is_sequence]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Left out, one at a time", list(GROUPS), default="families", required=True, format_func=GROUPS.get,
            key="val_groups", bind="query-params",
        )  # fmt: skip
        model = _choose_model(run_id, able, "val_ablation_model")
    if model is None:
        return
    n_groups = load.metrics(run_id)["n_features"] if kind == "features" else len(config.features.families)
    found = _answer(
        study_of(run_id, config, kind, model),
        f"**What does the skill rest on?** {text.name(model)} is trained again on the run's own folds without each of "
        f"about {text.thousands(n_groups)} {GROUPS[kind].lower()}, one at a time; what the score loses is what only "
        f"{'this family' if kind == 'families' else 'this feature'} knows.",
        f"Leave out {GROUPS[kind].lower()}",
        (n_groups + 1) * load.table(run_id, "folds")["fold"].nunique(),
        n_groups,
    )
    if found is None:
        return
    method = st.selectbox(
        "Correction",
        list(CORRECTIONS),
        format_func=CORRECTIONS.get,
        key="val_correction",
        bind="query-params",
        width=220,
    )
    table = corrected(_table(found, "ablation"), method)
    drawn = table.head(MOST_DRAWN)
    chart(
        charts.ablation_importance(drawn, title="Family" if kind == "families" else "Feature"),
        _ablation_in_words(table, len(drawn), CORRECTIONS[method]),
        alt=f"AUC lost without each of {len(drawn)} {GROUPS[kind].lower()}",
        key="validation_ablation",
    )
    shown = table.rename(columns={"lower": "from", "upper": "to"})
    tables.show(shown, tuple(ABLATED), alt="What is lost without each group", labels=ABLATED, download="ablation")


def corrected(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """The ablation with its p-values corrected by another method."""
    result = MultipleHypothesisCorrection(method=method, alpha=ALPHA).correct(table["p_value"].to_numpy())
    return table.assign(p_corrected=result["p_corrected"].to_numpy(), found=result["rejected"].to_numpy())


def _choose_model(run_id: str, able: list[ModelType], key: str) -> str | None:
    """One of the run's models that learn from features; None, and why, where there is none."""
    names = [model.value for model in able]
    if not names:
        st.info("This run trained no model that this could be asked of; train one that reads rows on Models.")
        return None
    first = load.champion_position(run_id, names)
    return st.selectbox("Model", names, first, format_func=text.name, key=key, bind="query-params", width=220)


def _store() -> StudyStore:
    return StudyStore(load.run_store())


def _table(study: RunStatus, name: str) -> pd.DataFrame:
    return _study_table(str(load.run_store().home), study.run_id, name, str(study.finished))


@st.cache_data(max_entries=32, show_spinner=False)
def _study_table(home_path: str, study_id: str, name: str, finished: str) -> pd.DataFrame:
    return _store().table(study_id, name)


def _answer(config: StudyConfig, question: str, label: str, n_fits: int, n_trials: int) -> RunStatus | None:
    """The study if it is done; otherwise the button that starts it, or how far it is."""
    study = _store().find(config)
    if study is not None and study.state == "done":
        return study
    st.markdown(question)
    if study is None or study.state not in ACTIVE:
        if study is not None and study.state != "cancelled":
            st.error(f"It {study.state if study.state == 'failed' else 'was lost'}. {study.error or ''}".strip(),
                     icon=":material/error:")  # fmt: skip
        st.button(label, key=f"study_{config.kind}", type="primary", on_click=_submit, args=(config,))
        st.caption(
            f"About {text.counted(n_fits, 'fit')} beside the dashboard. What it shows when it is done adds up to "
            f"{text.counted(n_trials, 'trial')} to the team's count: whoever looks at a score may choose by it."
        )
        return None
    _watch(study.run_id)
    return None


def _submit(config: StudyConfig) -> None:
    """Queue a study, or say why not; it survives a closed tab."""
    try:
        _store().submit(config)
    except FinmlError as error:
        st.session_state["jobs_error"] = str(error)


@st.fragment(run_every="1s")
def _watch(study_id: str) -> None:
    """Live progress of one study; when it ends, the page is drawn anew."""
    study = _store().status(study_id)
    if study.state not in ACTIVE:
        st.rerun()
    words = f"waits for {study.waits_for}" if study.state == "queued" and study.waits_for else study.message
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(max(study.fraction, 0.0), 1.0), text=f"**{study.name}** · {words or study.state}")
        st.button(
            "Cancel",
            key=f"study_cancel_{study_id}",
            help=f"Stop {study.name}; nothing of it is shown or counted",
            on_click=_store().cancel,
            args=(study_id,),
        )


def _history_in_words(curve: pd.DataFrame, model: str) -> str:
    longest, shortest = curve.iloc[-1], curve.iloc[0]
    gap = f"{text.signed(shortest['behind'], 3)} ({_span(shortest['behind_lower'], shortest['behind_upper'])})"
    longer, shorter = (text.thousands(row["length"]) for row in (longest, shortest))
    if shortest["behind_upper"] < 0:
        verdict = "more history helps"
    elif shortest["behind_lower"] > 0:
        verdict = "old history does harm"
    else:
        verdict = "that more history helps is not shown"
    memory = longest["train"] - longest["score"]
    return (
        f"With {longer} bars before each test, {text.name(model)} scores {text.number(longest['score'], 3)} "
        f"({_span(longest['lower'], longest['upper'], signed=False)}); {shorter} bars instead change that by {gap} on "
        f"the same tests: {verdict}. On the rows it learned from it scores {text.number(memory, 3)} more. Band: "
        f"90{text.THIN}% over {text.counted(int(longest['n_tests']), 'test')}."
    )


def _ablation_in_words(table: pd.DataFrame, n_drawn: int, method: str) -> str:
    first, found = table.iloc[0], [text.name(group) for group in table.loc[table["found"], "group"]]
    drawn = "" if n_drawn == len(table) else f" The {n_drawn} most important of {text.thousands(len(table))} are drawn."
    named = ", ".join(found[:3]) + (" and others" if len(found) > 3 else "")
    missed = f"{named or 'none'} of {text.thousands(len(table))} {'is' if len(found) < 2 else 'are'} missed"
    return (
        f"Without {text.name(first['group'])} the AUC of {text.number(first['score'], 3)} loses "
        f"{text.number(first['importance'], 4)} ({_span(first['lower'], first['upper'], 4)}); {missed} at "
        f"5{text.THIN}% after {method}.{drawn} What another one knows as well is not missed."
    )


def _span(lower: float, upper: float, digits: int = 3, *, signed: bool = True) -> str:
    show = text.signed if signed else text.number
    return f"90{text.THIN}%: {show(lower, digits)} to {show(upper, digits)}"
