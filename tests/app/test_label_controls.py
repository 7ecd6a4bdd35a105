"""The label's popover: what it offers, what it makes of it, and that a link carries it."""

from dataclasses import replace

import pytest

from finml_core.bars import BarStore, prepare_store
from finml_core.experiments import ExperimentConfig, PrimaryConfig
from finml_core.labels import LabelConfig
from pages._ui.label_controls import RULES, SAMPLINGS, WEIGHTS, Asked, asked, in_words

KINDS = {"triple_barrier": "Triple barrier", "quantile": "Quantiles", "return": "Return"}
KINDS |= {"direction": "Up or down", "trend_scanning": "Trend scanning"}
NAMES = {**KINDS, **SAMPLINGS, **{key: name for key, name in RULES.items() if key != "none"}}
NAMES |= {key: name for key, name in WEIGHTS.items() if key != "none"}


@pytest.fixture(scope="module")
def bars_home(tmp_path_factory):
    """Bundled bars and no run: all that choosing a label needs."""
    home = tmp_path_factory.mktemp("labels")
    prepare_store(BarStore(home / "market.duckdb"))
    return home


def trained(app, monkeypatch) -> ExperimentConfig:
    """What the button Train would queue."""
    from finml_core.runs import RunStore

    queued = []
    monkeypatch.setattr(RunStore, "submit", lambda self, config, **_: queued.append(config) or "run")
    app.button(key="models_train").click().run()
    assert not app.exception
    return queued[0]


def shown(app) -> str:
    return " ".join(str(part.value) for part in [*app.markdown, *app.caption, *app.error])


def test_an_untouched_popover_changes_nothing(open_at, bars_home, monkeypatch):
    config = trained(open_at("models", bars_home), monkeypatch)
    default = ExperimentConfig()
    assert (config.label, config.primary) == (default.label, default.primary)


def test_events_bets_and_weights_are_queued_as_they_stand(open_at, bars_home, monkeypatch):
    app = open_at("models", bars_home)
    app.selectbox(key="build_label").set_value("triple_barrier")
    app.selectbox(key="build_sampling").set_value("cusum")
    app.selectbox(key="build_primary").set_value("momentum")
    app.selectbox(key="build_weights").set_value("uniqueness_return")
    app.toggle(key="build_decay").set_value(True).run()
    app.slider(key="build_width").set_value(4.5)
    app.slider(key="build_lookback").set_value(90)
    app.slider(key="build_earn").set_value(12.0)
    app.slider(key="build_profit").set_value(3.0)
    app.slider(key="build_stop").set_value(1.5)
    app.slider(key="build_span").set_value(60)
    app.slider(key="build_oldest").set_value(0.25).run()
    assert not app.exception
    assert "momentum bets: does the bet earn more than 0.12" in shown(app)
    config = trained(app, monkeypatch)
    assert config.label == LabelConfig(
        kind="triple_barrier", sampling="cusum", event_width=4.5, take_profit=3.0, stop_loss=1.5, volatility_span=60,
        weights="uniqueness_return", decay=True, oldest_weight=0.25,
    )  # fmt: skip
    assert config.primary == PrimaryConfig(rule="momentum", lookback=90, min_return=0.0012)


@pytest.mark.parametrize("page", ["models", "validation"])
def test_a_link_carries_the_whole_label(page, open_at, bars_home, monkeypatch):
    prefix = "build" if page == "models" else "val"
    wanted = {
        "label": "triple_barrier", "sampling": "cusum", "width": "2.5", "primary": "zscore_reversion", "window": "30",
        "entry": "1.5", "earn": "5.0", "profit": "1.5", "stop": "2.5", "span": "50", "weights": "return_attribution",
        "decay": "true", "oldest": "0.1",
    }  # fmt: skip
    app = open_at(page, bars_home, **{f"{prefix}_{name}": NAMES.get(value, value) for name, value in wanted.items()})
    assert not app.exception
    assert not app.error
    for name in ("label", "sampling", "primary", "weights"):
        assert app.selectbox(key=f"{prefix}_{name}").value == wanted[name]
    for name in ("width", "window", "entry", "earn", "profit", "stop", "span", "oldest"):
        assert app.slider(key=f"{prefix}_{name}").value == float(wanted[name])
    assert app.toggle(key=f"{prefix}_decay").value is True
    if page == "models":
        config = trained(app, monkeypatch)
        assert config.label.event_width == 2.5
        assert config.primary == PrimaryConfig(rule="zscore_reversion", window=30, entry=1.5, min_return=0.0005)


def test_a_line_is_asked_of_no_side(open_at, bars_home, monkeypatch):
    app = open_at("models", bars_home)
    app.selectbox(key="build_primary").set_value("momentum").run()
    app.selectbox(key="build_label").set_value("trend_scanning")
    app.slider(key="build_horizon").set_value(1).run()
    assert not app.exception
    assert not app.error
    assert "has no outcome for a side" in shown(app)
    assert "build_primary" not in {each.key for each in app.selectbox}
    app.slider(key="build_horizon").set_value(20).run()
    app.slider(key="build_trend").set_value(8).run()
    config = trained(app, monkeypatch)
    assert config.label == LabelConfig(kind="trend_scanning", horizon=20, shortest_trend=8)
    assert not config.primary.is_there


def test_the_fast_average_stays_below_the_slow_one(open_at, bars_home, monkeypatch):
    app = open_at("models", bars_home)
    app.selectbox(key="build_primary").set_value("moving_average_cross").run()
    app.slider(key="build_slow").set_value(15).run()
    assert app.slider(key="build_fast").max == 14
    config = trained(app, monkeypatch)
    assert config.primary.fast < config.primary.slow == 15


LABELLED = {
    "direction": (),
    "triple_barrier": (),
    "trend_scanning": (),
    "quantile": (),
    "return": (),
    "events": ("sampling", "cusum"),
    "bets": ("primary", "moving_average_cross"),
    "weights": ("weights", "uniqueness"),
}


@pytest.mark.parametrize("case", LABELLED)
def test_every_label_is_described(case, open_at, bars_home):
    kind = case if not LABELLED[case] else "direction"
    query = {"val_label": NAMES[kind], "val_tab": "Labels"}
    if LABELLED[case]:
        name, value = LABELLED[case]
        query[f"val_{name}"] = NAMES[value]
    app = open_at("validation", bars_home, **query)
    assert not app.exception
    assert not app.error
    alts = [str(each.proto) for each in app.get("vega_lite_chart")]
    assert any("Labels open at each bar" in alt for alt in alts)
    told = "How often each return occurs" if kind == "return" else "Share of each class"
    assert any(told in alt for alt in alts)
    assert any("Mean weight of a label" in alt for alt in alts) == (case == "weights")
    words = shown(app)
    assert "bars have a known outcome" in words
    assert ("of the bets paid" in words) == (case == "bets")
    headline = {each.label: each.value for each in app.metric}
    assert headline["Overlapping label pairs"] == "0"


def test_a_label_without_any_row_says_how_to_get_some(open_at, bars_home):
    hopeless = {"sampling": NAMES["cusum"], "width": "15.0", "primary": RULES["zscore_reversion"], "entry": "4.0"}
    app = open_at("validation", bars_home, **{f"val_{name}": value for name, value in hopeless.items()})
    assert not app.exception
    assert any("no bar has a label" in str(each.value) for each in app.error)


def test_both_halves_of_what_is_asked_come_back():
    label, primary = LabelConfig(kind="triple_barrier", sampling="cusum"), PrimaryConfig(rule="momentum")
    both = asked(label, primary)
    assert (both.label, both.primary) == (label, primary)
    assert both.is_sparse
    assert not asked(LabelConfig(), PrimaryConfig()).is_sparse
    assert hash(both) != hash(replace(both, primary=PrimaryConfig()))


@pytest.mark.parametrize("kind", ["direction", "return", "quantile", "triple_barrier", "trend_scanning"])
def test_every_kind_is_a_question_of_its_own(kind):
    words = in_words(Asked(kind=kind))
    assert words.startswith("At every bar")
    assert words.endswith("?")
    others = {in_words(Asked(kind=other)) for other in ("direction", "return", "quantile") if other != kind}
    assert words not in others
