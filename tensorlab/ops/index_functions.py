"""The public functions that read by indices and masks, and that fill and choose by masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import INT, OptionalType, TensorType
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.ops import embedding as embeddings
from tensorlab.ops import functions, masks, movement
from tensorlab.ops import gather as reading
from tensorlab.ops.data import as_tensor
from tensorlab.ops.operands import Operand, as_int, as_number, as_operand, unary
from tensorlab.ops.out import takes_out

_MISSING: Any = object()


def checked(op: Op, *args: Any) -> Any:
    """Call an op with tensors and integers where its schema takes them.

    Raises: `ArgumentError` naming the parameter.
    """
    for i in op.tensors:
        if not isinstance(args[i], Tensor):
            break
    else:
        whole = _WHOLE.get(op)
        if whole is None:
            whole = _WHOLE[op] = tuple([i for i, p in enumerate(op.schema.params) if _is_int(p.type)])
        for i in whole:
            if type(args[i]) is not int:
                break
        else:
            return op.call(args)
    return op.call(tuple([_checked(op, p.name, p.type, a) for p, a in zip(op.schema.params, args, strict=True)]))


_WHOLE: dict[Op, tuple[int, ...]] = {}  # of each op, where its integers are


def _is_int(type_: object) -> bool:
    return type_ == INT or (isinstance(type_, OptionalType) and type_.element == INT)


def _checked(op: Op, name: str, type_: object, value: Any) -> Any:
    if isinstance(type_, OptionalType):
        return None if value is None else _checked(op, name, type_.element, value)
    if isinstance(type_, TensorType):
        found = value if isinstance(value, Tensor) else None
        if found is None and hasattr(value, "__array_interface__"):
            found = as_operand(value, op=op.schema.name, name=name)
        if not isinstance(found, Tensor):
            raise ArgumentError(f"{op.schema.name}: argument {name!r} takes a Tensor, got {type(value).__name__}")
        return found
    return as_int(value, op=op.schema.name, name=name) if type_ == INT else value


# Reading --------------------------------------------------------------------------------------------------------------


@takes_out
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """The element that each index names along ``dim``: ``out[i][j] = input[i][index[i][j]]`` for ``dim`` 1.

    Shape:  ``index``'s own, which outside ``dim`` is no larger than ``input``'s.
    Raises: `DimError` for an index out of range, `ShapeError`, `DTypeError` for indices that are no int32 or int64.
    """
    return checked(reading.gather, input, dim, index, sparse_grad)


@takes_out
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The parts along ``dim`` that a vector of indices names, in its order; a copy.

    Raises: `DimError` for an index out of range.
    """
    return checked(reading.index_select, input, dim, index)


@takes_out
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements by their row-major positions, counted from the end where below 0.

    Raises: `DimError` for a position out of range, `DTypeError` for positions that are no int64.
    """
    return checked(reading.take, input, index)


@takes_out
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """As `gather`, with both broadcast outside ``dim``; without ``dim``, over flat tensors."""
    return checked(reading.take_along_dim, input, indices, dim)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,  # noqa: FBT001 - torch's signature
    sparse: bool = False,  # noqa: FBT001
) -> Tensor:
    """A row of ``weight`` for each index in ``input``; the row at ``padding_idx`` gets no gradient.

    Shape:  ``i[...], f[n, m] -> f[..., m]``.
    Raises: `DimError` for an index out of range, `RangeError` for a padding out of range, `ArgumentError` for
            ``max_norm``, ``scale_grad_by_freq`` and ``sparse``, which are not taken.
    """
    if max_norm is not None:
        raise ArgumentError("embedding: max_norm is not taken; normalise the weight before")
    rows = weight.shape[0] if isinstance(weight, Tensor) and weight.ndim else 0  # pyright: ignore[reportUnnecessaryIsInstance]
    at = -1 if padding_idx is None else as_int(padding_idx, op="embedding", name="padding_idx")
    if padding_idx is not None:
        if not -rows <= at < rows:
            raise RangeError(f"embedding: Padding_idx must be within num_embeddings, got {at} of {rows}")
        at %= rows
    return checked(embeddings.embedding, weight, input, at, scale_grad_by_freq, sparse)


def aten_embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,  # noqa: FBT001 - torch's signature
    sparse: bool = False,  # noqa: FBT001
) -> Tensor:
    """A row of ``weight`` for each index; see `nn.functional.embedding`, which takes them the other way round."""
    return checked(embeddings.embedding, weight, indices, padding_idx, scale_grad_by_freq, sparse)


# Masks ----------------------------------------------------------------------------------------------------------------


def masked_fill(input: Tensor, mask: Tensor, value: float | Tensor) -> Tensor:
    """A copy with a number, or a tensor without dimensions, where the mask is set.

    Raises: `DTypeError` for a mask of anything but bools, `ShapeError` where it does not broadcast, `RangeError` for a
            number that the dtype does not hold.
    """
    return _fill(masks.masked_fill, masks.masked_fill_tensor, input, mask, value)


def masked_fill_(self: Tensor, mask: Tensor, value: float | Tensor) -> Tensor:
    """`masked_fill` written over this tensor; raises its version."""
    return _fill(masks.masked_fill_, masks.masked_fill_tensor_, self, mask, value)


def _fill(number_op: Op, tensor_op: Op, input: Tensor, mask: Tensor, value: object) -> Tensor:
    filling = as_operand(value, op=number_op.schema.name, name="value")
    return checked(tensor_op if isinstance(filling, Tensor) else number_op, input, mask, filling)


@takes_out
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask is set, row-major; tensor and mask broadcast together."""
    return checked(masks.masked_select, input, mask)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with the first elements of ``source``, in order, where the mask is set.

    Raises: `ShapeError` where ``source`` has fewer elements than the mask has set.
    """
    return checked(masks.masked_scatter, input, mask, source)


def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`masked_scatter` written over this tensor; raises its version."""
    return checked(masks.masked_scatter_, self, mask, source)


@takes_out
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """Coordinates of the elements that are not zero: a row for each, or a tensor a dimension."""
    if not as_tuple:
        return checked(masks.nonzero, input)
    source = unary(movement.unsqueeze, input, 0) if isinstance(input, Tensor) and not input.ndim else input  # pyright: ignore[reportUnnecessaryIsInstance]
    found = checked(masks.nonzero, source)
    return tuple([movement.select.call((found, 1, d)) for d in range(source.ndim)])


def argwhere(input: Tensor) -> Tensor:
    """Coordinates of the elements that are not zero, a row for each."""
    return checked(masks.nonzero, input)


def where(condition: Tensor, input: Operand = _MISSING, other: Operand = _MISSING, **options: Any) -> Any:
    """``input`` where the condition holds, ``other`` elsewhere; of a condition alone, `nonzero` as a tuple.

    Raises: `DTypeError` for a condition that is not bool, `ArgumentError` for one that is no tensor, or for one of
            ``input`` and ``other`` alone.
    """
    if input is _MISSING and other is _MISSING and not options:
        return nonzero(condition, as_tuple=True)
    if input is _MISSING or other is _MISSING:
        raise ArgumentError("where: takes a condition alone, or both 'input' and 'other'")
    return functions.where(condition, input, other, **options)


@takes_out
def isin(elements: Operand, test_elements: Operand, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element is among ``test_elements``; with ``invert``, whether it is not. NaN is among none.

    Raises: `ArgumentError` where neither is a tensor, `DTypeError` for bools.
    """
    a, b = as_operand(elements, op="isin", name="elements"), as_operand(test_elements, op="isin", name="test_elements")
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        raise ArgumentError("isin: takes a Tensor as 'elements' or 'test_elements', got two numbers")
    sides = [t if isinstance(t, Tensor) else as_tensor(as_number(t, op="isin")) for t in (a, b)]
    return checked(masks.isin, *sides, assume_unique, invert)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "argwhere": argwhere,
    "embedding": aten_embedding,
    "gather": gather,
    "index_select": index_select,
    "isin": isin,
    "masked_fill": masked_fill,
    "masked_scatter": masked_scatter,
    "masked_select": masked_select,
    "nonzero": nonzero,
    "take": take,
    "take_along_dim": take_along_dim,
    "where": where,
}

_OF_TENSORS: Sequence[str] = (
    *("argwhere", "gather", "index_select", "masked_fill", "masked_scatter", "masked_select", "nonzero", "take"),
    "take_along_dim",
)

METHODS: dict[str, Callable[..., Any]] = {
    **{name: FUNCTIONS[name] for name in _OF_TENSORS},
    "masked_fill_": masked_fill_,
    "masked_scatter_": masked_scatter_,
}

FUNCTIONAL: dict[str, Callable[..., Any]] = {"embedding": embedding}
