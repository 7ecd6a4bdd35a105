"""The pieces that pages are made of, without a server."""

import pandas as pd
import pytest

from finml_core.errors import DataError


def test_no_text_of_a_download_acts_as_a_formula():
    from pages._ui.frame import to_csv

    table = pd.DataFrame({"=evil": ["=1+1", "-2", "@x", "plain", None], "number": [-1.5, 2, 3, 4, 5]})
    lines = to_csv(table).decode().splitlines()
    assert lines[0] == "'=evil,number"
    assert lines[1:] == ["'=1+1,-1.5", "'-2,2.0", "'@x,3.0", "plain,4.0", ",5.0"]


def test_a_readers_mistake_is_shown_and_any_other_stays_loud():
    from streamlit.testing.v1 import AppTest

    def page(kind: str) -> None:
        from finml_core.errors import DataError
        from pages._ui.frame import show_errors

        with show_errors():
            raise DataError("the file has no column 'close'.") if kind == "ours" else ZeroDivisionError("loud")

    shown = AppTest.from_function(page, kwargs={"kind": "ours"}).run()
    assert shown.error[0].value == str(DataError("the file has no column 'close'."))
    assert not shown.exception
    assert len(AppTest.from_function(page, kwargs={"kind": "bug"}).run().exception) == 1


@pytest.mark.parametrize("state", ["passed", "doubtful", "failed"])
def test_a_verdict_has_a_shape_and_a_word_beside_its_colour(state):
    from streamlit.testing.v1 import AppTest

    def page(state: str) -> None:
        from pages._ui.frame import verdict

        verdict(state, "no overlap in 5 folds")

    value = AppTest.from_function(page, kwargs={"state": state}).run().markdown[0].value
    assert state.capitalize() in value
    assert ":material/" in value
    assert "no overlap in 5 folds" in value


def test_headlines_are_five_at_most_each_with_its_reading():
    from streamlit.testing.v1 import AppTest

    def page() -> None:
        from pages._ui.frame import Headline, headline

        headline([Headline(f"N{k}", "0.84 ± 0.31", "better than luck") for k in range(7)])

    app = AppTest.from_function(page).run()
    assert len(app.metric) == len(app.caption) == 5


def test_every_page_of_the_menu_exists_and_asks_a_question():
    from pages._ui.frame import ICON, PAGES, ROOT

    rows = [row for rows in PAGES.values() for row in rows]
    assert ICON.is_file()
    for name, _, _, question in rows:
        assert (ROOT / "pages" / f"{name}.py").is_file(), name
        assert question.endswith("?")
