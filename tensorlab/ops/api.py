# ruff: noqa: A001, FBT001 - torch's public names and signatures
"""The public functions, under torch's names: those of `functions`, reductions, products, joins and views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import copying, linalg, movement, reduce
from tensorlab.ops import softmax as softmax_op
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
from tensorlab.ops.reduce import MaxMin

# Reductions -----------------------------------------------------------------------------------------------------------


@quick_unary(reduce.sum_)
def sum(
    input: Tensor, dim: int | Sequence[int] | None = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """Sums over all dimensions or over ``dim``; integers and bools give int64."""
    if dim is None and not keepdim:
        return unary(reduce.sum_, input, dtype)
    return unary(reduce.sum_dim, input, as_dims(dim, "sum"), keepdim, dtype)


@quick_unary(reduce.mean)
def mean(
    input: Tensor, dim: int | Sequence[int] | None = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """Means over all dimensions or over ``dim``; floating point only."""
    if dim is None and not keepdim:
        return unary(reduce.mean, input, dtype)
    return unary(reduce.mean_dim, input, as_dims(dim, "mean"), keepdim, dtype)


def as_dims(dim: object, op: str) -> tuple[int, ...] | None:
    """A ``dim`` argument as the schema's list."""
    return None if dim is None else as_ints(dim, op=op, name="dim")


@quick_unary(reduce.max_)
def max(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | MaxMin:
    """The largest element; along ``dim``, values and their indices. NaN is the largest."""
    if dim is None:
        return unary(reduce.max_, input)
    return unary(reduce.max_dim, input, as_int(dim, op="max", name="dim"), keepdim)


@quick_unary(reduce.min_)
def min(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | MaxMin:
    """The smallest element; along ``dim``, values and their indices. NaN is the smallest."""
    if dim is None:
        return unary(reduce.min_, input)
    return unary(reduce.min_dim, input, as_int(dim, op="min", name="dim"), keepdim)


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is: the first of equals, NaN before all."""
    at = None if dim is None else as_int(dim, op="argmax", name="dim")
    return unary(reduce.argmax, input, at, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is: the first of equals, NaN before all."""
    at = None if dim is None else as_int(dim, op="argmin", name="dim")
    return unary(reduce.argmin, input, at, keepdim)


def softmax(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """Exponentials along ``dim``, normalised to sum 1.

    >>> import tensorlab as tl
    >>> tl.softmax(tl.tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    return unary(softmax_op.softmax, input, as_int(dim, op="softmax", name="dim"), dtype)


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
    "argmax": argmax,
    "argmin": argmin,
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
    "max": max,
    "mean": mean,
    "min": min,
    "mul": mul,
    "ne": ne,
    "neg": neg,
    "permute": permute,
    "pow": pow,
    "reciprocal": reciprocal,
    "relu": relu,
    "reshape": reshape,
    "sigmoid": sigmoid,
    "softmax": softmax,
    "sqrt": sqrt,
    "sub": sub,
    "sum": sum,
    "t": t,
    "tanh": tanh,
    "transpose": transpose,
    "where": where,
}
