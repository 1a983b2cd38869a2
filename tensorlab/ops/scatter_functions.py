"""The public functions that write by indices and over views, each as a copy and in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import advanced_index, index_writes, slice_writes
from tensorlab.ops import scatter as writing
from tensorlab.ops.index_functions import checked
from tensorlab.ops.indexing import as_slots
from tensorlab.ops.operands import as_number, as_operand
from tensorlab.ops.out import takes_out

_MISSING: Any = object()


_Forms = dict[tuple[bool, bool], Op]

# By whether a tensor is written, and whether it is folded in.
_COPIES: _Forms = {
    (True, False): writing.scatter,
    (False, False): writing.scatter_value,
    (True, True): writing.scatter_fold,
    (False, True): writing.scatter_value_fold,
}
_WRITES: _Forms = {
    (True, False): writing.scatter_,
    (False, False): writing.scatter_value_,
    (True, True): writing.scatter_fold_,
    (False, True): writing.scatter_value_fold_,
}


def _scatter(forms: _Forms, input: Any, dim: Any, index: Any, src: Any, value: Any, reduce: Any) -> Tensor:
    given = value if src is _MISSING else src
    if given is _MISSING:
        raise ArgumentError("scatter: argument 'src' or 'value' is missing")
    source = as_operand(given, op="scatter", name="src")
    folds = () if reduce is _MISSING else (reduce,)
    return checked(forms[isinstance(source, Tensor), bool(folds)], input, dim, index, source, *folds)


@takes_out
def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | float = _MISSING,
    *,
    value: float = _MISSING,
    reduce: str = _MISSING,
) -> Tensor:
    """A copy with elements of ``src``, or a number, where indices along ``dim`` say; see `gather`, which reads so.

    ``reduce`` is ``"add"`` or ``"multiply"``: what is there is kept, and the new folded in.

    Raises: `DimError` for an index out of range, `ShapeError`, `DTypeError` for a ``src`` of another dtype.
    """
    return _scatter(_COPIES, input, dim, index, src, value, reduce)


def scatter_(
    self: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | float = _MISSING,
    *,
    value: float = _MISSING,
    reduce: str = _MISSING,
) -> Tensor:
    """`scatter` written over this tensor; raises its version."""
    return _scatter(_WRITES, self, dim, index, src, value, reduce)


@takes_out
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy with elements of ``src`` added where indices along ``dim`` say, each as often as it is named."""
    return checked(writing.scatter_add, input, dim, index, src)


def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`scatter_add` written over this tensor; raises its version."""
    return checked(writing.scatter_add_, self, dim, index, src)


@takes_out
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy with elements of ``src`` folded in: ``reduce`` is sum, prod, mean, amax or amin.

    Without ``include_self``, what was there counts only where no index points to.
    """
    return checked(writing.scatter_reduce, input, dim, index, src, reduce, include_self)


def scatter_reduce_(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """`scatter_reduce` written over this tensor; raises its version."""
    return checked(writing.scatter_reduce_, self, dim, index, src, reduce, include_self)


@takes_out
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """A copy with ``alpha`` times parts of ``source`` added to those along ``dim`` that a vector of indices names."""
    return checked(index_writes.index_add, input, dim, index, source, as_number(alpha, op="index_add", name="alpha"))


def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """`index_add` written over this tensor; raises its version."""
    return checked(index_writes.index_add_, self, dim, index, source, as_number(alpha, op="index_add", name="alpha"))


@takes_out
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with parts of ``source`` instead of those along ``dim`` that a vector of indices names."""
    return checked(index_writes.index_copy, input, dim, index, source)


def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """`index_copy` written over this tensor; raises its version."""
    return checked(index_writes.index_copy_, self, dim, index, source)


def _index_fill(number_op: Op, tensor_op: Op, input: Tensor, dim: int, index: Tensor, value: object) -> Tensor:
    filling = as_operand(value, op="index_fill", name="value")
    return checked(tensor_op if isinstance(filling, Tensor) else number_op, input, dim, index, filling)


def index_fill(input: Tensor, dim: int, index: Tensor, value: float | Tensor) -> Tensor:
    """A copy with one number over the parts along ``dim`` that a vector of indices names."""
    return _index_fill(index_writes.index_fill, index_writes.index_fill_tensor, input, dim, index, value)


def index_fill_(self: Tensor, dim: int, index: Tensor, value: float | Tensor) -> Tensor:
    """`index_fill` written over this tensor; raises its version."""
    return _index_fill(index_writes.index_fill_, index_writes.index_fill_tensor_, self, dim, index, value)


@takes_out
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy with parts of ``source`` folded into those that a vector of indices names: prod, mean, amax or amin.

    No derivative.
    """
    return checked(index_writes.index_reduce, input, dim, index, source, reduce, include_self)


def index_reduce_(
    self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """`index_reduce` written over this tensor; raises its version."""
    return checked(index_writes.index_reduce_, self, dim, index, source, reduce, include_self)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:  # noqa: FBT001
    """A copy with elements of ``source`` at row-major positions, or added there.

    Raises: `DimError` for a position out of range, `ShapeError`, `DTypeError`.
    """
    return checked(writing.put, input, index, source, accumulate)


def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:  # noqa: FBT001
    """`put` written over this tensor; raises its version."""
    return checked(writing.put_, self, index, source, accumulate)


def index_put(
    input: Tensor,
    indices: Sequence[Tensor],
    values: Tensor,
    accumulate: bool = False,  # noqa: FBT001 - torch's signature
) -> Tensor:
    """A copy with ``values`` where tensors of indices say, as ``x[indices] = values`` does; or added there."""
    return checked(advanced_index.index_put, input, as_slots(indices), values, accumulate)


def index_put_(
    self: Tensor,
    indices: Sequence[Tensor],
    values: Tensor,
    accumulate: bool = False,  # noqa: FBT001 - torch's signature
) -> Tensor:
    """`index_put` written over this tensor; raises its version."""
    return checked(advanced_index.index_put_, self, as_slots(indices), values, accumulate)


# Over views -----------------------------------------------------------------------------------------------------------


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with ``src`` over ``select(dim, index)``.

    Raises: `ShapeError` for a ``src`` of another shape.
    """
    return checked(slice_writes.select_scatter, input, src, dim, index)


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy with ``src`` over a slice along ``dim``.

    Raises: `ShapeError` for a ``src`` of another shape.
    """
    return checked(slice_writes.slice_scatter, input, src, dim, start, end, step)


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy with ``src`` over a diagonal.

    Raises: `ShapeError` for a ``src`` of another shape.
    """
    return checked(slice_writes.diagonal_scatter, input, src, offset, dim1, dim2)


def fill_diagonal_(self: Tensor, fill_value: float, wrap: bool = False) -> Tensor:  # noqa: FBT001
    """One number along the main diagonal; with ``wrap``, a tall matrix has it again below a row without.

    Raises: `ShapeError` for fewer than two dimensions, or more than two of unequal sizes.
    """
    number = as_number(fill_value, op="fill_diagonal_", name="fill_value")
    return checked(slice_writes.fill_diagonal_, self, number, wrap)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "diagonal_scatter": diagonal_scatter,
    "index_add": index_add,
    "index_copy": index_copy,
    "index_fill": index_fill,
    "index_put": index_put,
    "index_put_": index_put_,
    "index_reduce": index_reduce,
    "put": put,
    "scatter": scatter,
    "scatter_add": scatter_add,
    "scatter_reduce": scatter_reduce,
    "select_scatter": select_scatter,
    "slice_scatter": slice_scatter,
}

METHODS: dict[str, Callable[..., Any]] = {
    **FUNCTIONS,
    "fill_diagonal_": fill_diagonal_,
    "index_add_": index_add_,
    "index_copy_": index_copy_,
    "index_fill_": index_fill_,
    "index_reduce_": index_reduce_,
    "put_": put_,
    "scatter_": scatter_,
    "scatter_add_": scatter_add_,
    "scatter_reduce_": scatter_reduce_,
}
