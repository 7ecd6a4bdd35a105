"""YAML as experiment files use it."""

from pathlib import Path
from typing import Any

import yaml

from finml_core.errors import ConfigError


def read_yaml(source: str | Path) -> Any:
    """Plain values of a text, or of the file at a Path; an empty one is an empty mapping.

    Raises
    ------
    ConfigError
        If the file cannot be read, or its text is no YAML.
    """
    text = _read_file(source) if isinstance(source, Path) else source
    try:
        plain = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ConfigError(f"this is no YAML: {' '.join(str(error).split())}.") from error
    return {} if plain is None else plain


class _Loader(yaml.SafeLoader):
    """YAML's safe part, in which a day stays text: an impossible one is then named like any other value."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rows if not tag.endswith(":timestamp")]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}.") from error
