"""The latest decision a symbol: what Overview's cards show."""

import pandas as pd


def latest_cards(predictions: pd.DataFrame, decisions: pd.DataFrame, regimes: pd.DataFrame, model: str) -> pd.DataFrame:
    """One row a symbol at its last bar, with the bar before it for what changed.

    Returns
    -------
    DataFrame
        `symbol, ts, signal, confidence, consensus_ratio, p_cal, lower, upper, target_weight, regime, regime_confidence,
        previous_signal, previous_p_cal`.
    """
    own = predictions.loc[predictions["model"] == model, ["symbol", "ts", "p_cal", "lower", "upper"]]
    own = own.sort_values(["symbol", "ts"])
    columns = ["symbol", "ts", "signal", "confidence", "consensus_ratio", "target_weight"]
    table = decisions[columns].sort_values(["symbol", "ts"])
    table = table.merge(own, on=["symbol", "ts"], how="left")
    table["previous_signal"] = table.groupby("symbol")["signal"].shift(1)
    table["previous_p_cal"] = table.groupby("symbol")["p_cal"].shift(1)
    last = table.groupby("symbol").tail(1)
    weather = regimes[["symbol", "ts", "regime", "confidence"]].rename(columns={"confidence": "regime_confidence"})
    return last.merge(weather, on=["symbol", "ts"], how="left").reset_index(drop=True)
