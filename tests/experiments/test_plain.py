"""Frozen dataclasses to plain mappings and back."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import pytest

from finml_core.errors import ConfigError
from finml_core.experiments.plain import from_plain, to_plain
from finml_core.features import FeatureConfig


class Colour(StrEnum):
    BLUE = "blue"
    VERMILION = "vermilion"


@dataclass(frozen=True, kw_only=True)
class Inner:
    window: int = 3
    share: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    names: tuple[str, ...] = ("a",)
    colour: Colour = Colour.BLUE
    kind: Literal["x", "y"] = "x"
    day: str | None = None
    table: dict[str, dict[str, float]] = field(default_factory=dict)


def test_a_config_survives_the_way_there_and_back():
    config = Outer(
        inner=Inner(window=7),
        names=("b", "c"),
        colour=Colour.VERMILION,
        kind="y",
        day="2012-01-02",
        table={"t": {"u": 1.5}},
    )
    assert from_plain(Outer, to_plain(config)) == config


def test_feature_settings_survive_with_their_sectors():
    config = FeatureConfig(families=("cross_sectional",), sectors={"MSFT": "software", "IBM": "hardware"})
    plain = to_plain(config)
    assert plain["sectors"] == [["IBM", "hardware"], ["MSFT", "software"]]
    assert from_plain(FeatureConfig, plain) == config
    with pytest.raises(ConfigError, match="a pair of texts"):
        from_plain(FeatureConfig, {"sectors": [["IBM", "hardware", "1911"]]})


def test_what_is_left_out_keeps_its_default():
    assert from_plain(Outer, {"inner": {"window": 9}}) == Outer(inner=Inner(window=9))


def test_a_whole_number_is_taken_where_a_fraction_is_meant():
    assert from_plain(Inner, {"share": 1}).share == 1.0


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"colours": "blue"}, r"experiment has an unknown key 'colours'; it knows: inner, names"),
        ({"inner": {"wndow": 3}}, r"experiment\.inner has an unknown key 'wndow'"),
        ({"inner": {"window": "three"}}, r"experiment\.inner\.window is 'three', but must be a whole number"),
        ({"inner": {"window": True}}, r"experiment\.inner\.window is True"),
        ({"inner": 3}, r"experiment\.inner is 3, but must be a mapping"),
        ({"names": "abc"}, r"experiment\.names is 'abc', but must be a list"),
        ({"colour": "red"}, r"experiment\.colour is 'red'; choose one of: blue, vermilion"),
        ({"kind": "z"}, r"experiment\.kind is 'z'; choose one of: x, y"),
        ({"day": 3}, r"experiment\.day is 3"),
        ([1], r"experiment is \[1\], but must be a mapping"),
    ],
)
def test_a_wrong_key_or_value_is_named(plain, words):
    with pytest.raises(ConfigError, match=words):
        from_plain(Outer, plain)
