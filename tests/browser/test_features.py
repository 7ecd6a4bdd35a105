"""The page Features as a reader uses it: choose, take apart, move a slider, share, audit."""

import os
import shutil

import pytest

from tests.browser.conftest import settled
from tests.browser.reader import MAIN, choose, headlines, press, shared_link, slider

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_feature_is_chosen_taken_apart_and_shared(finished_server, open_page):
    page = open_page("features?symbols=AAPL,MSFT&start=2008-01-01", base=finished_server.url)
    main = page.locator(MAIN)
    seen = headlines(page)
    assert set(seen) == {"Features", "Carry information", "p < 0.05 alone", "Strongest", "From the future"}
    assert seen["From the future"] == f"0 of {seen['Features']}"
    main.get_by_text("strongest first").wait_for()

    choose(page, "Feature", "rsi_14")
    page.wait_for_function("() => location.search.includes('feat_name=rsi_14')")
    main.get_by_text("rsi_14 (Momentum)").wait_for()
    press(slider(page, "Buckets"), "ArrowRight", 2)
    page.wait_for_function("() => location.search.includes('feat_buckets=7')")
    settled(page)
    main.get_by_role("tab", name="Causality certificate").click()
    main.get_by_role("button", name="Download certificate").wait_for()
    with page.expect_download() as download:
        main.get_by_role("button", name="Download certificate").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert "| rsi_14 | passed |" in text
    assert "0 failed" in text

    other = open_page(shared_link(page))
    other.locator(MAIN).get_by_text("rsi_14 (Momentum)").wait_for()
    other.locator(MAIN).get_by_role("button", name="Download certificate").wait_for()
    settled(other)
    assert slider(other, "Buckets").input_value() == "7"
    assert headlines(other) == seen


def test_readers_bring_no_code_unless_the_server_allows_it(finished_server, open_page):
    page = open_page("features?symbols=AAPL&start=2010-01-01&feat_tab=Audit my feature", base=finished_server.url)
    page.locator(MAIN).get_by_text("runs no code of its readers").wait_for()
    assert page.get_by_role("button", name="Audit this feature").count() == 0


def test_where_it_is_allowed_a_readers_feature_is_judged(start_server, finished_home, open_page, tmp_path):
    own = shutil.copytree(finished_home, tmp_path / "home")
    os.environ["FINML_ALLOW_USER_CODE"] = "1"
    try:
        server = start_server(own)
    finally:
        del os.environ["FINML_ALLOW_USER_CODE"]
    page = open_page("features?symbols=AAPL&start=2010-01-01&feat_tab=Audit my feature", base=server.url)
    main = page.locator(MAIN)
    box = main.get_by_role("textbox", name="Python")
    box.fill("def feature(bars):\n    return bars['close'].shift(-1) / bars['close'] - 1\n")
    main.get_by_role("button", name="Audit this feature").click()
    main.get_by_text("1 use what they cannot know").wait_for()
    settled(page)
    server.stop()
