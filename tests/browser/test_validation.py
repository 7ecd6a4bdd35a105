"""Sliders of the split are moved and the timeline and its audits answer; other libraries' splitters beside ours."""

import time

import pytest

from tests.browser.conftest import CHART, overflow, settled
from tests.browser.reader import MAIN, choose, headline, headlines, press, shared_link, slider

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ANSWER_S = 15.0  # for a machine that does much else; alone it takes a third of a second
PAIRS = "Overlapping label pairs"
LOST = "Rows lost to the purge"


def drawn(page):
    """The text of the timeline for those who cannot see it, which tells the number of folds."""
    return page.locator(f"{MAIN} [data-testid='stVegaLiteChart']").first.get_attribute("aria-label")


def answer(page, read, change):
    """What `read` gives once it is another than before the change, and the seconds that it took."""
    before, started = read(), time.monotonic()
    change()
    while (now := read()) == before:
        assert time.monotonic() - started < ANSWER_S, f"still {before!r}"
        page.wait_for_timeout(20)
    took = time.monotonic() - started
    settled(page)
    return now, took


def test_folds_embargo_and_purge_move_the_timeline_and_its_audit(finished_server, open_page):
    page = open_page("validation?symbols=AAPL,MSFT", base=finished_server.url)
    page.locator(CHART).first.wait_for()
    assert "spans of 4 folds" in drawn(page)
    assert headlines(page)[PAIRS] == "0"

    now, _ = answer(page, lambda: drawn(page), lambda: press(slider(page, "Folds"), "ArrowRight", 1))
    assert "spans of 5 folds" in now
    assert headlines(page)[PAIRS] == "0"

    embargo = slider(page, "Embargo,\u202f% of bars")
    now, _ = answer(page, lambda: headline(page, LOST).inner_text(), lambda: press(embargo, "ArrowRight", 1))
    assert "rest under the embargo" in now
    assert headlines(page)[PAIRS] == "0"

    choose(page, "Purge", "By a fixed gap")
    slider(page, "Gap, bars").wait_for()
    settled(page)
    assert headlines(page)[PAIRS] == "0"  # as wide as the labels
    gap = slider(page, "Gap, bars")
    answer(page, lambda: headlines(page)[PAIRS], lambda: press(gap, "ArrowLeft", 1))
    # a bar too short: one day reaches into each of four test blocks, two symbols on both sides
    assert headlines(page)[PAIRS] == str(4 * 2 * 2)
    assert "Failed" in page.locator(MAIN).inner_text()

    again = open_page(shared_link(page))
    again.locator(CHART).first.wait_for()
    settled(again)
    assert "spans of 5 folds" in drawn(again)
    assert headlines(again)[PAIRS] == str(4 * 2 * 2)


def test_other_splitters_are_audited_on_the_same_rows(finished_server, open_page):
    page = open_page("validation?val_tab=Splitters%20compared", base=finished_server.url)
    main = page.locator(MAIN)
    main.get_by_text("no training row shares time with a test row").wait_for()
    main.get_by_role("radio", name="K-fold, shuffled", exact=True).or_(
        main.get_by_role("button", name="K-fold, shuffled", exact=True)
    ).first.click()
    main.get_by_text("The first of each fold:").wait_for()
    settled(page)
    assert "Failed" in main.inner_text()
    offenders = main.locator("[data-testid='stDataFrame']").last
    offenders.scroll_into_view_if_needed()
    offenders.locator("[data-testid^='glide-cell-']", has_text="overlap").first.wait_for(state="attached")
    assert main.get_by_role("button", name="Download offenders").count() == 1


def test_a_combinatorial_split_makes_paths_and_labels_are_described(finished_server, open_page):
    page = open_page("validation?val_tab=Paths", width=390, scheme="dark", base=finished_server.url)
    main = page.locator(MAIN)
    main.get_by_text("makes one path").wait_for()
    choose(page, "Splitter", "Combinatorial")
    main.get_by_text("15 folds make 5 paths").wait_for()
    settled(page)
    assert "spans of 15 folds" in drawn(page)
    assert headlines(page)["Paths out of sample"] == "5"
    assert headlines(page)[PAIRS] == "0"
    page.get_by_role("tab", name="Labels").click()
    main.get_by_text("of labels say up").wait_for()
    settled(page)
    answer(page, lambda: headlines(page)["Independent rows"], lambda: choose(page, "Label", "Triple barrier"))
    assert headlines(page)[PAIRS] == "0"
    assert overflow(page) <= 0
