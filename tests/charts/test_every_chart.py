"""One suite over every chart: it draws from a full and from an empty frame, in the house's colours, with units."""

import inspect
import json
import re

import pandas as pd
import pytest

from finml_core import charts
from finml_core.charts import theme
from finml_core.errors import DataError
from tests.charts.frames import sample_frames

FRAMES = sample_frames()
NOT_CHARTS = {"themed", "thin", "words"}
HOUSE = {color.upper() for color in (*theme.MARKS, *theme.LIGHT.values(), *theme.DARK.values())}


def drawn(name: str, frames: tuple[pd.DataFrame, ...]) -> dict:
    return getattr(charts, name)(*frames).to_dict()


def axes(spec: dict) -> list[dict]:
    """Every x and y channel of every layer that has an axis."""
    found = [spec["encoding"][channel] for channel in ("x", "y") if channel in spec.get("encoding", {})]
    return [part for part in found if "field" in part] + [x for layer in spec.get("layer", []) for x in axes(layer)]


def test_every_public_chart_has_a_sample():
    assert set(FRAMES) == set(charts.__all__) - NOT_CHARTS


@pytest.mark.parametrize("name", FRAMES)
def test_a_chart_draws_its_frame(name):
    spec = drawn(name, FRAMES[name])
    assert spec["$schema"].endswith(".json")
    assert any(spec["datasets"].values())


@pytest.mark.parametrize("name", FRAMES)
def test_an_empty_frame_gives_empty_axes(name):
    typed = tuple(frame.iloc[:0] for frame in FRAMES[name])
    bare = tuple(pd.DataFrame(columns=frame.columns) for frame in FRAMES[name])
    full_titles = {part["title"] for part in axes(drawn(name, FRAMES[name]))}
    for frames in (typed, bare):
        assert {part["title"] for part in axes(drawn(name, frames))} <= full_titles | {"Date"}


@pytest.mark.parametrize("name", FRAMES)
def test_a_chart_leaves_its_frame_alone(name):
    before = [frame.copy(deep=True) for frame in FRAMES[name]]
    drawn(name, FRAMES[name])
    for frame, copy in zip(FRAMES[name], before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


@pytest.mark.parametrize("name", FRAMES)
def test_a_chart_uses_only_the_house_colours(name):
    spec = {key: value for key, value in drawn(name, FRAMES[name]).items() if key != "datasets"}
    assert {color.upper() for color in re.findall(r"#[0-9a-fA-F]{6}", json.dumps(spec))} <= HOUSE


@pytest.mark.parametrize("name", FRAMES)
def test_each_axis_has_one_title(name):
    parts = axes(drawn(name, FRAMES[name]))
    assert parts
    assert all(part.get("title") for part in parts)
    for channel_titles in ({part["title"] for part in parts if part.get("type") == "temporal"},):
        assert len(channel_titles) <= 1


@pytest.mark.parametrize("name", FRAMES)
def test_a_chart_answers_a_hover_with_numbers(name):
    # The regime band's numbers are on the band; every other chart has them on its marks or on the hairline.
    assert '"tooltip": [' in json.dumps(drawn(name, FRAMES[name])["layer"])


@pytest.mark.parametrize("name", FRAMES)
def test_each_selection_belongs_to_one_layer(name):
    # A selection shared by nested layers stops the browser with "Duplicate signal name".
    for param in drawn(name, FRAMES[name]).get("params", []):
        assert len(param.get("views", ["one"])) == 1


@pytest.mark.parametrize("name", FRAMES)
def test_a_chart_has_a_height_for_wide_and_for_narrow_screens(name):
    spec = drawn(name, FRAMES[name])
    narrow, wide = next(re.findall(r"\d+", p["expr"])[-2:] for p in spec["params"] if p["name"] == "height")
    assert int(wide) == spec["height"]
    assert 100 <= int(narrow) <= 800


@pytest.mark.parametrize("name", FRAMES)
def test_a_missing_column_is_named(name):
    first, *rest = FRAMES[name]
    needed = inspect.signature(getattr(charts, name)).parameters
    assert needed
    with pytest.raises(DataError, match=f"no column.*{first.columns[0]}" if first.columns[0] != "bin" else "no column"):
        drawn(name, (first.drop(columns=[first.columns[0], *first.columns[1:2]]), *rest))
