"""Whether acting on a primary strategy's bets was right, and what it was worth against taking them all."""

import pandas as pd
import streamlit as st

from finml_core import charts
from finml_core.experiments import ExperimentConfig
from pages._ui import load, tables, text
from pages._ui.frame import chart, download_table
from pages._ui.label_controls import RULES, asked, in_words

PRIMARY = "primary_alone"
RATES = ("acted", "base_rate", "precision", "precision_error", "recall")
RETURNS = ("return_all", "return_acted", "return_skipped")


def claim(config: ExperimentConfig) -> str:
    """What a probability of the run is a probability of."""
    horizon = text.counted(config.label.horizon, "bar")
    if config.primary.is_there:
        return f"The bet of {RULES[config.primary.rule].lower()} pays within {horizon}"
    return f"Rises in {horizon}"


def bets_note(config: ExperimentConfig) -> str:
    """How positions come about where only some bars are asked about; nothing where all are."""
    if config.primary.is_there:
        return (
            f" Here p is the chance that the bet of {RULES[config.primary.rule].lower()} pays: below one half the bet "
            "is left out, above it the weight has that strategy's sign; bars without a bet add nothing."
        )
    return " Bars that are no event add nothing." if config.is_sparse else ""


def bets(run_id: str) -> None:
    """Precision of acting against the share of all bets that paid; returns of bets taken and left out."""
    config = load.run_config(run_id)
    if "bets" not in load.run_store().tables(run_id):
        st.info(
            "The models of this run choose the side themselves. Choose who else does under Events, side and weights, "
            "and they learn when that strategy's bets pay."
        )
        return
    found, board = load.table(run_id, "bets"), load.leaderboard(run_id).set_index("model")
    st.markdown(in_words(asked(config.label, config.primary)))
    trained = found[found["model"] != "naive"]
    acting = trained[trained["precision"].notna()]
    best = (acting if len(acting) else found).sort_values("precision", ascending=False).iloc[0]
    if found["precision"].notna().any():
        chart(
            charts.score_intervals(
                found[found["precision"].notna()].assign(
                    mean=lambda rows: rows["precision"],
                    deviation=lambda rows: rows["precision_error"],
                    baseline=lambda rows: rows["base_rate"],
                ),
                metric="Share of the bets acted on that paid",
            ),
            sentence(best, board),
            alt="Precision of acting by model, with its error, against the share of all bets that paid",
            key="models_bets",
        )
    else:
        st.caption("No model gives any bet a chance above one half, so none is taken.")
    rows = with_primary(found, board)
    shown = rows.assign(**{name: 100 * rows[name] for name in (*RATES, *RETURNS) if name != "base_rate"})
    tables.show(
        shown,
        ("model", "n_bets", *RATES, *RETURNS, "sharpe_text"),
        alt="Bets acted on and left out, by model",
        labels=columns(),
    )
    download_table(rows, "bets")


def sentence(best: pd.Series, board: pd.DataFrame) -> str:
    """The most precise model in words, beside the primary strategy alone."""
    model = text.name(best["model"])
    alone = board.loc[PRIMARY]
    return (
        f"{text.percent(best['base_rate'])} of {text.thousands(best['n_bets'])} bets paid. {model} acts on "
        f"{text.percent(best['acted'])} of them, of which {text.percent(best['precision'])} ± "
        f"{text.percent(best['precision_error'])} paid. After costs its Sharpe is "
        f"{text.number(board.loc[best['model'], 'sharpe_annual'])}, that of the strategy alone "
        f"{text.plus_minus(alone['sharpe_annual'], alone['sharpe_error_annual'])}."
    )


def with_primary(rows: pd.DataFrame, board: pd.DataFrame) -> pd.DataFrame:
    """The bets with what each model earned after costs, and the primary strategy alone below them."""
    alone = {"model": PRIMARY, "n_bets": rows["n_bets"].max(), "acted": 1.0, "recall": 1.0}
    alone |= {"base_rate": rows["base_rate"].mean(), "precision": rows["base_rate"].mean()}
    alone |= {"return_all": rows["return_all"].mean(), "return_acted": rows["return_all"].mean()}
    table = pd.concat([rows, pd.DataFrame([alone])], ignore_index=True)
    own = board.loc[table["model"]]
    return table.assign(
        sharpe_text=[
            text.plus_minus(value, error)
            for value, error in zip(own["sharpe_annual"], own["sharpe_error_annual"], strict=True)
        ]
    )


def columns() -> dict[str, object]:
    """Headings of the table."""
    said = {
        "acted": ("Acted on", "Share of the bets that the model takes", 1),
        "base_rate": ("All that paid", "Share of all bets that paid", 1),
        "precision": ("Acted on and paid", "Share of the bets acted on that paid", 1),
        "precision_error": ("±", "Standard error; bets that overlap count as the share that each has of its own", 1),
        "recall": ("Paid and acted on", "Share of the paying bets that were acted on", 1),
        "return_all": ("Return of a bet", "Mean over all, before costs", 2),
        "return_acted": ("If acted on", "Mean over the bets acted on, before costs", 2),
        "return_skipped": ("If left out", "Mean over the bets left out, before costs", 2),
    }
    found = {
        name: st.column_config.NumberColumn(title, format=f"%.{digits}f %%", help=help)
        for name, (title, help, digits) in said.items()
    }
    return {**found, "n_bets": st.column_config.NumberColumn("Bets", format="localized", help="With a known outcome")}
