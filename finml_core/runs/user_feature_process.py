"""The other side of `user_feature`: runs a user's file under limits and writes what the audit found.

Started as a script with nothing but the standard library loaded; arguments are one JSON text (see `user_feature`).
"""

import json
import sys
import traceback
from pathlib import Path
from typing import Any

MODULE = "user_feature_file"


def main(order: dict[str, Any]) -> None:
    _limit(order["cpu_s"], order["memory_bytes"], order["file_bytes"])
    sys.path.insert(0, order["root"])
    sys.excepthook = _report

    import pandas as pd

    from finml_core.splits import audit_features

    bars = pd.read_parquet("bars.parquet")
    user = _load(order["file"])
    table = audit_features(user.feature, bars, n_cuts=order["n_cuts"], warm_up=getattr(user, "WARM_UP", None))
    Path("result.json").write_text(table.to_json(orient="records", date_format="iso"), encoding="utf-8")


def _limit(cpu_s: int, memory_bytes: int, file_bytes: int) -> None:
    import resource

    for what, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        _, highest = resource.getrlimit(what)
        most = most if highest == resource.RLIM_INFINITY else min(most, highest)
        resource.setrlimit(what, (most, most))


def _load(file: str) -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(MODULE, file)
    module = module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    if not callable(getattr(module, "feature", None)):
        raise AttributeError("the file defines no function `feature(bars)`")
    return module


def _report(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """What went wrong and in which line of the user's file, for the process that waits."""
    lines = [frame.lineno for frame in traceback.extract_tb(trace) if frame.filename.endswith("feature.py")]
    if isinstance(error, SyntaxError):
        lines.append(error.lineno)
    told = {"kind": kind.__name__, "message": str(error)[:500], "line": lines[-1] if lines else None}
    Path("error.json").write_text(json.dumps(told), encoding="utf-8")
    sys.__excepthook__(kind, error, trace)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
