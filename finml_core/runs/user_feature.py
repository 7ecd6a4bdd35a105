"""A user's feature, audited in a process of its own: with limits, without the store, and never in the server."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from finml_core.checks import check_between, check_integer
from finml_core.errors import DataError, RunError
from finml_core.runs.launch import ROOT

MOST_SOURCE = 200_000  # bytes of a file that is read as a feature
MOST_WRITTEN = 64 * 2**20  # bytes that a feature may write to one file
MOST_ROWS = 60_000
PROCESS = Path(__file__).with_name("user_feature_process.py")
HELP = "The file must define `def feature(bars)`: bars in, one row a bar out."


class UserCodeError(RunError):
    """The user's code cannot be loaded, fails, or goes beyond its limits."""


def audit_user_feature(
    source: str, bars: pd.DataFrame, *, n_cuts: int = 3, timeout_s: float = 60.0, memory_mb: int = 2048
) -> pd.DataFrame:
    """Audit `feature(bars)` of a Python source as `splits.audit_features` does, in a separate process.

    The process has an empty temporary folder, an empty environment, one thread a library, no open file of this one, and
    limits on time, memory and what it writes. It still runs with the rights of this process's user: let only people
    whom you trust bring code, or run FinML as a user who may see nothing else.

    Parameters
    ----------
    source : text of a Python file
        Defines `feature(bars)`, from long bars to a Series, array or frame of one row a bar; may set `WARM_UP`, the
        bars after which a later start of history must be forgotten.
    bars : DataFrame
        Long bars, at most 60,000 rows.
    n_cuts : int
        See `audit_features`.
    timeout_s : float
        After that the process and all that it started are ended; 1 to 3600.
    memory_mb : int
        Address space, libraries included; at least 1024.

    Returns
    -------
    DataFrame as `splits.audit_features` gives

    Raises
    ------
    UserCodeError
        For code that cannot be read, fails, gives another shape, takes too long, needs too much memory or crashes.
    DataError
        For bars that are too many, or none.
    """
    check_integer("n_cuts", n_cuts, 1)
    check_between("timeout_s", timeout_s, 1, 3600)
    check_integer("memory_mb", memory_mb, 1024)
    if sys.platform == "win32":
        raise RunError("a user's feature is run under limits that Windows lacks; use Linux or macOS.")
    if not 0 < len(bars) <= MOST_ROWS:
        raise DataError(f"an audit takes 1 to {MOST_ROWS:,} bars, not {len(bars):,}; choose fewer symbols or dates.")
    if len(source.encode()) > MOST_SOURCE:
        raise UserCodeError(f"the file has {len(source.encode()):,} bytes; a feature has at most {MOST_SOURCE:,}.")
    with tempfile.TemporaryDirectory(prefix="finml-audit-") as folder:
        here = Path(folder)
        (here / "feature.py").write_text(source, encoding="utf-8")
        bars.to_parquet(here / "bars.parquet", index=False)
        order = {
            "root": str(ROOT),
            "file": str(here / "feature.py"),
            "n_cuts": n_cuts,
            "cpu_s": int(timeout_s) + 1,
            "memory_bytes": memory_mb * 2**20,
            "file_bytes": MOST_WRITTEN,
        }
        code = _run(here, order, timeout_s)
        return _result(here, code, memory_mb)


def bars_for_audit(bars: pd.DataFrame, *, most: int = MOST_ROWS) -> pd.DataFrame:
    """The last bars of each symbol, so that all symbols together have at most `most`."""
    n_symbols = max(1, bars["symbol"].nunique())
    return bars.groupby("symbol", sort=False).tail(max(most // n_symbols, 3)).reset_index(drop=True)


def _run(folder: Path, order: dict[str, Any], timeout_s: float) -> int:
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(PROCESS), json.dumps(order)],
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            close_fds=True,
            start_new_session=True,
        )
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise UserCodeError(
                f"the feature did not end within {timeout_s:g} s and was stopped; make it faster, give it fewer bars, "
                "or allow more time."
            ) from None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process with all that it started, also what left its group."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    with suppress(ProcessLookupError):  # it ended by itself, and nothing of its group is left
        os.killpg(process.pid, signal.SIGKILL)
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait()


def _environment(folder: Path) -> dict[str, str]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    return {
        **one,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "NUMBA_CACHE_DIR": str(folder / "numba"),
        "LANG": "C.UTF-8",
        "PATH": os.defpath,
        "MALLOC_ARENA_MAX": "2",
    }


def _result(folder: Path, code: int, memory_mb: int) -> pd.DataFrame:
    told, found = folder / "error.json", folder / "result.json"
    if told.exists():
        raise UserCodeError(_explained(json.loads(told.read_text(encoding="utf-8")), memory_mb))
    if code < 0:
        name = signal.Signals(-code).name
        reason = "it used up its time on the processor" if name == "SIGXCPU" else f"memory is limited to {memory_mb} MB"
        raise UserCodeError(f"the feature crashed the process ({name}); {reason}.")
    if code != 0 or not found.exists():
        raise UserCodeError(
            f"the process ended with code {code} and no result: does the file call exit?{_last_words(folder)}"
        )
    table = pd.DataFrame(json.loads(found.read_text(encoding="utf-8")))
    table["first_offence"] = pd.to_datetime(table["first_offence"]).astype("datetime64[us]")
    numbers = ["max_difference", "forgets_after", "autocorrelation"]
    table[numbers] = table[numbers].astype("float64")
    # JSON has no infinity: a change that has no size is a value on one side only
    table.loc[table["max_difference"].isna(), "max_difference"] = float("inf")
    return table


def _explained(error: dict[str, Any], memory_mb: int) -> str:
    kind, message = error["kind"], error["message"]
    place = f" in line {error['line']}" if error["line"] else ""
    if kind in ("MemoryError", "ArrowMemoryError", "_ArrayMemoryError"):
        return f"the feature needs more than the {memory_mb} MB that it may have{place}."
    if kind in ("SyntaxError", "IndentationError", "TabError"):
        return f"the file is no valid Python{place}: {message}."
    if kind == "DataError":
        return f"the feature's result cannot be used: {message}"
    if kind == "AttributeError" and "no function `feature" in message:
        return f"{message}. {HELP}"
    return f"the feature failed{place}: {kind}: {message}"


def _last_words(folder: Path) -> str:
    text = (folder / "output.txt").read_bytes()[-400:].decode("utf-8", "replace").strip()
    return f" Its last output: {text}" if text else ""
