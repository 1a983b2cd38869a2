"""The public functions, under torch's names, each the way into one family of overloads.

A family is looked up by the kinds of the arguments: a tensor or a number on either side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.core.dispatch import MODES
from tensorlab.core.dtype import DType
from tensorlab.core.op import Op
from tensorlab.core.pointwise import Plan
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, DTypeError
from tensorlab.memory import current
from tensorlab.ops import copying, linalg, movement, pointwise, reduce
from tensorlab.ops.reduce import MaxMin

__all__ = [
    *("abs", "add", "argmax", "argmin", "cat", "clamp", "clone", "div", "eq", "exp", "ge", "gt", "le", "log", "lt"),
    *("matmul", "max", "mean", "min", "mul", "ne", "neg", "number", "permute", "pow", "reciprocal", "relu", "reshape"),
    *("sigmoid", "softmax", "sqrt", "sub", "sum", "t", "tanh", "transpose", "where"),
]

Operand = Tensor | bool | int | float


# Fast calls: an eager pointwise op whose layouts were met before runs its plan at once ------------------------------------


def fast_binary(op: Op, a: Tensor, b: Tensor, args: tuple[Any, ...]) -> Tensor:
    """Run a two-tensor pointwise op below all modes, and leave a short cut for these layouts in ``op.plans``."""
    from tensorlab.core.pointwise import EagerPointwise

    evaluator = op.evaluate
    if not isinstance(evaluator, EagerPointwise):
        raise ArgumentError(f"{op.name} is not pointwise")
    runner, inputs, params = evaluator.split(args)
    plan = runner.plan([t.layout for t in inputs], params)
    if not params:
        if len(op.plans) > 4096:
            op.plans.clear()
        op.plans[a.layout, b.layout] = short_cut(plan)
    (result,) = plan.run(inputs, params)
    return result


def short_cut(plan: Plan) -> Any:
    """A closure that runs a plan over two tensors with as little Python as there can be."""
    (form,) = plan.results
    nbytes, head, loop = form.nbytes, plan.head, plan.loop
    if loop is None:
        return lambda a, b: plan.run((a, b), ())[0]
    entry, keep = loop.entry, plan  # the plan holds the sizes and strides that `head` points to

    def run(a: Tensor, b: Tensor) -> Tensor:
        allocator = current.allocator
        storage = Storage(allocator.allocate(nbytes), nbytes, allocator)
        entry(head, storage.address, a.address, b.address)
        return Tensor(storage, form, 0)

    run.__dict__["plan"] = keep
    return run


def binary(tensor_op: Op, number_op: Op, a: Operand, b: Operand, *rest: Any) -> Tensor:
    """A two-operand op where either side may be a number; a number on the left becomes a 0-d tensor."""
    if isinstance(b, Tensor):
        if isinstance(a, Tensor):
            args = (a, b, *rest)
            if MODES.get():
                return tensor_op.call(args)
            return fast_binary(tensor_op, a, b, args) if rest in ((), (1,)) else tensor_op.run(args)
        raise ArgumentError(f"{tensor_op.schema.name}: argument 'self' takes a Tensor, got {type(a).__name__}")
    if not isinstance(a, Tensor):
        raise ArgumentError(f"{tensor_op.schema.name}: argument 'self' takes a Tensor, got {type(a).__name__}")
    if not isinstance(b, (bool, int, float)):
        b = as_number(b, op=tensor_op.schema.name)
    return number_op.call((a, b, *rest))


def as_number(value: Any, *, op: str) -> bool | int | float:
    """A NumPy scalar as the Python number it is.

    Raises: `ArgumentError` for what is neither a tensor nor a number.
    """
    plain = value.item() if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0 else value
    if not isinstance(plain, (bool, int, float)):
        raise ArgumentError(f"{op}: argument 'other' takes a Tensor or a number, got {type(value).__name__}")
    return plain


def unary(op: Op, a: Tensor, *rest: Any) -> Tensor:
    """A one-tensor op, checked."""
    if not isinstance(a, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentError(f"{op.schema.name}: argument 'self' takes a Tensor, got {type(a).__name__}")
    return op.call((a, *rest))


# Arithmetic -----------------------------------------------------------------------------------------------------------


def add(input: Tensor, other: Operand, *, alpha: float = 1) -> Tensor:
    """``input + alpha * other``."""
    return binary(pointwise.add, pointwise.add_number, input, other, alpha)


def sub(input: Tensor, other: Operand, *, alpha: float = 1) -> Tensor:
    """``input - alpha * other``."""
    return binary(pointwise.sub, pointwise.sub_number, input, other, alpha)


def mul(input: Tensor, other: Operand) -> Tensor:
    """``input * other``."""
    return binary(pointwise.mul, pointwise.mul_number, input, other)


def div(input: Tensor, other: Operand) -> Tensor:
    """``input / other``; integers give the default float."""
    return binary(pointwise.div, pointwise.div_number, input, other)


def pow(input: Operand, exponent: Operand) -> Tensor:
    """``input ** exponent``."""
    if not isinstance(input, Tensor):
        if not isinstance(exponent, Tensor):
            raise ArgumentError(
                f"pow: takes at least one Tensor, got {type(input).__name__} and {type(exponent).__name__}"
            )
        return pointwise.pow_base.call((input, exponent))
    return binary(pointwise.pow_tensor, pointwise.pow_, input, exponent)


def neg(input: Tensor) -> Tensor:
    """``-input``."""
    return unary(pointwise.neg, input)


def abs(input: Tensor) -> Tensor:
    """Absolute values."""
    return unary(pointwise.absolute, input)


def reciprocal(input: Tensor) -> Tensor:
    """``1 / input``."""
    return unary(pointwise.reciprocal, input)


# Functions ------------------------------------------------------------------------------------------------------------


def exp(input: Tensor) -> Tensor:
    """``e ** input``. Error: see ``core.scalar_math.ULP``."""
    return unary(pointwise.exp, input)


def log(input: Tensor) -> Tensor:
    """Natural logarithms. Error: see ``core.scalar_math.ULP``."""
    return unary(pointwise.log, input)


def sqrt(input: Tensor) -> Tensor:
    """Square roots, correctly rounded."""
    return unary(pointwise.sqrt, input)


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangents. Error: see ``core.scalar_math.ULP``."""
    return unary(pointwise.tanh, input)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + e ** -input)``. Error: see ``core.scalar_math.ULP``."""
    return unary(pointwise.sigmoid, input)


def relu(input: Tensor) -> Tensor:
    """``max(input, 0)``; NaN stays."""
    return unary(pointwise.relu, input)


def clamp(input: Tensor, min: float | None = None, max: float | None = None) -> Tensor:
    """Values below ``min`` raised to it, above ``max`` lowered to it.

    Raises: `ArgumentError` where neither bound is given.
    """
    if min is None and max is None:
        raise ArgumentError("clamp: at least one of 'min' or 'max' must not be None")
    return unary(pointwise.clamp, input, min, max)


# Comparisons and selection --------------------------------------------------------------------------------------------


def eq(input: Tensor, other: Operand) -> Tensor:
    """``input == other``, elementwise."""
    return binary(pointwise.eq, pointwise.eq_number, input, other)


def ne(input: Tensor, other: Operand) -> Tensor:
    """``input != other``, elementwise."""
    return binary(pointwise.ne, pointwise.ne_number, input, other)


def lt(input: Tensor, other: Operand) -> Tensor:
    """``input < other``, elementwise."""
    return binary(pointwise.lt, pointwise.lt_number, input, other)


def le(input: Tensor, other: Operand) -> Tensor:
    """``input <= other``, elementwise."""
    return binary(pointwise.le, pointwise.le_number, input, other)


def gt(input: Tensor, other: Operand) -> Tensor:
    """``input > other``, elementwise."""
    return binary(pointwise.gt, pointwise.gt_number, input, other)


def ge(input: Tensor, other: Operand) -> Tensor:
    """``input >= other``, elementwise."""
    return binary(pointwise.ge, pointwise.ge_number, input, other)


def where(condition: Tensor, input: Operand, other: Operand) -> Tensor:
    """``input`` where the condition holds, ``other`` elsewhere.

    Raises: `DTypeError` for a condition that is not bool.
    """
    if not isinstance(condition, Tensor) or condition.dtype.name != "bool":  # pyright: ignore[reportUnnecessaryIsInstance]
        got = condition.dtype.name if isinstance(condition, Tensor) else type(condition).__name__
        raise DTypeError(f"where: expected condition to be a boolean tensor, but got {got}")
    op = _WHERE[isinstance(input, Tensor), isinstance(other, Tensor)]
    return op.call((condition, input, other))


_WHERE = {
    (True, True): pointwise.where,
    (False, True): pointwise.where_self,
    (True, False): pointwise.where_other,
    (False, False): pointwise.where_numbers,
}


# Reductions -----------------------------------------------------------------------------------------------------------


def sum(
    input: Tensor, dim: int | Sequence[int] | None = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """Sums over all dimensions or over ``dim``; integers and bools give int64."""
    if dim is None and not keepdim:
        return unary(reduce.sum_, input, dtype)
    return unary(reduce.sum_dim, input, as_dims(dim), keepdim, dtype)


def mean(
    input: Tensor, dim: int | Sequence[int] | None = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """Means over all dimensions or over ``dim``; floating point only."""
    if dim is None and not keepdim:
        return unary(reduce.mean, input, dtype)
    return unary(reduce.mean_dim, input, as_dims(dim), keepdim, dtype)


def as_dims(dim: int | Sequence[int] | None) -> tuple[int, ...] | None:
    """A ``dim`` argument as the schema's list."""
    return (dim,) if isinstance(dim, int) else None if dim is None else tuple(dim)


def max(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | MaxMin:
    """The largest element; along ``dim``, values and their indices. NaN is the largest."""
    return unary(reduce.max_, input) if dim is None else unary(reduce.max_dim, input, dim, keepdim)


def min(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | MaxMin:
    """The smallest element; along ``dim``, values and their indices. NaN is the smallest."""
    return unary(reduce.min_, input) if dim is None else unary(reduce.min_dim, input, dim, keepdim)


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is: the first of equals, NaN before all."""
    return unary(reduce.argmax, input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is: the first of equals, NaN before all."""
    return unary(reduce.argmin, input, dim, keepdim)


def softmax(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """Exponentials along ``dim``, normalised to sum 1.

    >>> import tensorlab as tl
    >>> tl.softmax(tl.tensor([0.0, 0.0]), 0)
    tensor([0.5000, 0.5000])
    """
    return unary(reduce.softmax, input, dim, dtype)


# Products, joins, views -----------------------------------------------------------------------------------------------


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Matrix product, batched over leading dimensions."""
    if not isinstance(other, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentError(f"matmul: argument 'other' takes a Tensor, got {type(other).__name__}")
    return unary(linalg.matmul, input, other)


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors joined along an existing dimension."""
    if not all(isinstance(x, Tensor) for x in tensors):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentError(f"cat: takes a list of Tensors, got {[type(x).__name__ for x in tensors]}")
    return copying.cat.call((list(tensors), dim))


def clone(input: Tensor) -> Tensor:
    """A copy in a storage of its own."""
    return unary(copying.clone, input)


def t(input: Tensor) -> Tensor:
    """A matrix seen with its two dimensions exchanged."""
    return unary(movement.t, input)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged: a view."""
    return unary(movement.transpose, input, dim0, dim1)


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """All dimensions in another order: a view."""
    return unary(movement.permute, input, tuple(dims))


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """Another shape: a view where strides allow one, else a copy."""
    return unary(movement.reshape, input, tuple(shape))
