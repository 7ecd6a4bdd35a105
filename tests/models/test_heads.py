"""Losses with known answers, and quantiles that cannot cross."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss, mean_pinball_loss

from finml_core.errors import ConfigError
from finml_core.models.heads import Head


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-50, 50, width=32), min_size=6, max_size=6))
def test_quantiles_rise_whatever_the_network_says(raw):
    read = Head(kind="quantile", n_horizons=2, quantiles=(0.1, 0.5, 0.9)).read(torch.tensor([raw]))
    assert read.shape == (1, 2, 3)
    assert (read.diff(dim=-1) >= 0).all()


def test_losses_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    raw, y = generator.normal(size=(50, 1)), generator.integers(0, 2, (50, 1)).astype(float)
    loss = Head().loss(torch.tensor(raw), torch.tensor(y))
    assert float(loss.mean()) == pytest.approx(log_loss(y[:, 0], 1 / (1 + np.exp(-raw[:, 0]))))
    squared = Head(kind="return").loss(torch.tensor(raw), torch.tensor(y))
    np.testing.assert_allclose(squared, ((raw - y) ** 2)[:, 0])
    head = Head(kind="quantile", quantiles=(0.2, 0.7))
    raw = torch.tensor(generator.normal(size=(50, 2)))
    stated = head.read(raw)[:, 0].numpy()
    expected = np.mean([mean_pinball_loss(y[:, 0], stated[:, k], alpha=level) for k, level in enumerate((0.2, 0.7))])
    assert float(head.loss(raw, torch.tensor(y)).mean()) == pytest.approx(expected)


def test_an_outcome_that_is_not_known_counts_for_nothing():
    head = Head(n_horizons=3)
    raw = torch.tensor([[0.5, -1.0, 2.0]], requires_grad=True)
    some = head.loss(raw, torch.tensor([[1.0, torch.nan, 0.0]]))
    alone = Head(n_horizons=2).loss(raw[:, [0, 2]], torch.tensor([[1.0, 0.0]]))
    assert some.item() == pytest.approx(alone.item())
    some.sum().backward()
    assert raw.grad[0, 1] == 0
    assert head.loss(raw, torch.full((1, 3), torch.nan)).item() == 0


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"kind": "poem"}, "choose one of: direction, quantile, return"),
        ({"kind": "quantile"}, "only 'quantile' takes some"),
        ({"quantiles": (0.5,)}, "only 'quantile' takes some"),
        ({"kind": "quantile", "quantiles": (0.5, 0.5)}, "levels that rise"),
        ({"kind": "quantile", "quantiles": (0.0, 0.5)}, "above 0"),
        ({"n_horizons": 0}, "n_horizons is 0"),
    ],
)
def test_a_head_that_cannot_be_is_refused(arguments, match):
    with pytest.raises(ConfigError, match=match):
        Head(**arguments)
