"""A deployment without anything: every page says what to do, and one button begins."""

import pytest

from finml_core.runs import RunStore
from tests.browser.conftest import settled
from tests.browser.reader import MAIN, PAGES, go

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_empty_deployment_says_what_to_do_and_one_button_begins(start_server, tmp_path, open_page):
    server = start_server(tmp_path)
    page = open_page("", base=server.url)
    for title in reversed(PAGES.values()):
        go(page, title)
        button = page.locator(f"{MAIN} .st-key-empty_state button")
        assert button.is_visible(), title
        assert page.locator("[data-testid='stException'], [data-testid='stAlertContentError']").count() == 0, title
    button.click()  # the last one is Overview's
    page.locator(MAIN).get_by_role("progressbar").first.wait_for()
    assert "AAPL" in page.locator("[data-testid='stSidebar'] [data-tag]").all_inner_texts()
    runs = RunStore(tmp_path).list()
    assert [run.name for run in runs] == ["direction_5d"]
    # what has just begun can be stopped where it is watched, and the dashboard goes on
    page.locator(MAIN).get_by_role("button", name="Cancel").first.click()
    page.locator(MAIN).get_by_text("was cancelled", exact=False).first.wait_for(timeout=150_000)
    assert RunStore(tmp_path).status(runs[0].run_id).state == "cancelled"
    assert page.locator(MAIN).get_by_role("button", name="Start it again").is_visible()
    go(page, "Market data")
    page.locator("[data-testid='stVegaLiteChart']").first.wait_for()
    settled(page)
