"""How loops are compiled; loads numba."""

from functools import cache
from pathlib import Path
from typing import Any

from numba import njit

PARTS = (
    "compiling", "simd", "operations", "kernels", "kernels_statistical", "moments", "elementwise", "transpose",
)  # fmt: skip
SHARED = tuple(Path(__file__).parent / f"{name}.py" for name in PARTS)


def compiled(function: Any) -> Any:
    """Compile at the first call, or take what an earlier process has compiled; other threads run beside it.

    numba compiles a loop anew when the loop's own file has changed, and knows nothing of the files that it is built
    from. So compiled code that is older than `SHARED`, from which all others are built, is forgotten.
    """
    dispatcher = njit(cache=True, nogil=True, error_model="numpy")(function)
    forget_outdated(dispatcher.stats.cache_path)
    return dispatcher


@cache
def forget_outdated(folder: str | Path) -> None:
    """Remove numba's indices in `folder` that were written before the last change of a file of `SHARED`."""
    changed = max(path.stat().st_mtime for path in SHARED)
    for index in Path(folder).glob("*.nbi"):
        try:
            if index.stat().st_mtime < changed:
                index.unlink()
        except FileNotFoundError:
            continue  # another process was first
