"""The frame in a real browser: deep links on a fresh server, one selection on every page, links that say the same."""

from pathlib import Path

import pytest

from finml_core.bars import BarStore, prepare_store
from tests.browser.conftest import overflow

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def with_bars(start_server, tmp_path_factory):
    """A fresh server on the bundled bars, no run yet; its first request is the deep link of the first test."""
    home: Path = tmp_path_factory.mktemp("frame") / "home"
    prepare_store(BarStore(home / "market.duckdb"))
    return start_server(home)


def test_a_deep_link_is_the_first_request_of_a_fresh_server(with_bars, open_page):
    page = open_page("market_data?symbols=IBM,MSFT&start=2005-01-03", base=with_bars.url)
    assert page.get_by_role("heading", name="Market data", exact=True).is_visible()
    assert page.get_by_role("link", name="Backtest").count() == 1
    tags = page.locator("[data-testid='stMultiSelect'] [data-tag]").all_inner_texts()
    assert [tag.strip() for tag in tags] == ["IBM", "MSFT"]
    assert "start=2005-01-03" in page.url


def test_the_selection_survives_a_change_of_page_and_travels_in_the_link(with_bars, open_page, settled):
    page = open_page("market_data?symbols=IBM", base=with_bars.url)
    page.get_by_role("link", name="Features").click()
    page.get_by_role("heading", name="Features", exact=True).wait_for()
    page.wait_for_function("() => location.search.includes('symbols=IBM')")
    settled(page)
    page.get_by_role("button", name="Share").click()
    link = page.locator("[data-testid='stCode']").first.inner_text().strip()
    assert link.startswith(f"{with_bars.url}/features?")
    other = open_page(link)
    assert other.locator("[data-testid='stMultiSelect'] [data-tag]").first.inner_text() == "IBM"


def test_what_a_link_cannot_mean_is_named(with_bars, open_page):
    page = open_page("market_data?symbols=IBM,NOPE&run=gone", base=with_bars.url)
    assert "NOPE, run gone" in page.locator("[data-testid='stAlert']").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_frame_is_accessible_and_fits_a_phone(with_bars, open_page, serious_findings, scheme):
    assert serious_findings(open_page("market_data", base=with_bars.url, scheme=scheme)) == []
    assert overflow(open_page("market_data", 390, scheme, base=with_bars.url)) <= 0
