"""Shapes and strides: broadcasting, views, and the order in which a loop walks its operands.

Strides are in elements throughout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from tensorlab.core.footprint import repeats
from tensorlab.errors import DimError, ShapeError

Shape = tuple[int, ...]


class Size(tuple[int, ...]):
    """A shape as torch shows it, ``tensorlab.Size([2, 2])``."""

    __slots__ = ()

    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self)

    def __add__(self, other: tuple[int, ...]) -> Size:  # pyright: ignore[reportIncompatibleMethodOverride] - as torch
        return Size((*self, *other))

    def __radd__(self, other: tuple[int, ...]) -> Size:
        return Size((*other, *self))

    def __repr__(self) -> str:
        return f"tensorlab.Size({list(self)})"


def contiguous_strides(shape: Sequence[int]) -> Shape:
    """Row-major strides; a dimension of size 0 counts as 1, as in torch."""
    strides = [1] * len(shape)
    for i in range(len(shape) - 2, -1, -1):
        strides[i] = strides[i + 1] * max(shape[i + 1], 1)
    return tuple(strides)


def is_contiguous(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the elements lie row-major without gaps; strides of dimensions of size 1 do not matter."""
    if 0 in shape:
        return True
    expected = 1
    for n, s in zip(reversed(shape), reversed(strides), strict=True):
        if n != 1:
            if s != expected:
                return False
            expected *= n
    return True


def is_dense(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the elements fill their range without gap or overlap, in some order of dimensions."""
    order = sorted((s, n) for n, s in zip(shape, strides, strict=True) if n != 1)
    expected = 1
    for s, n in order:
        if s != expected:
            return False
        expected *= n
    return True


def may_overlap(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether two index tuples name one element: exact, but for so many dimensions that the search is given up."""
    if 0 in shape:
        return False
    reach = 0
    for s, n in sorted((abs(s), n) for n, s in zip(shape, strides, strict=True) if n != 1):
        if s <= reach:
            return _repeats(tuple(shape), tuple(strides))
        reach += s * (n - 1)
    return False


@lru_cache(maxsize=1024)
def _repeats(shape: Shape, strides: Shape) -> bool:
    """Of strides that do not nest; a search that is given up counts as found."""
    return repeats(shape, strides) is not False


def broadcast_shapes(*shapes: Sequence[int], op: str) -> Shape:
    """The common shape under broadcasting.

    Raises: `ShapeError` naming ``op``, the shapes and the dimension, in torch's words where it has them.
    """
    ndim = max(map(len, shapes), default=0)
    result = [1] * ndim
    for shape in shapes:
        for i in range(1, len(shape) + 1):
            n = shape[-i]
            if n == 1:
                continue
            if result[-i] not in (1, n):
                raise ShapeError(
                    f"{op}: the size of tensor a ({result[-i]}) must match the size of tensor b ({n}) at "
                    f"non-singleton dimension {ndim - i}: got shapes {' and '.join(str(tuple(s)) for s in shapes)}"
                )
            result[-i] = n
    return tuple(result)


def broadcast_strides(shape: Sequence[int], strides: Sequence[int], to: Sequence[int]) -> Shape:
    """Strides of a tensor of ``shape`` seen as ``to``: 0 where it repeats."""
    lead = len(to) - len(shape)
    own = (0 if n == 1 and to[lead + i] != 1 else s for i, (n, s) in enumerate(zip(shape, strides, strict=True)))
    return (0,) * lead + tuple(own)


def wrap_dim(dim: int, ndim: int, *, op: str) -> int:
    """A dimension counted from the end as one counted from the start; 0-d tensors take 0 and -1.

    Raises: `DimError` with the range, in torch's words.
    """
    bound = max(ndim, 1)
    if not -bound <= dim < bound:
        raise DimError(
            f"{op}: dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})"
        )
    return dim % bound


def infer_size(shape: Sequence[int], numel: int, *, op: str) -> Shape:
    """A shape with its one -1 filled in.

    Raises: `ShapeError` where the elements do not fit.
    """
    if any(n < -1 for n in shape):
        raise ShapeError(f"{op}: invalid shape dimension {min(shape)} in {tuple(shape)}")
    if sum(n == -1 for n in shape) > 1:
        raise ShapeError(f"{op}: only one dimension can be inferred, got {tuple(shape)}")
    known = math.prod(n for n in shape if n != -1)
    if -1 in shape:
        if known == 0:
            raise ShapeError(f"{op}: cannot infer -1 in {tuple(shape)}: the other sizes have 0 elements")
        if numel % known == 0:
            return tuple(numel // known if n == -1 else n for n in shape)
    elif known == numel:
        return tuple(shape)
    raise ShapeError(f"{op}: shape {tuple(shape)} is invalid for input of size {numel}")


def view_strides(shape: Sequence[int], strides: Sequence[int], to: Sequence[int]) -> Shape | None:
    """Strides that show the same elements as ``to`` without a copy, or `None` where there are none.

    Dimensions that nest evenly in memory form a run; each run has to be split or joined on its own.
    """
    if math.prod(shape) == 0:
        return tuple(strides) if tuple(shape) == tuple(to) else contiguous_strides(to)
    out = [0] * len(to)
    j = len(to) - 1
    run_numel = 1
    run_stride = strides[-1] if strides else 1
    for i in range(len(shape) - 1, -1, -1):
        run_numel *= shape[i]
        if i > 0 and (shape[i - 1] == 1 or strides[i - 1] == run_numel * run_stride):
            continue
        taken = 1
        while j >= 0 and (taken < run_numel or to[j] == 1):
            out[j] = taken * run_stride
            taken *= to[j]
            j -= 1
        if taken != run_numel:
            return None
        if i > 0:
            run_stride, run_numel = strides[i - 1], 1
    return tuple(out) if shape else (1,) * len(to)


def loop_order(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Dimensions from the outermost to the innermost, so that memory is walked in order.

    Operands vote in turn: the first with two different non-zero strides for a pair of dimensions decides;
    an undecided pair keeps its order. Source: the behaviour of torch's outputs for permuted inputs.
    """
    order = list(range(len(shape)))
    for i in range(1, len(order)):
        at = i
        for k in range(i - 1, -1, -1):
            vote = _vote(order[k], order[at], shape, strides)
            if vote > 0:
                order[k], order[at] = order[at], order[k]
                at = k
            elif vote < 0:
                break
    return tuple(order)


def _vote(outer: int, inner: int, shape: Sequence[int], strides: Sequence[Sequence[int]]) -> int:
    """1 if the two dimensions should change places, -1 if they should not, 0 if no operand says."""
    for s in strides:
        a, b = abs(s[outer]), abs(s[inner])
        if a == 0 or b == 0:
            continue
        if a != b:
            return 1 if a < b else -1
        if shape[outer] < shape[inner]:
            return 1
    return 0


def coalesce(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[Shape, list[Shape]]:
    """The same walk in as few dimensions as possible; dimensions of size 1 go."""
    kept = [d for d, n in enumerate(shape) if n != 1]
    if not kept:
        return (), [() for _ in strides]
    sizes = [shape[kept[0]]]
    steps = [[s[kept[0]]] for s in strides]
    for _, d in pairwise(kept):
        if all(own[-1] == s[d] * shape[d] for own, s in zip(steps, strides, strict=True)):
            sizes[-1] *= shape[d]
            for own, s in zip(steps, strides, strict=True):
                own[-1] = s[d]
        else:
            sizes.append(shape[d])
            for own, s in zip(steps, strides, strict=True):
                own.append(s[d])
    return tuple(sizes), [tuple(own) for own in steps]
