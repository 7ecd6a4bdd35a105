"""Short and missing sessions are seen against the symbol's own habit."""

import pandas as pd

from finml_core.bars import session_counts


def test_short_and_missing_sessions_are_counted():
    days = pd.bdate_range("2020-01-01", periods=10)
    stamps = pd.DatetimeIndex([day + pd.Timedelta(hours=hour) for day in days for hour in range(10, 17)]).as_unit("us")
    keys = pd.concat([pd.DataFrame({"symbol": name, "ts": stamps}) for name in ("A", "B", "C")])
    is_gone = (keys["symbol"] == "B") & (keys["ts"].dt.normalize() == days[4])
    is_short = (keys["symbol"] == "C") & (keys["ts"].dt.normalize() == days[6]) & (keys["ts"].dt.hour > 12)
    counts = session_counts(keys[~is_gone & ~is_short])
    assert len(counts) == 30
    assert set(counts["expected_bars"]) == {7}
    odd = counts[counts["n_bars"] < counts["expected_bars"]]
    assert odd[["symbol", "session", "n_bars"]].to_numpy().tolist() == [["B", days[4], 0], ["C", days[6], 3]]
    assert odd["first"].isna().tolist() == [True, False]


def test_no_bars_have_no_sessions(panel):
    assert session_counts(panel.iloc[:0]).empty
    assert (session_counts(panel)["n_bars"] == 1).all()
