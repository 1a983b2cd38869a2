"""What a mask of a tensor's leading dimensions names: read as rows, filled with one value.

A mask is not taken apart into coordinates: where the dimensions that it covers lie evenly in memory, the positions of
its elements that are set are row numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tensorlab.core.dtype import bool as bool_dtype
from tensorlab.core.index_walk import COUNT_AT, Places, Span, walk
from tensorlab.core.layout import Layout, layout
from tensorlab.core.pointwise import EagerPointwise, Plan
from tensorlab.core.shape import contiguous_strides, view_strides
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.ops.comparison import where
from tensorlab.ops.movement import reshape
from tensorlab.ops.set_positions import positions
from tensorlab.ops.twins import apart

LIMIT = 1024  # pairs of layouts that are remembered; beyond it a table starts over
Read = Callable[[Tensor, Tensor], Tensor]
_readers: dict[tuple[Layout, Layout], Read | None] = {}
_fills: dict[tuple[Layout, Layout, Layout], Plan | None] = {}


def reader(a: Layout, mask: Layout) -> Read | None:
    """What copies the parts that a mask names, for tensors and masks of these layouts; None where rows will not do."""
    key = (a, mask)
    if key not in _readers:
        if len(_readers) >= LIMIT:
            _readers.clear()
        _readers[key] = _made(a, mask)
    return _readers[key]


def _made(a: Layout, mask: Layout) -> Read | None:
    """The mask has the sizes of the tensor's leading dimensions, which has been checked."""
    lead = len(mask.shape)
    total, rest = mask.numel, tuple(a.shape[lead:])
    joined = view_strides(mask.shape, a.strides[:lead], (total,)) if lead else None
    if mask.dtype is not bool_dtype or not mask.is_contiguous or joined is None or not a.numel or not a.is_contiguous:
        return None
    dense = contiguous_strides(rest)
    inner, after = math.prod(rest), Span(rest, dense, a.strides[lead:])
    at, places = Span((total,), (inner,), (0,)), Places(joined[0])
    steps = walk("rows_get", "set", a.dtype, Span((), (), ()), at, after, places=places)
    entry, head = steps.entry, steps.head_numbers()

    def read(a: Tensor, mask: Tensor) -> Tensor:
        found = positions(mask)
        count = found.layout.numel
        form = layout(a.layout.dtype, (count, *rest))
        result = fresh(form)
        numbers = head[:]
        numbers[COUNT_AT] = count
        entry(numbers.buffer_info()[0], result.address, a.address, found.address)
        return result

    read.__dict__["steps"] = steps  # it owns the tables that `head` points to
    return read


def fill(target: Tensor, mask: Tensor, value: Tensor) -> bool:
    """One value where a mask is set, in one pass; whether value and mask are such that it can be."""
    key = (target.layout, mask.layout, value.layout)
    if key not in _fills:
        if len(_fills) >= LIMIT:
            _fills.clear()
        _fills[key] = _filling(target, mask, value)
    plan = _fills[key]
    if plan is None:
        return False
    chosen, number = apart(mask, target), apart(value, target)
    address = target.address
    plan.fill((address,), (chosen.address, number.address, address), ())
    return True


def _filling(target: Tensor, mask: Tensor, value: Tensor) -> Plan | None:
    if value.ndim > target.ndim - mask.ndim + 1 or not mask.layout.is_contiguous:
        return None
    evaluator = where.evaluate
    if not isinstance(evaluator, EagerPointwise):
        return None
    shape = (*mask.shape, *(1,) * (target.ndim - mask.ndim))
    runner, inputs, params = evaluator.split((reshape.run((mask, shape)), reshape.run((value, ())), target))
    return runner.plan([i.layout for i in inputs], params, into=[target.layout])
