"""PyTorch's operations that are made of several here: a node of its text becomes those.

Options that choose among them must be written out in the graph; a node whose options are not, or that asks for what
there is not here, is left to be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, cast

from tensorlab.core.dtype import BY_CODE, DType, float32, float64, int64
from tensorlab.core.dtype import bool as bool_
from tensorlab.core.op import lookup, mismatch
from tensorlab.core.types import DEVICE, DTYPE, FLOAT, INT, TensorType, TupleType
from tensorlab.jit import edit
from tensorlab.jit.build import Builder
from tensorlab.jit.ir import LIST_CONSTRUCT, TUPLE_UNPACK, Node, Value

Expansion = Callable[[Builder, Sequence[Value]], Value | None]

_LIFTED = (TensorType(float64, ()), TensorType(int64, ()))  # types of numbers that became tensors
_REDUCTIONS: dict[Any, str] = {0: "", 1: "mean", 2: "sum"}


def expand(node: Node, builder: Builder) -> Value | None:
    """The value of what a node's operation is made of, put where ``builder`` stands; `None` for any other node."""
    found = EXPANSIONS.get(node.kind)
    return None if found is None else found(builder, tuple(node.inputs))


def unlift(node: Node, builder: Builder) -> None:
    """Give numbers that PyTorch's trace made tensors of no dimensions back, where the operation takes numbers.

    As tensors they would take part in the choice of the result's dtype.
    """
    if node.kind in ("aten::to", "aten::detach"):  # tensors that the user wrote come through these
        return
    for index, value in enumerate(node.inputs):
        if value.type not in _LIFTED or not value.is_constant:
            continue
        number = value.constant.item()
        types = [v.type for v in node.inputs]
        types[index] = FLOAT if isinstance(number, float) else INT
        ops = (op for op in lookup(node.kind) if len(op.schema.params) >= len(types))
        if any(isinstance(t, TensorType) for t in types) and any(mismatch(op.schema, types, {}) is None for op in ops):
            edit.set_input(node, index, builder.constant(number))


def _known(value: Value) -> Any:
    """What a constant holds, or a list of constants; `...` for all else."""
    if value.is_constant:
        return value.constant
    made = value.producer
    if made is None or made.kind != LIST_CONSTRUCT:
        return ...
    parts = [_known(v) for v in made.inputs]
    return ... if ... in parts else tuple(parts)


def _says_nothing(values: Sequence[Value]) -> bool:
    """Whether options are what is the only thing there is here: none, false, row-major, on the CPU."""
    return all(v.type == DEVICE or _known(v) in (None, False, 0) for v in values)


def _dtype(builder: Builder, value: Value) -> Value | None:
    """A dtype that PyTorch writes as a number, or asks a tensor for."""
    if value.producer is not None and value.producer.kind == "prim::dtype":
        value.type = DTYPE
        return value
    found = _known(value)
    if isinstance(found, int):
        found = BY_CODE.get(found)
    return builder.constant(found) if found is None or isinstance(found, DType) else None


# Losses and dropout


def _loss(distance: Callable[[Builder, Value], Value]) -> Expansion:
    def expanded(builder: Builder, inputs: Sequence[Value]) -> Value | None:
        reduction = _REDUCTIONS.get(_known(inputs[2])) if len(inputs) == 3 else None
        if reduction is None:
            return None
        found = distance(builder, builder.value("aten::sub", inputs[:2]))
        return builder.value(f"aten::{reduction}", [found]) if reduction else found

    return expanded


def _dropout(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    if len(inputs) != 3:
        return None
    x, p, train = inputs[0], _known(inputs[1]), _known(inputs[2])
    if train is False or p == 0:
        return x
    if train is not True or not isinstance(p, float) or not 0 < p < 1:
        return None
    drawn = builder.value("aten::rand", [builder.value("aten::size", [x]), builder.constant(None)])
    kept = builder.value("aten::ge", [drawn, builder.constant(p)])
    return builder.value("aten::mul", [builder.value("aten::mul", [x, kept]), builder.constant(1 / (1 - p))])


# Writes, names and what is made


def _fill(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    """``fill_`` by a tensor of no dimensions; by a number it is ours."""
    if len(inputs) != 2 or not isinstance(inputs[1].type, TensorType) or inputs[1].type.shape not in ((), None):
        return None
    return builder.value("aten::copy_", inputs)


def _zero(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    return builder.value("aten::fill_", [*inputs, builder.constant(0)])


def _outer(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    column = builder.value("aten::unsqueeze", [inputs[0], builder.constant(1)])
    return builder.value("aten::mul", [column, inputs[1]])


def _type_as(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    return builder.value("aten::to", [inputs[0], builder.value("prim::dtype", [inputs[1]])])


def _to(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    """``to`` with a device, which is the one there is."""
    if len(inputs) != 6 or not _says_nothing([inputs[1], inputs[5]]):
        return None
    dtype = _dtype(builder, inputs[2])
    return None if dtype is None else builder.value("aten::to", [inputs[0], dtype, *inputs[3:5]])


def _bitwise(name: str) -> Expansion:
    def expanded(builder: Builder, inputs: Sequence[Value]) -> Value | None:
        if not any(isinstance(v.type, TensorType) for v in inputs):
            return None
        return builder.value(f"aten::bitwise_{name}", inputs)

    return expanded


def _tensor(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    """A tensor of numbers: one, or lists that are written out."""
    if len(inputs) != 4 or not _says_nothing(inputs[2:]):
        return None
    dtype = _dtype(builder, inputs[1])
    if dtype is None:
        return None
    if inputs[0].type in (INT, FLOAT):
        return builder.value("aten::tensor", [inputs[0], dtype])
    data = _known(inputs[0])
    if not isinstance(data, tuple) or not dtype.is_constant:
        return None
    return builder.value("aten::clone", [builder.constant(_tensor_of(cast(object, data), dtype.constant))])


def _tensor_of(data: object, dtype: DType | None) -> Any:
    import numpy as np

    from tensorlab.core.tensor import empty

    array = np.array(data)
    chosen = dtype or (bool_ if array.dtype == np.bool_ else int64 if array.dtype.kind == "i" else float32)
    made = empty(chosen, array.shape)
    made.detached_numpy()[...] = array.astype(chosen.numpy)
    return made


def _number_to_tensor(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    return builder.value("aten::tensor", [inputs[0], builder.constant(None)])


def _scalar(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    type_ = inputs[0].type
    if not isinstance(type_, TensorType) or type_.dtype is None:
        return None
    return builder.value("aten::Float" if type_.dtype.is_floating_point else "aten::Int", inputs)


def _eye(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    if len(inputs) not in (5, 6) or not _says_nothing(inputs[-3:]):
        return None
    dtype = _dtype(builder, inputs[-4])
    return None if dtype is None else builder.value("aten::eye", [inputs[0], inputs[len(inputs) - 5], dtype])


def _filled(kind: str, numbers: Sequence[int]) -> Expansion:
    """``arange`` and ``linspace``: some numbers, a dtype, and where it is to lie."""

    def expanded(builder: Builder, inputs: Sequence[Value]) -> Value | None:
        count = len(inputs) - 4
        if count not in numbers or not _says_nothing(inputs[-3:]):
            return None
        dtype = _dtype(builder, inputs[-4])
        if dtype is None:
            return None
        given = [builder.constant(0), *inputs[:1]] if count == 1 else list(inputs[:count])
        if kind == "aten::arange" and count < 3:
            given.append(builder.constant(1))
        return builder.value(kind, [*given, dtype])

    return expanded


def _deviation(kind: str) -> Expansion:
    """``std(x, unbiased)``."""

    def expanded(builder: Builder, inputs: Sequence[Value]) -> Value | None:
        if len(inputs) != 2 or not isinstance(_known(inputs[1]), bool):
            return None
        correction = builder.constant(int(_known(inputs[1])))
        return builder.value(kind, [inputs[0], builder.constant(None), correction, builder.constant(False)])

    return expanded


def _vector_norm(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    if len(inputs) != 5 or _known(inputs[4]) is not None:
        return None
    if _known(inputs[2]) is None:
        return builder.value("aten::norm", inputs[:2]) if _known(inputs[3]) is False else None
    return builder.value("aten::norm", inputs[:4])


def _convolution(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    """What a trace sees of ``conv1d`` and ``conv2d``."""
    stride = _known(inputs[3]) if len(inputs) == 13 else ...
    if not isinstance(stride, tuple) or len(stride) not in (1, 2) or _known(inputs[6]) is not False:  # pyright: ignore[reportUnknownArgumentType]
        return None
    kind = "aten::conv1d" if len(stride) == 1 else "aten::conv2d"  # pyright: ignore[reportUnknownArgumentType]
    return builder.value(kind, [*inputs[:6], inputs[8]])


def _tuple_index(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    type_, index = inputs[0].type, _known(inputs[1])
    if not isinstance(type_, TupleType) or not isinstance(index, int) or not 0 <= index < len(type_.elements):
        return None
    return builder.node(TUPLE_UNPACK, inputs[:1], type_.elements).outputs[index]


# einsum


def _einsum(builder: Builder, inputs: Sequence[Value]) -> Value | None:
    """The product of the operands over all letters, summed over those that the result does not name.

    Two operands with one letter that is summed, one of each operand's own and any in common are a product of matrices.
    Each letter stands once in an operand, and there is no ellipsis.
    """
    equation = _known(inputs[0])
    listed = inputs[1].producer
    if not isinstance(equation, str) or listed is None or listed.kind != LIST_CONSTRUCT:
        return None
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms, operands = left.split(","), list(listed.inputs)
    letters = "".join(dict.fromkeys("".join(terms)))
    if not arrow:
        result = "".join(sorted(c for c in letters if left.count(c) == 1))
    sound = len(terms) == len(operands) and letters.isalpha() and set(result) <= set(letters)
    if not sound or any(len(set(t)) != len(t) for t in (*terms, result)):
        return None
    common = [c for c in result if all(c in t for t in terms)]
    summed = [c for c in letters if c not in result]
    own = [[c for c in term if c in result and c not in common] for term in terms]
    if (
        len(terms) == 2
        and len(summed) == 1
        and all(len(o) == 1 and summed[0] in t for o, t in zip(own, terms, strict=True))
    ):
        first = _permuted(builder, operands[0], terms[0], [*common, *own[0], *summed])
        second = _permuted(builder, operands[1], terms[1], [*common, *summed, *own[1]])
        product = builder.value("aten::matmul", [first, second])
        return _permuted(builder, product, [*common, *chain(*own)], result)
    order = [*result, *summed]
    spread = [_spread(builder, x, term, order) for x, term in zip(operands, terms, strict=True)]
    product = spread[0]
    for factor in spread[1:]:
        product = builder.value("aten::mul", [product, factor])
    if not summed:
        return product
    dims = builder.constant(tuple(range(len(result), len(order))))
    return builder.value("aten::sum", [product, dims])


def _permuted(builder: Builder, x: Value, has: Sequence[str], wanted: Sequence[str]) -> Value:
    """Dimensions in another order."""
    dims = tuple(list(has).index(c) for c in wanted)
    return x if dims == tuple(range(len(dims))) else builder.value("aten::permute", [x, builder.constant(dims)])


def _spread(builder: Builder, x: Value, has: str, order: Sequence[str]) -> Value:
    """Dimensions in an order of letters, with one of size 1 for each letter that the operand does not have."""
    found = _permuted(builder, x, has, [c for c in order if c in has])
    for index, letter in enumerate(order):
        if letter not in has:
            found = builder.value("aten::unsqueeze", [found, builder.constant(index)])
    return found


EXPANSIONS: dict[str, Expansion] = {
    "aten::mse_loss": _loss(lambda b, d: b.value("aten::mul", [d, d])),
    "aten::l1_loss": _loss(lambda b, d: b.value("aten::abs", [d])),
    "aten::dropout": _dropout,
    "aten::einsum": _einsum,
    "aten::fill_": _fill,
    "aten::zero_": _zero,
    "aten::outer": _outer,
    "aten::type_as": _type_as,
    "aten::to": _to,
    "aten::__and__": _bitwise("and"),
    "aten::__or__": _bitwise("or"),
    "aten::__xor__": _bitwise("xor"),
    "aten::tensor": _tensor,
    "aten::eye": _eye,
    "aten::arange": _filled("aten::arange", (1, 2, 3)),
    "aten::linspace": _filled("aten::linspace", (3,)),
    "aten::std": _deviation("aten::std"),
    "aten::var": _deviation("aten::var"),
    "aten::linalg_vector_norm": _vector_norm,
    "aten::_convolution": _convolution,
    "aten::ScalarImplicit": _scalar,
    "prim::NumToTensor": _number_to_tensor,
    "prim::TupleIndex": _tuple_index,
}
