"""How long Validation takes to answer a slider in Chromium: python -m tests.benchmarks.validation_page [HOME]

Starts a dashboard of its own on simulated bars (5 symbols x 3,000) and, where FINML_MARKET_DATA names a folder with
sp500_daily.parquet, on those 1.19 M bars too; HOME is a deployment that holds them already. Each number is the time
from the key to the new numbers of the split and its audit on the screen, Streamlit's own wait for a second key (0.2 s)
included. Prints medians and the worst, never asserts; quote them with the load of the machine.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from finml_core.bars import BarStore, SyntheticConfig, simulate_bars
from tests.browser.conftest import CHROMIUM, FLAGS, Server, _free_port, _wait_until_healthy, settled
from tests.browser.reader import MAIN, slider

REPEATS = 8
PANEL = "sp500_daily.parquet"
# Slider -> what its link must say for it to be there, and the key that moves it.
SLIDERS = {
    "Folds": ("", "ArrowRight"),
    "Embargo,\u202f% of bars": ("", "ArrowRight"),
    "Gap, bars": ("&val_purge=By a fixed gap", "ArrowRight"),
    "Label horizon, bars": ("", "ArrowRight"),
}
TABS = {"timeline and its audit": "Scores by fold", "five splitters audited too": "Splitters compared"}
# What changes with every answer: the text of the charts, of headline numbers and of their readings.
SHOWN = """() => [...document.querySelectorAll(
  "[data-testid=stMain] [data-testid=stMetric], [data-testid=stMain] [data-testid=stCaptionContainer], " +
  "[data-testid=stMain] [data-testid=stVegaLiteChart]")
].map(e => e.innerText + e.getAttribute("aria-label")).join("|")"""


def measure(page: Any, label: str, key: str, repeats: int) -> list[float]:
    """Seconds from the key to the last change on the screen, one a repeat."""
    control, took = slider(page, label), []
    for number in range(repeats):
        back = key if number < repeats // 2 else key.replace("Right", "Left")
        control.focus()
        before = page.evaluate(SHOWN)
        started = time.perf_counter()
        control.press(back)
        page.wait_for_function(f"before => ({SHOWN})() !== before", arg=before, polling=10)
        page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for()
        took.append(time.perf_counter() - started)
        settled(page)
    return took[1:]  # the first one may label the bars


def look(browser: Any, server: Server, title: str, symbols: list[str], target: float) -> None:
    """Every slider on one set of bars."""
    print(f"{title} (target {target} s)")
    for what, tab in TABS.items():
        for label, (query, key) in SLIDERS.items():
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.set_default_timeout(180_000)
            path = f"validation?symbols={','.join(symbols)}&val_tab={quote(tab)}{query.replace(' ', '%20')}"
            page.goto(f"{server.url}/{path}")
            page.locator(f"{MAIN} [data-testid='stVegaLiteChart']").first.wait_for()
            settled(page)
            took = measure(page, label, key, REPEATS)
            print(
                f"  {what:<28} {label.replace(chr(0x202F), ' '):<22} median {statistics.median(took):5.2f} s, "
                f"worst {max(took):5.2f} s",
                flush=True,
            )
            page.context.close()


def serve(home: Path, log: Path) -> Server:
    """A dashboard on a free port."""
    import subprocess

    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "FINML_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(url=f"http://localhost:{port}", home=home, process=process, log=log)
    _wait_until_healthy(server)
    return server


def on_bars(home: Path, folder: Path, title: str, target: float, keep: Callable[[list[str]], list[str]]) -> None:
    """Serve one deployment, look at it, and end it."""
    symbols = sorted(BarStore(home / "market.duckdb").symbols())
    server = serve(home, folder / "log.txt")
    try:
        with sync_playwright() as driver:
            path = next(found for name in CHROMIUM if (found := shutil.which(name)))
            browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
            look(browser, server, title, keep(symbols), target)
            browser.close()
    finally:
        server.stop()


def main(arguments: list[str]) -> None:
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        BarStore(folder / "small" / "market.duckdb").ingest(
            simulate_bars(SyntheticConfig(n_symbols=5, n_bars=3000, seed=1)).bars
        )
        on_bars(folder / "small", folder, "3,000 bars x 5 symbols", 0.5, lambda symbols: symbols)
        source = Path(os.environ.get("FINML_MARKET_DATA", "")) / PANEL
        if arguments:
            home = Path(arguments[0])
        elif source.is_file():
            home = folder / "panel"
            BarStore(home / "market.duckdb").ingest(source)
        else:
            print(f"the large panel is left out: FINML_MARKET_DATA names no folder with {PANEL}")
            return
        n_bars = int(BarStore(home / "market.duckdb").coverage()["n_bars"].sum())
        on_bars(home, folder, f"{n_bars:,} bars of a market", 1.0, lambda symbols: symbols)


if __name__ == "__main__":
    main(sys.argv[1:])
