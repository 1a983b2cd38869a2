"""Views: other shapes and strides over the same storage; nothing is read or written.

A ``view`` rule maps a layout and the arguments to shape, strides and the step from the first element to the view's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.shape import Shape, infer_size, view_strides, wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DimError, RangeError, ShapeError

Place = tuple[Shape, Shape, int]

transpose = declare("transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)")


@transpose.rule("view")
def transpose_view(form: Layout, dim0: int, dim1: int) -> Place:
    a, b = (wrap_dim(d, len(form.shape), op="transpose") for d in (dim0, dim1))
    order = list(range(len(form.shape)))
    if order:
        order[a], order[b] = order[b], order[a]
    return _ordered(form, order)


t = declare("t(Tensor(a) self) -> Tensor(a)")


@t.rule("view")
def t_view(form: Layout) -> Place:
    if len(form.shape) > 2:
        raise ShapeError(f"t: t() expects a tensor with <= 2 dimensions, but self is {len(form.shape)}D")
    return _ordered(form, list(range(len(form.shape)))[::-1])


permute = declare("permute(Tensor(a) self, int[] dims) -> Tensor(a)")


@permute.rule("view")
def permute_view(form: Layout, dims: tuple[int, ...]) -> Place:
    order = [wrap_dim(d, len(form.shape), op="permute") for d in dims]
    if sorted(order) != list(range(len(form.shape))):
        raise ShapeError(f"permute: takes each of the {len(form.shape)} dimensions once, got {tuple(dims)}")
    return _ordered(form, order)


def _ordered(form: Layout, order: list[int]) -> Place:
    return tuple(form.shape[d] for d in order), tuple(form.strides[d] for d in order), 0


view = declare("view(Tensor(a) self, int[] size) -> Tensor(a)")


@view.rule("view")
def view_view(form: Layout, size: tuple[int, ...]) -> Place:
    shape = infer_size(size, form.numel, op="view")
    strides = view_strides(form.shape, form.strides, shape)
    if strides is None:
        raise ShapeError(
            f"view: view size is not compatible with input tensor's size and stride (at least one dimension spans "
            f"across two contiguous subspaces): got shape {tuple(form.shape)}, strides {form.strides}, asked for "
            f"{shape}. Use .reshape(...) instead."
        )
    return shape, strides, 0


expand = declare("expand(Tensor(a) self, int[] size, *, bool implicit=False) -> Tensor(a)")


@expand.rule("view")
def expand_view(form: Layout, size: tuple[int, ...], implicit: bool) -> Place:  # noqa: FBT001 - the schema's order
    lead = len(size) - len(form.shape)
    if lead < 0:
        raise ShapeError(f"expand: got {len(size)} sizes for a tensor of {len(form.shape)} dimensions")
    shape, strides = list(size), [0] * len(size)
    for i, (n, s) in enumerate(zip(form.shape, form.strides, strict=True), start=lead):
        if size[i] in (-1, n):
            shape[i], strides[i] = n, s
        elif n != 1:
            raise ShapeError(
                f"expand: the expanded size of the tensor ({size[i]}) must match the existing size ({n}) at "
                f"non-singleton dimension {i}: target sizes {list(size)}, tensor sizes {list(form.shape)}"
            )
    for i, n in enumerate(shape):
        if n < 0:
            raise ShapeError(f"expand: the expanded size ({n}) isn't allowed in a leading, non-existing dimension {i}")
    return tuple(shape), tuple(strides), 0


unsqueeze = declare("unsqueeze(Tensor(a) self, int dim) -> Tensor(a)")


@unsqueeze.rule("view")
def unsqueeze_view(form: Layout, dim: int) -> Place:
    at = wrap_dim(dim, len(form.shape) + 1, op="unsqueeze")
    step = form.shape[at] * form.strides[at] if at < len(form.shape) else 1
    shape, strides = tuple(form.shape), form.strides
    return (*shape[:at], 1, *shape[at:]), (*strides[:at], step, *strides[at:]), 0


squeeze = declare("squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)")


@squeeze.rule("view")
def squeeze_view(form: Layout, dim: int) -> Place:
    at = wrap_dim(dim, len(form.shape), op="squeeze")
    kept = [d for d in range(len(form.shape)) if d != at or form.shape[d] != 1]
    return _ordered(form, kept)


squeeze_all = declare("squeeze(Tensor(a) self) -> Tensor(a)")


@squeeze_all.rule("view")
def squeeze_all_view(form: Layout) -> Place:
    return _ordered(form, [d for d, n in enumerate(form.shape) if n != 1])


select = declare("select.int(Tensor(a) self, int dim, int index) -> Tensor(a)")


@select.rule("view")
def select_view(form: Layout, dim: int, index: int) -> Place:
    if not form.shape:
        raise DimError("select: select() cannot be applied to a 0-dim tensor.")
    at = wrap_dim(dim, len(form.shape), op="select")
    n = form.shape[at]
    if not -n <= index < n:
        raise DimError(f"select: index {index} is out of bounds for dimension {at} with size {n}")
    kept = [d for d in range(len(form.shape)) if d != at]
    shape, strides, _ = _ordered(form, kept)
    return shape, strides, index % n * form.strides[at]


slice_ = declare("slice.Tensor(Tensor(a) self, int dim=0, int? start=None, int? end=None, int step=1) -> Tensor(a)")


@slice_.rule("view")
def slice_view(form: Layout, dim: int, start: int | None, end: int | None, step: int) -> Place:
    if not form.shape:
        raise DimError("slice: slice() cannot be applied to a 0-dim tensor.")
    if step <= 0:
        raise RangeError(f"slice: step must be greater than zero, got {step}")
    at = wrap_dim(dim, len(form.shape), op="slice")
    first, last, _ = slice(start, end).indices(form.shape[at])
    n = max(0, -(-(last - first) // step))
    shape, strides = list(form.shape), list(form.strides)
    shape[at], strides[at] = n, strides[at] * step
    return tuple(shape), tuple(strides), first * form.strides[at]


flatten = declare("flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a)")
reshape = declare("reshape(Tensor(a) self, int[] shape) -> Tensor(a)")
detach = declare("detach(Tensor(a) self) -> Tensor(a)")
alias = declare("alias(Tensor(a) self) -> Tensor(a)")


@alias.rule("view")
@detach.rule("view")
def same_view(form: Layout) -> Place:
    return tuple(form.shape), form.strides, 0


@reshape.rule("type")
def reshape_type(a: TensorType, shape: tuple[int, ...]) -> TensorType:
    return TensorType(a.dtype, infer_size(shape, a.numel or 0, op="reshape"))


@reshape.rule("call")
def reshape_call(a: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A view where strides allow one, else a copy."""
    key = (a.layout, tuple(shape))
    form, copies = reshape.plans.get(key) or _remember(reshape, key, _reshaped(*key))
    if copies:
        from tensorlab.ops.copying import contiguous

        return Tensor(contiguous.run((a,)).storage(), form)
    return a.as_view(form, a.offset)


def _reshaped(form: Layout, shape: Shape) -> tuple[Layout, bool]:
    """The layout of the result, and whether it takes a copy."""
    to = infer_size(shape, form.numel, op="reshape")
    strides = view_strides(form.shape, form.strides, to)
    return layout(form.dtype, to, strides), strides is None


@flatten.rule("type")
def flatten_type(a: TensorType, start_dim: int, end_dim: int) -> TensorType:
    return TensorType(a.dtype, _flattened(tuple(n or 0 for n in a.shape or ()), start_dim, end_dim))


@flatten.rule("call")
def flatten_call(a: Tensor, start_dim: int, end_dim: int) -> Tensor:
    return reshape.run((a, _flattened(tuple(a.shape), start_dim, end_dim)))


def _flattened(shape: Shape, start_dim: int, end_dim: int) -> Shape:
    first, last = (wrap_dim(d, len(shape), op="flatten") for d in (start_dim, end_dim))
    if first > last:
        raise DimError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    if not shape:
        return (1,)
    joined = 1
    for n in shape[first : last + 1]:
        joined *= n
    return (*shape[:first], joined, *shape[last + 1 :])


LIMIT = 4096  # places that one op remembers; beyond it the table starts over


def _remember(op: Op, key: object, value: Any) -> Any:
    if len(op.plans) >= LIMIT:
        op.plans.clear()
    op.plans[key] = value
    return value


def _short_cut(form: Layout, step: int) -> Callable[[Tensor], Tensor]:
    return lambda source: source.as_view(form, source.offset + step)


class ViewEvaluator:
    """Runs a view rule; the place that it gives is kept by layout and arguments."""

    __slots__ = ("op",)

    def __init__(self, op: Op) -> None:
        self.op = op

    def __call__(self, args: tuple[Any, ...]) -> Tensor:
        source: Tensor = args[0]
        key = (source.layout, *(tuple(a) if isinstance(a, list) else a for a in args[1:]))
        place = self.op.plans.get(key)
        if place is None:
            shape, strides, step = self.op.rules["view"](source.layout, *key[1:])
            place = _remember(self.op, key, (layout(source.dtype, shape, strides), step))
            if len(args) == 1:
                _remember(self.op, source.layout, _short_cut(*place))
        form, step = place
        return source.as_view(form, source.offset + step)


def _finish_view(op: Op) -> None:
    """The type rule of a view is its view rule on a row-major layout."""
    rule = op.rules["view"]

    def view_type(a: TensorType, *args: Any) -> TensorType:
        if a.dtype is None or a.shape is None:
            return TensorType(a.dtype)
        form = layout(a.dtype, tuple(n for n in a.shape if n is not None))
        return TensorType(a.dtype, rule(form, *args)[0])

    op.rule("type")(view_type)
    op.evaluate = ViewEvaluator(op)


VIEWS: tuple[Op, ...] = (
    *(transpose, t, permute, view, expand, unsqueeze, squeeze, squeeze_all, select, slice_, detach, alias),
)

for _op in VIEWS:
    _finish_view(_op)


def call_evaluator(op: Op) -> Op:
    """Let a declared op run its ``call`` or its ``composite`` rule."""
    rule = op.rules["call"] if "call" in op.rules else op.rules["composite"]
    op.evaluate = lambda args: rule(*args)
    return op


for _op in (reshape, flatten):
    call_evaluator(_op)
