"""The tokens: readable on both backgrounds, and the same in the interface's settings."""

import tomllib
from pathlib import Path

import pytest

from finml_core.charts import theme
from finml_core.schemas import REGIMES

CONFIG = tomllib.loads((Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
THEMES = {"light": theme.LIGHT, "dark": theme.DARK}


def test_contrast_knows_the_ends_and_a_published_pair():
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#777777") == pytest.approx(1)
    assert theme.contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)  # WCAG's lightest grey for text


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("color", sorted(theme.MARKS))
def test_a_mark_stands_out_on_both_backgrounds(name, color):
    assert theme.contrast(color, THEMES[name]["background"]) >= 3


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("role", ["text", "muted", "primary"])
@pytest.mark.parametrize("ground", ["background", "surface"])
def test_text_is_readable(name, role, ground):
    assert theme.contrast(THEMES[name][role], THEMES[name][ground]) >= 4.5


@pytest.mark.parametrize("name", THEMES)
def test_the_interface_has_the_same_values(name):
    tokens, section = THEMES[name], CONFIG["theme"][name]
    assert section["backgroundColor"] == tokens["background"]
    assert section["secondaryBackgroundColor"] == tokens["surface"]
    assert section["borderColor"] == tokens["border"]
    assert section["textColor"] == tokens["text"]
    assert section["grayTextColor"] == tokens["muted"]
    assert section["primaryColor"] == section["linkColor"] == tokens["primary"]
    assert section["chartCategoricalColors"] == list(theme.MODELS)
    assert section["chartSequentialColors"] == theme.sequential(tokens)
    assert section["chartDivergingColors"] == theme.diverging(tokens)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(("word", "verdict"), [("green", "passed"), ("orange", "doubtful"), ("red", "failed")])
def test_verdicts_are_readable_words_on_their_own_ground(name, word, verdict):
    tokens, section = THEMES[name], CONFIG["theme"][name]
    color = theme.VERDICT[verdict]
    assert section[f"{word}Color"] == color
    assert section[f"{word}TextColor"] == theme.readable(color, tokens)
    assert section[f"{word}BackgroundColor"] == theme.mix(tokens["background"], color, 0.12)
    for ground in (tokens["background"], section[f"{word}BackgroundColor"]):
        assert theme.contrast(section[f"{word}TextColor"], ground) >= 4.5


def test_every_regime_has_its_own_colour():
    assert tuple(theme.REGIME_COLORS) == REGIMES
    assert len(set(theme.REGIME_COLORS.values())) == len(REGIMES)


def test_a_known_model_keeps_its_colour_whoever_stands_beside_it():
    alone = theme.series_colors(["lstm"])["LSTM"]
    assert theme.series_colors(["mine", "logistic", "lstm", "naive"])["LSTM"] == alone
    compared = theme.series_colors(["LSTM · one", "GRU · one", "LSTM · other"])
    assert compared["LSTM · one"] == alone
    assert len(set(compared.values())) == 3
    many = theme.series_colors(["logistic", "lightgbm", "lstm", "mine", "yours"])
    assert len(set(many.values())) == 5


def test_names_read_as_words():
    assert theme.words("BULL_TREND") == "Bull trend"
    assert theme.words("lightgbm") == "LightGBM"
    assert theme.words("buy_and_hold") == "Buy and hold"
    assert theme.words("AAPL") == "AAPL"
    assert theme.words("CRISIS") == "Crisis"


def test_a_default_start_looks_at_nobody_and_tells_nobody():
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["browser"]["serverAddress"] == "localhost"
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["client"]["showErrorDetails"] == "none"
