"""Luck in a browser: numbers that agree, tabs that draw, filters that hide nothing, a link that shows the same."""

import re
import shutil

import pytest

from finml_core.runs import RunStore
from tests.browser.conftest import CHART, settled
from tests.browser.reader import MAIN, headline, headlines, shared_link

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def lucky(start_server, finished_home, tmp_path_factory):
    """A dashboard of its own, whose ledger nobody else adds to."""
    return start_server(shutil.copytree(finished_home, tmp_path_factory.mktemp("lucky") / "home"))


def tab(page, name: str) -> None:
    page.locator(MAIN).get_by_role("tab", name=name, exact=True).click()
    page.wait_for_function("name => location.search.includes(encodeURIComponent(name).replaceAll('%20', '+')) || "
                           "decodeURIComponent(location.search).includes(name)", arg=name)  # fmt: skip
    settled(page)


def test_a_reader_sees_whether_chance_could_have_done_it(lucky, open_page):
    page = open_page("luck", base=lucky.url)
    main = page.locator(MAIN)
    main.locator(CHART).first.wait_for()
    store = RunStore(lucky.home)
    counted = store.trial_luck(252.0)
    shown = headlines(page)
    assert list(shown) == ["Trials", "DSR", "PBO", "Record", "Survivors"]
    assert shown["Trials"] == str(counted.n_trials)
    assert f"worth about {counted.n_effective} independent" in headline(page, "Trials").inner_text()
    trials = store.trials().set_index("trial_id")
    best = trials.loc[counted.best_trial_id]
    dsr = counted.deflated(best["sharpe"], int(best["n_obs"]), best["skew"], best["kurtosis"])
    assert shown["DSR"] == f"{dsr:.3f}"
    assert re.fullmatch(rf"\d+ of {len(trials)}", shown["Survivors"])

    main.get_by_text(f"{len(trials)} shown of {len(trials)} that count").wait_for()
    search = main.get_by_role("textbox", name="Search")
    search.fill("reversion")
    search.press("Enter")
    page.wait_for_function("() => location.search.includes('luck_search=reversion')")
    main.get_by_text(f"1 shown of {len(trials)} that count").wait_for()
    assert headlines(page)["Trials"] == str(counted.n_trials)  # a filter never changes what counts

    tab(page, "Overfitting")
    main.get_by_text("the trial that looked best in one half").wait_for()
    assert main.locator("[data-testid='stVegaLiteChart']").count() == 3
    tab(page, "Effective number")
    main.get_by_text("of like returns, largest first").wait_for()
    tab(page, "What counts")
    main.get_by_text("deleting a run keeps its trials").wait_for()
    tab(page, "Noise twin")
    main.get_by_role("button", name="Audit this run").wait_for()

    link = shared_link(page)
    other = open_page(link)
    other.locator(MAIN).get_by_role("button", name="Audit this run").wait_for()
    assert headlines(other) == headlines(page)
