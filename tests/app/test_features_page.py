"""The page Features on more bars than it studies itself: a process studies them while the page waits."""

import time

import pytest

from pages._ui import feature_studies


@pytest.fixture
def many_bars(monkeypatch):
    """Four symbols count as too many for the server itself."""
    feature_studies._study_of.clear()
    monkeypatch.setattr(feature_studies, "QUICK_BARS", 1000)


def test_a_large_universe_is_studied_by_a_process_and_kept(open_at, finished_home, many_bars):
    at = open_at("features", finished_home).run()
    words = " ".join(str(one.value) for one in [*at.markdown, *at.caption])
    assert "once for these bars" in words
    assert "kept on disk" in words
    assert not at.metric
    end = time.monotonic() + 280
    while not at.metric and time.monotonic() < end:
        time.sleep(1.0)
        at.run()
    assert not at.exception
    assert at.metric[0].label == "Features"
    feature_studies._study_of.clear()
    feature_studies._universe.clear()
    again = open_at("features", finished_home).run()  # as by a server that was started anew
    assert not again.exception
    assert [metric.value for metric in again.metric] == [metric.value for metric in at.metric]
