"""Running reductions: a plan for each layout, found by a dict look-up the next time.

A plan sees the input as (outer, n, inner) and folds the middle away (see `reduction_loops`). An input whose memory
cannot be seen so is copied first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import DType, int64
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, lookup
from tensorlab.core.pointwise import dense_like
from tensorlab.core.reduction_loops import Fold, accumulators, columns_held, reduction_loop
from tensorlab.core.shape import Shape, is_dense, wrap_dim
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.errors import ArgumentError, DimError, ShapeError

PLAN_LIMIT = 4096  # a program with more layouts than this starts the table over


def reduced_dims(dim: object, ndim: int, *, op: str) -> tuple[int, ...]:
    """The dimensions named by a ``dim`` argument, sorted; all of them for None or an empty list, as in torch.

    Raises: `DimError` out of range, `ShapeError` for one named twice, `ArgumentError` for what is no dimension.
    """
    named = cast(Sequence[object], dim) if isinstance(dim, (tuple, list)) else () if dim is None else (dim,)
    if not named:
        return tuple(range(ndim))
    dims: list[int] = []
    for d in named:
        if not isinstance(d, int):
            raise ArgumentError(f"{op}: argument 'dim' takes integers, got {type(d).__name__}")
        dims.append(wrap_dim(d, ndim, op=op))
    if len(set(dims)) < len(dims):
        raise ShapeError(f"{op}: dim {max(dims, key=dims.count)} appears multiple times in the list of dims")
    return tuple(sorted(d for d in dims if d < ndim))


def reduced_shape(shape: Sequence[int], dims: Sequence[int], *, keepdim: bool) -> Shape:
    """The shape after folding ``dims`` away."""
    if keepdim:
        return tuple(1 if d in dims else n for d, n in enumerate(shape))
    return tuple(n for d, n in enumerate(shape) if d not in dims)


def check_not_empty(shape: Shape, dims: Shape, *, op: str, explicit: bool) -> None:
    """Refuse to look for an extreme of no elements; ``explicit`` says whether the call named a dimension.

    Raises: `DimError`, in torch's words.
    """
    if explicit:
        for d in dims:
            if shape[d] == 0:
                raise DimError(f"{op}: expected reduction dim {d} to have non-zero size, got shape {shape}")
    elif 0 in shape:
        raise DimError(f"{op}: expected reduction dim to be specified for input.numel() == 0, got shape {shape}")


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """An input as (outer, n, inner); ``moved`` is the layout that is copied row-major first, or None."""

    outer: int
    n: int
    inner: int
    moved: Layout | None = None

    def read(self, source: Tensor) -> Tensor:
        """The input as the walk wants it."""
        if self.moved is None:
            return source
        (contiguous,) = lookup("aten::contiguous")
        return contiguous.run((source.as_view(self.moved, source.offset),))


@dataclass(frozen=True, slots=True, eq=False)
class ReductionPlan:
    """A loop ready to be called; ``results`` are the layouts of values and, for a fold that keeps them, positions.

    ``converted``: the input is made this dtype first, because the result's has no room for what the input's holds.
    """

    loop: Loop | None  # None for no results
    walk: Walk
    results: tuple[Layout, ...]
    scratch_nbytes: int
    converted: DType | None

    def run(self, source: Tensor) -> tuple[Tensor, ...]:
        """Allocate the results and fill them."""
        outputs = tuple([fresh(r) for r in self.results])
        if self.loop is None:
            return outputs
        walk = self.walk
        if self.converted is not None:
            (to,) = lookup("aten::to")
            source = to.run((source, self.converted, False, False))
        source = walk.read(source)
        scratch = Storage.empty(self.scratch_nbytes) if self.scratch_nbytes else None
        places = (outputs[0].address, outputs[-1].address, source.address, 0 if scratch is None else scratch.address)
        self.loop.entry(walk.outer, walk.n, walk.inner, *places)
        return outputs


def plan_reduction(form: Layout, dims: Shape, fold: Fold, result: DType, *, keepdim: bool) -> ReductionPlan:
    """Choose the walk, and compile the loop."""
    converted = None
    if result.category < form.dtype.category:
        converted = result
        form = layout(result, tuple(form.shape), dense_like(form))
    target = layout(result, reduced_shape(form.shape, dims, keepdim=keepdim))
    results = (target,) if fold.beats is None else (target, layout(int64, tuple(target.shape)))
    walk = find_walk(form, dims, ordered=fold.beats is not None)
    if not target.numel:
        return ReductionPlan(None, walk, results, 0, None)
    columns = walk.inner > 1
    text = reduction_loop(fold, form.dtype, result, columns=columns)
    loop = compile_loop(text.source, text.signature, label=text.label)
    _, acc = accumulators(fold, form.dtype, result)
    return ReductionPlan(
        loop, walk, results, columns_held(walk.inner) * acc.itemsize if columns and fold.wide else 0, converted
    )


class EagerReduction:
    """Evaluates a reduction: its type rule says what comes out, and refuses what has no result.

    ``give`` makes of values, and positions if the fold keeps them, what the op gives.
    """

    __slots__ = ("_dim", "_fold", "_keepdim", "give", "op")

    def __init__(self, op: Op, give: Callable[[tuple[Tensor, ...]], Any]) -> None:
        names = [p.name for p in op.schema.params]
        self.op = op
        self._fold: Fold = op.rules["reduce"]()
        self.give = give
        self._dim = names.index("dim") if "dim" in names else None
        self._keepdim = names.index("keepdim") if "keepdim" in names else None

    def __call__(self, args: tuple[Any, ...]) -> Any:
        source: Tensor = args[0]
        key = (source.layout, *args[1:])
        try:
            run = self.op.plans.get(key)
        except TypeError:  # dimensions as a list
            key = (source.layout, *(tuple(a) if isinstance(a, list) else a for a in args[1:]))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            run = self.op.plans.get(key)
        if run is None:
            if len(self.op.plans) >= PLAN_LIMIT:
                self.op.plans.clear()
            run = self.op.plans[key] = _short_cut(self._plan(args), self.give)
            if not any(a is not None for a in args[1:]):
                self.op.plans[source.layout] = run
        return run(source)

    def _plan(self, args: tuple[Any, ...]) -> ReductionPlan:
        form: Layout = args[0].layout
        found = self.op.rules["type"](form.type, *args[1:])
        dims = reduced_dims(None if self._dim is None else args[self._dim], len(form.shape), op=self.op.schema.name)
        keepdim = self._keepdim is not None and args[self._keepdim]
        result = form.dtype if self._fold.beats is not None else found.dtype
        return plan_reduction(form, dims, self._fold, result, keepdim=keepdim)


def _short_cut(plan: ReductionPlan, give: Callable[[tuple[Tensor, ...]], Any]) -> Callable[[Tensor], Any]:
    """What runs a plan: for one result of an input that is read as it lies, with as little Python as that takes."""
    walk = plan.walk
    if plan.loop is None or len(plan.results) != 1 or plan.converted is not None or walk.moved is not None:
        return lambda source: give(plan.run(source))
    (form,) = plan.results
    entry, scratch_nbytes = plan.loop.entry, plan.scratch_nbytes
    outer, n, inner = walk.outer, walk.n, walk.inner

    def run(source: Tensor) -> Any:
        result = fresh(form)
        address = result.address
        if scratch_nbytes:
            scratch = Storage.empty(scratch_nbytes)
            entry(outer, n, inner, address, address, source.address, scratch.address)
        else:
            entry(outer, n, inner, address, address, source.address, 0)
        return give((result,))

    return run


def finish_reduction(op: Op, give: Callable[[tuple[Tensor, ...]], Any]) -> None:
    """Give a declared op with a type rule and a fold its evaluator."""
    op.evaluate = EagerReduction(op, give)


def find_walk(form: Layout, dims: Shape, *, ordered: bool) -> Walk:
    """How to walk an input so that its memory is read in order.

    ``ordered``: positions are asked for, so that folded elements keep their logical order.
    """
    shape, strides = tuple(form.shape), form.strides
    if not ordered and len(dims) == len(shape) and is_dense(shape, strides):
        return Walk(1, form.numel, 1)
    by_stride = sorted(range(len(shape)), key=lambda d: -strides[d] if shape[d] != 1 else 0)
    by_stride = [d for d in by_stride if shape[d] != 1]
    kept = [d for d in by_stride if d not in dims]
    folded = [d for d in by_stride if d in dims]
    first = by_stride.index(folded[0]) if folded else len(by_stride)
    adjacent = by_stride[first : first + len(folded)] == folded
    in_order = kept == sorted(kept) and (not ordered or folded == sorted(folded))
    if adjacent and in_order and min(strides, default=0) >= 0 and is_dense(shape, strides):
        sizes = [shape[d] for d in by_stride]
        end = first + len(folded)
        return Walk(math.prod(sizes[:first]), math.prod(sizes[first:end]), math.prod(sizes[end:]))
    kept = [d for d in range(len(shape)) if d not in dims]
    order = [*kept, *dims]
    moved = layout(form.dtype, tuple(shape[d] for d in order), tuple(strides[d] for d in order))
    return Walk(math.prod(shape[d] for d in kept), math.prod(shape[d] for d in dims), 1, moved)
