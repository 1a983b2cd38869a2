"""Elements at other places: rolled, flipped and repeated tensors."""

from __future__ import annotations

import itertools

import numpy as np

from tensorlab.core.dtype import int64
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import layout
from tensorlab.core.op import declare
from tensorlab.core.pointwise import dense_like
from tensorlab.core.shape import Shape, wrap_dim
from tensorlab.core.tensor import Tensor, empty
from tensorlab.core.types import TensorType
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.copying import clone, contiguous, copy_into
from tensorlab.ops.create import full_of
from tensorlab.ops.movement import (
    call_evaluator,
    distinct_dims,
    expand,
    permute,
    reshape,
    slice_,
    transpose,
    unsqueeze,
)
from tensorlab.ops.view_evaluator import composed

# Flipped and rolled ---------------------------------------------------------------------------------------------------

flip = declare("flip(Tensor self, int[] dims) -> Tensor")


@flip.rule("type")
def flip_type(a: TensorType, dims: Shape) -> TensorType:
    distinct_dims(dims, len(a.sizes), op="flip")
    return a


@flip.rule("call")
def flip_call(a: Tensor, dims: Shape) -> Tensor:
    """A copy of the view that runs backwards."""
    turned = distinct_dims(dims, a.ndim, op="flip") if a.ndim else ()
    strides = tuple(-s if d in turned else s for d, s in enumerate(a.strides))
    start = sum((a.shape[d] - 1) * a.strides[d] for d in turned) if a.numel() else 0
    result = empty(a.dtype, tuple(a.shape), dense_like(a.layout))
    copy_into(result, a.as_view(layout(a.dtype, tuple(a.shape), strides), a.offset + start))
    return result


@flip.vjp("self")
def flip_vjp(g: Tensor, dims: Shape) -> Tensor:
    return flip.call((g, dims))


@composed("fliplr(Tensor self) -> Tensor")
def fliplr(a: Tensor) -> Tensor:
    if a.ndim < 2:
        raise ShapeError(f"fliplr: input must be >= 2-d, got {a.ndim}-d")
    return flip.call((a, (1,)))


@composed("flipud(Tensor self) -> Tensor")
def flipud(a: Tensor) -> Tensor:
    if a.ndim < 1:
        raise ShapeError("flipud: input must be >= 1-d, got 0-d")
    return flip.call((a, (0,)))


@composed("rot90(Tensor self, int k=1, int[] dims=[0, 1]) -> Tensor")
def rot90(a: Tensor, k: int, dims: Shape) -> Tensor:
    """Turned by ``k`` quarters from the first towards the second of two dimensions."""
    if len(dims) != 2 or a.ndim < 2:
        raise ShapeError(f"rot90: expects two rotation dims of a tensor with 2 or more, got {list(dims)} of {a.ndim}")
    first, second = distinct_dims(tuple(dims), a.ndim, op="rot90")
    match k % 4:
        case 1:
            return transpose.call((flip.call((a, (second,))), first, second))
        case 2:
            return flip.call((a, (first, second)))
        case 3:
            return transpose.call((flip.call((a, (first,))), first, second))
        case _:
            return clone.call((contiguous.call((a,)),))


roll = declare("roll(Tensor self, int[] shifts, int[] dims=[]) -> Tensor")


@roll.rule("type")
def roll_type(a: TensorType, shifts: Shape, dims: Shape) -> TensorType:
    """Without dimensions, the elements are rolled in one row.

    Raises: `ShapeError` where shifts and dimensions do not go together, `DimError`.
    """
    if not shifts:
        raise ShapeError("roll: `shifts` required")
    if len(shifts) != len(dims) and (dims or len(shifts) != 1):
        raise ShapeError(f"roll: shifts and dimensions must align. shifts: {len(shifts)}, dims: {len(dims)}")
    for d in dims:
        wrap_dim(d, len(a.sizes), op="roll")
    return a


@roll.rule("call")
def roll_call(a: Tensor, shifts: Shape, dims: Shape) -> Tensor:
    """Two copies a dimension: of what moves on, and of what comes round."""
    roll_type(a.type, shifts, dims)
    if not dims:
        flat = reshape.run((contiguous.run((a,)), (a.numel(),)))
        return reshape.run((roll_call(flat, shifts, (0,)), tuple(a.shape)))
    steps: dict[int, int] = {}
    for d, s in zip(dims, shifts, strict=True):
        at = wrap_dim(d, a.ndim, op="roll")
        steps[at] = steps.get(at, 0) + s
    result = empty(a.dtype, tuple(a.shape))
    if not a.numel() or not a.ndim:
        copy_into(result, a)
        return result
    pieces: list[list[tuple[int, int, int, int]]] = []  # for each dimension: where from, where to, how many
    for d, s in steps.items():
        n, k = a.shape[d], s % a.shape[d]
        pieces.append([(d, 0, k, n - k), (d, n - k, 0, k)])
    for chosen in itertools.product(*pieces):
        source, target = a, result
        for d, start, to, count in chosen:
            source = slice_.run((source, d, start, start + count, 1))
            target = slice_.run((target, d, to, to + count, 1))
        copy_into(target, source)
    return result


@roll.vjp("self")
def roll_vjp(g: Tensor, shifts: Shape, dims: Shape) -> Tensor:
    return roll.call((g, tuple(-s for s in shifts), dims))


# Repeated -------------------------------------------------------------------------------------------------------------

repeat = declare("repeat(Tensor self, int[] repeats) -> Tensor")


@repeat.rule("type")
def repeat_type(a: TensorType, repeats: Shape) -> TensorType:
    shape = a.sizes
    if len(repeats) < len(shape):
        raise ShapeError(
            f"repeat: number of dimensions of repeat dims ({len(repeats)}) can not be smaller than number of "
            f"dimensions of tensor ({len(shape)})"
        )
    if min(repeats, default=0) < 0:
        raise RangeError(f"repeat: takes no negative repeats, got {list(repeats)}")
    padded = (1,) * (len(repeats) - len(shape)) + shape
    return TensorType(a.dtype, tuple(n * r for n, r in zip(padded, repeats, strict=True)))


@repeat.rule("call")
def repeat_call(a: Tensor, repeats: Shape) -> Tensor:
    """One copy, over the result seen with each dimension as two: which repeat, and where in it."""
    result = empty(a.dtype, repeat_type(a.type, repeats).sizes)
    if not result.numel():
        return result
    pairs, ones = repeated(tuple(a.shape), tuple(repeats))
    source = expand.run((reshape.run((a, ones)), pairs, False))
    copy_into(reshape.run((result, pairs)), source)
    return result


def repeated(shape: Shape, repeats: Shape) -> tuple[Shape, Shape]:
    """The result's dimensions as pairs (repeats, size), and those of the source as pairs (1, size)."""
    padded = (1,) * (len(repeats) - len(shape)) + shape
    pairs = tuple(x for r, n in zip(repeats, padded, strict=True) for x in (r, n))
    return pairs, tuple(x for n in padded for x in (1, n))


@repeat.vjp("self")
def repeat_vjp(g: Tensor, self_type: TensorType, repeats: Shape) -> Tensor:
    shape = self_type.sizes
    if not repeats:
        return g
    if 0 in repeats:  # nothing of it is there, and no history leads on from that
        return full_of(shape, 0, g.dtype)
    pairs, _ = repeated(shape, tuple(repeats))
    summed = reshape.call((g, pairs)).sum(tuple(range(0, len(pairs), 2)))
    return reshape.call((summed, shape))


@composed("tile(Tensor self, int[] dims) -> Tensor")
def tile(a: Tensor, dims: Shape) -> Tensor:
    return repeat.call((a, (1,) * (a.ndim - len(dims)) + tuple(dims)))


@composed("repeat_interleave.self_int(Tensor self, int repeats, int? dim=None) -> Tensor")
def repeat_interleave(a: Tensor, repeats: int, dim: int | None) -> Tensor:
    """Each element several times in a row: one copy of an expanded view."""
    if repeats < 0:
        raise RangeError(f"repeat_interleave: repeats can not be negative, got {repeats}")
    source = reshape.call((a, (-1,))) if dim is None else a
    at = 0 if dim is None else wrap_dim(dim, a.ndim, op="repeat_interleave")
    shape = tuple(source.shape) or (1,)
    wide = expand.call(
        (
            unsqueeze.call((source if source.ndim else reshape.call((source, (1,))), at + 1)),
            (*shape[: at + 1], repeats, *shape[at + 1 :]),
            False,
        )
    )
    copied = clone.call((wide,)) if wide.is_contiguous() else contiguous.call((wide,))
    return reshape.call((copied, (*shape[:at], shape[at] * repeats, *shape[at + 1 :])))


# Sizes exchanged ------------------------------------------------------------------------------------------------------


@composed("pixel_shuffle(Tensor self, int upscale_factor) -> Tensor")
def pixel_shuffle(a: Tensor, upscale_factor: int) -> Tensor:
    """Channels as finer rows and columns: ``(..., c * r * r, h, w) -> (..., c, h * r, w * r)``."""
    r = upscale_factor
    if r <= 0:
        raise RangeError(f"pixel_shuffle: expects a positive upscale_factor, but got {r}")
    if a.ndim < 3 or a.shape[-3] % (r * r):
        raise ShapeError(
            f"pixel_shuffle: takes at least 3 dimensions, of which the third last is divisible by {r * r}, got "
            f"shape {tuple(a.shape)}"
        )
    *lead, c, h, w = a.shape
    n = len(lead)
    split = reshape.call((a, (*lead, c // (r * r), r, r, h, w)))
    mixed = permute.call((split, (*range(n), n, n + 3, n + 1, n + 4, n + 2)))
    return reshape.call((mixed, (*lead, c // (r * r), h * r, w * r)))


@composed("pixel_unshuffle(Tensor self, int downscale_factor) -> Tensor")
def pixel_unshuffle(a: Tensor, downscale_factor: int) -> Tensor:
    """Finer rows and columns as channels: ``(..., c, h * r, w * r) -> (..., c * r * r, h, w)``."""
    r = downscale_factor
    if r <= 0:
        raise RangeError(f"pixel_unshuffle: expects a positive downscale_factor, but got {r}")
    if a.ndim < 3 or a.shape[-1] % r or a.shape[-2] % r:
        raise ShapeError(
            f"pixel_unshuffle: takes at least 3 dimensions, of which the last two are divisible by {r}, got shape "
            f"{tuple(a.shape)}"
        )
    *lead, c, h, w = a.shape
    n = len(lead)
    split = reshape.call((a, (*lead, c, h // r, r, w // r, r)))
    mixed = permute.call((split, (*range(n), n, n + 2, n + 4, n + 1, n + 3)))
    return reshape.call((mixed, (*lead, c * r * r, h // r, w // r)))


@composed("kron(Tensor self, Tensor other) -> Tensor")
def kron(a: Tensor, b: Tensor) -> Tensor:
    """Each element of ``a`` times all of ``b``."""
    n = max(a.ndim, b.ndim)
    one, other = ((1,) * (n - x.ndim) + tuple(x.shape) for x in (a, b))
    left = reshape.call((a, tuple(s for size in one for s in (size, 1))))
    right = reshape.call((b, tuple(s for size in other for s in (1, size))))
    return reshape.call((left * right, tuple(x * y for x, y in zip(one, other, strict=True))))


# Classes --------------------------------------------------------------------------------------------------------------

one_hot = declare("one_hot(Tensor self, int num_classes=-1) -> Tensor")


@one_hot.rule("type")
def one_hot_type(a: TensorType, num_classes: int) -> TensorType:
    if a.dtype is not int64:
        raise DTypeError(f"one_hot: is only applicable to index tensor of type int64, got {a.dtype}")
    return TensorType(int64, (*a.sizes, num_classes if num_classes > 0 else None))


@one_hot.rule("call")
def one_hot_call(a: Tensor, num_classes: int) -> Tensor:
    """A new last dimension, 1 at the place that the element names.

    Raises: `RangeError` for an element that is no class, or for none where the number of classes is to be found.
    """
    one_hot_type(a.type, num_classes)
    classes = borrowed(a)
    if num_classes < -1 or (num_classes < 1 and not classes.size):
        raise RangeError(f"one_hot: can not infer total number of classes from empty tensor, num_classes={num_classes}")
    if classes.size and classes.min() < 0:
        raise RangeError("one_hot: class values must be non-negative.")
    count = num_classes if num_classes != -1 else int(classes.max()) + 1
    if classes.size and classes.max() >= count:
        raise RangeError("one_hot: class values must be smaller than num_classes.")
    result = full_of((*a.shape, count), 0, int64)
    if classes.size:
        np.put_along_axis(borrowed(result), classes[..., None], 1, -1)
    return result


for _op in (flip, roll, repeat, one_hot):
    call_evaluator(_op)
