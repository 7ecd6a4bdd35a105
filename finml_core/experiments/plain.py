"""Frozen dataclasses to plain mappings and back, strict in both directions."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any, TypeVar

from finml_core.errors import ConfigError

Config = TypeVar("Config")


def to_plain(value: Any) -> Any:
    """Only dicts, lists, text, numbers, booleans and None, as YAML and JSON know them; field order is kept."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value) if field.init}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {to_plain(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[Config], plain: Any, where: str = "experiment") -> Config:
    """Build the dataclass `kind` from a mapping; fields left out keep their defaults.

    Raises
    ------
    ConfigError
        For an unknown key or a value of the wrong type or range; the text names the key by its path from the top.
    """
    if not isinstance(plain, Mapping):
        raise ConfigError(f"{where} is {plain!r}, but must be a mapping of settings.")
    hints = typing.get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(kind) if field.init]
    unknown = [str(key) for key in plain if key not in known]
    if unknown:
        raise ConfigError(f"{where} has an unknown key {unknown[0]!r}; it knows: {', '.join(known)}.")
    values = {name: _read(hints[name], plain[name], f"{where}.{name}") for name in known if name in plain}
    try:
        return kind(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def _read(hint: Any, value: Any, where: str) -> Any:
    """`value` as the type `hint`, or a ConfigError that names `where` it stood."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _read_union(hint, value, where)
    if dataclasses.is_dataclass(hint):
        return from_plain(hint, value, where)
    if origin is tuple:
        return _read_tuple(hint, value, where)
    if origin is typing.Literal:
        return _read_choice(typing.get_args(hint), value, where)
    if origin is not None and issubclass(origin, Mapping):
        return _read_mapping(hint, value, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(_read_choice([member.value for member in hint], value, where))
    return _read_scalar(hint, value, where)


def _read_union(hint: Any, value: Any, where: str) -> Any:
    kinds = typing.get_args(hint)
    if value is None and type(None) in kinds:
        return None
    kinds = [kind for kind in kinds if kind is not type(None)]
    failure: ConfigError | None = None
    for kind in kinds:
        try:
            return _read(kind, value, where)
        except ConfigError as error:
            failure = error
    raise failure if failure else ConfigError(f"{where} is {value!r}, which no setting takes.")


def _read_tuple(hint: Any, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ConfigError(f"{where} is {value!r}, but must be a list.")
    (kind, *_) = typing.get_args(hint)
    return tuple(_read(kind, item, f"{where}[{number}]") for number, item in enumerate(value))


def _read_mapping(hint: Any, value: Any, where: str) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} is {value!r}, but must be a mapping.")
    key_kind, item_kind = typing.get_args(hint)
    return {_read(key_kind, key, where): _read(item_kind, item, f"{where}.{key}") for key, item in value.items()}


def _read_choice(choices: Any, value: Any, where: str) -> Any:
    if value not in choices:
        raise ConfigError(f"{where} is {value!r}; choose one of: {', '.join(map(str, choices))}.")
    return value


def _read_scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if hint is str and isinstance(value, date):  # YAML reads an unquoted day as a date
        return value.isoformat()
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
        raise ConfigError(f"{where} is {value!r}, but must be {names.get(hint, hint.__name__)}.")
    return value
