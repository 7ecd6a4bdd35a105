"""Each planted defect is found, named and counted; clean bars are left in peace."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from finml_core.bars import bundled_bars, quality_report
from finml_core.errors import DataError


def planted(panel: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, int]]:
    """Bars with one kind of defect in symbol S1 (rows 600 to 1199), and how often."""

    def changed(rows: slice | list, **values: object) -> pd.DataFrame:
        bars = panel.copy()
        for column, value in values.items():
            bars.loc[rows, column] = value
        return bars

    split = panel.assign(adj_close=panel["close"])
    split.loc[900:1199, ["open", "high", "low", "close", "adj_close"]] /= 2
    crash = panel.copy()
    crash.loc[900:1199, ["open", "high", "low", "close"]] *= 0.77
    top = panel.loc[700, "high"]
    return {
        "duplicates": (pd.concat([panel, panel.loc[[700, 700, 701]]]).sort_values(["symbol", "ts"]), 3),
        "missing prices": (changed([700, 701], close=np.nan), 2),
        "prices not above 0": (changed([700], low=-1.0), 1),
        "high below low": (changed([700], low=top * 2, open=top * 1.5, close=top * 1.5), 1),
        "open or close outside the range": (changed([700], open=top * 1.01), 1),
        "negative volume": (changed([700], volume=-1.0), 1),
        "zero volume": (changed([700, 702, 704], volume=0.0), 3),
        "missing volume": (changed([700], volume=np.nan), 1),
        "stale closes": (changed(slice(700, 706), close=80.0, high=1000.0, low=1.0), 7),
        "missing sessions": (panel.drop(index=[700, 701]), 2),
        "unadjusted splits": (split, 1),
        "outliers": (crash, 1),
        "crossed quotes": (changed([700, 701], bid=2.0, ask=1.0), 2),
        "locked quotes": (changed([700, 701], bid=2.0, ask=2.0), 2),
        "unsorted rows": (panel.loc[[*range(700), 701, 700, *range(702, 1800)]], 1),
    }


NAMES = (
    "duplicates", "missing prices", "prices not above 0", "high below low", "open or close outside the range",
    "negative volume", "zero volume", "missing volume", "stale closes", "missing sessions", "unadjusted splits",
    "outliers", "crossed quotes", "locked quotes", "unsorted rows",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_defect_is_found(name, panel):
    bars, count = planted(panel)[name]
    report = quality_report(bars)
    found = report[report["check"] == name]
    assert found["symbol"].tolist() == ["S1"]
    row = found.iloc[0]
    assert row["count"] == count
    assert row["first"] <= row["last"]
    assert row["severity"] in ("high", "medium", "low")
    assert row["example"]
    assert row["advice"]
    assert row["measure"]
    assert row["mend"] in ("exclude", "apply_split", "accept", "")


def test_every_check_has_its_planted_defect(panel):
    from finml_core.bars.quality_checks import CHECKS

    assert {check.name for check in CHECKS} == set(planted(panel)) == set(NAMES)


def test_clean_bars_have_no_findings(panel):
    assert quality_report(panel).empty


@pytest.mark.parametrize("ratio", [0.5, 1 / 3, 2 / 3, 2.0, 0.1])
def test_splits_of_any_usual_ratio_are_told_from_crashes(ratio, panel):
    bars = panel.copy()
    bars.loc[900:1199, ["open", "high", "low", "close"]] *= ratio
    bars.loc[900:1199, "volume"] /= ratio
    row = quality_report(bars).query("check == 'unadjusted splits'").iloc[0]
    assert (row["symbol"], row["severity"], row["first"]) == ("S1", "high", panel.loc[900, "ts"])


def test_a_split_that_is_adjusted_is_no_finding(panel):
    bars = panel.assign(adj_close=panel["close"])
    bars.loc[900:1199, ["open", "high", "low", "close"]] /= 2
    assert quality_report(bars).empty


def test_the_order_of_symbols_is_irrelevant(panel):
    bars = planted(panel)["zero volume"][0]
    by_time = bars.sort_values(["ts", "symbol"], ascending=[True, False])
    assert_frame_equal(quality_report(by_time), quality_report(bars))


def test_the_store_judges_as_the_frame_does(store, panel):
    bars = planted(panel)["outliers"][0]
    store.ingest(bars)
    assert_frame_equal(store.quality(), quality_report(bars))
    assert store.quality("S0").empty


def test_real_splits_are_found_in_raw_prices_and_not_in_adjusted_ones():
    bars = bundled_bars()
    bars = bars[bars["symbol"].isin(["AAPL", "MSFT", "IBM"])]
    raw = quality_report(bars.drop(columns="adj_close")).query("check == 'unadjusted splits' and severity == 'high'")
    assert raw.set_index("symbol")["first"].astype(str).to_dict() == {"AAPL": "2000-06-21", "MSFT": "2003-02-18"}
    # what is left is Apple's fall of 52 % on one day, which no adjustment explains
    kept = quality_report(bars).query("check == 'unadjusted splits'")
    assert kept[["symbol", "severity"]].values.tolist() == [["AAPL", "medium"]]


def test_a_missing_column_is_named_and_an_empty_frame_is_clean(panel):
    with pytest.raises(DataError, match="'close'"):
        quality_report(panel.drop(columns="close"))
    assert quality_report(panel.iloc[:0]).empty
