"""LSTM and GRU over a window for many sets of weights at once, with their gradients written out.

torch's own kernels know one set of weights. Here each step is one batched product for all sets, and the backward pass
keeps activations only and gathers the weights' gradients in one product at the end. `lstm_scan` and `gru_scan` take
one set; under torch.func.vmap their rule takes all sets in one run.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import linear


def lstm_scan(x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """Hidden states (T, B, H) of an LSTM over x (T, B, F), from a state of 0; weights in torch's order i, f, g, o."""
    return _LSTM.apply(linear(x, w_ih, b_ih + b_hh), w_hh)


def gru_scan(x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """Hidden states (T, B, H) of a GRU over x (T, B, F), from a state of 0; weights in torch's order r, z, n."""
    return _GRU.apply(linear(x, w_ih, b_ih), w_hh, b_hh)


class _Scan(Function):
    """One set of weights is many of one; vmap's rule hands all sets to `many`."""

    many: type[Function]

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing to keep: gradients are those of `many`."""

    @classmethod
    def _together(cls, info: Any, in_dims: tuple[int | None, ...], *operands: Tensor) -> tuple[Tensor, int]:
        stacked = [
            operand.movedim(dim, 0) if dim is not None else operand.expand(info.batch_size, *operand.shape)
            for operand, dim in zip(operands, in_dims, strict=True)
        ]
        return cls.many.apply(*stacked), 0


class _ManyLSTM(Function):
    """Gate inputs (M, T, B, 4H) and recurrent weights (M, 4H, H) to hidden states (M, T, B, H)."""

    @staticmethod
    def forward(ctx: Any, gate_input: Tensor, weight: Tensor) -> Tensor:
        n_models, length, n_rows, width = gate_input.shape
        size = width // 4
        gates = torch.empty_like(gate_input)
        cells, squashed, hidden = (gate_input.new_empty(n_models, length, n_rows, size) for _ in range(3))
        backwards = weight.transpose(1, 2)
        for step in range(length):
            now = (
                gate_input[:, step] if step == 0 else torch.baddbmm(gate_input[:, step], hidden[:, step - 1], backwards)
            )
            gate = gates[:, step]
            torch.sigmoid(now, out=gate)
            torch.tanh(now[..., 2 * size : 3 * size], out=gate[..., 2 * size : 3 * size])
            enter, forget, fresh, leave = gate.split(size, dim=-1)
            cell = enter * fresh
            if step:
                cell.addcmul_(forget, cells[:, step - 1])
            cells[:, step] = cell
            torch.tanh(cell, out=squashed[:, step])
            torch.mul(leave, squashed[:, step], out=hidden[:, step])
        ctx.save_for_backward(gates, cells, squashed, hidden, weight)
        return hidden

    @staticmethod
    def backward(ctx: Any, grad_hidden: Tensor) -> tuple[Tensor, Tensor]:
        gates, cells, squashed, hidden, weight = ctx.saved_tensors
        length, size = hidden.shape[1], hidden.shape[3]
        grad_gates = torch.empty_like(gates)
        into_hidden = into_cell = None
        for step in range(length - 1, -1, -1):
            enter, forget, fresh, leave = gates[:, step].split(size, dim=-1)
            of_hidden = grad_hidden[:, step] if into_hidden is None else grad_hidden[:, step] + into_hidden
            of_cell = of_hidden * leave * (1 - squashed[:, step].square())
            if into_cell is not None:
                of_cell += into_cell
            grad = grad_gates[:, step]
            torch.mul(of_cell * fresh, enter * (1 - enter), out=grad[..., :size])
            if step:
                torch.mul(of_cell * cells[:, step - 1], forget * (1 - forget), out=grad[..., size : 2 * size])
            else:
                grad[..., size : 2 * size] = 0.0
            torch.mul(of_cell * enter, 1 - fresh.square(), out=grad[..., 2 * size : 3 * size])
            torch.mul(of_hidden * squashed[:, step], leave * (1 - leave), out=grad[..., 3 * size :])
            into_cell = of_cell * forget
            into_hidden = torch.bmm(grad, weight)
        grad_weight = _outer(grad_gates[:, 1:], hidden[:, :-1])
        return grad_gates, grad_weight


class _LSTM(_Scan):
    many = _ManyLSTM

    @staticmethod
    def forward(gate_input: Tensor, weight: Tensor) -> Tensor:
        return _ManyLSTM.apply(gate_input[None], weight[None])[0]

    @staticmethod
    def vmap(info: Any, in_dims: Any, *operands: Tensor) -> tuple[Tensor, int]:
        return _LSTM._together(info, in_dims, *operands)


class _ManyGRU(Function):
    """Gate inputs (M, T, B, 3H), recurrent weights (M, 3H, H) and biases (M, 3H) to hidden states (M, T, B, H)."""

    @staticmethod
    def forward(ctx: Any, gate_input: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        n_models, length, n_rows, width = gate_input.shape
        size = width // 3
        gates = torch.empty_like(gate_input)  # r, z, n after their squashing
        recalled, hidden = (gate_input.new_empty(n_models, length, n_rows, size) for _ in range(2))
        backwards, bias = weight.transpose(1, 2), bias[:, None]
        for step in range(length):
            if step:
                from_state = torch.baddbmm(bias, hidden[:, step - 1], backwards)
            else:
                from_state = bias.expand(-1, n_rows, -1)
            gate = gates[:, step]
            now = gate_input[:, step]
            torch.sigmoid(now[..., : 2 * size] + from_state[..., : 2 * size], out=gate[..., : 2 * size])
            reset, keep, fresh = gate.split(size, dim=-1)
            recalled[:, step] = from_state[..., 2 * size :]
            torch.tanh(torch.addcmul(now[..., 2 * size :], reset, recalled[:, step]), out=fresh)
            if step:
                torch.lerp(fresh, hidden[:, step - 1], keep, out=hidden[:, step])
            else:
                torch.mul(fresh, 1 - keep, out=hidden[:, step])
        ctx.save_for_backward(gates, recalled, hidden, weight)
        return hidden

    @staticmethod
    def backward(ctx: Any, grad_hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        gates, recalled, hidden, weight = ctx.saved_tensors
        length, size = hidden.shape[1], hidden.shape[3]
        grad_input, grad_state = torch.empty_like(gates), torch.empty_like(gates)
        into_hidden = None
        for step in range(length - 1, -1, -1):
            reset, keep, fresh = gates[:, step].split(size, dim=-1)
            of_hidden = grad_hidden[:, step] if into_hidden is None else grad_hidden[:, step] + into_hidden
            before = hidden[:, step - 1] if step else torch.zeros_like(fresh)
            grad = grad_input[:, step]
            of_fresh = of_hidden * (1 - keep) * (1 - fresh.square())
            grad[..., 2 * size :] = of_fresh
            torch.mul(of_hidden * (before - fresh), keep * (1 - keep), out=grad[..., size : 2 * size])
            torch.mul(of_fresh * recalled[:, step], reset * (1 - reset), out=grad[..., :size])
            state = grad_state[:, step]
            state[..., : 2 * size] = grad[..., : 2 * size]
            torch.mul(of_fresh, reset, out=state[..., 2 * size :])
            into_hidden = torch.baddbmm(of_hidden * keep, state, weight)
        grad_weight = _outer(grad_state[:, 1:], hidden[:, :-1])
        return grad_input, grad_weight, grad_state.sum(dim=(1, 2))


class _GRU(_Scan):
    many = _ManyGRU

    @staticmethod
    def forward(gate_input: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return _ManyGRU.apply(gate_input[None], weight[None], bias[None])[0]

    @staticmethod
    def vmap(info: Any, in_dims: Any, *operands: Tensor) -> tuple[Tensor, int]:
        return _GRU._together(info, in_dims, *operands)


def _outer(grad: Tensor, state: Tensor) -> Tensor:
    """Sum over time and rows of grad x state: (M, T, B, G), (M, T, B, H) to (M, G, H)."""
    return torch.bmm(grad.flatten(1, 2).transpose(1, 2), state.flatten(1, 2))
