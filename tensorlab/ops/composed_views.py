"""Views that are other views under a name of their own."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.shape import Shape, broadcast_shapes, infer_size, wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.errors import DimError, RangeError, ShapeError
from tensorlab.ops.movement import distinct_dims, expand, permute, reshape, slice_, transpose, unsqueeze, view
from tensorlab.ops.splitting import tensor_split, tensor_split_at
from tensorlab.ops.view_evaluator import composed_view

# Dimensions in another order ------------------------------------------------------------------------------------------


@composed_view("swapaxes(Tensor(a) self, int axis0, int axis1) -> Tensor(a)")
def swapaxes(a: Tensor, axis0: int, axis1: int) -> Tensor:
    return transpose.call((a, axis0, axis1))


@composed_view("swapdims(Tensor(a) self, int dim0, int dim1) -> Tensor(a)")
def swapdims(a: Tensor, dim0: int, dim1: int) -> Tensor:
    return transpose.call((a, dim0, dim1))


@composed_view("movedim.int(Tensor(a) self, int source, int destination) -> Tensor(a)")
def movedim(a: Tensor, source: int, destination: int) -> Tensor:
    return permute.call((a, _moved(a.ndim, (source,), (destination,))))


@composed_view("movedim.intlist(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)")
def movedim_list(a: Tensor, source: Shape, destination: Shape) -> Tensor:
    return permute.call((a, _moved(a.ndim, tuple(source), tuple(destination))))


@composed_view("moveaxis.int(Tensor(a) self, int source, int destination) -> Tensor(a)")
def moveaxis(a: Tensor, source: int, destination: int) -> Tensor:
    return permute.call((a, _moved(a.ndim, (source,), (destination,))))


@composed_view("moveaxis.intlist(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)")
def moveaxis_list(a: Tensor, source: Shape, destination: Shape) -> Tensor:
    return permute.call((a, _moved(a.ndim, tuple(source), tuple(destination))))


def _moved(ndim: int, source: Shape, destination: Shape) -> Shape:
    """The order in which dimensions lie once some were moved; the others keep theirs.

    Raises: `ShapeError` for lists of unequal lengths or a dimension named twice, `DimError`.
    """
    if len(source) != len(destination):
        raise ShapeError(
            f"movedim: invalid source or destination dims: source ({list(source)} dims) should contain the same number "
            f"of dims as destination ({list(destination)} dims)"
        )
    if not ndim:
        for d in (*source, *destination):
            wrap_dim(d, 0, op="movedim")
        return ()
    taken, put = (distinct_dims(dims, ndim, op="movedim") for dims in (source, destination))
    places = dict(zip(put, taken, strict=True))
    rest = iter(d for d in range(ndim) if d not in taken)
    return tuple(places[d] if d in places else next(rest) for d in range(ndim))


@composed_view("numpy_T(Tensor(a) self) -> Tensor(a)")
def reversed_dims(a: Tensor) -> Tensor:
    return permute.call((a, tuple(range(a.ndim))[::-1]))


@composed_view("mT(Tensor(a) self) -> Tensor(a)")
def matrices_t(a: Tensor) -> Tensor:
    return _exchanged(a, "mT")


@composed_view("mH(Tensor(a) self) -> Tensor(a)")
def matrices_h(a: Tensor) -> Tensor:
    return _exchanged(a, "mH")


@composed_view("adjoint(Tensor(a) self) -> Tensor(a)")
def adjoint(a: Tensor) -> Tensor:
    return _exchanged(a, "adjoint")


def _exchanged(a: Tensor, op: str) -> Tensor:
    """The last two dimensions exchanged; there are no complex numbers to conjugate.

    A tensor without dimensions is its own transpose: torch warns of it, and takes it.
    """
    if a.ndim == 0:
        return a
    if a.ndim < 2:
        raise ShapeError(f"{op}: only supported on matrices or batches of matrices, got a {a.ndim}-D tensor")
    return transpose.call((a, -2, -1))


@composed_view("matrix_H(Tensor(a) self) -> Tensor(a)")
def matrix_h(a: Tensor) -> Tensor:
    if a.ndim not in (0, 2):
        raise ShapeError(
            f"H: only supported on matrices (2-D tensors), got a {a.ndim}-D tensor. For batches of matrices, consider "
            "using tensor.mH"
        )
    return transpose.call((a, 0, 1)) if a.ndim else a


# Other shapes ---------------------------------------------------------------------------------------------------------


@composed_view("view_as(Tensor(a) self, Tensor other) -> Tensor(a)")
def view_as(a: Tensor, other: Tensor) -> Tensor:
    return view.call((a, tuple(other.shape)))


@composed_view("reshape_as(Tensor(a) self, Tensor other) -> Tensor(a)")
def reshape_as(a: Tensor, other: Tensor) -> Tensor:
    return reshape.call((a, tuple(other.shape)))


@composed_view("expand_as(Tensor(a) self, Tensor other) -> Tensor(a)")
def expand_as(a: Tensor, other: Tensor) -> Tensor:
    return expand.call((a, tuple(other.shape), False))


@composed_view("broadcast_to(Tensor(a) self, int[] size) -> Tensor(a)")
def broadcast_to(a: Tensor, size: Shape) -> Tensor:
    return expand.call((a, tuple(size), False))


@composed_view("broadcast_tensors(Tensor(a)[] tensors) -> Tensor(a)[]")
def broadcast_tensors(tensors: Sequence[Tensor]) -> list[Tensor]:
    shape = broadcast_shapes(*(tuple(a.shape) for a in tensors), op="broadcast_tensors")
    return [expand.call((a, shape, False)) for a in tensors]


@composed_view("ravel(Tensor(a) self) -> Tensor(a)")
def ravel(a: Tensor) -> Tensor:
    from tensorlab.ops.copying import contiguous

    return view.call((contiguous.call((a,)), (-1,)))


@composed_view("unflatten.int(Tensor(a) self, int dim, int[] sizes) -> Tensor(a)")
def unflatten(a: Tensor, dim: int, sizes: Shape) -> Tensor:
    at = wrap_dim(dim, a.ndim, op="unflatten")
    if not sizes:
        raise ShapeError("unflatten: sizes must be non-empty")
    if not a.ndim:
        raise DimError("unflatten: takes a tensor with dimensions, got one without")
    shape = tuple(a.shape)
    parts = infer_size(tuple(sizes), shape[at], op="unflatten")
    return view.call((a, (*shape[:at], *parts, *shape[at + 1 :])))


@composed_view("narrow(Tensor(a) self, int dim, int start, int length) -> Tensor(a)")
def narrow(a: Tensor, dim: int, start: int, length: int) -> Tensor:
    if not a.ndim:
        raise DimError("narrow: cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RangeError(f"narrow: length must be non-negative, got {length}")
    n = a.shape[wrap_dim(dim, a.ndim, op="narrow")]
    if not -n <= start <= n:
        raise DimError(f"narrow: start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    first = start + n if start < 0 else start
    if first + length > n:
        raise RangeError(f"narrow: start ({first}) + length ({length}) exceeds dimension size ({n}).")
    return slice_.call((a, dim, first, first + length, 1))


@composed_view("atleast_1d(Tensor(a) self) -> Tensor(a)")
def atleast_1d(a: Tensor) -> Tensor:
    return a if a.ndim else view.call((a, (1,)))


@composed_view("atleast_2d(Tensor(a) self) -> Tensor(a)")
def atleast_2d(a: Tensor) -> Tensor:
    return a if a.ndim > 1 else unsqueeze.call((a, 0)) if a.ndim else view.call((a, (1, 1)))


@composed_view("atleast_3d(Tensor(a) self) -> Tensor(a)")
def atleast_3d(a: Tensor) -> Tensor:
    if a.ndim > 2:
        return a
    if a.ndim == 2:
        return unsqueeze.call((a, -1))
    return unsqueeze.call((unsqueeze.call((a, 0)), -1)) if a.ndim else view.call((a, (1, 1, 1)))


# Pieces ---------------------------------------------------------------------------------------------------------------


@composed_view("hsplit.int(Tensor(a) self, int sections) -> Tensor(a)[]")
def hsplit(a: Tensor, sections: int) -> list[Tensor]:
    return tensor_split.call((a, sections, _even(a, sections, 1 if a.ndim > 1 else 0, 1, "hsplit")))


@composed_view("hsplit.array(Tensor(a) self, int[] indices) -> Tensor(a)[]")
def hsplit_at(a: Tensor, indices: Shape) -> list[Tensor]:
    return tensor_split_at.call((a, tuple(indices), _deep(a, 1 if a.ndim > 1 else 0, 1, "hsplit")))


@composed_view("vsplit.int(Tensor(a) self, int sections) -> Tensor(a)[]")
def vsplit(a: Tensor, sections: int) -> list[Tensor]:
    return tensor_split.call((a, sections, _even(a, sections, 0, 2, "vsplit")))


@composed_view("vsplit.array(Tensor(a) self, int[] indices) -> Tensor(a)[]")
def vsplit_at(a: Tensor, indices: Shape) -> list[Tensor]:
    return tensor_split_at.call((a, tuple(indices), _deep(a, 0, 2, "vsplit")))


@composed_view("dsplit.int(Tensor(a) self, int sections) -> Tensor(a)[]")
def dsplit(a: Tensor, sections: int) -> list[Tensor]:
    return tensor_split.call((a, sections, _even(a, sections, 2, 3, "dsplit")))


@composed_view("dsplit.array(Tensor(a) self, int[] indices) -> Tensor(a)[]")
def dsplit_at(a: Tensor, indices: Shape) -> list[Tensor]:
    return tensor_split_at.call((a, tuple(indices), _deep(a, 2, 3, "dsplit")))


def _deep(a: Tensor, dim: int, least: int, op: str) -> int:
    """The dimension to cut along, of a tensor that has enough of them."""
    if a.ndim < least:
        raise ShapeError(f"{op}: requires a tensor with at least {least} dimension(s), got one with {a.ndim}")
    return dim


def _even(a: Tensor, sections: int, dim: int, least: int, op: str) -> int:
    """As `_deep`, where the dimension falls into equal parts."""
    at = _deep(a, dim, least, op)
    if sections <= 0 or a.shape[at] % sections:
        raise ShapeError(
            f"{op}: attempted to split along dimension {at}, but the size of the dimension {a.shape[at]} is not "
            f"divisible by the split_size {sections}"
        )
    return at
