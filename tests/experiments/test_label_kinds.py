"""Every label of which 1 says up can be the outcome of an experiment."""

from dataclasses import replace

import pytest

from finml_core.errors import ConfigError
from finml_core.experiments import run_experiment
from finml_core.experiments.config import UP_OR_DOWN
from finml_core.labels import LabelConfig
from finml_core.models import ModelType


@pytest.mark.parametrize("weights", ["none", "time_decay"])
@pytest.mark.parametrize("kind", [kind for kind in UP_OR_DOWN if kind != "direction"])
def test_labels_of_another_kind_are_predicted_out_of_sample(kind, weights, small, market):
    label = LabelConfig(kind=kind, horizon=8, weights=weights)
    result = run_experiment(replace(small, label=label, models=(ModelType.NAIVE, ModelType.LOGISTIC)), market)
    predictions = result.tables["predictions"]
    assert predictions["p_raw"].between(0, 1).all()
    assert set(predictions["y_true"].dropna()) == {0.0, 1.0}
    assert (result.tables["diagnostics"]["overlapping_pairs"] == 0).all()
    leaks = result.tables["audits"].set_index("check")
    assert leaks.loc[["purge", "labels"], "passed"].all()


@pytest.mark.parametrize("kind", ["return", "quantile"])
def test_a_label_without_up_and_down_is_refused(kind, small):
    with pytest.raises(ConfigError, match="predicts up or down; choose one of: direction"):
        replace(small, label=LabelConfig(kind=kind))
