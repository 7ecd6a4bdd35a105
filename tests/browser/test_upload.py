"""Bars of one's own: what a good file becomes, and what a bad one changes (nothing)."""

import shutil

import pytest

from finml_core.bars import BarStore
from tests.browser.conftest import settled
from tests.browser.reader import MAIN
from tests.conftest import random_bars

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
GONE = "[data-testid='stFileUploader'] button[aria-label^='Remove ']"
SYMBOLS = "[data-testid='stSidebar'] [data-testid='stMultiSelect']"


@pytest.fixture
def own_home(finished_home, tmp_path):
    return shutil.copytree(finished_home, tmp_path / "home")


def test_a_file_of_bars_is_checked_then_stored_and_a_bad_one_changes_nothing(
    start_server, own_home, open_page, tmp_path
):
    bars = random_bars(1, 60).assign(symbol="MINE")
    good, short, empty = (tmp_path / name for name in ("good.csv", "short.csv", "empty.csv"))
    bars.to_csv(good, index=False)
    bars.drop(columns="close").to_csv(short, index=False)
    bars.head(0).to_csv(empty, index=False)
    store = BarStore(own_home / "market.duckdb")
    before = store.version()

    page = open_page("market_data", base=start_server(own_home).url)
    main = page.locator(MAIN)
    main.get_by_role("tab", name="Add files").click()
    alert = main.locator("[data-testid='stAlertContentError']")
    offer(page, short)
    alert.filter(has_text="short.csv has no column for close").wait_for()
    assert main.get_by_role("button", name="Check and store").count() == 0
    offer(page, empty)
    alert.wait_for(state="detached")
    press(page, "Check and store")
    alert.filter(has_text="empty.csv has 0 rows").wait_for()
    assert alert.count() == 1
    assert page.locator("[data-testid='stException']").count() == 0
    assert store.version() == before

    offer(page, good)
    as_stored = main.locator("[data-testid^='glide-cell-']", has_text="MINE")
    as_stored.first.wait_for(state="attached")
    press(page, "Check only")
    main.locator("[data-testid='stAlertContentSuccess']", has_text="60 would be stored").wait_for()
    assert store.version() == before
    press(page, "Check and store")
    main.locator("[data-testid='stAlertContentSuccess']", has_text="60 stored").wait_for()
    assert len(store.load(["MINE"])) == 60
    page.locator(SYMBOLS).get_by_role("combobox").click()
    page.get_by_role("option", name="MINE", exact=True).wait_for()


def offer(page, path):
    """Take away what was offered before, then offer this."""
    settled(page)
    for _ in range(page.locator(GONE).count()):
        page.locator(GONE).first.click()
        settled(page)
    page.locator(f"{MAIN} [data-testid='stFileUploader'] input[type='file']").set_input_files(path)
    page.locator(MAIN).get_by_text(path.name).first.wait_for()


def press(page, name):
    settled(page)  # a button clicked while its page is being drawn anew is a lost click
    page.locator(MAIN).get_by_role("button", name=name, exact=True).click()
