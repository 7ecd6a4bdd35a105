"""Models are chosen by family, the cost answers, a run's curves grow while it trains, its results are taken apart."""

import shutil
import time

import psutil
import pytest

from finml_core.experiments import ExperimentConfig, SplitConfig
from finml_core.models import ModelConfig, ModelType, TrainConfig, TransformerConfig
from finml_core.runs import RunStore
from tests.browser.conftest import CHART, overflow, settled
from tests.browser.reader import MAIN, press, slider

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
TRAIN_MS = 120_000
LOOKING = ExperimentConfig(
    name="looking",
    symbols=("AAPL", "MSFT"),
    start="2010-01-01",
    split=SplitConfig(n_splits=2),
    models=(ModelType.NAIVE, ModelType.TRANSFORMER),
    n_seeds=2,
    model=ModelConfig(
        sequence_length=6,
        train=TrainConfig(epochs=40, patience=20, device="cpu"),
        transformer=TransformerConfig(d_model=8, nhead=2, num_encoder_layers=1, dim_feedforward=8),
    ),
)


@pytest.fixture
def training(start_server, finished_home, tmp_path_factory):
    """A dashboard of its own, in which a network is trained."""
    return start_server(shutil.copytree(finished_home, tmp_path_factory.mktemp("training") / "home"))


def wait_for_cost(page, n_trainings):
    """Until the page announces so many trainings."""
    page.locator(MAIN).get_by_text(f"{n_trainings} trainings on about").wait_for()
    settled(page)


def paused_in_training(store, run_id):
    """The run's process, stopped after its first epoch: on a fast machine the page would come too late."""
    end = time.monotonic() + TRAIN_MS / 1000
    while "history" not in store.tables(run_id):
        assert time.monotonic() < end, store.log(run_id)
        time.sleep(0.02)
    worker = psutil.Process(store.status(run_id).pid)
    worker.suspend()
    assert store.status(run_id).state == "running"
    return worker


def open_tab(page, name):
    page.get_by_role("tab", name=name).click()
    settled(page)


def test_the_cost_answers_the_sliders_before_anything_is_trained(finished_server, open_page):
    page = open_page("models?symbols=AAPL,MSFT&build_folds=4", base=finished_server.url)
    for family in ("Baselines", "Linear models", "Trees", "Networks"):
        page.get_by_role("combobox", name=family).wait_for()
    wait_for_cost(page, 4 * 4)  # base rate, logistic, LightGBM, LSTM
    press(slider(page, "Seeds"), "ArrowRight", 2)
    wait_for_cost(page, 4 * (2 + 2 * 3))  # the first two draw nothing
    assert "which no run has timed here yet" in page.locator(MAIN).inner_text()
    page.get_by_role("button", name="Remove LSTM", exact=True).click()
    wait_for_cost(page, 4 * (2 + 3))


def test_a_network_is_watched_while_it_trains_and_taken_apart_when_it_is_done(training, open_page):
    store = RunStore(training.home)
    run_id = store.submit(LOOKING)
    worker = paused_in_training(store, run_id)
    page = open_page("models?symbols=AAPL,MSFT", base=training.url)
    main = page.locator(MAIN)
    main.get_by_text("looking, so far").wait_for()  # learning curves before the end
    page.locator(CHART).first.wait_for()
    worker.resume()
    page.wait_for_function(f"() => location.search.includes('run={run_id}')", timeout=TRAIN_MS)
    settled(page)
    main.get_by_text("over 2 folds and 2 seeds").wait_for()
    assert set(store.table(run_id, "history")["seed"]) == {0, 1}

    open_tab(page, "Compare")
    for picture in ("AUC of each fold and seed", "Growth of capital", "Reliability by run", "Held-out loss by epoch"):
        page.locator(f"[aria-label^='{picture}']").first.wait_for()
    open_tab(page, "Device")
    main.get_by_text("reads the most windows a second").wait_for()
    page.locator("[aria-label^='Share of each device at work']").wait_for()
    main.get_by_text("busy on average").wait_for()
    open_tab(page, "Attention")
    main.get_by_text("Transformer of fold 2 of 2, which did not train on this bar, from seed 0").wait_for()
    main.get_by_text("Without a map: Base rate (reading rows, not windows)").wait_for()
    main.get_by_role("button", name="Look", exact=True).click()
    main.get_by_text("most attention").wait_for()
    page.locator("[aria-label^='Attention of each head']").wait_for()
    assert overflow(page) == 0
