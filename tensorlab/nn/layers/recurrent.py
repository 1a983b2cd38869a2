"""Recurrent cells and layers: RNN, LSTM, GRU.

Source: Elman, "Finding Structure in Time", 1990; Hochreiter, Schmidhuber, "Long Short-Term Memory", 1997; Cho et al.,
"Learning Phrase Representations using RNN Encoder-Decoder", 2014.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from tensorlab.autograd import Tensor
from tensorlab.core.dtype import DType
from tensorlab.core.op import lookup
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.nn import functional as F
from tensorlab.nn import init
from tensorlab.nn.layers.linear import new_parameter
from tensorlab.nn.module import Module
from tensorlab.ops.recurrent import recurrent_steps

State = tuple[Tensor, ...]


def rnn_step(x: Tensor, hidden: Tensor, weights: Sequence[Any], nonlinearity: str) -> Tensor:
    """``tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)``, or relu of it; ``x`` has gone through its weight already."""
    total = x + F.linear(hidden, weights[0], weights[1])
    return total.tanh() if nonlinearity == "tanh" else total.relu()


def lstm_step(x: Tensor, state: State, weights: Sequence[Any]) -> State:
    """The next hidden and cell state; the gates come in the order input, forget, cell, output."""
    hidden, cell = state
    gates = x + F.linear(hidden, weights[0], weights[1])
    take, keep, new, give = gates.chunk(4, -1)
    cell = keep.sigmoid() * cell + take.sigmoid() * new.tanh()
    return give.sigmoid() * cell.tanh(), cell


def gru_step(x: Tensor, hidden: Tensor, weights: Sequence[Any]) -> Tensor:
    """The next hidden state; the gates come in the order reset, update, new."""
    reset_x, update_x, new_x = x.chunk(3, -1)
    reset_h, update_h, new_h = F.linear(hidden, weights[0], weights[1]).chunk(3, -1)
    update = (update_x + update_h).sigmoid()
    new = (new_x + (reset_x + reset_h).sigmoid() * new_h).tanh()
    return new + update * (hidden - new)


def _zeros_like(x: Tensor, *shape: int) -> Tensor:
    (zeros,) = lookup("aten::zeros")
    return zeros.call((shape, x.dtype))


class Cell(Module):
    """One step of a recurrent layer: what the cells share."""

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,  # noqa: FBT001 - torch's signature
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = self.gates * hidden_size
        self.weight_ih = new_parameter(rows, input_size, dtype=dtype)
        self.weight_hh = new_parameter(rows, hidden_size, dtype=dtype)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, new_parameter(rows, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform numbers within one over the square root of the hidden size."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _start(self, input: Tensor) -> Tensor:
        if input.shape[-1] != self.input_size or len(input.shape) not in (1, 2):
            raise ShapeError(
                f"{type(self).__name__}: expected input of shape [N, {self.input_size}] or [{self.input_size}], got "
                f"{list(input.shape)}"
            )
        return _zeros_like(input, *input.shape[:-1], self.hidden_size)

    def _projected(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight_ih, self.bias_ih)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(Cell):
    """One step of an `RNN`."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,  # noqa: FBT001
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = _nonlinearity(nonlinearity)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        hidden = self._start(input) if hx is None else hx
        return rnn_step(self._projected(input), hidden, (self.weight_hh, self.bias_hh), self.nonlinearity)

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class LSTMCell(Cell):
    """One step of an `LSTM`: gives the hidden and the cell state."""

    gates = 4

    def forward(self, input: Tensor, hx: State | None = None) -> State:
        start = self._start(input)
        return lstm_step(self._projected(input), (start, start) if hx is None else hx, (self.weight_hh, self.bias_hh))


class GRUCell(Cell):
    """One step of a `GRU`."""

    gates = 3

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        hidden = self._start(input) if hx is None else hx
        return gru_step(self._projected(input), hidden, (self.weight_hh, self.bias_hh))


def _nonlinearity(name: str) -> str:
    if name not in ("tanh", "relu"):
        raise RangeError(f"Unknown nonlinearity '{name}'. Select from 'tanh' or 'relu'.")
    return name


def _check_options(name: str, hidden_size: Any, num_layers: int, dropout: Any, proj_size: int) -> None:
    if not isinstance(hidden_size, int):
        raise ArgumentError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
    for what, value in (("hidden_size", hidden_size), ("num_layers", num_layers)):
        if value <= 0:
            raise RangeError(f"{name}: {what} must be greater than zero")
    if isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise RangeError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )
    if proj_size:
        raise RangeError(f"{name}: proj_size is not taken, got {proj_size}")


class Recurrent(Module):
    """Layers over a sequence: what RNN, LSTM and GRU share.

    Shape: ``[L, N, input] -> [L, N, directions * hidden]``, or without N; ``[N, L, input]`` with ``batch_first``.
    """

    gates = 1
    states = 1
    kind = "tanh"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,  # noqa: FBT001
        batch_first: bool = False,  # noqa: FBT001
        dropout: float = 0.0,
        bidirectional: bool = False,  # noqa: FBT001
        proj_size: int = 0,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        _check_options(type(self).__name__, hidden_size, num_layers, dropout, proj_size)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional = bidirectional
        rows = self.gates * hidden_size
        for layer in range(num_layers):
            inputs = input_size if layer == 0 else hidden_size * self._directions
            for suffix in self._suffixes(layer):
                setattr(self, f"weight_ih_{suffix}", new_parameter(rows, inputs, dtype=dtype))
                setattr(self, f"weight_hh_{suffix}", new_parameter(rows, hidden_size, dtype=dtype))
                if bias:
                    setattr(self, f"bias_ih_{suffix}", new_parameter(rows, dtype=dtype))
                    setattr(self, f"bias_hh_{suffix}", new_parameter(rows, dtype=dtype))
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffixes(self, layer: int) -> tuple[str, ...]:
        return (f"l{layer}", f"l{layer}_reverse")[: self._directions]

    def reset_parameters(self) -> None:
        """Uniform numbers within one over the square root of the hidden size."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def run(self, input: Tensor, states: State | None) -> tuple[Tensor, State]:
        """All layers over a sequence; gives the last layer's hidden states, and the states at the end.

        Raises: `ShapeError` for an input or a state of another shape.
        """
        name = type(self).__name__
        if len(input.shape) not in (2, 3) or input.shape[-1] != self.input_size:
            raise ShapeError(f"{name}: expected input of shape [L, N, {self.input_size}], got {list(input.shape)}")
        alone = len(input.shape) == 2
        x = input.unsqueeze(1) if alone else input.transpose(0, 1) if self.batch_first else input
        shape = (self.num_layers * self._directions, x.shape[1], self.hidden_size)
        given = (_zeros_like(x, *shape),) * self.states if states is None else states
        if alone and states is not None:
            given = tuple(s.unsqueeze(1) for s in states)
        for s in given:
            if tuple(s.shape) != shape:
                raise ShapeError(f"{name}: expected hidden size {shape}, got {list(s.shape)}")
        ends: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                x = F.dropout(x, self.dropout)
            sides: list[Tensor] = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                at = layer * self._directions + direction
                steps, end = self._sequence(x, tuple(s[at] for s in given), suffix, backwards=direction == 1)
                sides.append(steps)
                ends.append(end)
            x = sides[0] if len(sides) == 1 else _cat(sides, -1)
        finals = tuple(_stack([end[k] for end in ends], 0) for k in range(self.states))
        if alone:
            return x.squeeze(1), tuple(f.squeeze(1) for f in finals)
        return (x.transpose(0, 1) if self.batch_first else x), finals

    def _sequence(self, x: Tensor, state: State, suffix: str, *, backwards: bool) -> tuple[Tensor, State]:
        """One direction of one layer; the inputs' product with their weight is one for all steps."""
        bias_ih, bias_hh = (getattr(self, f"bias_{k}_{suffix}") if self.bias else None for k in ("ih", "hh"))
        projected = F.linear(x, getattr(self, f"weight_ih_{suffix}"), bias_ih)
        cell = state[1] if self.states > 1 else None
        args = (projected, state[0], cell, getattr(self, f"weight_hh_{suffix}"), bias_hh, self.kind, backwards)
        hiddens, cells, _ = recurrent_steps.call(args)
        last = 0 if backwards else -1
        if not len(x):
            return hiddens, state
        return hiddens, (hiddens[last], cells[last]) if self.states > 1 else (hiddens[last],)

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        parts += [f"num_layers={self.num_layers}"] if self.num_layers != 1 else []
        parts += [] if self.bias else ["bias=False"]
        parts += ["batch_first=True"] if self.batch_first else []
        parts += [f"dropout={self.dropout}"] if self.dropout else []
        parts += ["bidirectional=True"] if self.bidirectional else []
        return ", ".join(parts)


def _cat(tensors: list[Tensor], dim: int) -> Tensor:
    return lookup("aten::cat")[0].call((tensors, dim))


def _stack(tensors: list[Tensor], dim: int) -> Tensor:
    return lookup("aten::stack")[0].call((tensors, dim))


class RNN(Recurrent):
    """A plain recurrent network: ``h' = tanh(W x + U h + b)``."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,  # noqa: FBT001
        batch_first: bool = False,  # noqa: FBT001
        dropout: float = 0.0,
        bidirectional: bool = False,  # noqa: FBT001
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        options = (bias, batch_first, dropout, bidirectional)
        super().__init__(input_size, hidden_size, num_layers, *options, device=device, dtype=dtype)
        self.nonlinearity = _nonlinearity(nonlinearity)

    @property
    def kind(self) -> str:
        """What a step does, by the name that the loops know."""
        return self.nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        result, (hidden,) = self.run(input, None if hx is None else (hx,))
        return result, hidden


class LSTM(Recurrent):
    """Long short-term memory."""

    gates = 4
    states = 2
    kind = "lstm"

    def forward(self, input: Tensor, hx: State | None = None) -> tuple[Tensor, State]:
        return self.run(input, hx)


class GRU(Recurrent):
    """Gated recurrent units."""

    gates = 3
    kind = "gru"

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        result, (hidden,) = self.run(input, None if hx is None else (hx,))
        return result, hidden
