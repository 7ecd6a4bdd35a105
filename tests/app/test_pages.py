"""Every page, from its own file: with data, with an empty store, with a broken run."""

import os
import subprocess
import sys

import pytest

from tests.app.conftest import PAGES


def words(app) -> str:
    """All the text that a page shows."""
    parts = [*app.markdown, *app.caption, *app.error, *app.info, *app.warning, *app.title, *app.subheader]
    return " ".join(str(part.value) for part in parts)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_with_data_shows_its_question_a_chart_or_table_and_no_error(page, open_at, finished_home):
    app = open_at(page, finished_home)
    assert not app.exception
    assert not app.error
    assert "?" in words(app)
    assert len(app.get("vega_lite_chart")) + len(app.dataframe) > 0


@pytest.mark.parametrize("page", PAGES)
def test_a_page_on_an_empty_store_says_what_to_do(page, open_at, tmp_path):
    app = open_at(page, tmp_path)
    assert not app.exception
    assert app.button
    assert any(phrase in words(app) for phrase in ("no bars yet", "Nothing has been run yet"))
    assert not (tmp_path / "market.duckdb").exists()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_survives_a_broken_run_folder(page, open_at, broken_home):
    app = open_at(page, broken_home)
    assert not app.exception


def test_no_page_loads_torch(finished_home):
    code = """
import sys
from streamlit.testing.v1 import AppTest
for page in sys.argv[1:]:
    app = AppTest.from_file(f"pages/{page}.py", default_timeout=240).run()
    assert not app.exception, (page, app.exception)
    heavy = {"torch", "lightgbm", "shap"} & set(sys.modules)
    assert not heavy, f"{page} loads {heavy}"
"""
    environment = {**os.environ, "FINML_HOME": str(finished_home)}
    done = subprocess.run(
        [sys.executable, "-c", code, *PAGES], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-1000:]


def test_the_models_page_queues_what_its_sliders_say(open_at, finished_home, monkeypatch):
    from finml_core.runs import RunStore

    asked = []
    monkeypatch.setattr(RunStore, "submit", lambda self, config, **_: asked.append(config) or "run")
    app = open_at("models", finished_home)
    app.slider(key="build_horizon").set_value(10)  # and at once, before the page has run again
    app.button(key="models_train").click().run()
    assert not app.exception
    assert asked[0].label.horizon == 10


def test_a_backtest_slider_makes_a_trial(open_at, finished_home):
    from finml_core.runs import RunStore

    store = RunStore(finished_home)
    app = open_at("backtest", finished_home)
    before = len(store.trials())
    app.slider(key="bt_commission").set_value(7.5).run()
    assert not app.exception
    assert len(store.trials()) == before + 1
    app.run()
    assert len(store.trials()) == before + 1
