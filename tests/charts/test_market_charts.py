"""Candles with what is known about them: the view opens where it is asked to, its scale fits what lies in it."""

import json

import pandas as pd
import pytest

from finml_core import charts
from finml_core.charts.market import MOST_LOADED, split_words
from tests.charts.frames import sample_frames

CANDLES = sample_frames()["candles"][0]


@pytest.mark.parametrize(("ratio", "words"), [(7, "7:1"), (1.5, "1.5:1"), (0.05, "1:20"), (1 / 3, "1:3")])
def test_a_split_reads_as_new_shares_for_old(ratio, words):
    assert split_words(ratio) == words


def test_the_scale_of_a_view_fits_its_candles_and_the_rest_is_loaded_beside_it():
    span = (CANDLES["ts"].iloc[100], CANDLES["ts"].iloc[160])
    spec = charts.candles(CANDLES, span=span).to_dict()
    wick = spec["layer"][0]["layer"][0]["encoding"]
    inside = CANDLES[CANDLES["ts"].between(*span)]
    assert wick["y"]["scale"]["domain"] == pytest.approx([inside["low"].min(), inside["high"].max()])
    assert wick["x"]["scale"]["domain"] == [moment.isoformat() for moment in span]
    assert max(len(rows) for rows in spec["datasets"].values()) == min(len(CANDLES), MOST_LOADED)


def test_splits_and_findings_stand_on_the_candles():
    ts = CANDLES["ts"].iloc[[10, 11, 200]].to_list()
    splits = pd.DataFrame({"ts": ts, "ratio": [7.0, 2.0, 0.05], "state": ["applied", "proposed", "proposed"]})
    findings = pd.DataFrame({"ts": ts[:1], "check": ["outliers"], "severity": ["low"], "example": ["far"]})
    text = json.dumps(charts.candles(CANDLES, splits=splits, findings=findings).to_dict())
    assert '"7:1"' in text
    assert '"1:20"' in text
    assert '"outliers"' in text
