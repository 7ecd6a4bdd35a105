"""What a reader does and sees: menu, sliders, numbers, the link to share."""

from typing import Any

from tests.browser.conftest import settled

PAGES = {
    "overview": "Overview",
    "market_data": "Market data",
    "features": "Features",
    "validation": "Validation",
    "models": "Models",
    "calibration": "Calibration",
    "luck": "Luck",
    "regimes": "Regimes",
    "arbitration": "Arbitration",
    "backtest": "Backtest",
    "runs": "Runs",
}
MAIN = "[data-testid='stMain']"


def address(page: str) -> str:
    """The path of a page below the server; the first page is the server's own address."""
    return "" if page == "overview" else page


def go(page: Any, title: str) -> None:
    """Choose a page in the menu and wait until it is drawn."""
    page.locator("[data-testid='stSidebarNav']").get_by_role("link", name=title, exact=True).click()
    page.locator(MAIN).get_by_role("heading", name=title, exact=True).wait_for()
    settled(page)


def headlines(page: Any) -> dict[str, str]:
    """The page's headline numbers by their labels."""
    metrics = page.locator(f"{MAIN} [data-testid='stMetric']")
    metrics.first.wait_for()  # the browser loads their code when it meets the first, maybe after the script's end
    return {
        metric.locator("[data-testid='stMetricLabel']").inner_text().strip(): metric.locator(
            "[data-testid='stMetricValue']"
        )
        .inner_text()
        .strip()
        for metric in metrics.all()
    }


def headline(page: Any, label: str) -> Any:
    """One headline number, with its reading below it."""
    return page.locator(f"{MAIN} [data-testid='stMetric']", has_text=label).locator("xpath=../..")


def slider(page: Any, label: str) -> Any:
    """A slider of the page by its label."""
    return page.locator(f"{MAIN} input[type='range'][aria-label='{label}']")


def sliders(page: Any) -> dict[str, str]:
    """Every slider that is on the page, and where it stands."""
    found = page.locator(MAIN).get_by_role("slider").all()
    return {one.get_attribute("aria-label"): one.input_value() for one in found}


def press(control: Any, key: str, times: int) -> None:
    """Move a slider with the keyboard."""
    control.focus()
    for _ in range(times):
        control.press(key)


def choose(page: Any, label: str, words: str) -> None:
    """Choose what holds the words in a list, by typing them."""
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.fill(words)
    box.press("Enter")


def shared_link(page: Any) -> str:
    """The address that Share offers to copy."""
    page.get_by_role("button", name="Share").click()
    code = page.locator("[data-testid='stPopoverBody'] [data-testid='stCode']")
    code.wait_for()
    link = code.inner_text().strip()
    page.keyboard.press("Escape")
    return link
