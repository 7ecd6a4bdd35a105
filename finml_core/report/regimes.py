"""Tables of the page Regimes: what weather is it, and how sure are we?"""

import pandas as pd

from finml_core.schemas import REGIMES


def probabilities_long(regimes: pd.DataFrame, symbol: str) -> pd.DataFrame:
    """`ts, regime, probability` of one symbol, for stacked areas."""
    rows = regimes.loc[regimes["symbol"] == symbol, ["ts", *REGIMES]].dropna()
    return rows.melt("ts", list(REGIMES), var_name="regime", value_name="probability")


def transitions_tidy(matrix: pd.DataFrame) -> pd.DataFrame:
    """`from_regime, to_regime, probability` of a transition matrix; regimes that never occurred are left out."""
    tidy = matrix.rename_axis("from_regime").reset_index()
    tidy = tidy.melt("from_regime", var_name="to_regime", value_name="probability").dropna()
    seen = set(tidy["from_regime"])
    return tidy.loc[tidy["to_regime"].isin(seen)].reset_index(drop=True)


def durations(spells: pd.DataFrame) -> pd.DataFrame:
    """Lengths of a regime's finished spells: `regime, expected_bars, error, n_spells`; the last spell is not over yet.

    `error` is the standard error of the mean; missing for a single spell.
    """
    lengths = spells.iloc[:-1].groupby("regime")["n_bars"]
    table = lengths.agg(expected_bars="mean", error="sem", n_spells="size")
    return table.reset_index()


def runner_up(row: pd.Series) -> tuple[str, float]:
    """The second likeliest regime of a bar and its probability."""
    ranked = row[list(REGIMES)].astype("float64").sort_values(ascending=False, kind="stable")
    return str(ranked.index[1]), float(ranked.iloc[1])


def spells(labels: pd.DataFrame) -> pd.DataFrame:
    """Runs of one regime in time order: `regime, start, end, n_bars, confidence`.

    `labels` has `ts, regime, confidence` of one symbol.
    """
    known = labels.dropna(subset=["regime"]).sort_values("ts")
    run = (known["regime"] != known["regime"].shift()).cumsum()
    table = known.groupby(run).agg(
        regime=("regime", "first"),
        start=("ts", "min"),
        end=("ts", "max"),
        n_bars=("ts", "size"),
        confidence=("confidence", "mean"),
    )
    return table.reset_index(drop=True)
