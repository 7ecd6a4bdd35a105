"""Trained together, every fold ends where it would have ended alone."""

import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from finml_core.errors import ConfigError, DataError
from finml_core.models import (
    ConvLSTMConfig,
    Fold,
    GRUConfig,
    HybridConfig,
    LSTMConfig,
    ModelError,
    NeuralODEConfig,
    SequenceClassifier,
    SequenceRegressor,
    TrainConfig,
    TrainingCancelled,
    TransformerConfig,
    fit_folds,
)
from finml_core.models.sequence import is_faster_together

TRAIN = TrainConfig(epochs=4, batch_size=48, learning_rate=5e-3, patience=2, device="cpu")
NETWORKS = {
    "lstm": LSTMConfig(hidden_dim=6, num_layers=2, dropout=0.3),
    "gru": GRUConfig(hidden_dim=6, bidirectional=True, attention="dot", dropout=0.2),
    "transformer": TransformerConfig(d_model=8, nhead=2, dim_feedforward=8, dropout=0.1, temporal=True),
    "hybrid": HybridConfig(hidden_dim=8, nhead=2, dim_feedforward=8, dropout=0.1),
    "conv_lstm": ConvLSTMConfig(hidden_dim=4, segment=2, dropout=0.1),
    "neural_ode": NeuralODEConfig(hidden_dim=6, flow_dim=6, dropout=0.1),
}


def make_folds(world, n_folds: int = 4) -> list[Fold]:
    """Expanding folds, so that sizes differ much."""
    stamps = world.X.index.get_level_values("ts").unique()
    folds = []
    for number in range(n_folds):
        rows = world.X.index.get_level_values("ts") < stamps[70 + 40 * number]
        weight = np.linspace(0.5, 1.5, int(rows.sum()))
        folds.append(Fold(X=world.X[rows], y=world.y[rows], sample_weight=weight, label_end=world.label_end[rows]))
    return folds


def make_models(n: int, kind=SequenceClassifier, network=NETWORKS["lstm"], train=TRAIN, **settings):
    return [kind(network=network, train=replace(train, seed=seed), sequence_length=6, **settings) for seed in range(n)]


def both_ways(folds, context, **settings):
    together = fit_folds(make_models(len(folds), **settings), folds, context=context, together=True)
    apart = fit_folds(make_models(len(folds), **settings), folds, context=context, together=False)
    return together, apart


def assert_alike(together, apart, X):
    for one, other in zip(together, apart, strict=True):
        assert [epoch["epoch"] for epoch in one.history_] == [epoch["epoch"] for epoch in other.history_]
        assert one.best_epoch_ == other.best_epoch_
        for name in ("train_loss", "validation_loss"):
            losses = [[epoch[name] for epoch in model.history_] for model in (one, other)]
            np.testing.assert_allclose(*losses, atol=2e-4)
        method = "predict_proba" if hasattr(one, "classes_") else "predict"
        np.testing.assert_allclose(getattr(one, method)(X), getattr(other, method)(X), atol=1e-3)


@pytest.mark.parametrize("name", NETWORKS)
def test_folds_trained_together_end_as_each_alone_dropout_included(name, world):
    assert_alike(*both_ways(make_folds(world), world.X, network=NETWORKS[name]), world.X)


@pytest.mark.parametrize("schedule", ["plateau", "constant"])
def test_each_fold_has_its_own_schedule_and_stops_by_itself(schedule, no_skill):
    folds = make_folds(no_skill)
    train = replace(TRAIN, epochs=12, schedule=schedule, plateau_patience=1, learning_rate=2e-2)
    together, apart = both_ways(folds, no_skill.X, network=GRUConfig(hidden_dim=6), train=train)
    assert len({len(model.history_) for model in apart}) > 1
    assert [len(model.history_) for model in together] == [len(model.history_) for model in apart]
    assert [model.best_epoch_ for model in together] == [model.best_epoch_ for model in apart]


def test_tails_of_different_length_are_judged_whole(world, monkeypatch):
    monkeypatch.setattr("finml_core.models.training.together.EVALUATION_BATCH", 16)  # 4 windows of each of 4 folds
    assert_alike(*both_ways(make_folds(world), world.X, network=GRUConfig(hidden_dim=6)), world.X)


def test_groups_and_folds_without_context_or_tail(world):
    folds = make_folds(world, 3)
    train = replace(TRAIN, validation_share=0.0)
    together = fit_folds(make_models(3, train=train), folds, together=True, at_once=2)
    apart = fit_folds(make_models(3, train=train), folds, together=False)
    assert_alike(together, apart, world.X)


def test_returns_quantiles_and_horizons_too(world):
    folds = [
        replace(fold, y=0.01 * pd.DataFrame({"1": fold.X["feature_0"], "5": fold.X["feature_1"]}).to_numpy())
        for fold in make_folds(world, 2)
    ]
    settings = {"kind": SequenceRegressor, "quantiles": (0.25, 0.5, 0.75)}
    together, apart = both_ways(folds, world.X, **settings)
    assert_alike(together, apart, world.X)
    assert together[0].predict_quantiles(world.X).shape == (600, 2, 3)


def test_features_far_from_standard_lose_nothing(world):
    context = world.X * [1, 1e-4, 1e4, 1, 1, 1] + [0, 0, 1e6, 0, 0, 0]
    folds = [replace(fold, X=context.loc[fold.X.index]) for fold in make_folds(world, 2)]
    assert_alike(*both_ways(folds, context), context)


def test_seeds_of_one_fold_are_trained_together(world):
    fold = make_folds(world, 1)[0]
    models = fit_folds(make_models(3), [fold] * 3, context=world.X, together=True)
    p = [model.predict_proba(world.X)[:, 1] for model in models]
    assert np.nanmax(np.abs(p[0] - p[1])) > 1e-3
    assert np.nanmax(np.abs(p[1] - p[2])) > 1e-3


def test_progress_and_cancelling(world):
    events, calls = [], []
    models = make_models(2, progress=events.append)
    fit_folds(models, make_folds(world, 2), context=world.X, together=True)
    assert {event["epoch"] for event in events} == {1, 2, 3, 4}
    assert events[-1]["windows_per_second"] > 0
    models = make_models(2, should_stop=lambda: calls.append(None) or len(calls) > 3)
    with pytest.raises(TrainingCancelled, match="cancelled in epoch 1 of 4"):
        fit_folds(models, make_folds(world, 2), context=world.X, together=True)
    assert not hasattr(models[0], "network_")


def test_too_little_memory_is_answered_with_fewer_at_once(world, monkeypatch):
    from finml_core.models.sequence import folds as module

    tried = []

    def scarce(members, *arguments, **settings):
        tried.append(len(members))
        if len(members) > 1:
            raise torch.OutOfMemoryError("no memory left")
        return module_train(members, *arguments, **settings)

    module_train = module.train_together
    monkeypatch.setattr(module, "train_together", scarce)
    models = fit_folds(make_models(3), make_folds(world, 3), context=world.X, together=True, at_once=4)
    assert tried == [3, 2, 1, 1, 1]
    assert all(hasattr(model, "network_") for model in models)


def test_a_loss_that_is_no_number_is_told(world):
    fold = make_folds(world, 1)[0]
    train = replace(TRAIN, learning_rate=1e30, gradient_clip=1e30)
    with pytest.raises(ModelError, match="use a smaller learning rate"):
        fit_folds(make_models(1, train=train), [fold], context=world.X, together=True)


@pytest.fixture
def two_threads():
    """As on a machine of two cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_folds_trained_apart_a_thread_a_core_have_the_bits_of_each_alone(name, world, two_threads):
    folds = make_folds(world)
    beside = fit_folds(make_models(4, network=NETWORKS[name]), folds, context=world.X, together=False)
    assert torch.get_num_threads() == 2
    for model, alone, fold in zip(beside, make_models(4, network=NETWORKS[name]), folds, strict=True):
        alone.fit(fold.X, fold.y, fold.sample_weight, fold.label_end, world.X)
        assert alone.history_ == model.history_
        np.testing.assert_array_equal(alone.predict_proba(world.X), model.predict_proba(world.X))


def test_several_are_trained_at_the_same_time(world, two_threads):
    met = threading.Barrier(2, timeout=60)  # broken, and an error, unless two trainings are under way at once

    def meet(event):
        if event["epoch"] == 1:
            met.wait()

    fit_folds(make_models(4, progress=meet), make_folds(world), context=world.X, together=False)


def test_a_training_that_fails_or_is_cancelled_stops_those_beside_it(world, two_threads):
    events = []
    train = replace(TRAIN, epochs=10_000, patience=10_000)
    models = make_models(2, train=train, progress=events.append)
    models[1].should_stop = lambda: len(events) > 3
    with pytest.raises(TrainingCancelled):
        fit_folds(models, make_folds(world, 2), context=world.X, together=False)
    assert len(events) < 10_000
    wild = replace(TRAIN, epochs=10_000, patience=10_000, learning_rate=1e30, gradient_clip=1e30)
    with pytest.raises(ModelError, match="use a smaller learning rate"):
        fit_folds(make_models(2, train=wild), make_folds(world, 2), context=world.X, together=False)


def test_models_that_differ_are_refused(world):
    folds = make_folds(world, 2)
    models = make_models(2)
    with pytest.raises(ConfigError, match="2 models for 1 folds"):
        fit_folds(models, folds[:1])
    with pytest.raises(ConfigError, match="twice"):
        fit_folds([models[0]] * 2, folds)
    with pytest.raises(ConfigError, match="more than their seeds"):
        fit_folds([models[0], *make_models(1, network=GRUConfig())], folds)
    with pytest.raises(DataError, match="different features"):
        fit_folds(models, [folds[0], replace(folds[1], X=folds[1].X.rename(columns={"feature_0": "z"}))])


@pytest.mark.parametrize(
    ("network", "device", "batch_size", "expected"),
    [
        (LSTMConfig(hidden_dim=512), "cuda", 256, True),
        (LSTMConfig(hidden_dim=16), "cpu", 64, False),
        (GRUConfig(hidden_dim=32), "cpu", 64, True),
        (GRUConfig(hidden_dim=32), "cpu", 256, False),
        (GRUConfig(hidden_dim=64), "cpu", 64, False),
        (ConvLSTMConfig(hidden_dim=16), "cpu", 64, True),
        (TransformerConfig(d_model=16, nhead=2), "cpu", 64, False),
    ],
)
def test_one_program_is_the_default_where_it_is_faster(network, device, batch_size, expected, world, monkeypatch):
    assert is_faster_together(network, torch.device(device), batch_size, 20) is expected
    if device == "cpu":
        asked = []
        monkeypatch.setattr(
            "finml_core.models.sequence.folds.train_together", lambda *_, **__: asked.append(1) or 1 / 0
        )
        train = replace(TRAIN, epochs=1, batch_size=batch_size)
        models = [SequenceClassifier(network=network, train=train, sequence_length=20)]
        if expected:
            with pytest.raises(ZeroDivisionError):
                fit_folds(models, make_folds(world, 1))
        else:
            fit_folds(models, make_folds(world, 1))
        assert bool(asked) is expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", NETWORKS)
def test_a_gpu_ends_where_the_cpu_does(name, world):
    network = replace(NETWORKS[name], dropout=0.0)
    on_cpu = fit_folds(make_models(2, network=network), make_folds(world, 2), context=world.X, together=True)
    train = replace(TRAIN, device="cuda", mixed_precision=False)
    on_gpu = fit_folds(make_models(2, network=network, train=train), make_folds(world, 2), context=world.X)
    for one, other in zip(on_cpu, on_gpu, strict=True):
        np.testing.assert_allclose(one.predict_proba(world.X), other.predict_proba(world.X), atol=5e-3)
