"""The public functions and methods that give views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.core.dtype import DType
from tensorlab.core.shape import Size, broadcast_shapes
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import composed_views, movement, striding
from tensorlab.ops.operands import as_dtype, as_int, as_ints, as_tensor_argument, unary
from tensorlab.ops.quick import quick_sizes, quick_unary, quick_view
from tensorlab.ops.sizes import listed_sizes
from tensorlab.ops.spellings import takes_axis

# Dimensions in another order ------------------------------------------------------------------------------------------


@quick_unary(movement.t)
def t(input: Tensor) -> Tensor:
    """A matrix seen with its two dimensions exchanged."""
    return unary(movement.t, input)


@quick_view(movement.transpose)
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    return unary(movement.transpose, input, *as_ints((dim0, dim1), op="transpose", name="dim"))


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """Two dimensions exchanged, as `transpose`."""
    return unary(composed_views.swapaxes, input, *as_ints((axis0, axis1), op="swapaxes", name="axis"))


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged, as `transpose`."""
    return unary(composed_views.swapdims, input, *as_ints((dim0, dim1), op="swapdims", name="dim"))


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """All dimensions in another order."""
    return unary(movement.permute, input, as_ints(dims, op="permute", name="dims"))


@quick_sizes(movement.permute)
def permute_method(self: Tensor, *dims: Any) -> Tensor:
    """All dimensions in another order, given one by one or as a list."""
    return movement.permute.call((self, listed_sizes(dims, "permute", "dims")))


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions put at other places; the rest keep their order."""
    taken, put = (as_ints(d, op="movedim", name=n) for d, n in ((source, "source"), (destination, "destination")))
    return unary(composed_views.movedim_list, input, taken, put)


def moveaxis(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions put at other places, as `movedim`."""
    taken, put = (as_ints(d, op="moveaxis", name=n) for d, n in ((source, "source"), (destination, "destination")))
    return unary(composed_views.moveaxis_list, input, taken, put)


def adjoint(input: Tensor) -> Tensor:
    """Matrices with rows and columns exchanged: the conjugate transpose of real numbers."""
    return unary(composed_views.adjoint, input)


@quick_unary(movement.t)
def dims_reversed(self: Tensor) -> Tensor:
    """All dimensions in reverse order."""
    return movement.t.call((self,)) if self.ndim <= 2 else composed_views.reversed_dims.call((self,))


def matrices_transposed(self: Tensor) -> Tensor:
    """The last two dimensions exchanged."""
    return composed_views.matrices_t.call((self,))


def matrices_adjoint(self: Tensor) -> Tensor:
    """The last two dimensions exchanged: the conjugate transpose of real numbers."""
    return composed_views.matrices_h.call((self,))


def matrix_adjoint(self: Tensor) -> Tensor:
    """A matrix with its dimensions exchanged: the conjugate transpose of real numbers."""
    return composed_views.matrix_h.call((self,))


# Other shapes ---------------------------------------------------------------------------------------------------------


@quick_sizes(movement.view)
def view(self: Tensor, *shape: Any, dtype: DType | None = None) -> Tensor:
    """The same elements in another shape, or the same bytes as another dtype, without a copy.

    Raises: `ShapeError` where strides do not allow it.
    """
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], DType)):
        return striding.view_dtype.call((self, as_dtype(dtype or shape[0], op="view")))
    return movement.view.call((self, listed_sizes(shape, "view", "size")))


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """The same elements in another tensor's shape."""
    return composed_views.view_as.call((self, _other(other, "view_as")))


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """Another shape: a view where strides allow one, else a copy."""
    return unary(movement.reshape, input, as_ints(shape, op="reshape", name="shape"))


@quick_sizes(movement.reshape)
def reshape_method(self: Tensor, *shape: Any) -> Tensor:
    """Another shape, given number by number or as a list: a view where strides allow one, else a copy."""
    return movement.reshape.call((self, listed_sizes(shape, "reshape", "shape")))


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """Another tensor's shape: a view where strides allow one, else a copy."""
    return composed_views.reshape_as.call((self, _other(other, "reshape_as")))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Adjacent dimensions as one; a copy only where they do not lie so."""
    return unary(movement.flatten, input, *as_ints((start_dim, end_dim), op="flatten", name="dim"))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several; one of their sizes may be -1."""
    at = as_int(dim, op="unflatten", name="dim")
    return unary(composed_views.unflatten, input, at, as_ints(sizes, op="unflatten", name="sizes"))


def ravel(input: Tensor) -> Tensor:
    """All dimensions as one; a copy only where the elements do not lie in order."""
    return unary(composed_views.ravel, input)


@quick_view(movement.squeeze)
@takes_axis
def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Dimensions of size 1 left out: all of them, or those of ``dim``."""
    if dim is None:
        return unary(movement.squeeze_all, input)
    if isinstance(dim, (tuple, list)):
        return unary(movement.squeeze_dims, input, as_ints(dim, op="squeeze", name="dim"))
    return unary(movement.squeeze, input, as_int(dim, op="squeeze", name="dim"))


@quick_view(movement.unsqueeze)
@takes_axis
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 put in before ``dim``."""
    return unary(movement.unsqueeze, input, as_int(dim, op="unsqueeze", name="dim"))


def expand(self: Tensor, *size: Any) -> Tensor:
    """Dimensions of size 1 repeated without a copy; -1 keeps a size."""
    return movement.expand.call((self, listed_sizes(size, "expand", "size"), False))


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Dimensions of size 1 repeated to another tensor's shape."""
    return composed_views.expand_as.call((self, _other(other, "expand_as")))


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """Dimensions of size 1 repeated to this shape."""
    return unary(composed_views.broadcast_to, input, as_ints(size, op="broadcast_to", name="size"))


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Views of all tensors in the shape that they have together."""
    found = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    listed = [as_tensor_argument(composed_views.broadcast_tensors, x) for x in found]
    return tuple(composed_views.broadcast_tensors.call((listed,))) if listed else ()


def common_shape(*shapes: Any) -> Size:
    """The shape that tensors of these shapes have together.

    Raises: `ShapeError` where there is none.
    """
    listed = [as_ints(s, op="broadcast_shapes", name="shapes") for s in shapes]
    return Size(broadcast_shapes(*listed, op="broadcast_shapes"))


def _at_least(op: Any, tensors: tuple[Any, ...]) -> Any:
    """One tensor, or a tuple of as many as were given."""
    if len(tensors) == 1 and not isinstance(tensors[0], (tuple, list)):
        return unary(op, tensors[0])
    listed = tensors[0] if len(tensors) == 1 else tensors
    return tuple(unary(op, x) for x in listed)


def atleast_1d(*tensors: Any) -> Any:
    """Tensors with one dimension at least."""
    return _at_least(composed_views.atleast_1d, tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Tensors with two dimensions at least: vectors become rows."""
    return _at_least(composed_views.atleast_2d, tensors)


def atleast_3d(*tensors: Any) -> Any:
    """Tensors with three dimensions at least."""
    return _at_least(composed_views.atleast_3d, tensors)


# Parts ----------------------------------------------------------------------------------------------------------------


@quick_view(movement.select)
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One index along a dimension, which goes."""
    return unary(movement.select, input, *as_ints((dim, index), op="select", name="dim or index"))


def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """``length`` indices of a dimension, from ``start`` on."""
    return unary(composed_views.narrow, input, *as_ints((dim, start, length), op="narrow", name="start or length"))


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements whose indices along two dimensions differ by ``offset``, as a last dimension."""
    return unary(movement.diagonal, input, *as_ints((offset, dim1, dim2), op="diagonal", name="offset or dim"))


def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of ``size`` elements, ``step`` apart, along a dimension; the place in a window is the last dimension."""
    return movement.unfold.call((self, *as_ints((dimension, size, step), op="unfold", name="size or step")))


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Elements of the storage by sizes and strides of one's own.

    Raises: `RangeError` for what reaches beyond the storage.
    """
    sizes, strides = as_ints(size, op="as_strided", name="size"), as_ints(stride, op="as_strided", name="stride")
    at = None if storage_offset is None else as_int(storage_offset, op="as_strided", name="storage_offset")
    return unary(striding.as_strided, input, sizes, strides, at)


# The tensor itself ----------------------------------------------------------------------------------------------------


def real(input: Tensor) -> Tensor:
    """The tensor itself: all numbers here are real."""
    return as_tensor_argument(movement.alias, input)


def detach(input: Tensor) -> Tensor:
    """The same storage without history."""
    return unary(movement.detach, input)


def _other(value: object, op: str) -> Tensor:
    if not isinstance(value, Tensor):
        raise ArgumentError(f"{op}: argument 'other' takes a Tensor, got {type(value).__name__}")
    return value


FUNCTIONS: dict[str, Any] = {
    "adjoint": adjoint,
    "as_strided": as_strided,
    "atleast_1d": atleast_1d,
    "atleast_2d": atleast_2d,
    "atleast_3d": atleast_3d,
    "broadcast_shapes": common_shape,
    "broadcast_tensors": broadcast_tensors,
    "broadcast_to": broadcast_to,
    "detach": detach,
    "diagonal": diagonal,
    "flatten": flatten,
    "moveaxis": moveaxis,
    "movedim": movedim,
    "narrow": narrow,
    "permute": permute,
    "ravel": ravel,
    "real": real,
    "reshape": reshape,
    "select": select,
    "squeeze": squeeze,
    "swapaxes": swapaxes,
    "swapdims": swapdims,
    "t": t,
    "transpose": transpose,
    "unflatten": unflatten,
    "unsqueeze": unsqueeze,
}

METHODS: dict[str, Any] = {
    "H": property(matrix_adjoint),
    "T": property(dims_reversed),
    "adjoint": adjoint,
    "as_strided": as_strided,
    "broadcast_to": broadcast_to,
    "detach": detach,
    "diagonal": diagonal,
    "expand": expand,
    "expand_as": expand_as,
    "flatten": flatten,
    "mH": property(matrices_adjoint),
    "mT": property(matrices_transposed),
    "moveaxis": moveaxis,
    "movedim": movedim,
    "narrow": narrow,
    "permute": permute_method,
    "ravel": ravel,
    "real": property(real),
    "reshape": reshape_method,
    "reshape_as": reshape_as,
    "select": select,
    "squeeze": squeeze,
    "swapaxes": swapaxes,
    "swapdims": swapdims,
    "t": t,
    "transpose": transpose,
    "unflatten": unflatten,
    "unfold": unfold,
    "unsqueeze": unsqueeze,
    "view": view,
    "view_as": view_as,
}
