"""Linear layers and attention, written in plain operations."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.core.op import Op, declare, lookup
from tensorlab.core.pointwise import finish_pointwise
from tensorlab.core.shape import broadcast_shapes
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import ArgumentError, DTypeError, ShapeError
from tensorlab.ops.added_products import addmm
from tensorlab.ops.movement import call_evaluator

MaybeTensor = Tensor | None
LIMIT = 1024  # layouts that were found to fit; beyond it the table starts over
_met: set[tuple[object, ...]] = set()


def _remember(form: tuple[object, ...]) -> None:
    if len(_met) >= LIMIT:
        _met.clear()
    _met.add(form)


linear = declare("linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor")


@linear.rule("type")
def linear_type(input: TensorType, weight: TensorType, bias: TensorType | None) -> TensorType:
    """``[..., k], [m, k], [m] -> [..., m]``; a weight of one dimension gives ``[...]``.

    Raises: `ShapeError`, `DTypeError` where dtypes differ.
    """
    x, w = (t.sizes for t in (input, weight))
    if not x or len(w) not in (1, 2):
        raise ShapeError(f"linear: takes an input of at least 1 and a weight of 1 or 2 dimensions, got {x} and {w}")
    if x[-1] != w[-1]:
        raise ShapeError(
            f"linear: mat1 and mat2 shapes cannot be multiplied ({math.prod(x[:-1])}x{x[-1]} and "
            f"{'x'.join(map(str, w[::-1]))})"
        )
    if len(w) == 1 and bias is not None:
        raise ShapeError(f"linear: with a bias, weight must be a matrix, got {len(w)} dimension")
    for name, part in (("weight", weight), ("bias", bias)):
        if part is not None and part.dtype is not input.dtype:
            raise DTypeError(f"linear: {name} has dtype {part.dtype!r}, the input {input.dtype!r}; takes one dtype")
    shape = (*x[:-1], *w[:-1])
    if bias is not None and broadcast_shapes(shape, bias.sizes, op="linear") != shape:
        raise ShapeError(f"linear: a bias of shape {bias.shape} does not broadcast to {shape}")
    return TensorType(input.dtype, shape)


@linear.rule("composite")
def linear_composite(input: Tensor, weight: Tensor, bias: MaybeTensor) -> Tensor:
    """``input @ weight.T + bias``: one BLAS call, with the bias in it, for a matrix."""
    form = (input.layout, weight.layout, None if bias is None else bias.layout)
    if form not in _met:
        linear_type(input.type, weight.type, None if bias is None else bias.type)
        _remember(form)
    if bias is not None and len(input.layout.shape) == 2 and len(weight.layout.shape) == 2:
        return addmm.call((bias, input, weight.t(), 1, 1))
    product = input.matmul(weight.t() if len(weight.shape) == 2 else weight)
    return product if bias is None else product + bias


attention = declare(
    "scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, "
    "float dropout_p=0.0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor"
)


@attention.rule("type")
def attention_type(
    query: TensorType,
    key: TensorType,
    value: TensorType,
    attn_mask: TensorType | None,
    dropout_p: float,
    is_causal: bool,  # noqa: FBT001 - the schema's order
    scale: float | None,
    enable_gqa: bool,  # noqa: FBT001
) -> TensorType:
    """``[..., L, E], [..., S, E], [..., S, V] -> [..., L, V]``.

    Raises: `ShapeError`, `DTypeError`, `ArgumentError` for a mask together with ``is_causal``.
    """
    q, k, v = (t.sizes for t in (query, key, value))
    name = "scaled_dot_product_attention"
    if min(len(q), len(k), len(v)) < 2:
        raise ShapeError(f"{name}: takes tensors of at least 2 dimensions, got {len(q)}, {len(k)} and {len(v)}")
    if not query.dtype is key.dtype is value.dtype:
        raise DTypeError(
            f"{name}: expected query, key, and value to have the same dtype, but got {query.dtype!r}, {key.dtype!r} "
            f"and {value.dtype!r} instead"
        )
    if attn_mask is not None and is_causal:
        raise ArgumentError(f"{name}: explicit attn_mask should not be set when is_causal=True")
    if q[-1] != k[-1] or k[-2] != v[-2]:
        raise ShapeError(f"{name}: query {q}, key {k} and value {v} do not fit: takes [L, E], [S, E] and [S, V]")
    if enable_gqa:
        k, v = ((*t[:-3], q[-3], *t[-2:]) for t in (k, v))
    lead = broadcast_shapes(q[:-2], k[:-2], v[:-2], op=name)
    return TensorType(query.dtype, (*lead, q[-2], v[-1]))


@attention.rule("composite")
def attention_composite(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: MaybeTensor,
    dropout_p: float,
    is_causal: bool,  # noqa: FBT001
    scale: float | None,
    enable_gqa: bool,  # noqa: FBT001
) -> Tensor:
    """``softmax(q @ k.T * scale + mask) @ v``; a row whose mask shuts everything out gives zeros.

    Source: Vaswani et al., "Attention Is All You Need", 2017, 3.2.1.
    """
    mask_layout = None if attn_mask is None else attn_mask.layout
    form = (query.layout, key.layout, value.layout, mask_layout, is_causal, enable_gqa)
    if form not in _met:
        types = (query.type, key.type, value.type, None if attn_mask is None else attn_mask.type)
        attention_type(*types, dropout_p, is_causal, scale, enable_gqa)
        _remember(form)
    if enable_gqa:
        key, value = (_repeated(t, query.shape[-3] // t.shape[-3]) for t in (key, value))
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = (query * factor).matmul(key.transpose(-2, -1))
    if is_causal:
        attn_mask = _causal(query.shape[-2], key.shape[-2])
    shut: MaybeTensor = None
    if attn_mask is not None and attn_mask.dtype.name == "bool":
        shut = attn_mask.logical_not()
        scores = _masked(scores, shut, -math.inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    weights = scores.softmax(-1)
    if shut is not None:
        weights = _masked(weights, shut.all(-1, True), 0.0)
    if dropout_p:
        weights = dropped(weights, dropout_p)
    return weights.matmul(value)


def _repeated(t: Tensor, times: int) -> Tensor:
    """Each head ``times`` in a row."""
    shape = tuple(t.shape)
    wide = t.unsqueeze(-3).expand((*shape[:-2], times, *shape[-2:]))
    return wide.reshape((*shape[:-3], shape[-3] * times, *shape[-2:]))


def _causal(rows: int, columns: int) -> Tensor:
    """True where a row may look: at its own place and before."""
    (arange,) = lookup("aten::arange")
    down, along = (arange.call((0, n, 1, None)) for n in (rows, columns))
    return along.unsqueeze(0) <= down.unsqueeze(1)


def _masked(x: Tensor, mask: Tensor, value: float) -> Tensor:
    (where,) = (op for op in lookup("aten::where") if op.schema.overload == "ScalarSelf")
    return where.call((mask, value, x))


def dropped(x: Tensor, p: float, shape: tuple[int, ...] | None = None) -> Tensor:
    """Elements set to 0 with probability ``p``, the others over ``1 - p``; ``shape`` has 1 where they go together."""
    if p >= 1:
        return x * 0
    (rand,) = (op for op in lookup("aten::rand") if not op.schema.overload)
    drawn = rand.call((tuple(x.shape) if shape is None else shape, *(p.default for p in rand.schema.params[1:])))
    return kept_op.call((x, drawn, p, 1 / (1 - p)))


# Elements where a drawn number is at least p, times a factor; 0 elsewhere, NaN where it was infinite or NaN.
kept_op = declare("_kept(Tensor self, Tensor drawn, Scalar p, Scalar value) -> Tensor", exempt=frozenset({"drawn"}))


@kept_op.rule("scalar")
def kept_scalar(a: Any, drawn: Any, p: Any, value: Any) -> Any:
    return a * (value if drawn >= p else 0)


@kept_op.vjp("self")
def kept_vjp(g: Tensor, drawn: Tensor, p: float, value: float) -> Tensor:
    return kept_op.call((g, drawn, p, value))


@kept_op.vjp("drawn")
def kept_drawn_vjp() -> None:
    """Flat wherever it is continuous."""


finish_pointwise(kept_op)


ATTENTION: tuple[Op, ...] = (linear, attention)

for _op in ATTENTION:
    call_evaluator(_op)
