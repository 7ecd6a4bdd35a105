"""A newcomer's way: open, train with moved sliders, watch, read, share; and runs that end before their time."""

import os
import re
import shutil
import signal
import time

import psutil
import pytest

from finml_core.runs import RunStore
from tests.browser.conftest import settled
from tests.browser.reader import MAIN, choose, go, headlines, press, shared_link, slider, sliders

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
TRAIN_MS = 120_000
TRIALS = r"/(\d+) trials/"
BAR = f"{MAIN} [role='progressbar']"


@pytest.fixture
def lively(start_server, finished_home, tmp_path_factory):
    """A dashboard of its own, in which runs are started."""
    return start_server(shutil.copytree(finished_home, tmp_path_factory.mktemp("lively") / "home"))


def test_a_newcomer_trains_watches_reads_and_shares(lively, open_page):
    page = open_page("?symbols=AAPL,MSFT", base=lively.url)
    main = page.locator(MAIN)
    go(page, "Models")
    build(page, "journey", without="LSTM")  # the slow one
    press(slider(page, "Label horizon, bars"), "ArrowRight", 3)
    page.wait_for_function("() => location.search.includes('build_horizon=8')")
    press(slider(page, "Folds"), "ArrowLeft", 2)
    page.wait_for_function("() => location.search.includes('build_folds=3')")
    settled(page)
    main.get_by_role("button", name="Train", exact=True).click()
    worker = psutil.Process(running(RunStore(lively.home), "journey").pid)
    worker.suspend()  # until the page has seen it: on a fast machine it would come too late
    page.locator(BAR).first.wait_for()
    worker.resume()
    shares = watch(page)
    assert shares
    assert shares == sorted(shares)

    # the newest finished run is the one that is shown
    page.wait_for_function("() => location.search.includes('run=journey-')", timeout=TRAIN_MS)
    run_id = re.search(r"run=(journey-\w+)", page.url).group(1)
    config = RunStore(lively.home).config(run_id)
    assert (config.label.horizon, config.split.n_splits, config.symbols) == (8, 3, ("AAPL", "MSFT"))
    assert [model.value for model in config.models] == ["naive", "logistic", "lightgbm"]
    settled(page)
    row(page, "LightGBM").wait_for(state="attached")
    assert "over 3 folds" in main.inner_text()

    go(page, "Calibration")
    assert "ECE" in headlines(page)
    assert run_id in page.url
    go(page, "Backtest")
    before = trials(page)
    press(slider(page, "Commission, bp"), "ArrowRight", 4)
    page.wait_for_function("() => location.search.includes('bt_commission=3')")
    page.wait_for_function(f'() => Number(document.querySelector("{MAIN}").innerText.match({TRIALS})[1]) > {before}')
    settled(page)
    seen, stands = headlines(page), sliders(page)
    link = shared_link(page)
    assert f"run={run_id}" in link

    other = open_page(link)
    other.locator(MAIN).get_by_role("heading", name="Backtest", exact=True).wait_for()
    other.locator("[data-testid='stVegaLiteChart']").first.wait_for()
    settled(other)
    assert headlines(other) == seen
    assert sliders(other) == stands


def test_a_cancelled_run_reads_so_and_the_dashboard_goes_on(lively, open_page):
    page = open_page("models?symbols=AAPL,IBM,MSFT,GOOG&build_folds=10", base=lively.url)
    main = page.locator(MAIN)
    build(page, "stopped")
    main.get_by_role("button", name="Train", exact=True).click()
    main.get_by_role("button", name="Cancel").first.click()
    page.locator(BAR).first.wait_for(state="detached")
    choose(page, "Run", "stopped")
    main.get_by_text("stopped was cancelled").first.wait_for()
    assert [run.state for run in RunStore(lively.home).list() if run.name == "stopped"] == ["cancelled"]
    go(page, "Runs")
    assert main.get_by_role("button", name="Start it again").is_visible()
    choose(page, "Run", "quick")
    go(page, "Calibration")
    page.locator("[data-testid='stVegaLiteChart']").first.wait_for()


def test_a_killed_run_reads_lost_and_can_be_started_again(lively, open_page):
    page = open_page("models?symbols=AAPL,MSFT&build_folds=4", base=lively.url)
    main = page.locator(MAIN)
    build(page, "killed", without="LSTM")
    main.get_by_role("button", name="Train", exact=True).click()
    store = RunStore(lively.home)
    run = running(store, "killed")
    os.kill(run.pid, signal.SIGKILL)
    page.locator(BAR).first.wait_for(state="detached")
    choose(page, "Run", "killed")
    main.get_by_text("killed was lost").first.wait_for()
    main.get_by_role("button", name="Start it again").click()
    page.locator(BAR).first.wait_for()
    row(page, "LightGBM").wait_for(state="attached", timeout=TRAIN_MS)
    assert store.status(run.run_id).state == "done"


def build(page, name, *, without=""):
    """Name the run, and take a model out."""
    box = page.get_by_role("textbox", name="Name", exact=True)
    box.fill(name)
    box.press("Enter")
    if without:
        page.get_by_role("button", name=f"Remove {without}", exact=True).click()
        page.get_by_role("button", name=f"Remove {without}", exact=True).wait_for(state="detached")
        slider(page, "Folds").focus()  # leaves the list, which hides all else from readers of the screen while open
        page.locator("[role='listbox']").wait_for(state="detached")
    settled(page)


def row(page, model):
    """A model's row of a table; tables are drawn on a canvas, their text lies beside it."""
    return page.locator(f"{MAIN} [data-testid^='glide-cell-0-']", has_text=model).first


def watch(page):
    """The distinct shares of the work that the bar showed until it went."""
    shares, end = [], time.monotonic() + TRAIN_MS / 1000
    while time.monotonic() < end:
        now = page.evaluate(f"() => document.querySelector(\"{BAR}\")?.getAttribute('aria-valuenow')")
        if now is None:
            break
        if float(now) not in shares:
            shares.append(float(now))
        page.wait_for_timeout(100)
    return shares


def running(store, name):
    """The run of that name once its worker is at work."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for run in store.list():
            if run.name == name and run.state == "running" and run.pid:
                return run
        time.sleep(0.1)
    raise AssertionError(f"{name} did not begin: {store.list()}")


def trials(page):
    """How many trials the page counts."""
    return int(re.search(TRIALS.strip("/"), page.locator(MAIN).inner_text()).group(1))
