"""Every page as readers have it: on a desk and on a phone, light and dark; opened first on a fresh server."""

import pytest

from tests.browser.conftest import CHART, overflow, settled
from tests.browser.reader import MAIN, PAGES, address

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
DRAWN = f"{CHART}, [data-testid='stDataFrame'] canvas"
ERRORS = ("[data-testid='stException']", "[data-testid='stAlertContentError']", "[data-testid='stDialog']")
DARK = "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === 'dark'"


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_is_whole_and_accessible_in_both_themes_and_fits(
    finished_server, open_page, serious_findings, width
):
    found = {}
    page = open_page("", width, base=finished_server.url)
    for name, title in PAGES.items():
        page.emulate_media(color_scheme="light")
        page.goto(f"{finished_server.url}/{address(name)}")
        page.locator(MAIN).get_by_role("heading", name=title, exact=True).wait_for()
        page.locator(DRAWN).first.wait_for()
        settled(page)
        wrong = [f"{page.locator(kind).count()} x {kind}" for kind in ERRORS if page.locator(kind).count()]
        if overflow(page) > 0:
            wrong.append(f"{overflow(page)} px to scroll sideways")
        wrong += serious_findings(page)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(DARK)
        settled(page)
        page.locator(DRAWN).first.wait_for()
        wrong += [f"dark: {finding}" for finding in serious_findings(page)]
        if wrong:
            found[name] = wrong
    assert found == {}, "\n".join(f"{name}: {wrong}" for name, rows in found.items() for wrong in rows)


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("overview", "market_data")])
def test_a_link_to_a_page_can_be_a_fresh_servers_first_request(start_server, tmp_path, open_page, name):
    server = start_server(tmp_path)
    page = open_page(name, base=server.url)
    page.locator(MAIN).get_by_role("heading", name=PAGES[name], exact=True).wait_for()
    menu = page.locator("[data-testid='stSidebarNav']").get_by_role("link")
    menu.first.wait_for()
    assert [link.inner_text().split("\n")[-1].strip() for link in menu.all()] == list(PAGES.values())
    settled(page)
    page.close()  # before its server goes: what a page still loads then would fail
    server.stop()
