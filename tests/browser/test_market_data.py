"""Market data as a reader uses it: from a file to a mended symbol and away again, through a month of minutes, and into
a market of one's own."""

import numpy as np
import pandas as pd
import pytest

from finml_core.bars import BarStore, IngestOptions
from tests.browser.conftest import settled
from tests.browser.reader import MAIN, headlines
from tests.conftest import random_bars

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
N_MINUTES = 60_000
MOST_MARKS = 2000
HERO = ".st-key-market_hero"
CAPTION = f"{MAIN} [data-testid='stCaptionContainer']:has-text('Drag to move')"
DONE = f"{MAIN} [data-testid='stAlertContentSuccess']"
COUNT_MARKS = f"""() => {{
  const hero = document.querySelector("{HERO}");
  return hero.querySelector("canvas") ? 1e9 : hero.querySelectorAll("svg .mark-group path, svg .mark-group line").length
}}"""


@pytest.fixture(scope="module")
def market_home(tmp_path_factory):
    """A symbol of days and one of many minutes."""
    home = tmp_path_factory.mktemp("market") / "home"
    store = BarStore(home / "market.duckdb")
    store.ingest(random_bars(1, 300).assign(symbol="DAYS"), options=IngestOptions(source="days"))
    generator = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(generator.normal(0, 3e-4, N_MINUTES)))
    ts = pd.date_range("2015-01-05", periods=N_MINUTES, freq="min")
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    store.ingest(pd.DataFrame({"symbol": "MINUTES", "ts": ts, **prices, "volume": 100.0 + np.arange(N_MINUTES) % 60}))
    return home


@pytest.fixture(scope="module")
def market_server(start_server, market_home):
    return start_server(market_home)


def press(page, name):
    """Click a button when nothing is being redrawn: a click into a redraw is lost."""
    settled(page)
    page.get_by_role("button", name=name, exact=True).click()


def pick(page, label, words):
    """Choose from the one list of exactly this name."""
    settled(page)
    box = page.locator(MAIN).get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(words)
    box.press("Enter")


def tab(page, name):
    settled(page)
    page.locator(MAIN).get_by_role("tab", name=name).click()
    settled(page)


def with_a_split(path):
    """Days of a symbol whose price halves on the 150th without a word, under headings that nobody can guess."""
    bars = random_bars(1, 300).assign(symbol="SPLT")
    before = bars.index < 150
    bars.loc[before, ["open", "high", "low", "close"]] *= 2
    bars.loc[~before, "volume"] *= 2
    names = {"ts": "Day", "symbol": "Paper", "open": "First", "high": "Top", "low": "Bottom", "close": "Final"}
    bars.rename(columns=names).to_csv(path, index=False)
    return bars["ts"].iloc[150]


def test_a_file_is_mapped_checked_stored_mended_reverted_and_deleted(market_server, market_home, open_page, tmp_path):
    store = BarStore(market_home / "market.duckdb")
    split = with_a_split(tmp_path / "odd.csv")
    page = open_page("market_data?market_tab=Add+files", base=market_server.url)
    page.locator(f"{MAIN} [data-testid='stFileUploader'] input[type='file']").set_input_files(tmp_path / "odd.csv")
    page.locator(f"{MAIN} [data-testid='stAlertContentError']", has_text="odd.csv has no column for").wait_for()
    for field, column in {"symbol": "Paper", "open *": "First", "high *": "Top", "low *": "Bottom"}.items():
        pick(page, field, column)
    pick(page, "close *", "Final")
    page.locator("[data-testid^='glide-cell-']", has_text="SPLT").first.wait_for(state="attached")
    press(page, "Check only")
    page.locator(DONE, has_text="300 would be stored").wait_for()
    assert "SPLT" not in store.symbols()
    press(page, "Check and store")
    page.locator(DONE, has_text="300 stored").wait_for()
    assert store.version() == int(page.locator("text=As of data version").inner_text().split("version ")[1].split()[0])
    press(page, "Look at SPLT")
    page.locator(CAPTION, has_text="SPLT went from").wait_for()
    assert headlines(page)["Symbols"] == "3"

    tab(page, "Quality")
    drill = page.locator(".st-key-market_drill")
    table = page.locator(f"{MAIN} [data-testid='stDataFrame'] canvas").first
    table.wait_for()
    table.scroll_into_view_if_needed()
    settled(page)
    assert "unadjusted splits" in page.locator("#glide-cell-2-0, [data-testid='glide-cell-2-0']").first.inner_text()
    place = table.bounding_box()
    page.mouse.click(place["x"] + 14, place["y"] + 52)  # the box of the first row, below the heading
    drill.get_by_text("SPLT: unadjusted splits").wait_for()
    press(page, "Apply the split")
    page.locator(DONE, has_text="of SPLT applied").wait_for()
    applied = store.splits()
    assert applied[["symbol", "ts", "ratio"]].to_numpy().tolist() == [["SPLT", split, 2.0]]
    press(page, "Revert")
    page.locator(DONE, has_text="of SPLT reverted").wait_for()
    assert store.splits()["reverted_at"].notna().all()

    tab(page, "Coverage")
    press(page, "Delete symbols")
    going = page.locator("[data-testid='stPopoverBody']")
    box = going.get_by_role("combobox")
    box.fill("SPLT")
    box.press("Enter")
    box.press("Tab")  # closes the list, which covers what is below it
    going.get_by_text("300 bars of 1 symbol would go").wait_for()
    settled(page)
    assert going.get_by_role("button", name="Delete their bars").is_disabled()
    going.get_by_text("I want these bars deleted").click()
    settled(page)
    going.get_by_role("button", name="Delete their bars").click()
    page.locator(DONE, has_text="300 bars deleted").wait_for()
    assert store.symbols() == ["DAYS", "MINUTES"]


def test_a_month_of_minutes_is_zoomed_and_moved_with_few_marks_and_travels_in_the_link(market_server, open_page):
    page = open_page("market_data?market_symbol=MINUTES", base=market_server.url)
    caption = page.locator(CAPTION)
    caption.get_by_text("60 000 in view".replace(" ", "\u202f", 1)).wait_for()
    seen = [caption.inner_text()]

    def redrawn():
        page.wait_for_function(
            "old => [...document.querySelectorAll('[data-testid=stCaptionContainer]')].some("
            "e => e.innerText.includes('Drag to move') && !old.includes(e.innerText))",
            arg=seen,
        )
        settled(page)
        page.locator(f"{HERO} svg").first.wait_for()
        assert 100 < page.evaluate(COUNT_MARKS) <= MOST_MARKS
        seen.append(caption.inner_text())

    for name in ("Closer", "Earlier", "Last day"):
        press(page, name)
        redrawn()
    assert "candles of up to 7 stored bars each" in seen[-1]
    box = page.locator(HERO).bounding_box()
    page.mouse.move(box["x"] + 500, box["y"] + 120)
    page.mouse.down()
    page.mouse.move(box["x"] + 800, box["y"] + 120, steps=6)
    page.mouse.up()
    redrawn()
    assert "market_from=2015-02-1" in page.url
    other = open_page(page.url)
    other.locator(CAPTION).wait_for()
    assert other.locator(CAPTION).inner_text() == seen[-1]


def test_a_synthetic_market_is_stored_under_its_name_and_found(market_server, market_home, open_page):
    page = open_page("market_data?market_tab=Synthetic+market", base=market_server.url)
    name = page.get_by_label("Name", exact=True)
    name.fill("WAVE")
    name.press("Enter")
    page.get_by_text("WAVE00 with the regimes that made it").wait_for()
    settled(page)
    page.get_by_role("button", name="as WAVE").click()
    page.locator(DONE, has_text="synthetic WAVE").wait_for()
    stored = BarStore(market_home / "market.duckdb").coverage().set_index("symbol")
    assert stored.loc["WAVE04", ["n_bars", "source"]].tolist() == [1500, "synthetic WAVE"]
    pick(page, "Symbol", "WAVE03")
    page.locator(CAPTION, has_text="WAVE03 went from").wait_for()
