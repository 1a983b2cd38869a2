"""Steps of recurrent layers in plain operations, forward and backward: what is differentiated again.

Source: Hochreiter, Schmidhuber, "Long Short-Term Memory", 1997; Cho et al., "Learning Phrase Representations using RNN
Encoder-Decoder", 2014.
"""

from __future__ import annotations

from typing import Any

from tensorlab.core.tensor import Tensor
from tensorlab.ops.create import full_of
from tensorlab.ops.joining import cat

MaybeTensor = Tensor | None


def step(
    x: Tensor, hidden: Tensor, cell: MaybeTensor, weight: Tensor, bias: MaybeTensor, kind: str
) -> tuple[Tensor, Any, Tensor]:
    """The next hidden state, the next cell state (an LSTM's), and the gates that the way back needs."""
    u = hidden @ weight.t()
    if bias is not None:
        u = u + bias
    if kind == "lstm":
        take, keep, new, give = (x + u).chunk(4, -1)
        take, keep, new, give = take.sigmoid(), keep.sigmoid(), new.tanh(), give.sigmoid()
        after = take * new if cell is None else keep * cell + take * new
        return give * after.tanh(), after, cat.call(([take, keep, new, give], 1))
    if kind == "gru":
        (reset_x, update_x, new_x), (reset_u, update_u, new_u) = x.chunk(3, -1), u.chunk(3, -1)
        reset, update = (reset_x + reset_u).sigmoid(), (update_x + update_u).sigmoid()
        new = (new_x + reset * new_u).tanh()
        return new + update * (hidden - new), x[:0], cat.call(([reset, update, new, new_u], 1))
    total = x + u
    return (total.tanh() if kind == "tanh" else total.relu()), x[:0], x[:, :0]


def steps_back(
    grad: Tensor,
    grad_cells: MaybeTensor,
    output: Tensor,
    cells: Tensor,
    kept: Tensor,
    gates: Tensor,
    hidden: Tensor,
    cell: MaybeTensor,
    weight: Tensor,
    bias: MaybeTensor,
    kind: str,
    backwards: bool,  # noqa: FBT001 - the schema's order
) -> tuple[Tensor, ...]:
    """Gradients of the inputs' share of the gates, of the first states, of weight and bias.

    The steps are taken anew from what went in, so that the derivatives of all that was kept are seen.
    """
    count = len(gates)
    times = list(range(count - 1, -1, -1) if backwards else range(count))
    states: list[tuple[Tensor, Any]] = [(hidden, cell)]
    made: list[Tensor] = []
    for t in times:
        h, c, found = step(gates[t], *states[-1], weight, bias, kind)
        states.append((h, c))
        made.append(found)
    d_hidden = full_of(tuple(hidden.shape), 0, hidden.dtype)
    d_cell, d_weight, d_bias = d_hidden, None, None
    d_gates: list[Any] = [None] * count
    for k in range(count - 1, -1, -1):
        t = times[k]
        d_hidden = d_hidden + grad[t]
        if grad_cells is not None:
            d_cell = d_cell + grad_cells[t]
        d_x, d_u, d_hidden, d_cell = _step_back(d_hidden, d_cell, states[k], states[k + 1], made[k], kind)
        d_gates[t] = d_x[None]
        d_hidden = d_hidden + d_u @ weight
        share = d_u.t() @ states[k][0]
        d_weight = share if d_weight is None else d_weight + share
        d_bias = d_u.sum(0) if d_bias is None else d_bias + d_u.sum(0)
    if d_weight is None or d_bias is None:
        zeros = full_of(tuple(weight.shape), 0, weight.dtype)
        return full_of(tuple(gates.shape), 0, gates.dtype), d_hidden, d_cell, zeros, zeros.sum(1)
    return cat.call((d_gates, 0)), d_hidden, d_cell, d_weight, d_bias


def _step_back(
    d_hidden: Tensor, d_cell: Tensor, before: tuple[Tensor, Any], after: tuple[Tensor, Any], kept: Tensor, kind: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of the gates' two shares, and what goes on to the states before beside their product."""
    none = d_hidden * 0
    if kind == "lstm":
        take, keep, new, give = kept.chunk(4, -1)
        bent = after[1].tanh()
        d_cell = d_cell + d_hidden * give * (1 - bent * bent)
        shares = (d_cell * new * take * (1 - take), d_cell * before[1] * keep * (1 - keep))
        shares += (d_cell * take * (1 - new * new), d_hidden * bent * give * (1 - give))
        d_x = cat.call((list(shares), 1))
        return d_x, d_x, none, d_cell * keep
    if kind == "gru":
        reset, update, new, new_u = kept.chunk(4, -1)
        d_new = d_hidden * (1 - update) * (1 - new * new)
        d_update = d_hidden * (before[0] - new) * update * (1 - update)
        d_reset = d_new * new_u * reset * (1 - reset)
        d_x = cat.call(([d_reset, d_update, d_new], 1))
        return d_x, cat.call(([d_reset, d_update, d_new * reset], 1)), d_hidden * update, d_cell
    result = after[0]
    d_x = d_hidden * (1 - result * result) if kind == "tanh" else d_hidden * (result > 0)
    return d_x, d_x, none, d_cell
