"""How long the page Features takes to redraw on some five hundred symbols, control by control; printed, never asserted.

`python -m tests.benchmarks.features_page [HOME]`: a real server and a real Chromium. HOME is a deployment's folder;
without it one is made of the S&P 500 panel that FINML_MARKET_DATA holds, else of a simulated market of the same size.
Time runs from the input to the end of the last script that it started (settled) and to the last change of what is on
the screen (drawn). Beside it stands what the server's processor worked for it, which does not grow with the load of
the machine.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from tests.browser.conftest import CHROMIUM, FLAGS, ROOT, _free_port

PATH = "features?feat_universe=All+symbols"
TIMES, QUIET_MS = 5, 700
N_SYMBOLS, N_BARS = 496, 2400
STATE = "[data-testid='stApp']"
WATCH = """() => {
  const app = document.querySelector("[data-testid='stApp']"), seen = window.__seen = {};
  const state = () => app.getAttribute("data-test-script-state");
  new MutationObserver(() => { if (state() === "notRunning") seen.settled = performance.now(); else seen.ran = true; })
    .observe(app, {attributes: true, attributeFilter: ["data-test-script-state"]});
  new MutationObserver(() => { seen.drawn = performance.now(); })
    .observe(document.querySelector("[data-testid='stMain']"), {subtree: true, childList: true, characterData: true});
  for (const kind of ["keydown", "click"]) addEventListener(kind, () => { seen.input = performance.now(); }, true);
}"""
QUIET = f"""() => {{
  const seen = window.__seen, last = Math.max(seen.settled ?? 0, seen.drawn ?? 0, seen.input ?? 0);
  return document.querySelector("{STATE}").getAttribute("data-test-script-state") === "notRunning"
    && performance.now() - last > {QUIET_MS};
}}"""


def make_home(folder: Path) -> Path:
    """A store with the panel, as ingested."""
    from finml_core.bars import BarStore, SyntheticConfig, simulate_bars

    panel = Path(os.environ.get("FINML_MARKET_DATA") or "nowhere") / "sp500_daily.parquet"
    store = BarStore(folder / "market.duckdb")
    if panel.is_file():
        store.ingest(panel)
    else:
        store.ingest(simulate_bars(SyntheticConfig(n_assets=N_SYMBOLS, n_bars=N_BARS, seed=0)).bars)
    return folder


@contextmanager
def server(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A dashboard of its own."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "FINML_HOME": str(home)}, stdout=log, stderr=log
        )
        try:
            url = f"http://localhost:{port}"
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(20)


def opened(page: Any, address: str) -> float:
    """Seconds from asking for the page to its catalogue and its first charts."""
    started = time.perf_counter()
    page.goto(address)
    page.get_by_text("strongest first").wait_for(timeout=900_000)
    page.locator("[data-testid='stVegaLiteChart']").nth(5).wait_for()
    page.locator(f"{STATE}[data-test-script-state='notRunning']").wait_for()
    return time.perf_counter() - started


def timed(page: Any, server: psutil.Process, act: Callable[[], None]) -> tuple[float, float, float] | None:
    """Seconds until settled, until drawn, and of the server's processor; None where no script ran."""
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    page.evaluate("() => { for (const key of Object.keys(window.__seen)) delete window.__seen[key]; }")
    before = sum(server.cpu_times()[:2])
    act()
    try:
        page.wait_for_function("() => window.__seen.ran", timeout=5_000)
    except PlaywrightTimeout:
        return None
    page.wait_for_function(QUIET, timeout=120_000)
    seen = page.evaluate("() => window.__seen")
    worked = sum(server.cpu_times()[:2]) - before
    return (
        (seen["settled"] - seen["input"]) / 1000,
        (max(seen.get("drawn", 0), seen["settled"]) - seen["input"]) / 1000,
        worked,
    )


def measured(page: Any, server: psutil.Process, label: str, act: Callable[[int], None], times: int = TIMES) -> None:
    """Do it a few times; print the median and the worst."""
    found = [timed(page, server, partial(act, number)) for number in range(times)]
    rows = [row for row in found if row is not None]
    if not rows:
        print(f"{label:<44} no script ran", flush=True)
        return
    words = [
        f"{what} {statistics.median(column):5.2f} s, worst {max(column):5.2f} s"
        for what, column in zip(("settled", "drawn", "server's processor"), zip(*rows, strict=True), strict=True)
    ]
    print(f"{label:<44} {'; '.join(words)}", flush=True)


def walk(page: Any, server: psutil.Process) -> None:
    """Every control of the page, tab by tab."""
    main = page.locator("[data-testid='stMain']")

    def slide(name: str) -> Callable[[int], None]:
        def act(number: int) -> None:
            box = main.get_by_role("slider", name=name)
            box.focus()
            box.press("ArrowLeft" if number % 2 else "ArrowRight")

        return act

    def choose(name: str, *options: str) -> Callable[[int], None]:
        def act(number: int) -> None:
            box = main.get_by_role("combobox", name=name)
            box.click()
            if options:  # the list is longer than its window
                page.keyboard.type(options[number % len(options)])
                page.keyboard.press("Enter")
            else:
                page.get_by_role("option").nth(1 + number).click()

        return act

    def press(*names: str) -> Callable[[int], None]:
        return lambda number: main.get_by_role("radio", name=names[number % len(names)], exact=True).click()

    def search(number: int) -> None:
        box = main.get_by_role("textbox", name="Search")
        box.fill(("rsi", "", "trend", "", "volume")[number % 5])
        box.press("Enter")

    def tab(name: str) -> None:
        measured(page, server, f"tab {name}", lambda _: main.get_by_role("tab", name=name).click(), times=1)

    measured(page, server, "feature", choose("Feature"))
    measured(page, server, "feature, seen before", choose("Feature"))
    measured(page, server, "symbol", choose("Symbol"))
    measured(page, server, "smoothing", slide("Smoothing, bars"))
    measured(page, server, "buckets", slide("Buckets"))
    measured(page, server, "search", search)
    measured(page, server, "family", choose("Family", "Trend", "All"))
    measured(page, server, "bars ahead", press("10", "20", "1", "2", "5"))
    tab("Clusters")
    measured(page, server, "distance inside a cluster", slide("Distance inside a cluster"))
    measured(page, server, "cluster shown", choose("Show"))
    tab("Stationarity")
    tab("Selection")
    measured(page, server, "false ones among the chosen", slide("False ones among the chosen, at most"))
    measured(page, server, "scored by", choose("Scored by", "Mutual information", "F test"))
    tab("Causality certificate")
    tab("IC board")
    measured(page, server, "bars ahead, with the board open", press("10", "20", "1", "2", "5"))


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    chromium = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if chromium is None:
        print("no Chromium is installed: nothing measured (scripts/install_chromium.sh)")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        home = Path(sys.argv[1]) if len(sys.argv) > 1 else make_home(Path(folder))
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        print(f"load {os.getloadavg()[0]:.1f}", flush=True)
        for visit in ("first visit", "second visit, by a new server"):
            with server(home) as (url, process):
                page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                print(f"{visit:<44} {opened(page, f'{url}/{PATH}'):6.1f} s", flush=True)
                other = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                print(f"{'another reader':<44} {opened(other, f'{url}/{PATH}'):6.1f} s", flush=True)
                if visit != "first visit":
                    page.evaluate(WATCH)
                    walk(page, process)
                print(f"{'memory of the server':<44} {process.memory_info().rss / 1e6:6.0f} MB", flush=True)
        print(f"load {os.getloadavg()[0]:.1f}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
