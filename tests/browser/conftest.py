"""A real server and a real Chromium: pages are opened as a reader opens them; nothing may fail or leave the house."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
CHART = "[data-testid='stVegaLiteChart'] svg, [data-testid='stVegaLiteChart'] canvas"
START_S, PAGE_MS = 60, 120_000  # the first page of a fresh checkout compiles its kernels
# A page opened by its own link asks for these two below its own path, then finds them at the root.
HARMLESS = ("/_stcore/health", "/_stcore/host-config")
# Streamlit's own findings, which no page can mend: rule and a part of the element's HTML.
NOT_OURS = (
    ("list", "stSidebarNavItems"),
    ("listitem", "<li class="),
    ("svg-img-alt", "<svg"),
    ("svg-img-alt", "metric_chart_"),
    ("duplicate-id-active", 'id="glide-cell-'),  # two tables on one page
    ("presentation-role-conflict", ""),
    ("color-contrast", 'data-testid="stIconMaterial"'),  # decorative, hidden from readers of text
    ("color-contrast", "react-json-view"),
)


# Marks inside a chart, which has a text of its own, and what a closed expander hides; the first alone costs seconds.
UNSEEN = """{exclude: [
  ["[data-testid='stVegaLiteChart'] svg"], ["details:not([open]) [data-testid='stExpanderDetails']"],
]}"""


@dataclass
class Server:
    """A dashboard on a port of its own with data of its own."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """End it and the runs that it started; a second time does nothing."""
        _end(self)


@dataclass
class Problems:
    """What went wrong behind the page while a test looked at it."""

    found: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deployment's folder: empty, as on a first start. Override to serve one with data."""
    return tmp_path_factory.mktemp("browser_home")


@pytest.fixture(scope="session")
def finished_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundled bars and one quick finished run; copy it where a test changes it."""
    from finml_core.bars import BarStore, prepare_store
    from finml_core.runs import RunStore
    from tests.app.conftest import QUICK, finish

    home = tmp_path_factory.mktemp("finished")
    prepare_store(BarStore(home / "market.duckdb"))
    store = RunStore(home)
    status = finish(store, store.submit(QUICK))
    assert status.state == "done", status
    return home


@pytest.fixture(scope="session")
def finished_server(start_server: Callable[[Path], Server], finished_home: Path) -> Server:
    """A dashboard with results, for tests that only look."""
    return start_server(finished_home)


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Server]]:
    """Start a dashboard on a folder; all are ended, with their runs, when the session ends."""
    servers: list[Server] = []

    def start(home: Path) -> Server:
        log = tmp_path_factory.mktemp("server") / "log.txt"
        port = _free_port()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "FINML_HOME": str(home)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Server(url=f"http://localhost:{port}", home=home, process=process, log=log)
        servers.append(server)
        _wait_until_healthy(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(start_server: Callable[[Path], Server], browser_home: Path) -> Server:
    """The dashboard that the tests of the session share."""
    return start_server(browser_home)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    try:
        from playwright import sync_api as playwright
    except ImportError:
        _absent("playwright is not installed: make test installs it")
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        _absent(f"no Chromium found (looked for {', '.join(CHROMIUM)}): install it, then run make test again")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(request: pytest.FixtureRequest, browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a path as a new reader; the test fails on any error in the console or any request to another host.

    `open_page(path="", width=1440, scheme="light", base=None, wait=True)`: `path` is below the shared server (or
    `base`) or a whole address; 390 px wide is a phone. With `wait` it returns when the page has been drawn.
    """
    problems, contexts = Problems(), []

    def open_(
        path: str = "", width: int = 1440, scheme: str = "light", *, base: str | None = None, wait: bool = True
    ) -> Any:
        phone = width < 600
        context = browser.new_context(
            viewport={"width": width, "height": 844 if phone else 900},
            color_scheme=scheme,
            is_mobile=phone,
            has_touch=phone,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PAGE_MS)
        _record(page, problems)
        if not path.startswith("http"):
            path = f"{base or request.getfixturevalue('server').url}/{path.lstrip('/')}"
        page.goto(path)
        if wait:
            page.locator("[data-testid='stMain'] h1").first.wait_for()
            settled(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not problems.found, "behind the page: " + "; ".join(problems.found)


@pytest.fixture(name="settled")
def settled_fixture() -> Callable[[Any], None]:
    """Wait until the script has run; first wait for the changed value itself where there is one."""
    return settled


@pytest.fixture(scope="session")
def serious_findings() -> Callable[[Any], list[str]]:
    """What axe-core calls serious or critical on a page, less what is Streamlit's own."""
    try:
        import axe_playwright_python as package
    except ImportError:
        _absent("axe-playwright-python is not installed: make test installs it")
    source = (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

    def check(page: Any) -> list[str]:
        page.evaluate(source)
        found = page.evaluate(f"axe.run({UNSEEN}, {{resultTypes: ['violations']}})")["violations"]
        return [
            f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()[:160]})"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
            if not any(rule["id"] == known and part in node["html"] for known, part in NOT_OURS)
        ]

    return check


def settled(page: Any) -> None:
    """Wait until the page's script has run and nothing is about to run."""
    page.wait_for_timeout(150)
    page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for()


def overflow(page: Any) -> int:
    """How many pixels a reader would have to scroll sideways."""
    script = "(m => Math.max(m.scrollWidth - m.clientWidth, document.documentElement.scrollWidth - innerWidth))"
    return int(page.evaluate(f"{script}(document.querySelector('[data-testid=stMain]'))"))


def _absent(reason: str) -> NoReturn:
    """Skip, unless whoever runs the tests insists on the browser."""
    if os.environ.get("FINML_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


def _record(page: Any, problems: Problems) -> None:
    def console(message: Any) -> None:
        address = urlsplit((message.location or {}).get("url", "")).path
        if message.type == "error" and not address.endswith(HARMLESS):
            problems.found.append(f"console: {message.text[:300]} {address}")

    def asked(request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in ("localhost", "127.0.0.1"):
            problems.found.append(f"asked another host: {request.url[:200]}")

    page.on("console", console)
    page.on("pageerror", lambda error: problems.found.append(f"page error: {str(error)[:300]}"))
    page.on("request", asked)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_healthy(server: Server) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(
        f"the dashboard did not answer in {START_S} s:\n{server.log.read_text(errors='replace')[-2000:]}"
    )


def _end(server: Server) -> None:
    """End the server by its process group, then the runs that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if server.process.poll() is None:
            os.killpg(server.process.pid, number)
            try:
                server.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                continue
    from finml_core.runs import RunStore

    store = RunStore(server.home)
    for run in store.list():
        if run.state in ("queued", "running"):
            store.cancel(run.run_id)
