"""The borders of the house: who may import whom, and what a fresh interpreter has loaded."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "finml_core"
LAYERS = {
    "errors": 0, "checks": 0, "typing": 0, "schemas": 0, "samples": 0, "numerics": 0, "vocabulary": 0, "purging": 0,
    "concurrency": 0, "sequential": 0, "lazy": 0, "metrics": 0,
    "bars": 1, "features": 1, "labels": 1, "splits": 1, "models": 1, "calibration": 1, "regimes": 1, "arbitration": 1,
    "sizing": 1, "backtest": 1, "inspection": 1, "report": 1,
    "experiments": 2, "runs": 2, "charts": 3, "__main__": 4,
}  # fmt: skip
HEAVY = {"streamlit", "altair", "torch", "lightgbm", "statsmodels", "shap"}
ONLY_IN = {
    "streamlit": set(),
    "altair": {"charts"},
    "duckdb": {"bars", "runs"},
    "torch": {"models", "inspection"},
}
SOURCES = sorted(CORE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "finml_core"}
    return names


def parts_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported_modules(path) if name.startswith("finml_core.")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_only_go_down(path):
    part = part_of(path)
    if part == "__init__":
        assert not parts_imported(path)
        return
    for other in parts_imported(path) - {part, "__version__"}:
        if part == "runs" and other == "experiments":
            continue
        is_down = LAYERS[other] < LAYERS[part] or LAYERS[other] == LAYERS[part] == 0
        assert is_down, f"{part} (layer {LAYERS[part]}) imports {other} (layer {LAYERS[other]})"


def test_charts_know_no_stage():
    for path in (CORE / "charts").rglob("*.py"):
        assert all(LAYERS[other] == 0 for other in parts_imported(path) - {"charts"}), path


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_rooms(library):
    users = {part_of(path) for path in SOURCES if any(name.split(".")[0] == library for name in imported_modules(path))}
    assert users <= ONLY_IN[library], f"{library} is imported in {sorted(users - ONLY_IN[library])}"


def test_nothing_imports_the_pages():
    for path in SOURCES:
        assert not {name.split(".")[0] for name in imported_modules(path)} & {"pages", "app"}, path


def test_pages_hold_no_numerics_and_no_sql():
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py")]:
        heads = {name.split(".")[0] for name in imported_modules(path)}
        assert not heads & {"numpy", "scipy", "duckdb", "torch", "sklearn", "lightgbm", "altair", "statsmodels"}, path


@pytest.mark.parametrize("part", ["", *(name for name, layer in LAYERS.items() if layer == 1)])
def test_a_fresh_import_loads_no_heavy_library(part):
    if part and not (CORE / part).exists():
        pytest.skip(f"{part} is a later part")
    module = f"finml_core.{part}".rstrip(".")
    code = f"import sys, {module}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_package_imports_in_a_blink():
    code = "import time; start = time.perf_counter(); import finml_core; print(time.perf_counter() - start)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(result.stdout) < 0.3


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_a_file_holds_one_idea(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
