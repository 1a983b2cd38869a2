"""Views: other shapes and strides over the same storage; nothing is read or written.

A ``view`` rule maps a layout and the arguments to a `Place`, or to a list of them (see `view_evaluator`).
"""

from __future__ import annotations

from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.recurring import Run, recurring
from tensorlab.core.shape import Shape, infer_size, view_strides, wrap_dim
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import DimError, RangeError, ShapeError
from tensorlab.ops.view_evaluator import Place, call_evaluator, finish_view, remember

transpose = declare("transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)")


@transpose.rule("view")
def transpose_view(form: Layout, dim0: int, dim1: int) -> Place:
    a, b = (wrap_dim(d, len(form.shape), op="transpose") for d in (dim0, dim1))
    order = list(range(len(form.shape)))
    if order:
        order[a], order[b] = order[b], order[a]
    return _ordered(form, order)


@transpose.vjp("self")
def transpose_vjp(g: Tensor, dim0: int, dim1: int) -> Tensor:
    return transpose.call((g, dim0, dim1))


t = declare("t(Tensor(a) self) -> Tensor(a)")


@t.rule("view")
def t_view(form: Layout) -> Place:
    if len(form.shape) > 2:
        raise ShapeError(f"t: t() expects a tensor with <= 2 dimensions, but self is {len(form.shape)}D")
    return _ordered(form, list(range(len(form.shape)))[::-1])


@t.vjp("self")
def t_vjp(g: Tensor) -> Tensor:
    return t.call((g,))


permute = declare("permute(Tensor(a) self, int[] dims) -> Tensor(a)")


@permute.rule("view")
def permute_view(form: Layout, dims: tuple[int, ...]) -> Place:
    order = [wrap_dim(d, len(form.shape), op="permute") for d in dims]
    if sorted(order) != list(range(len(form.shape))):
        raise ShapeError(f"permute: takes each of the {len(form.shape)} dimensions once, got {tuple(dims)}")
    return _ordered(form, order)


def _ordered(form: Layout, order: list[int]) -> Place:
    return tuple(form.shape[d] for d in order), tuple(form.strides[d] for d in order), 0


@permute.vjp("self")
def permute_vjp(g: Tensor, dims: tuple[int, ...]) -> Tensor:
    order = [d % len(dims) for d in dims]
    return permute.call((g, tuple(order.index(d) for d in range(len(dims)))))


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


@view.vjp("self")
def view_vjp(g: Tensor, self_type: TensorType) -> Tensor:
    return reshape.call((g, self_type.sizes))


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


@expand.vjp("self")
def expand_vjp(g: Tensor) -> Tensor:
    return g  # who asks for the gradient sums it to the shape of what was expanded


unsqueeze = declare("unsqueeze(Tensor(a) self, int dim) -> Tensor(a)")


@unsqueeze.rule("view")
def unsqueeze_view(form: Layout, dim: int) -> Place:
    at = wrap_dim(dim, len(form.shape) + 1, op="unsqueeze")
    step = form.shape[at] * form.strides[at] if at < len(form.shape) else 1
    shape, strides = tuple(form.shape), form.strides
    return (*shape[:at], 1, *shape[at:]), (*strides[:at], step, *strides[at:]), 0


@unsqueeze.vjp("self")
def unsqueeze_vjp(g: Tensor, dim: int) -> Tensor:
    return squeeze.call((g, dim))


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


squeeze_dims = declare("squeeze.dims(Tensor(a) self, int[] dim) -> Tensor(a)")


@squeeze_dims.rule("view")
def squeeze_dims_view(form: Layout, dim: tuple[int, ...]) -> Place:
    dims = distinct_dims(dim, len(form.shape), op="squeeze")
    return _ordered(form, [d for d, n in enumerate(form.shape) if n != 1 or d not in dims])


def distinct_dims(dims: tuple[int, ...], ndim: int, *, op: str) -> tuple[int, ...]:
    """Dimensions counted from the start.

    Raises: `DimError` for one outside the range, `ShapeError` for one named twice, in torch's words.
    """
    found: list[int] = []
    for d in dims:
        at = wrap_dim(d, ndim, op=op)
        if at in found:
            raise ShapeError(f"{op}: dim {at} appears multiple times in the list of dims")
        found.append(at)
    return tuple(found)


@squeeze.vjp("self")
@squeeze_all.vjp("self")
@squeeze_dims.vjp("self")
def squeeze_vjp(g: Tensor, self_type: TensorType) -> Tensor:
    return view.call((g, self_type.sizes))


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


diagonal = declare("diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)")


@diagonal.rule("view")
def diagonal_view(form: Layout, offset: int, dim1: int, dim2: int) -> Place:
    """Two dimensions become one, the last, of the elements whose indices along them differ by ``offset``."""
    a, b = (wrap_dim(d, len(form.shape), op="diagonal") for d in (dim1, dim2))
    if a == b:
        raise ShapeError(f"diagonal: diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, columns = form.shape[a], form.shape[b]
    n = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    step = offset * form.strides[b] if offset >= 0 else -offset * form.strides[a]
    shape, strides, _ = _ordered(form, [d for d in range(len(form.shape)) if d not in (a, b)])
    return (*shape, n), (*strides, form.strides[a] + form.strides[b]), step if n else 0


unfold = declare("unfold(Tensor(a) self, int dimension, int size, int step) -> Tensor(a)")


@unfold.rule("view")
def unfold_view(form: Layout, dimension: int, size: int, step: int) -> Place:
    """Windows of ``size`` elements, ``step`` apart, along a dimension; the place in a window is the last dimension."""
    at = wrap_dim(dimension, len(form.shape), op="unfold")
    shape, strides = (list(form.shape), list(form.strides)) if form.shape else ([1], [1])
    if size < 0 or step <= 0:
        what = f"size is {size} but must be >= 0" if size < 0 else f"step is {step} but must be > 0"
        raise RangeError(f"unfold: {what}")
    if size > shape[at]:
        raise RangeError(f"unfold: maximum size for tensor at dimension {at} is {shape[at]} but size is {size}")
    if not form.shape:
        return (size,), (1,), 0
    inner = strides[at]
    shape[at], strides[at] = (shape[at] - size) // step + 1, inner * step
    return (*shape, size), (*strides, inner), 0


flatten = declare("flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a)")
reshape = declare("reshape(Tensor(a) self, int[] shape) -> Tensor(a)")
detach = declare("detach(Tensor(a) self) -> Tensor(a)")
alias = declare("alias(Tensor(a) self) -> Tensor(a)")


@alias.rule("view")
@detach.rule("view")
def same_view(form: Layout) -> Place:
    return tuple(form.shape), form.strides, 0


def _detached(args: tuple[Tensor]) -> Tensor:
    """The same bytes, and no view to autograd: it has no base, as in torch."""
    (a,) = args
    return Tensor(a.storage(), a.layout, a.offset)


@reshape.rule("type")
def reshape_type(a: TensorType, shape: tuple[int, ...]) -> TensorType:
    return TensorType(a.dtype, infer_size(shape, a.numel or 0, op="reshape"))


@reshape.rule("call")
def reshape_call(a: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A view where strides allow one, else a copy."""
    key = (a.layout, tuple(shape))
    form, copies = reshape.plans.get(key) or remember(reshape, key, _reshaped(*key))
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
    return TensorType(a.dtype, _flattened(a.sizes, start_dim, end_dim))


@recurring(flatten)
def flatten_call(a: Tensor, start_dim: int, end_dim: int) -> Run:
    """The tensor itself where nothing is to be joined, as in torch."""
    shape = _flattened(tuple(a.shape), start_dim, end_dim)
    if a.shape and len(shape) == a.ndim:
        return lambda a, *_: a
    form, copies = _reshaped(a.layout, shape)
    return lambda a, *_: reshape.run((a, shape)) if copies else a.as_view(form, a.offset)


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


@reshape.vjp("self")
@flatten.vjp("self")
def reshape_vjp(g: Tensor, self_type: TensorType) -> Tensor:
    return reshape.call((g, self_type.sizes))


@alias.vjp("self")
def alias_vjp(g: Tensor) -> Tensor:
    return g


VIEWS: tuple[Op, ...] = (
    *(transpose, t, permute, view, expand, unsqueeze, squeeze, squeeze_all, squeeze_dims, select, slice_),
    *(diagonal, unfold, detach, alias),
)

for _op in VIEWS:
    finish_view(_op)
detach.evaluate = _detached
call_evaluator(reshape)
