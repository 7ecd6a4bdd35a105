"""How numbers read."""

import numpy as np
import pandas as pd
import pytest

from pages._ui import text


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (text.number(0.8449), "0.84"),
        (text.number(-1.2), "−1.20"),
        (text.number(-0.001), "0.00"),
        (text.number(np.nan), "—"),
        (text.number(None), "—"),
        (text.signed(0.0312, 3), "+0.031"),
        (text.signed(-0.0312, 3), "−0.031"),
        (text.signed(-0.00001, 3), "+0.000"),
        (text.probability(0.41), "0.410"),
        (text.p_value(0.0004), "< 0.001"),
        (text.p_value(0.0), "< 0.001"),
        (text.p_value(0.25), "0.250"),
        (text.percent(-0.2312), "−23.1\u202f%"),
        (text.percent(0.5, 0), "50\u202f%"),
        (text.thousands(1234567.4), "1\u202f234\u202f567"),
        (text.thousands(-1234), "−1\u202f234"),
        (text.thousands(999), "999"),
        (text.money(1_500_000, "USD"), "1\u202f500\u202f000\u202fUSD"),
        (text.plus_minus(0.84, 0.31), "0.84 ± 0.31"),
        (text.plus_minus(0.84, np.nan), "0.84 ± —"),
        (text.plus_minus(np.nan, 0.3), "—"),
        (text.arrow("LONG"), "▲ Long"),
        (text.arrow(-1), "▼ Short"),
        (text.arrow(0.0), "● Neutral"),
        (text.arrow(np.nan), "—"),
        (text.changed("SHORT", "LONG", 0.48, 0.53), "Was short a bar ago, P +0.050"),
        (text.changed("LONG", "LONG", 0.5, 0.5), "Same signal as a bar ago, P +0.000"),
        (text.changed(None, "LONG", np.nan, 0.5), "First signal"),
    ],
)
def test_a_number_reads_as_the_house_writes_it(shown, expected):
    assert shown == expected


def test_before_and_after_stand_side_by_side():
    measures = pd.DataFrame(
        {
            "measure": "ECE",
            "series": ["raw", "calibrated"],
            "value": [0.05, 0.02],
            "lower": [0.04, 0.01],
            "upper": [0.06, 0.03],
        }
    )
    assert text.before_after(measures, "ECE") == ("ECE", "0.050 → 0.020", "90\u202f%: 0.010 to 0.030 after")
