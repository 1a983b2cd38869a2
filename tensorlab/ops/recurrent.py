"""All steps of one recurrent layer in one call: LSTM, GRU and the plain network.

The inputs' share of the gates is one product for all steps, made before; what is left goes step by step, in a loop that
calls BLAS itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dispatch import MODES
from tensorlab.core.dtype import DType
from tensorlab.core.layout import layout
from tensorlab.core.op import declare
from tensorlab.core.recurrent_loops import GATES, KEPT, backward_loop, forward_loop
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, ShapeError
from tensorlab.ops.blas import LETTERS, address
from tensorlab.ops.create import full_of
from tensorlab.ops.joining import cat
from tensorlab.ops.matmul import mm
from tensorlab.ops.movement import call_evaluator, reshape, slice_, t
from tensorlab.ops.normalisation import in_rows, place
from tensorlab.ops.recurrent_formulas import step, steps_back
from tensorlab.ops.reduce import sum_dim

MaybeTensor = Tensor | None

recurrent_steps = declare(
    "tensorlab::recurrent_steps(Tensor gates, Tensor hidden, Tensor? cell, Tensor weight, Tensor? bias, str kind, "
    "bool backwards) -> (Tensor output, Tensor cells, Tensor kept)"
)
recurrent_steps_backward = declare(
    "tensorlab::recurrent_steps_backward(Tensor grad, Tensor? grad_cells, Tensor output, Tensor cells, Tensor kept, "
    "Tensor gates, Tensor hidden, Tensor? cell, Tensor weight, Tensor? bias, str kind, bool backwards) -> "
    "(Tensor grad_gates, Tensor grad_hidden, Tensor grad_cell, Tensor grad_weight, Tensor grad_bias)"
)

_loops: dict[tuple[str, str, DType], Loop] = {}


def steps_loop(way: str, kind: str, dtype: DType) -> Loop:
    """The loop of a layer, ``forward`` or ``backward``."""
    found = _loops.get((way, kind, dtype))
    if found is None:
        text = (forward_loop if way == "forward" else backward_loop)(kind, dtype)
        found = _loops[way, kind, dtype] = compile_loop(text.source, text.signature, label=text.label)
    return found


@recurrent_steps.rule("type")
def recurrent_steps_type(
    gates: TensorType,
    hidden: TensorType,
    cell: TensorType | None,
    weight: TensorType,
    bias: TensorType | None,
    kind: str,
    backwards: bool,  # noqa: FBT001 - the schema's order
) -> tuple[TensorType, TensorType, TensorType]:
    """Hidden states of all steps; an LSTM's cells; what the way back needs of the gates.

    Shape:  gates ``[L, N, G * H]``, hidden and cell ``[N, H]``, weight ``[G * H, H]``, bias ``[G * H]``.
    Raises: `ShapeError`, `DTypeError`.
    """
    shape, (batch, n) = gates.sizes, hidden.sizes
    wide = GATES[kind] * n
    fits = len(shape) == 3 and shape[1:] == (batch, wide) and weight.sizes == (wide, n)
    if not fits or (bias is not None and bias.sizes != (wide,)):
        raise ShapeError(
            f"recurrent_steps: got gates {list(shape)}, hidden {[batch, n]} and weight {list(weight.sizes)}; "
            f"takes [L, N, {GATES[kind]}H], [N, H] and [{GATES[kind]}H, H]"
        )
    given = [p.dtype for p in (gates, hidden, cell, weight, bias) if p is not None]
    if any(d is not gates.dtype for d in given) or gates.dtype is None or not gates.dtype.is_floating_point:
        names = ", ".join(d.name if d else "unknown" for d in given)
        raise DTypeError(f"recurrent_steps: takes tensors of one floating point dtype, got {names}")
    steps = shape[0]
    return (
        TensorType(gates.dtype, (steps, batch, n)),
        TensorType(gates.dtype, (steps, batch, n) if kind == "lstm" else (0,)),
        TensorType(gates.dtype, (steps, batch, KEPT[kind] * n)),
    )


@recurrent_steps.rule("call")
@widened
def recurrent_steps_call(
    gates: Tensor,
    hidden: Tensor,
    cell: MaybeTensor,
    weight: Tensor,
    bias: MaybeTensor,
    kind: str,
    backwards: bool,  # noqa: FBT001
) -> tuple[Tensor, Tensor, Tensor]:
    optional = [None if p is None else p.type for p in (cell, bias)]
    types = recurrent_steps_type(gates.type, hidden.type, optional[0], weight.type, optional[1], kind, backwards)
    dtype = gates.dtype
    output, cells, kept = (fresh(layout(dtype, kind_of.sizes)) for kind_of in types)
    routine = address(f"{LETTERS[dtype]}gemm")
    steps, batch, n = output.shape
    if not output.numel():
        return output, cells, kept
    if not routine:
        return _plainly(_step_by_step, gates, hidden, cell, weight, bias, kind, backwards)
    x, h, w = in_rows(gates), in_rows(hidden), in_rows(weight)
    c, b = (None if p is None else in_rows(p) for p in (cell, bias))
    room = Storage.empty(batch * GATES[kind] * n * dtype.itemsize)
    results = (output.address, cells.address, kept.address)
    operands = (x.address, h.address, place(c), w.address, place(b), room.address)
    steps_loop("forward", kind, dtype).entry(routine, steps, int(backwards), batch, n, *results, *operands)
    return output, cells, kept


def _plainly(body: Callable[..., tuple[Tensor, ...]], *args: Any) -> Any:
    """A body of plain operations below autograd and tracing, as other bodies are."""
    token = MODES.set(())
    try:
        return body(*(a.as_view(a.layout, a.offset) if isinstance(a, Tensor) else a for a in args))
    finally:
        MODES.reset(token)


def _step_by_step(
    gates: Tensor,
    hidden: Tensor,
    cell: MaybeTensor,
    weight: Tensor,
    bias: MaybeTensor,
    kind: str,
    backwards: bool,  # noqa: FBT001
) -> tuple[Tensor, Tensor, Tensor]:
    """In plain operations: where BLAS cannot be called by its address."""
    steps = len(gates)
    made: list[Any] = [None] * steps
    state: tuple[Tensor, Any] = (hidden, cell)
    for k in range(steps - 1, -1, -1) if backwards else range(steps):
        made[k] = found = step(gates[k], *state, weight, bias, kind)
        state = found[:2]
    empty = full_of((0,), 0, gates.dtype)
    hiddens, cells, kept = ([m[k][None] for m in made] for k in range(3))
    return cat.call((hiddens, 0)), cat.call((cells, 0)) if kind == "lstm" else empty, cat.call((kept, 0))


@recurrent_steps.vjp("gates", "hidden", "cell", "weight", "bias")
def recurrent_steps_vjp(
    g_output: MaybeTensor,
    g_cells: MaybeTensor,
    output: Tensor,
    cells: Tensor,
    kept: Tensor,
    gates: Tensor,
    hidden: Tensor,
    cell: MaybeTensor,
    weight: Tensor,
    bias: MaybeTensor,
    kind: str,
    backwards: bool,  # noqa: FBT001
) -> tuple[Any, ...]:
    if g_output is None and g_cells is None:
        return (None,) * 5
    grad = full_of(tuple(output.shape), 0, output.dtype) if g_output is None else g_output
    args = (grad, g_cells, output, cells, kept, gates, hidden, cell, weight, bias, kind, backwards)
    found = recurrent_steps_backward.call(args)
    return (*found[:2], None if cell is None else found[2], found[3], None if bias is None else found[4])


@recurrent_steps_backward.rule("type")
def recurrent_steps_backward_type(
    grad: TensorType,
    grad_cells: TensorType | None,
    output: TensorType,
    cells: TensorType,
    kept: TensorType,
    gates: TensorType,
    hidden: TensorType,
    cell: TensorType | None,
    weight: TensorType,
    *_: object,
) -> tuple[TensorType, ...]:
    return gates, hidden, hidden, weight, TensorType(gates.dtype, weight.sizes[:1])


@recurrent_steps_backward.rule("call")
@widened
def recurrent_steps_backward_call(
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
    backwards: bool,  # noqa: FBT001
) -> tuple[Tensor, ...]:
    """The way back through the steps; the weight's gradient is one product over all of them."""
    dtype, (steps, batch, n) = gates.dtype, output.shape
    wide = GATES[kind] * n
    routine = address(f"{LETTERS[dtype]}gemm")
    if not output.numel() or not routine:
        return _plainly(
            steps_back, grad, grad_cells, output, cells, kept, gates, hidden, cell, weight, bias, kind, backwards
        )
    form = layout(dtype, (steps, batch, wide))
    d_gates = fresh(form)
    d_hiddens = fresh(form) if kind == "gru" else d_gates
    d_hidden, d_cell = (full_of((batch, n), 0, dtype) for _ in range(2))
    g, out, h, w = in_rows(grad), in_rows(output), in_rows(hidden), in_rows(weight)
    gc, c = (None if p is None else in_rows(p) for p in (grad_cells, cell))
    room = Storage.empty(batch * n * dtype.itemsize)
    results = (d_gates.address, d_hiddens.address, d_hidden.address, d_cell.address)
    operands = (g.address, place(gc), out.address, in_rows(cells).address, in_rows(kept).address, h.address, place(c))
    entry = steps_loop("backward", kind, dtype).entry
    entry(routine, steps, int(backwards), batch, n, *results, *operands, w.address, room.address)
    first = reshape.run((h, (1, batch, n)))
    rest = slice_.run((out, 0, 1, None, 1) if backwards else (out, 0, 0, -1, 1))
    before = reshape.run((cat.run(([rest, first] if backwards else [first, rest], 0)), (steps * batch, n)))
    rows = reshape.run((d_hiddens, (steps * batch, wide)))
    return d_gates, d_hidden, d_cell, mm.run((t.run((rows,)), before)), sum_dim.run((rows, [0], False, None))


recurrent_steps_backward.rule("composite")(steps_back)

for _op in (recurrent_steps, recurrent_steps_backward):
    call_evaluator(_op)
