"""The public functions that put elements at other places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tensorlab.core.dtype import DType, int32, int64
from tensorlab.core.interop import from_numpy
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, RangeError, ShapeError
from tensorlab.ops import padding, rearranging, triangles
from tensorlab.ops.called import called
from tensorlab.ops.factories import finished
from tensorlab.ops.operands import as_int, as_ints, as_number, as_tensor_argument, unary
from tensorlab.ops.out import takes_out
from tensorlab.ops.sizes import listed_sizes


@takes_out
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The elements on and below a diagonal of each matrix; zeros above."""
    return unary(triangles.tril, input, as_int(diagonal, op="tril", name="diagonal"))


@takes_out
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The elements on and above a diagonal of each matrix; zeros below."""
    return unary(triangles.triu, input, as_int(diagonal, op="triu", name="diagonal"))


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = int64, device: object = None) -> Tensor:
    """Rows and columns of the elements on and below a diagonal."""
    args = as_ints((row, col, offset), op="tril_indices", name="row, col or offset")
    return finished(triangles.tril_indices.call((*args, dtype)), device, False)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: DType | None = int64, device: object = None) -> Tensor:
    """Rows and columns of the elements on and above a diagonal."""
    args = as_ints((row, col, offset), op="triu_indices", name="row, col or offset")
    return finished(triangles.triu_indices.call((*args, dtype)), device, False)


@takes_out
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or a matrix with a vector on its diagonal."""
    return unary(triangles.diag, input, as_int(diagonal, op="diag", name="diagonal"))


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements on a diagonal."""
    return unary(triangles.diagflat, input, as_int(offset, op="diagflat", name="offset"))


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dimension as a diagonal of two."""
    return unary(triangles.diag_embed, input, *as_ints((offset, dim1, dim2), op="diag_embed", name="offset or dim"))


def flip(input: Tensor, dims: Sequence[int]) -> Tensor:
    """A copy with the elements in reverse order along ``dims``."""
    return unary(rearranging.flip, input, as_ints(dims, op="flip", name="dims"))


def flip_method(self: Tensor, *dims: Any) -> Tensor:
    """A copy with the elements in reverse order along dimensions, given one by one or as a list."""
    return rearranging.flip.call((self, listed_sizes(dims, "flip", "dims")))


def fliplr(input: Tensor) -> Tensor:
    """A copy with the columns in reverse order."""
    return unary(rearranging.fliplr, input)


def flipud(input: Tensor) -> Tensor:
    """A copy with the rows in reverse order."""
    return unary(rearranging.flipud, input)


@called("Rot90Backward0")
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy turned by ``k`` quarters from the first towards the second of two dimensions."""
    return unary(rearranging.rot90, input, as_int(k, op="rot90", name="k"), as_ints(dims, op="rot90", name="dims"))


@called(lambda input, shifts, dims=None: "ViewBackward0" if dims in (None, ()) else None)
def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """A copy with the elements moved on along ``dims``; those that leave at one end come in at the other."""
    at = () if dims is None else as_ints(dims, op="roll", name="dims")
    return unary(rearranging.roll, input, as_ints(shifts, op="roll", name="shifts"), at)


def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """The tensor several times along each dimension; more numbers than dimensions add some in front."""
    return rearranging.repeat.call((self, listed_sizes(repeats, "repeat", "repeats")))


def tile(input: Tensor, dims: Sequence[int]) -> Tensor:
    """The tensor several times along each dimension; fewer numbers than dimensions are for the last ones."""
    return unary(rearranging.tile, input, as_ints(dims, op="tile", name="dims"))


def tile_method(self: Tensor, *dims: Any) -> Tensor:
    """The tensor several times along each dimension, the numbers given one by one or as a list."""
    return rearranging.tile.call((self, listed_sizes(dims, "tile", "dims")))


def repeat_interleave(
    input: Tensor, repeats: int | Tensor | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element, or each index along ``dim``, several times in a row.

    With one tensor alone, the indices that its numbers of repeats give. ``output_size`` is how many there are in all.

    Raises: `RangeError` for negative repeats, `ShapeError` where there are not as many as indices.
    """
    source = as_tensor_argument(rearranging.repeat, input)
    if repeats is None:
        return _repeated(source, source.numel(), output_size)
    at = None if dim is None else as_int(dim, op="repeat_interleave", name="dim")
    if isinstance(repeats, Tensor) and repeats.numel() == 1:
        repeats = as_int(repeats.item(), op="repeat_interleave", name="repeats")
    if not isinstance(repeats, Tensor):
        count = as_int(repeats, op="repeat_interleave", name="repeats")
        return rearranging.repeat_interleave.call((source, count, at))
    if at is None:
        source, at = source.reshape(-1), 0
    return source.index_select(at, _repeated(repeats, source.shape[at], output_size))


def _repeated(repeats: Tensor, count: Any, output_size: int | None) -> Tensor:
    """Indices from 0 on, each as many times as its number says."""
    if repeats.ndim != 1 or repeats.dtype not in (int32, int64):
        raise ArgumentError(
            f"repeat_interleave: repeats must be a vector of int32 or int64, got {repeats.ndim} dimensions of "
            f"{repeats.dtype.name}"
        )
    numbers = repeats.numpy()
    if numbers.size != count:
        raise ShapeError(
            f"repeat_interleave: repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{numbers.size} and input.size(dim) = {count}"
        )
    if numbers.size and numbers.min() < 0:
        raise RangeError("repeat_interleave: repeats can not be negative")
    found = np.repeat(np.arange(numbers.size, dtype=numbers.dtype), numbers)
    if output_size is not None and output_size != found.size:
        raise ShapeError(f"repeat_interleave: allocated size does not match required size: {output_size}, {found.size}")
    return from_numpy(found)


@called("UnsafeViewBackward0")
@takes_out
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Each element of ``input`` times all of ``other``."""
    if not isinstance(other, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"kron: argument 'other' takes a Tensor, got {type(other).__name__}")
    return unary(rearranging.kron, input, other)


@called("PixelShuffleBackward0")
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels as finer rows and columns: ``(..., c * r * r, h, w) -> (..., c, h * r, w * r)``."""
    return unary(rearranging.pixel_shuffle, input, as_int(upscale_factor, op="pixel_shuffle", name="upscale_factor"))


@called("PixelUnshuffleBackward0")
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Finer rows and columns as channels: ``(..., c, h * r, w * r) -> (..., c * r * r, h, w)``."""
    factor = as_int(downscale_factor, op="pixel_unshuffle", name="downscale_factor")
    return unary(rearranging.pixel_unshuffle, input, factor)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A new last dimension with 1 at the place that the element names and 0 elsewhere."""
    return unary(rearranging.one_hot, tensor, as_int(num_classes, op="one_hot", name="num_classes"))


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Borders around a tensor, listed from the last dimension on: before and after each.

    ``mode``: ``"constant"`` (of ``value``, or 0), ``"reflect"``, ``"replicate"`` or ``"circular"``.
    """
    wide = as_ints(pad, op="pad", name="pad")
    of = None if value is None else as_number(value, op="pad", name="value")
    return unary(padding.pad, input, wide, mode, of)


FUNCTIONS: dict[str, Any] = {
    "diag": diag,
    "diag_embed": diag_embed,
    "diagflat": diagflat,
    "flip": flip,
    "fliplr": fliplr,
    "flipud": flipud,
    "kron": kron,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "repeat_interleave": repeat_interleave,
    "roll": roll,
    "rot90": rot90,
    "tile": tile,
    "tril": tril,
    "tril_indices": tril_indices,
    "triu": triu,
    "triu_indices": triu_indices,
}

METHODS: dict[str, Any] = {
    "diag": diag,
    "diag_embed": diag_embed,
    "diagflat": diagflat,
    "flip": flip_method,
    "fliplr": fliplr,
    "flipud": flipud,
    "kron": kron,
    "repeat": repeat,
    "repeat_interleave": repeat_interleave,
    "roll": roll,
    "rot90": rot90,
    "tile": tile_method,
    "tril": tril,
    "triu": triu,
}

FUNCTIONAL: dict[str, Any] = {
    "one_hot": one_hot,
    "pad": pad,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
}
