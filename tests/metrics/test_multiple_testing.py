import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from finml_core.errors import ConfigError, DataError
from finml_core.metrics import MultipleHypothesisCorrection

# Benjamini & Hochberg (1995), table of 15 p-values at 0.05
BOOK = "0.0001 0.0004 0.0019 0.0095 0.0201 0.0278 0.0298 0.0344 0.0459 0.3240 0.4262 0.5719 0.6528 0.7590 1.000"
P_VALUES = np.array(BOOK.split(), dtype=float)


@pytest.mark.parametrize(("method", "rejections"), [("bonferroni", 3), ("holm", 3), ("bh", 4), ("by", 3)])
def test_rejections_of_the_paper(method, rejections):
    table = MultipleHypothesisCorrection(method=method, alpha=0.05).correct(P_VALUES)
    assert table["rejected"].sum() == rejections
    assert table["rejected"].iloc[:rejections].all()


@pytest.mark.parametrize(
    ("method", "theirs"), [("bonferroni", "bonferroni"), ("holm", "holm"), ("bh", "fdr_bh"), ("by", "fdr_by")]
)
def test_corrected_values_agree_with_statsmodels(method, theirs):
    generator = np.random.default_rng(0)
    for p in (P_VALUES[::-1], generator.uniform(size=40) ** 3, np.array([0.2, 0.2, 0.01])):
        rejected, corrected, _, _ = multipletests(p, alpha=0.05, method=theirs)
        table = MultipleHypothesisCorrection(method=method).correct(p)
        assert table["p_corrected"].to_numpy() == pytest.approx(corrected)
        assert np.array_equal(table["rejected"], rejected)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(deadline=None)
def test_the_methods_are_ordered_by_strictness(p):
    corrected = {
        method: MultipleHypothesisCorrection(method=method).correct(p)["p_corrected"].to_numpy()
        for method in ("bonferroni", "holm", "bh", "by")
    }
    assert (corrected["bonferroni"] >= corrected["holm"] - 1e-12).all()
    assert (corrected["holm"] >= corrected["bh"] - 1e-12).all()
    assert (corrected["by"] >= corrected["bh"] - 1e-12).all()
    assert (corrected["bh"] >= np.array(p) - 1e-12).all()


def test_a_family_of_true_nulls_is_rarely_rejected():
    p = np.random.default_rng(0).uniform(size=(400, 10))
    for method in ("bonferroni", "holm", "bh", "by"):
        correction = MultipleHypothesisCorrection(method=method)
        rate = np.mean([correction.correct(row)["rejected"].any() for row in p])
        assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_order_and_names_are_kept():
    p = pd.Series([0.5, 0.001], index=["slow", "fast"])
    table = MultipleHypothesisCorrection().correct(p)
    assert list(table.index) == ["slow", "fast"]
    assert list(table["rejected"]) == [False, True]
    assert MultipleHypothesisCorrection().correct([]).empty


def test_what_is_no_p_value_is_refused():
    with pytest.raises(DataError, match=r"a p-value is 1\.2"):
        MultipleHypothesisCorrection().correct([0.1, 1.2])
    with pytest.raises(DataError, match="nan"):
        MultipleHypothesisCorrection().correct([0.1, np.nan])
    with pytest.raises(ConfigError, match="choose one of: bh, bonferroni, by, holm"):
        MultipleHypothesisCorrection(method="sidak")
