"""Without a mouse: arrow keys move a slider, and the picture and the link follow."""

import pytest

from tests.browser.conftest import settled
from tests.browser.reader import press, slider

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
TIMELINE = "[data-testid='stVegaLiteChart'][aria-label*='{} folds']"


def test_arrow_keys_on_a_slider_redraw_the_split_and_change_the_link(finished_server, open_page):
    page = open_page("validation", base=finished_server.url)
    before = page.locator(TIMELINE.format(4)).locator("svg").inner_html()
    folds = slider(page, "Folds")
    press(folds, "ArrowRight", 3)
    page.wait_for_function("() => location.search.includes('val_folds=7')")
    page.locator(TIMELINE.format(7)).wait_for()
    settled(page)
    assert folds.input_value() == "7"
    assert page.locator(TIMELINE.format(7)).locator("svg").inner_html() != before
