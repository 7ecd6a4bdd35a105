"""The loop: resumed to the bit, sparing with memory, honest about a loss that is none."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from finml_core.models import LSTMConfig, ModelError, SequenceClassifier, TrainConfig, TrainingCancelled
from finml_core.models.networks import make_network
from finml_core.models.training import (
    Callback,
    Checkpoint,
    EarlyStopping,
    GradientClipping,
    LearningRateSchedule,
    WindowData,
    seeded,
    train_network,
    train_with_smaller_batches,
)
from finml_core.models.training.device import frugal_threads
from finml_core.models.training.windows import gather_windows

CONFIG = TrainConfig(epochs=6, batch_size=32, learning_rate=5e-3, patience=6, device="cpu")
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread():
    with frugal_threads(fresh_network(), 1):
        yield


def make_data(n_windows: int = 150, seed: int = 0) -> WindowData:
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(n_windows + 4, 3, generator=generator)
    end = torch.arange(4, n_windows + 4)
    target = (matrix[end, :1] > 0).float()
    return WindowData(matrix=matrix, end=end, target=target, weight=torch.ones(n_windows), length=5)


def fresh_network() -> nn.Module:
    with seeded(0, CPU):
        return make_network(LSTMConfig(hidden_dim=6, num_layers=2, dropout=0.3), n_features=3)


def weights_of(state) -> np.ndarray:
    return torch.cat([value.flatten() for value in state.network.state_dict().values()]).numpy()


class StopAt(Callback):
    """Interrupts before a batch."""

    def __init__(self, step: int):
        self.step = step

    def on_batch_start(self, state):
        if state.step == self.step:
            raise TrainingCancelled("stopped by the test")


class Recorder(Callback):
    """Keeps the learning rate of each step."""

    def __init__(self):
        self.rates = []

    def on_backward(self, state):
        self.rates.append(state.optimizer.learning_rate)


def test_gathered_windows_are_plain_slices():
    matrix = torch.arange(24.0).reshape(8, 3)
    windows = gather_windows(matrix, torch.tensor([3, 7, 2]), 3)
    for window, end in zip(windows, (3, 7, 2)):
        torch.testing.assert_close(window, matrix[end - 2 : end + 1])


@pytest.mark.parametrize("step", [3, 5, 12, 29])
def test_a_resumed_training_ends_with_the_same_bits(step, tmp_path):
    train, validation = make_data(), make_data(60, seed=1)

    def run(*extra):
        callbacks = [LearningRateSchedule(), GradientClipping(), EarlyStopping(), *extra]
        return train_network(fresh_network(), train, validation, CONFIG, callbacks)

    whole = run()
    with pytest.raises(TrainingCancelled):
        run(Checkpoint(tmp_path, "a"), StopAt(step))
    resumed = run(Checkpoint(tmp_path, "a"))
    np.testing.assert_array_equal(weights_of(resumed), weights_of(whole))
    assert resumed.history == whole.history
    assert (resumed.best_epoch, resumed.step) == (whole.best_epoch, whole.step)


def test_a_finished_training_is_not_repeated(tmp_path):
    steps = Recorder()
    first = train_network(fresh_network(), make_data(), None, CONFIG, [Checkpoint(tmp_path, "a")])
    again = train_network(fresh_network(), make_data(), None, CONFIG, [Checkpoint(tmp_path, "a"), steps])
    assert not steps.rates
    np.testing.assert_array_equal(weights_of(again), weights_of(first))


@pytest.mark.parametrize("harm", ["identity", "cut"])
def test_a_checkpoint_of_something_else_is_passed_over(harm, tmp_path):
    whole = train_network(fresh_network(), make_data(), None, CONFIG)
    train_network(fresh_network(), make_data(seed=5), None, CONFIG, [Checkpoint(tmp_path, "other")])
    if harm == "cut":
        (path,) = tmp_path.iterdir()
        path.write_bytes(path.read_bytes()[:200])
    state = train_network(fresh_network(), make_data(), None, CONFIG, [Checkpoint(tmp_path, "a")])
    np.testing.assert_array_equal(weights_of(state), weights_of(whole))


def test_an_estimator_resumes_from_its_folder(world, tmp_path):
    settings = {"network": LSTMConfig(hidden_dim=8), "train": CONFIG, "sequence_length": 5}
    expected = SequenceClassifier(**settings).fit(world.X, world.y).predict_proba(world.X)
    calls = []
    interrupted = SequenceClassifier(
        **settings, checkpoint_folder=tmp_path, should_stop=lambda: calls.append(None) or len(calls) > 40
    )
    with pytest.raises(TrainingCancelled):
        interrupted.fit(world.X, world.y)
    events = []
    resumed = SequenceClassifier(**settings, checkpoint_folder=tmp_path, progress=events.append).fit(world.X, world.y)
    assert events[0]["epoch"] > 1
    np.testing.assert_array_equal(resumed.predict_proba(world.X), expected)


def test_too_little_memory_is_answered_with_half_the_batch():
    class Greedy(Callback):
        def on_batch_start(self, state):
            if state.config.batch_size > 10:
                raise torch.OutOfMemoryError("no memory left")

    state = train_with_smaller_batches(fresh_network, make_data(), None, CONFIG, [Greedy()])
    assert state.config.batch_size == 8
    small = train_network(fresh_network(), make_data(), None, replace(CONFIG, batch_size=8))
    np.testing.assert_allclose(weights_of(state), weights_of(small), atol=1e-6)


def test_memory_that_suffices_for_nothing_is_told():
    class Starved(Callback):
        def on_batch_start(self, state):
            raise torch.OutOfMemoryError("no memory left")

    with pytest.raises(ModelError, match=r"too little memory for batches of 8 windows.*device=cpu"):
        train_with_smaller_batches(fresh_network, make_data(), None, CONFIG, [Starved()])


def test_a_loss_that_is_no_number_is_told():
    data = make_data()
    data.matrix[10] = torch.nan
    with pytest.raises(ModelError, match="the training loss is nan after epoch 1"):
        train_network(fresh_network(), data, None, CONFIG)


def test_the_rate_climbs_to_its_peak_and_falls_to_nothing():
    recorder = Recorder()
    config = replace(CONFIG, epochs=10, warmup_share=0.2)
    train_network(fresh_network(), make_data(), None, config, [LearningRateSchedule(), recorder])
    peak = int(np.argmax(recorder.rates))
    assert max(recorder.rates) == config.learning_rate
    assert peak == pytest.approx(0.2 * len(recorder.rates), abs=1)
    assert (np.diff(recorder.rates[:peak]) > 0).all()
    assert (np.diff(recorder.rates[peak + 1 :]) < 0).all()
    assert recorder.rates[-1] < 0.01 * config.learning_rate


def test_a_long_gradient_is_shortened():
    class Norm(Callback):
        def on_backward(self, state):
            norms = [parameter.grad.norm() for parameter in state.network.parameters()]
            assert torch.stack(norms).norm() <= state.config.gradient_clip * 1.001

    config = replace(CONFIG, gradient_clip=1e-3)
    train_network(fresh_network(), make_data(), None, config, [GradientClipping(), Norm()])


def test_steps_are_those_of_torchs_own_optimizer_to_the_bit():
    from finml_core.models.training.adamw import AdamW

    ours, theirs = fresh_network(), fresh_network()
    mine = AdamW(ours.parameters(), learning_rate=1e-2, weight_decay=0.1)
    reference = torch.optim.AdamW(theirs.parameters(), lr=1e-2, weight_decay=0.1, foreach=True)
    data = make_data()
    for number, (windows, target, _) in enumerate(data.batches(32)):
        mine.learning_rate = reference.param_groups[0]["lr"] = 1e-2 / (1 + number)
        mine.clear_gradients()
        reference.zero_grad()
        for network in (ours.eval(), theirs.eval()):
            nn.functional.binary_cross_entropy_with_logits(network(windows), target).backward()
        if number == 1:  # a weight that took no part stands still, and counts its own steps
            ours.head.bias.grad = theirs.head.bias.grad = None
        mine.step()
        reference.step()
    for weight, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(weight, other)


STARTS_LIGHT = """
import sys
import torch
from finml_core.models import TrainConfig
from tests.models.training.test_trainer import fresh_network, make_data, train_network
train_network(fresh_network(), make_data(), None, TrainConfig(epochs=1, device="cpu"))
sys.exit(", ".join({"torch._dynamo", "torch._inductor", "sympy"} & set(sys.modules)) or 0)
"""


def test_training_starts_without_torchs_compiler():
    subprocess.run([sys.executable, "-c", STARTS_LIGHT], check=True, cwd=Path(__file__).parents[3], timeout=120)
