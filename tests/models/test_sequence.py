"""Windows, scaling, stopping: what could go wrong without anyone seeing it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from finml_core.errors import ConfigError, DataError
from finml_core.models import (
    ConvLSTMConfig,
    GRUConfig,
    HybridConfig,
    LSTMConfig,
    NeuralODEConfig,
    SequenceClassifier,
    TrainConfig,
    TrainingCancelled,
    TransformerConfig,
)
from finml_core.schemas import KEY

QUICK = TrainConfig(epochs=3, batch_size=64, learning_rate=5e-3, device="cpu")
SMALL = LSTMConfig(hidden_dim=8, dropout=0.0)


def make_model(**settings) -> SequenceClassifier:
    return SequenceClassifier(**{"network": SMALL, "train": QUICK, "sequence_length": 6, **settings})


def p_up(model, X, context=None):
    return model.predict_proba(X, context)[:, 1]


@pytest.mark.parametrize(
    "network",
    [
        LSTMConfig(hidden_dim=32, dropout=0.0),
        GRUConfig(hidden_dim=32, dropout=0.0),
        TransformerConfig(dropout=0.0),
        HybridConfig(dropout=0.0),
        ConvLSTMConfig(hidden_dim=32, segment=3, dropout=0.0),
        NeuralODEConfig(dropout=0.0),
    ],
    ids=lambda network: type(network).__name__,
)
def test_a_network_learns_64_windows_by_heart(network, world):
    X = world.X.iloc[:69]  # of one symbol: 64 windows of 6 rows
    y = pd.Series(np.random.default_rng(5).integers(0, 2, len(X)), index=X.index)
    train = TrainConfig(
        epochs=120, batch_size=64, learning_rate=1e-2, weight_decay=0.0, validation_share=0.0, device="cpu"
    )
    model = make_model(network=network, train=train).fit(X, y)
    assert model.n_windows_ == 64
    assert (model.predict(X)[5:] == y[5:]).mean() > 0.99


@pytest.mark.parametrize(("bars_before", "can_know"), [(-1, False), (0, True), (5, True), (6, False)])
def test_a_window_of_six_ends_at_the_decision_row_and_begins_five_before(bars_before, can_know):
    generator = np.random.default_rng(2)
    ts = pd.bdate_range("2015-01-01", periods=700).astype("datetime64[us]")
    y = pd.Series(generator.integers(0, 2, 700).astype(float), index=ts)
    # the label of a row stands in the row so many bars before it, and nowhere else
    X = pd.DataFrame({"clue": y.shift(-bars_before).fillna(0.5), "noise": generator.normal(size=700)})
    train = replace(QUICK, epochs=40, learning_rate=2e-2, validation_share=0.0)
    model = make_model(train=train).fit(X[:500], y[:500], context=X)
    auc = roc_auc_score(y[500:], p_up(model, X[500:], X))
    assert auc > 0.95 if can_know else abs(auc - 0.5) < 0.12


def test_windows_are_those_of_a_slow_loop_and_never_cross_symbols(world):
    model = make_model().fit(world.X, world.y)
    p = p_up(model, world.X)
    for position in [0, 4, 5, 6, 150, 199, 200, 204, 205, 399, 403, 405, 599]:
        symbol, ts = world.X.index[position]
        own = world.X.loc[symbol]
        window = own[own.index <= ts].tail(6)
        if len(window) < 6:
            assert np.isnan(p[position])
            continue
        scaled = np.clip((window.to_numpy() - model.mean_) / model.scale_, -10, 10)
        with torch.inference_mode():
            score = model.network_(torch.from_numpy(scaled.astype(np.float32))[None])
        assert p[position] == pytest.approx(float(torch.sigmoid(score)), abs=1e-5)


def test_another_symbols_rows_change_nothing(world):
    model = make_model().fit(world.X, world.y)
    changed = world.X.copy()
    changed.loc["S1"] = 99.0
    before, after = p_up(model, world.X), p_up(model, changed)
    is_other = world.X.index.get_level_values("symbol") != "S1"
    np.testing.assert_allclose(after[is_other], before[is_other], atol=1e-6)


def test_cutting_the_future_changes_no_prediction(world):
    model = make_model().fit(world.X, world.y)
    early = world.X[world.X.index.get_level_values("ts") <= world.X.index[120][1]]
    whole = pd.Series(p_up(model, world.X), index=world.X.index)[early.index]
    np.testing.assert_allclose(p_up(model, early), whole, atol=1e-6)


def test_context_bridges_the_gap_that_a_purged_fold_leaves(world):
    ts = world.X.index.get_level_values("ts")
    stamps = ts.unique()
    is_train = (ts < stamps[60]) | (ts >= stamps[100])
    X, y = world.X[is_train], world.y[is_train]
    with_context = make_model().fit(X, y, context=world.X)
    blind = make_model().fit(X, y)
    # with context each row after the gap keeps its own bars: only the first 5 of each symbol lack a window
    assert with_context.n_windows_ + 3 * 5 < len(X) + 1
    first_after = X.index.get_loc(("S0", stamps[100]))
    own_window = world.X.loc["S0"].iloc[95:101]
    expected = p_up(with_context, own_window.iloc[-1:], own_window)[0]
    assert p_up(with_context, X, world.X)[first_after] == pytest.approx(expected, abs=1e-6)
    assert p_up(with_context, X)[first_after] != pytest.approx(expected, abs=1e-6)
    assert not np.allclose(blind.network_.head.weight.detach(), with_context.network_.head.weight.detach())


def test_prediction_of_a_test_block_is_that_of_the_whole_frame(world):
    model = make_model().fit(world.X, world.y)
    block = world.X[world.X.index.get_level_values("ts") >= world.X.index[150][1]]
    whole = pd.Series(p_up(model, world.X), index=world.X.index)[block.index]
    np.testing.assert_allclose(p_up(model, block, world.X), whole, atol=1e-6)
    assert np.isnan(p_up(model, block)).sum() == 3 * 5


def test_a_row_with_a_missing_feature_silences_the_windows_over_it(world):
    model = make_model().fit(world.X, world.y)
    X = world.X.copy()
    X.iloc[50, 2] = np.nan
    p = p_up(model, X)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(p[10:190])), np.arange(40, 46))


def test_scaling_is_learned_from_the_training_rows_only(world):
    ts = world.X.index.get_level_values("ts")
    is_train = ts < world.X.index[100][1]
    wild = world.X.copy()
    wild[~is_train] = 1e6
    model = make_model(train=replace(QUICK, validation_share=0.0)).fit(
        world.X[is_train], world.y[is_train], context=wild
    )
    has_window = world.X.groupby("symbol").cumcount() >= 5
    learned = world.X[is_train & has_window].to_numpy()
    np.testing.assert_allclose(model.mean_, learned.mean(axis=0))
    np.testing.assert_allclose(model.scale_, learned.std(axis=0))


def test_scaling_leaves_the_validation_tail_out(world):
    stamps = world.X.index.get_level_values("ts").unique()
    is_tail = world.X.index.get_level_values("ts") >= stamps[-20]
    wild = world.X.copy()
    wild[is_tail] += 1e4
    plain = make_model().fit(world.X, world.y, label_end=world.label_end)
    shifted = make_model().fit(wild, world.y, label_end=world.label_end)
    np.testing.assert_array_equal(plain.mean_, shifted.mean_)


def test_rows_whose_label_reaches_into_the_tail_are_left_out(world):
    with_ends = make_model().fit(world.X, world.y, label_end=world.label_end)
    without = make_model().fit(world.X, world.y)
    assert without.n_windows_ - with_ends.n_windows_ == 3 * 5


def test_labels_of_the_purged_rows_change_nothing(world):
    # windows exist from bar 5 on; of those 195 timestamps the last 29 are the tail, the 5 before it are purged
    stamps = world.X.index.get_level_values("ts").unique()
    tail = len(stamps) - round(0.15 * (len(stamps) - 5))
    is_purged = world.X.index.get_level_values("ts").isin(stamps[tail - 5 : tail])
    flipped = world.y.where(~is_purged, 1 - world.y)
    expected = p_up(make_model().fit(world.X, world.y, label_end=world.label_end), world.X)
    model = make_model().fit(world.X, flipped, label_end=world.label_end)
    np.testing.assert_array_equal(p_up(model, world.X), expected)


def test_early_stopping_keeps_the_best_epoch(no_skill):
    train = TrainConfig(epochs=40, patience=2, learning_rate=2e-2, batch_size=64, device="cpu")
    model = make_model(network=LSTMConfig(hidden_dim=16, dropout=0.0), train=train)
    model.fit(no_skill.X, no_skill.y, label_end=no_skill.label_end)
    losses = [epoch["validation_loss"] for epoch in model.history_]
    assert len(losses) < 40
    assert model.best_epoch_ == int(np.argmin(losses)) + 1
    assert len(losses) == model.best_epoch_ + 2


def test_training_can_be_cancelled_between_batches(world):
    calls = []

    def should_stop():
        calls.append(None)
        return len(calls) > 3

    model = make_model(should_stop=should_stop)
    with pytest.raises(TrainingCancelled, match="cancelled in epoch 1 of 3"):
        model.fit(world.X, world.y)
    assert len(calls) == 4
    assert not hasattr(model, "classes_")


def test_progress_is_told_after_each_epoch_and_survives_a_clone(world):
    events = []
    model = clone(make_model(progress=events.append))
    model.fit(world.X, world.y)
    assert [event["epoch"] for event in events] == [1, 2, 3]
    assert events[-1]["epochs"] == 3
    assert events[-1]["windows_per_second"] > 0
    keys = ("epoch", "train_loss", "validation_loss")
    assert [{key: event[key] for key in keys} for event in events] == model.history_


def test_torchs_own_randomness_and_threads_are_left_alone(world):
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    n_threads = torch.get_num_threads()
    make_model().fit(world.X, world.y).predict_proba(world.X)
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == n_threads


def test_a_plain_frame_is_one_symbol(world):
    X, y = world.X.loc["S0"], world.y.loc["S0"]
    model = make_model().fit(X, y)
    assert np.isnan(p_up(model, X)).sum() == 5
    np.testing.assert_array_equal(p_up(model, X), p_up(model, pd.concat({"S0": X}, names=list(KEY))))


def test_classes_may_have_any_name(world):
    named = np.where(world.y == 1, "up", "down")
    model = make_model().fit(world.X, named)
    assert list(model.classes_) == ["down", "up"]
    assert set(model.predict(world.X)) == {None, "down", "up"}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda world: {"X": world.X.to_numpy()}, "need a frame indexed"),
        (lambda world: {"y": world.y * 0}, "1 classes"),
        (lambda world: {"y": world.y.iloc[:-1]}, "give one outcome a row"),
        (lambda world: {"y": world.y.where(world.y.index != world.y.index[3])}, "y is missing in 1 rows"),
        (lambda world: {"sample_weight": np.zeros(len(world.X))}, "0 in every row"),
        (lambda world: {"sample_weight": np.full(len(world.X), -1.0)}, "at least 0"),
        (lambda world: {"context": world.X.iloc[10:]}, "not in the context"),
        (lambda world: {"context": world.X.drop(columns="feature_1")}, "no column 'feature_1'"),
        (lambda world: {"context": pd.concat([world.X, world.X.iloc[:1]])}, "twice"),
    ],
)
def test_what_cannot_work_is_refused_with_its_reason(change, match, world):
    with pytest.raises(DataError, match=match):
        make_model().fit(**{"X": world.X, "y": world.y, **change(world)})


def test_a_window_longer_than_history_is_refused(world):
    with pytest.raises(DataError, match="none of 600 training rows has a full window of 500"):
        make_model(sequence_length=500).fit(world.X, world.y)


def test_a_device_that_is_not_there_is_refused(world):
    with pytest.raises(ConfigError, match="this machine has"):
        make_model(train=replace(QUICK, device="cuda:63")).fit(world.X, world.y)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_gpu_and_cpu_agree(world):
    settings = replace(QUICK, mixed_precision=False)
    on_cpu = p_up(make_model(train=settings).fit(world.X, world.y), world.X)
    on_gpu = p_up(make_model(train=replace(settings, device="cuda")).fit(world.X, world.y), world.X)
    np.testing.assert_allclose(on_gpu, on_cpu, atol=5e-3)
