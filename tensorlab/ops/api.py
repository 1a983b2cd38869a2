"""The public functions, under torch's names: those of `functions`, products, joins and views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import copying, linalg, movement
from tensorlab.ops.functions import (
    abs,
    add,
    clamp,
    div,
    eq,
    exp,
    ge,
    gt,
    le,
    log,
    lt,
    mul,
    ne,
    neg,
    pow,
    reciprocal,
    relu,
    sigmoid,
    sqrt,
    sub,
    tanh,
    where,
)
from tensorlab.ops.operands import as_int, as_ints, as_operand, unary
from tensorlab.ops.quick import quick_unary

# Products, joins, views -----------------------------------------------------------------------------------------------


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Matrix product, batched over leading dimensions."""
    second = as_operand(other, op="matmul")
    if not isinstance(second, Tensor):
        raise ArgumentError(f"matmul: argument 'other' takes a Tensor, got {type(other).__name__}")
    return unary(linalg.matmul, input, second)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension."""
    if not isinstance(tensors, (list, tuple)):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"cat: argument 'tensors' takes a list of Tensors, got {type(tensors).__name__}")
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(f"cat: argument 'tensors' takes Tensors, got {type(x).__name__} at position {i}")
    return copying.cat.call((list(tensors), as_int(dim, op="cat", name="dim")))


@quick_unary(copying.clone)
def clone(input: Tensor) -> Tensor:
    """A copy in a storage of its own."""
    return unary(copying.clone, input)


@quick_unary(movement.t)
def t(input: Tensor) -> Tensor:
    """A matrix seen with its two dimensions exchanged."""
    return unary(movement.t, input)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged: a view."""
    first, second = as_ints((dim0, dim1), op="transpose", name="dim")
    return unary(movement.transpose, input, first, second)


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """All dimensions in another order: a view."""
    return unary(movement.permute, input, as_ints(dims, op="permute", name="dims"))


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """Another shape: a view where strides allow one, else a copy."""
    return unary(movement.reshape, input, as_ints(shape, op="reshape", name="shape"))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "add": add,
    "cat": cat,
    "clamp": clamp,
    "clone": clone,
    "div": div,
    "eq": eq,
    "exp": exp,
    "ge": ge,
    "gt": gt,
    "le": le,
    "log": log,
    "lt": lt,
    "matmul": matmul,
    "mul": mul,
    "ne": ne,
    "neg": neg,
    "permute": permute,
    "pow": pow,
    "reciprocal": reciprocal,
    "relu": relu,
    "reshape": reshape,
    "sigmoid": sigmoid,
    "sqrt": sqrt,
    "sub": sub,
    "t": t,
    "tanh": tanh,
    "transpose": transpose,
    "where": where,
}
