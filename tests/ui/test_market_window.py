"""The stretch of time that the candles show: pressing a button can never lead out of the bars or into an error."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._ui.market.window import Window, read, shortest, shown_times

WHOLE = Window(pd.Timestamp("2010-01-04"), pd.Timestamp("2019-12-31"))
PRESSES = {
    "earlier": lambda w: w.moved(-0.5),
    "later": lambda w: w.moved(0.5),
    "closer": lambda w: w.scaled(0.5),
    "wider": lambda w: w.scaled(2),
    "year": lambda w: WHOLE.last(pd.Timedelta(days=365)),
}


@given(st.lists(st.sampled_from(sorted(PRESSES)), max_size=30), st.integers(1, 10**7))
def test_no_row_of_presses_leads_out_of_the_bars(presses, n_bars):
    least = shortest(WHOLE, n_bars)
    window = WHOLE
    for press in presses:
        window = PRESSES[press](window).within(WHOLE, least)
        assert WHOLE.start <= window.start < window.end <= WHOLE.end
        assert window.width >= least


def test_moving_there_and_back_changes_nothing():
    window = Window(pd.Timestamp("2014-01-01"), pd.Timestamp("2014-03-01"))
    assert window.moved(0.5).moved(-0.5) == window
    assert window.scaled(0.5).scaled(2) == window
    assert window.moved(1).start == window.end


def test_a_link_says_the_same_as_the_view_it_was_made_from():
    window = Window(pd.Timestamp("2014-01-02 14:31:00"), pd.Timestamp("2014-01-03 21:00:00"))
    assert read(*window.texts()) == window


@pytest.mark.parametrize("texts", [("x", "2014-01-01"), ("2014-01-02", "2014-01-01"), ("", ""), ("99999-01-01", "1")])
def test_a_link_that_names_no_stretch_is_no_window(texts):
    assert read(*texts) is None


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata", None, "Nowhere/Else"])
@pytest.mark.parametrize("day", ["2014-01-15", "2014-07-15"])
def test_a_browser_in_any_zone_reports_the_stamps_that_it_shows(zone, day):
    window = Window(pd.Timestamp(day), pd.Timestamp(day) + pd.Timedelta(hours=9))
    clock = zone if zone and "/" in zone and "Nowhere" not in zone else "UTC"
    reported = [moment.tz_localize(clock).timestamp() * 1000 for moment in (window.end, window.start)]
    assert shown_times(reported, zone) == window


def test_windows_that_look_the_same_are_near():
    window = Window(pd.Timestamp("2014-01-01"), pd.Timestamp("2014-04-11"))
    assert window.is_near(window.moved(0.005))
    assert not window.is_near(window.moved(0.05))
