"""Networks as bare modules: shapes, exactness, attention, and many sets of weights at once."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from finml_core.errors import ConfigError, DataError
from finml_core.models import (
    ConvLSTMConfig,
    GRUConfig,
    HybridConfig,
    LSTMConfig,
    NeuralODEConfig,
    TransformerConfig,
)
from finml_core.models.networks import Dropout, make_network, set_stacked
from finml_core.models.networks.conv_lstm import ConvLSTMCell
from finml_core.models.networks.layers import EncoderLayer
from finml_core.models.networks.neural_ode import FlowLayer
from finml_core.models.networks.transformer import sinusoidal_encoding

CONFIGS = {
    "lstm": LSTMConfig(hidden_dim=8),
    "lstm of every part": LSTMConfig(
        hidden_dim=8, num_layers=2, bidirectional=True, residual=True, attention="additive", layer_norm=False
    ),
    "gru": GRUConfig(hidden_dim=8),
    "gru of every part": GRUConfig(hidden_dim=8, num_layers=3, bidirectional=True, residual=True, attention="dot"),
    "gru multiplicative": GRUConfig(hidden_dim=8, attention="multiplicative"),
    "transformer": TransformerConfig(d_model=8, nhead=2, dim_feedforward=16),
    "transformer of every part": TransformerConfig(
        d_model=8, nhead=4, num_encoder_layers=3, dim_feedforward=16, positional="learned", temporal=True, causal=True
    ),
    "hybrid": HybridConfig(hidden_dim=8, num_layers=2, nhead=2, num_encoder_layers=2, dim_feedforward=16),
    "conv_lstm": ConvLSTMConfig(hidden_dim=6, num_layers=2, segment=3),
    "neural_ode": NeuralODEConfig(hidden_dim=8, flow_dim=6, num_layers=2, steps_per_bar=2),
}
ATTENTIVE = [name for name in CONFIGS if name not in ("lstm", "gru", "conv_lstm", "neural_ode")]


@pytest.fixture(autouse=True)
def _one_thread():
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(params=CONFIGS)
def config(request):
    return CONFIGS[request.param]


def seeded_network(config, seed: int = 0, **sizes) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make_network(config, **{"n_features": 3, **sizes})


def windows(n: int = 5, length: int = 7, seed: int = 1, n_features: int = 3) -> torch.Tensor:
    return torch.randn(n, length, n_features, generator=torch.Generator().manual_seed(seed))


def test_an_answer_a_window_and_output(config):
    network = seeded_network(config, n_outputs=4).eval()
    x = windows()
    whole = network(x)
    assert whole.shape == (5, 4)
    np.testing.assert_allclose(torch.cat([network(x[:2]), network(x[2:])]).detach(), whole.detach(), atol=1e-6)


def test_every_weight_is_used(config):
    network = seeded_network(config)
    network(windows()).square().sum().backward()
    idle = [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    # the key's shift is the same for all bars, and a softmax does not see it
    assert [name for name in idle if "position" not in name] == []


def test_every_bar_counts_the_decision_bar_most_of_all_included(config):
    x = windows(n=1).requires_grad_()
    seeded_network(config).eval()(x).sum().backward()
    assert (x.grad.abs().sum(dim=2) > 0).all()


def test_dropout_works_in_training_only(config):
    network = seeded_network(replace(config, dropout=0.5))
    x = windows()
    torch.manual_seed(0)
    assert not torch.equal(network.train()(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


@pytest.mark.parametrize("name", ATTENTIVE)
def test_attention_weights_sum_to_one_over_the_window(name):
    network = seeded_network(CONFIGS[name]).eval()
    weights = network.attend(windows())
    assert weights.shape[0] == 5
    assert weights.shape[2] == 7
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.sum(dim=2).detach(), 1, atol=1e-5)


def test_plain_recurrent_networks_have_none():
    assert seeded_network(LSTMConfig(hidden_dim=8)).attend(windows()) is None


@pytest.mark.parametrize("causal", [False, True])
def test_asking_for_the_last_bar_only_gives_the_same_numbers(causal):
    network = seeded_network(TransformerConfig(d_model=8, nhead=2, num_encoder_layers=3, causal=causal)).eval()
    state = network._embedded(windows())
    slow = state
    for layer in network.encoder.layers:
        slow = layer(slow, causal=causal)
    np.testing.assert_allclose(network.encoder(state).detach(), slow[:, -1].detach(), atol=1e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_an_encoder_layer_is_torchs_own(causal):
    ours = EncoderLayer(8, 2, 16, dropout=0.0).eval()
    theirs = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
    names = {
        "self_attn.in_proj_weight": ours.qkv.weight, "self_attn.in_proj_bias": ours.qkv.bias,
        "self_attn.out_proj.weight": ours.out.weight, "self_attn.out_proj.bias": ours.out.bias,
        "linear1.weight": ours.wide.weight, "linear1.bias": ours.wide.bias,
        "linear2.weight": ours.narrow.weight, "linear2.bias": ours.narrow.bias,
        "norm1.weight": ours.attention_norm.weight, "norm1.bias": ours.attention_norm.bias,
        "norm2.weight": ours.wide_norm.weight, "norm2.bias": ours.wide_norm.bias,
    }  # fmt: skip
    theirs.load_state_dict(names)
    x = windows(n_features=8)
    mask = nn.Transformer.generate_square_subsequent_mask(7) if causal else None
    expected = theirs(x, src_mask=mask, is_causal=causal)
    np.testing.assert_allclose(ours(x, causal=causal).detach(), expected.detach(), atol=1e-5)


def test_a_causal_layer_sees_no_later_bar():
    layer = EncoderLayer(8, 2, 16, dropout=0.0).eval()
    x = windows(n_features=8)
    changed = x.clone()
    changed[:, 4:] *= -1.0
    before, after = layer(x, causal=True).detach(), layer(changed, causal=True).detach()
    np.testing.assert_allclose(after[:, :4], before[:, :4], atol=1e-6)
    assert not np.allclose(layer(changed).detach()[:, :4], layer(x).detach()[:, :4], atol=1e-3)


def test_a_transformer_knows_the_order_only_by_position():
    x = windows()
    shuffled = torch.cat([x[:, [3, 0, 5, 1, 4, 2]], x[:, 6:]], dim=1)
    plain = seeded_network(TransformerConfig(d_model=8, nhead=2, positional="none")).eval()
    np.testing.assert_allclose(plain(shuffled).detach(), plain(x).detach(), atol=1e-6)
    for settings in ({"positional": "sinusoidal"}, {"positional": "learned"}, {"positional": "none", "temporal": True}):
        ordered = seeded_network(TransformerConfig(d_model=8, nhead=2, **settings)).eval()
        assert not np.allclose(ordered(shuffled).detach(), ordered(x).detach(), atol=1e-4)


def test_positions_are_sines_and_cosines():
    encoding = sinusoidal_encoding(torch.tensor([0.0, 3.0]), 6).numpy()
    np.testing.assert_allclose(encoding[0], [0, 1, 0, 1, 0, 1], atol=1e-7)
    expected = [f(3 / 10_000 ** (k / 6)) for k in (0, 2, 4) for f in (np.sin, np.cos)]
    np.testing.assert_allclose(encoding[1], expected, atol=1e-6)


def test_a_window_longer_than_the_learned_positions_is_refused():
    network = seeded_network(TransformerConfig(d_model=8, nhead=2, positional="learned"))
    with pytest.raises(DataError, match="longer than the 512 learned positions"):
        network(torch.zeros(1, 513, 3))


def test_the_flow_is_the_solution_of_its_equation():
    layer = FlowLayer(1, 2, 4, steps_per_bar=8)
    matrix = torch.tensor([[-0.5, 1.0], [-1.0, -0.2]])
    layer.derivative = lambda hidden: hidden @ matrix.T
    start = torch.tensor([[1.0, -2.0]])
    exact = start @ torch.matrix_exp(matrix).T
    np.testing.assert_allclose(layer.flow(start), exact, atol=1e-5)


def test_runge_kutta_is_of_fourth_order():
    def error(steps):
        layer = FlowLayer(1, 1, 1, steps_per_bar=steps)
        layer.derivative = lambda hidden: torch.cos(hidden)  # h' = cos h has the solution asin(tanh(t)) from 0
        return abs(float(layer.flow(torch.zeros(1, 1, dtype=torch.float64))) - float(np.arcsin(np.tanh(1.0))))

    assert error(4) / error(8) == pytest.approx(16, rel=0.25)


def test_the_gates_of_a_convolutional_lstm_are_convolutions():
    cell = ConvLSTMCell(3, 4, kernel_size=3)
    x = torch.randn(2, 1, 5, 3)  # one segment: the gates of an empty state
    weight = cell.of_input.weight.view(16, 3, 3).transpose(1, 2)  # (out, in, kernel)
    gates = nn.functional.conv1d(x[:, 0].transpose(1, 2), weight, cell.of_input.bias, padding=1).transpose(1, 2)
    enter, _, fresh, leave = gates.chunk(4, dim=-1)
    expected = leave.sigmoid() * (enter.sigmoid() * fresh.tanh()).tanh()
    np.testing.assert_allclose(cell(x)[:, 0].detach(), expected.detach(), atol=1e-6)


def test_a_bidirectional_state_has_read_the_whole_window_both_ways():
    network = seeded_network(LSTMConfig(hidden_dim=8, bidirectional=True))
    x = windows()
    _, (last, _) = network.layers[0].cell(x)  # torch's own final states of both directions
    np.testing.assert_allclose(network._states(x)[1].detach(), torch.cat([*last], dim=-1).detach(), atol=1e-6)


def test_many_sets_of_weights_answer_as_each_alone(config):
    networks = [seeded_network(replace(config, dropout=0.0), seed=seed).train() for seed in range(3)]
    x = torch.stack([windows(seed=seed) for seed in range(3)])
    alone = torch.stack([network(part) for network, part in zip(networks, x)])
    alone.square().sum().backward()
    weights, buffers = stack_module_state(networks)
    template = copy.deepcopy(networks[0])
    set_stacked(template, True)
    together = vmap(lambda *state: functional_call(template, state[:2], (state[2],)))(weights, buffers, x)
    np.testing.assert_allclose(together.detach(), alone.detach(), atol=1e-5)
    together.square().sum().backward()
    for name, stacked in weights.items():
        expected = torch.stack([network.get_parameter(name).grad for network in networks])
        np.testing.assert_allclose(stacked.grad, expected, atol=1e-4, err_msg=name)


def test_dropout_keeps_the_mean_and_takes_a_given_mask():
    dropout = Dropout(0.3).train()
    x = torch.ones(400, 500)
    kept = dropout(x)
    np.testing.assert_allclose(kept.unique(), [0.0, 1 / 0.7])
    assert float(kept.mean()) == pytest.approx(1.0, abs=0.01)
    first, second = (dropout.draw((5,), x.device, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize(
    "config",
    [
        LSTMConfig(hidden_dim=512, num_layers=6, attention="additive", bidirectional=True, residual=True),
        GRUConfig(hidden_dim=512, num_layers=6),
        TransformerConfig(d_model=512, nhead=8, num_encoder_layers=6, dim_feedforward=2048),
        HybridConfig(hidden_dim=512, num_layers=6, nhead=8),
        ConvLSTMConfig(hidden_dim=512, num_layers=6),
        NeuralODEConfig(hidden_dim=512, num_layers=6, flow_dim=512),
        LSTMConfig(hidden_dim=1),
        TransformerConfig(d_model=1, nhead=1, num_encoder_layers=1, dim_feedforward=1),
        ConvLSTMConfig(hidden_dim=1, segment=1, kernel_size=1),
        NeuralODEConfig(hidden_dim=1, flow_dim=1),
    ],
    ids=lambda config: f"{type(config).__name__}-{getattr(config, 'hidden_dim', getattr(config, 'd_model', 0))}",
)
def test_sizes_reach_from_tiny_to_large(config):
    with torch.inference_mode():
        assert seeded_network(config).eval()(windows(n=2, length=3)).isfinite().all()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: LSTMConfig(attention="hard"), "choose one of: additive"),
        (lambda: TransformerConfig(d_model=10, nhead=4), "d_model is 10 and nhead 4"),
        (lambda: HybridConfig(hidden_dim=10, nhead=4), "hidden_dim is 10 and nhead 4"),
        (lambda: TransformerConfig(positional="guess"), "choose one of: learned"),
        (lambda: ConvLSTMConfig(kernel_size=4), "kernel_size is 4, but must be odd"),
        (lambda: NeuralODEConfig(steps_per_bar=0), "steps_per_bar is 0"),
        (lambda: make_network("lstm", n_features=3), "give one of: LSTMConfig"),
    ],
)
def test_settings_that_cannot_work_are_refused(make, match):
    with pytest.raises(ConfigError, match=match):
        make()
