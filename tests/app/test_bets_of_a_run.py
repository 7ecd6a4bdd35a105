"""A run that judges another strategy's bets, as pages tell of it."""

import pytest

from finml_core.bars import BarStore, prepare_store
from finml_core.experiments import CalibrationConfig, ExperimentConfig, PrimaryConfig, SplitConfig
from finml_core.features import FeatureConfig
from finml_core.labels import LabelConfig
from finml_core.models import ModelType
from finml_core.runs import RunStore
from tests.app.conftest import finish

BETS = ExperimentConfig(
    name="bets",
    symbols=("AAPL", "MSFT"),
    features=FeatureConfig(families=("price", "volatility")),
    label=LabelConfig(kind="triple_barrier", horizon=8),
    primary=PrimaryConfig(rule="zscore_reversion"),
    split=SplitConfig(n_splits=3),
    models=(ModelType.NAIVE, ModelType.LOGISTIC),
    calibration=CalibrationConfig(min_samples=100),
)


@pytest.fixture(scope="module")
def bets_home(tmp_path_factory):
    """Bundled bars and one finished run of bets."""
    home = tmp_path_factory.mktemp("bets")
    prepare_store(BarStore(home / "market.duckdb"))
    store = RunStore(home)
    status = finish(store, store.submit(BETS))
    assert status.state == "done", status
    return home


def shown(app) -> str:
    return " ".join(str(part.value) for part in [*app.markdown, *app.caption, *app.error])


def test_the_models_page_tells_whether_acting_was_right(bets_home, open_at, monkeypatch):
    store = RunStore(bets_home)
    (run_id,) = [run.run_id for run in store.list()]
    app = open_at("models", bets_home)
    app.session_state["models_tabs"] = "Bets"
    app.run()
    assert not app.exception
    assert not app.error
    table = store.table(run_id, "bets").set_index("model")
    words = shown(app)
    assert "z-score reversion bets: does the bet earn anything by its first barrier within 8 bars" in words
    assert f"{100 * table['base_rate'].iloc[0]:.1f}" in words
    (rows,) = [frame.value for frame in app.dataframe if "n_bets" in frame.value.columns]
    assert rows["model"].tolist() == ["Logistic", "Base rate", "Primary alone"]
    assert rows["acted"].iloc[0] == pytest.approx(100 * table.loc["logistic", "acted"])
    assert rows["base_rate"].iloc[0] == pytest.approx(100 * table.loc["logistic", "base_rate"])
    assert rows["acted"].iloc[-1] == 100.0


@pytest.mark.parametrize("page", ["overview", "backtest", "arbitration", "validation"])
def test_every_page_reads_a_run_of_bets(page, bets_home, open_at):
    app = open_at(page, bets_home)
    assert not app.exception
    assert not app.error
    if page == "overview":
        assert "Rises in" not in shown(app)
        assert "The bet of z-score reversion pays within 8 bars" in shown(app) or "No event or bet" in shown(app)
