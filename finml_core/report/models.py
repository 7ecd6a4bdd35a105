"""Models of one run or of several beside each other: against what must be beaten, and how scores are spread."""

from collections.abc import Mapping

import pandas as pd

from finml_core.checks import check_columns

GAP = ("model", "gap", "gap_deviation")


def against(seeds: pd.DataFrame, reference: str, score: str = "log_loss") -> pd.DataFrame:
    """How far each model's score is from the reference's on the same fold, as mean and deviation over folds and seeds.

    Parameters
    ----------
    seeds : DataFrame
        A row a model, fold and seed, with `score`.
    reference : str
        A model of it; of several seeds its mean in the fold counts.
    score : str
        A lower log loss is better: a gap below 0 beats the reference.

    Returns
    -------
    DataFrame with model, gap, gap_deviation
        Empty where the reference was not trained; the deviation (ddof 1) is missing for a single value.
    """
    check_columns(seeds, ("model", "fold", "seed", score), what="the frame of scores")
    own = seeds.loc[seeds["model"] == reference].groupby("fold")[score].mean()
    if own.empty:
        return pd.DataFrame({name: pd.Series(dtype="str" if name == "model" else "float64") for name in GAP})
    gaps = seeds.assign(gap=seeds[score] - seeds["fold"].map(own))
    table = gaps.groupby("model", sort=False)["gap"].agg(["mean", "std"]).reset_index()
    return table.set_axis(list(GAP), axis=1)


def with_gaps(board: pd.DataFrame, seeds: pd.DataFrame, references: Mapping[str, str]) -> pd.DataFrame:
    """A leaderboard with each reference's gap beside it: `references` maps a suffix to a model."""
    for suffix, reference in references.items():
        gaps = against(seeds, reference).rename(
            columns={"gap": f"gap_{suffix}", "gap_deviation": f"gap_{suffix}_deviation"}
        )
        board = board.merge(gaps, on="model", how="left")
    return board


def mean_curves(history: pd.DataFrame) -> pd.DataFrame:
    """Mean held-out loss of each epoch over folds and seeds: epoch, loss; epochs without any are left out."""
    check_columns(history, ("epoch", "validation_loss"), what="the history of training")
    mean = history.groupby("epoch")["validation_loss"].mean().dropna()
    return mean.rename("loss").reset_index()


def device_table(times: pd.DataFrame) -> pd.DataFrame:
    """What each model ran on: model, device, trainings, seconds, windows a second, most memory, parameters.

    Windows a second are those of the middle training, missing for a model that reads rows.
    """
    check_columns(times, ("model", "device", "seconds", "windows_per_second", "memory_mib"), what="the times")
    table = times.groupby(["model", "device"], sort=False).agg(
        trainings=("fold", "size"),
        seconds=("seconds", "sum"),
        windows_per_second=("windows_per_second", "median"),
        memory_mib=("memory_mib", "max"),
        n_parameters=("n_parameters", "max"),
    )
    return table.reset_index()


def usage_table(usage: pd.DataFrame) -> pd.DataFrame:
    """How busy each device was: device, training and whole (shares of its capacity), peak_mib.

    `usage` has elapsed_s, stage, device, utilisation, memory_mib, a row a sample; each counts by the time since the
    sample before. `training` is missing for a run that did not train.
    """
    check_columns(usage, ("elapsed_s", "stage", "device", "utilisation", "memory_mib"), what="the use of devices")
    ordered = usage.sort_values(["device", "elapsed_s"], kind="stable")
    span = ordered["elapsed_s"] - ordered.groupby("device")["elapsed_s"].shift(fill_value=0.0)
    rows = ordered.assign(span=span, work=span * ordered["utilisation"])
    whole = rows.groupby("device", sort=False).agg(
        span=("span", "sum"), work=("work", "sum"), peak=("memory_mib", "max")
    )
    training = rows.loc[rows["stage"] == "train"].groupby("device", sort=False)[["span", "work"]].sum()
    return pd.DataFrame(
        {
            "device": whole.index,
            "training": (training["work"] / training["span"]).reindex(whole.index).to_numpy(dtype="float64"),
            "whole": (whole["work"] / whole["span"]).to_numpy(dtype="float64"),
            "peak_mib": whole["peak"].to_numpy(dtype="float64"),
        }
    )
