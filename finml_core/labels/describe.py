"""What labels look like over time: their classes, and how many are open at once."""

import numpy as np
import pandas as pd

from finml_core.concurrency import bar_spans, open_labels
from finml_core.errors import DataError
from finml_core.purging import row_times

MOST_CLASSES = 20
PERIODS = {"year": "Y", "month": "M"}


def class_balance(labels: pd.DataFrame, *, period: str = "year") -> pd.DataFrame:
    """Share of each class among the labels of each period.

    Parameters
    ----------
    labels : DataFrame with `y` on (symbol, ts)
        As `make_labels` gives; rows without an outcome are left out. At most 20 classes.
    period : year or month

    Returns
    -------
    DataFrame with columns
        ts (first day of the period), until (first day of the next), y (the class), n (labels), share (of the
        period's labels).

    Raises
    ------
    DataError
        For an outcome of more than 20 values: a return has no classes.
    """
    if period not in PERIODS:
        raise DataError(f"period is {period!r}; choose one of: {', '.join(PERIODS)}.")
    known = labels["y"].dropna()
    code, classes = pd.factorize(known, sort=True)
    if len(classes) > MOST_CLASSES:
        raise DataError(f"{len(classes)} distinct outcomes are no classes; describe direction, barriers or quantiles.")
    first_day = row_times(known.index).view("datetime64[us]").astype(f"datetime64[{PERIODS[period]}]")
    place, starts = pd.factorize(first_day.astype("datetime64[us]"), sort=True)
    until = (starts.astype(f"datetime64[{PERIODS[period]}]") + 1).astype("datetime64[us]")
    shape = len(starts), len(classes)
    n = np.bincount(place * len(classes) + code, minlength=len(starts) * len(classes)).reshape(shape)
    return pd.DataFrame(
        {
            "ts": np.repeat(starts, len(classes)),
            "until": np.repeat(until, len(classes)),
            "y": np.tile(classes, len(starts)),
            "n": n.reshape(-1),
            "share": (n / n.sum(axis=1, keepdims=True)).reshape(-1),
        }
    )


def weight_history(labels: pd.DataFrame, *, period: str = "month") -> pd.DataFrame:
    """What the labels of each period weigh.

    Parameters
    ----------
    labels : DataFrame with `y, sample_weight` on (symbol, ts)
        As `make_labels` gives; rows without an outcome are left out.
    period : year or month

    Returns
    -------
    DataFrame with columns
        ts (first day of the period), n (labels), weight (their mean), share (of all weight).

    Raises
    ------
    DataError
        For an unknown period.
    """
    if period not in PERIODS:
        raise DataError(f"period is {period!r}; choose one of: {', '.join(PERIODS)}.")
    known = labels.loc[labels["y"].notna(), "sample_weight"]
    first_day = row_times(known.index).view("datetime64[us]").astype(f"datetime64[{PERIODS[period]}]")
    groups = known.groupby(first_day.astype("datetime64[us]"))
    table = groups.agg(n="size", weight="mean", total="sum").rename_axis("ts").reset_index()
    whole = table.pop("total")
    return table.assign(share=whole / whole.sum())


def concurrency(label_end: pd.Series) -> pd.DataFrame:
    """Labels of one symbol that are open at a bar, averaged over the symbols of each timestamp.

    Parameters
    ----------
    label_end : Series of timestamps on (symbol, ts) or ts
        One row a bar; missing where a bar has no label.

    Returns
    -------
    DataFrame with columns
        ts, open_labels (mean over symbols), uniqueness (mean of 1 / labels open over bars where one is; missing where
        none is).
    """
    has_label = label_end.notna().to_numpy()
    order, first, last = bar_spans(label_end, has_label)
    count = open_labels(first, last, len(label_end))
    ts = row_times(label_end.index[order]).view("datetime64[us]")
    share = np.divide(1.0, count, out=np.full(len(count), np.nan), where=count > 0)
    table = pd.DataFrame({"ts": ts, "open_labels": count, "uniqueness": share})
    return table.groupby("ts", as_index=False).mean()
