"""Names that a package offers and loads only when they are first asked for (PEP 562)."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's `__getattr__`: each name is taken from its module, whose libraries load then and not before."""

    def load(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(places[name]), name)

    return load
