"""A state that flows by a learned differential equation between bars."""

import torch
from torch import Tensor, nn

from finml_core.models.configs.networks import NeuralODEConfig
from finml_core.models.networks.layers import Dropout


class FlowLayer(nn.Module):
    """Between bars dh/dt = f(h); at each bar h turns as in a GRU (Rubanova, Chen & Duvenaud, 2019, "ODE-RNN").

    The flow is solved by the classical Runge-Kutta method with fixed steps, and its gradient is that of the steps:
    exact for what was computed, the same on every run, and one program for many sets of weights. An adaptive solver
    with the adjoint method (as in torchdiffeq, whose last release is of 2024) would be none of the three.
    """

    def __init__(self, n_inputs: int, hidden_dim: int, flow_dim: int, steps_per_bar: int):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.steps_per_bar = steps_per_bar
        self.wide = nn.Linear(hidden_dim, flow_dim)
        self.narrow = nn.Linear(flow_dim, hidden_dim)
        self.of_input = nn.Linear(n_inputs, 3 * hidden_dim)
        self.of_state = nn.Linear(hidden_dim, 3 * hidden_dim)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        gate_input = self.of_input(x)
        hidden = torch.zeros_like(gate_input[:, 0, : self.hidden_dim])
        states = []
        for step in range(x.shape[1]):
            if step:
                hidden = self.flow(hidden)
            hidden = self._turned(gate_input[:, step], hidden)
            states.append(hidden)
        return torch.stack(states, dim=1)  # (B, T, H)

    def derivative(self, hidden: Tensor) -> Tensor:
        """f(h), between -1 and 1, so that the state cannot run away."""
        return torch.tanh(self.narrow(torch.tanh(self.wide(hidden))))

    def flow(self, hidden: Tensor) -> Tensor:
        """The state one bar later, by fourth-order Runge-Kutta steps."""
        length = 1.0 / self.steps_per_bar
        for _ in range(self.steps_per_bar):
            first = self.derivative(hidden)
            second = self.derivative(hidden + 0.5 * length * first)
            third = self.derivative(hidden + 0.5 * length * second)
            fourth = self.derivative(hidden + length * third)
            hidden = hidden + length / 6 * (first + 2 * second + 2 * third + fourth)
        return hidden

    def _turned(self, gate_input: Tensor, hidden: Tensor) -> Tensor:
        reset_in, keep_in, fresh_in = gate_input.chunk(3, dim=-1)
        reset_state, keep_state, fresh_state = self.of_state(hidden).chunk(3, dim=-1)
        keep = torch.sigmoid(keep_in + keep_state)
        fresh = torch.tanh(fresh_in + torch.sigmoid(reset_in + reset_state) * fresh_state)
        return torch.lerp(fresh, hidden, keep)


class NeuralODENetwork(nn.Module):
    """Flow layers, the state after the decision bar, layer norm, dropout, a linear head."""

    def __init__(self, config: NeuralODEConfig, *, n_features: int, n_outputs: int = 1):
        super().__init__()
        self.layers = nn.ModuleList(
            FlowLayer(
                config.hidden_dim if depth else n_features, config.hidden_dim, config.flow_dim, config.steps_per_bar
            )
            for depth in range(config.num_layers)
        )
        self.between = nn.ModuleList(Dropout(config.dropout) for _ in range(config.num_layers - 1))
        self.norm = nn.LayerNorm(config.hidden_dim) if config.layer_norm else nn.Identity()
        self.dropout = Dropout(config.dropout)
        self.head = nn.Linear(config.hidden_dim, n_outputs)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        hidden = self.layers[0](x)
        for dropout, layer in zip(self.between, self.layers[1:], strict=True):
            hidden = layer(dropout(hidden))
        return self.head(self.dropout(self.norm(hidden[:, -1])))  # (B, C)
