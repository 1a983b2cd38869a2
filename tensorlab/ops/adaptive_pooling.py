"""Pooling to a size that is asked for, over windows that share an image out; unpooling; pooling of signals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.dtype import int64
from tensorlab.core.interop import borrowed
from tensorlab.core.op import Op, declare
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops import reduce
from tensorlab.ops.convolution import remember
from tensorlab.ops.movement import call_evaluator, squeeze, unsqueeze
from tensorlab.ops.pooling import (
    Ints,
    PoolingPlan,
    Shape,
    added_at,
    avg_pool2d,
    avg_pool2d_type,
    check_dtype,
    check_image,
    max_pool2d_with_indices,
    max_pool2d_with_indices_type,
    pair,
    pooling_plan,
    row_major,
    taken_at,
)

adaptive_avg_pool2d = declare("adaptive_avg_pool2d(Tensor self, int[2] output_size) -> Tensor")
shared_avg_pool2d = declare("_adaptive_avg_pool2d(Tensor self, int[2] output_size) -> Tensor")
shared_avg_pool2d_backward = declare("_adaptive_avg_pool2d_backward(Tensor grad_output, Tensor self) -> Tensor")
adaptive_max_pool2d = declare("adaptive_max_pool2d(Tensor self, int[2] output_size) -> (Tensor out, Tensor indices)")
adaptive_max_pool2d_backward = declare(
    "adaptive_max_pool2d_backward(Tensor grad_output, Tensor self, Tensor indices) -> Tensor"
)
max_unpool2d = declare("max_unpool2d(Tensor self, Tensor indices, int[2] output_size) -> Tensor")


def _shared_shape(op: str, x: TensorType, size: Ints) -> Shape:
    """The shape with the sizes that are asked for.

    Raises: `ShapeError`, `RangeError`.
    """
    shape, sizes = x.sizes, pair(size, "output_size", op)
    check_image(op, shape)
    if min(sizes) < 0:
        raise RangeError(f"{op}: elements of output_size must be greater than or equal to 0 but received {sizes}")
    return (*shape[:-2], *sizes)


@adaptive_avg_pool2d.rule("type")
@shared_avg_pool2d.rule("type")
def adaptive_avg_pool2d_type(x: TensorType, output_size: Ints) -> TensorType:
    """A number a share.

    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    shape = _shared_shape("adaptive_avg_pool2d", x, output_size)
    check_dtype("adaptive_avg_pool2d", x.dtype, whole=False)
    return TensorType(x.dtype, shape)


@adaptive_avg_pool2d.rule("composite")
def adaptive_avg_pool2d_composite(x: Tensor, output_size: Ints) -> Tensor:
    """One mean for all of an image is the mean that reductions have."""
    shape = adaptive_avg_pool2d_type(x.type, output_size).sizes
    if shape[-2:] == (1, 1):
        return reduce.mean_dim.call((x, (-1, -2), True, None))
    return shared_avg_pool2d.call((x, output_size))


@shared_avg_pool2d.rule("call")
@widened
def shared_avg_pool2d_call(x: Tensor, output_size: Ints) -> Tensor:
    plan = _plan(shared_avg_pool2d, "adaptive_avg_pool", x, output_size)
    return plan.run(row_major(x))


def _plan(op: Op, kind: str, x: Tensor, size: Ints) -> PoolingPlan:
    key = (x.layout, size if isinstance(size, int) else tuple(size))
    plan: PoolingPlan | None = op.plans.get(key)
    if plan is None:
        found = op.rules["type"](x.type, size)
        shape = (found[0] if isinstance(found, tuple) else found).sizes
        plan = remember(op, key, pooling_plan(kind, tuple(x.shape), shape, x.dtype, None))
    return plan


@shared_avg_pool2d.vjp("self")
def shared_avg_pool2d_vjp(g: Tensor, self: Tensor) -> Tensor:
    return shared_avg_pool2d_backward.call((g, self))


@shared_avg_pool2d_backward.rule("type")
@adaptive_max_pool2d_backward.rule("type")
def backward_type(grad: TensorType, x: TensorType, *_: object) -> TensorType:
    return TensorType(grad.dtype, x.shape)


@shared_avg_pool2d_backward.rule("call")
@widened
def shared_avg_pool2d_backward_call(grad: Tensor, x: Tensor) -> Tensor:
    key = (grad.layout, x.layout)
    plan: PoolingPlan | None = shared_avg_pool2d_backward.plans.get(key)
    if plan is None:
        shapes = (tuple(x.shape), tuple(grad.shape))
        found = pooling_plan("adaptive_avg_pool_backward", *shapes, grad.dtype, None)
        plan = remember(shared_avg_pool2d_backward, key, found)
    return plan.run(row_major(grad))


@shared_avg_pool2d_backward.vjp("self")
@adaptive_max_pool2d_backward.vjp("self")
def backward_self_vjp() -> None:
    """Of the input, the way back takes no more than the shape."""


@shared_avg_pool2d_backward.vjp("grad_output")
def shared_avg_pool2d_backward_vjp(g: Tensor, grad_output_type: TensorType) -> Tensor:
    return shared_avg_pool2d.call((g, grad_output_type.sizes[-2:]))


@adaptive_max_pool2d.rule("type")
def adaptive_max_pool2d_type(x: TensorType, output_size: Ints) -> tuple[TensorType, TensorType]:
    """A number a share, and its place in the plane as int64.

    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    shape = _shared_shape("adaptive_max_pool2d", x, output_size)
    check_dtype("adaptive_max_pool2d", x.dtype, whole=False)
    return TensorType(x.dtype, shape), TensorType(int64, shape)


@adaptive_max_pool2d.rule("call")
@widened
def adaptive_max_pool2d_call(x: Tensor, output_size: Ints) -> tuple[Tensor, Tensor]:
    """The largest element of each share, and where it is; NaN is above all."""
    plan = _plan(adaptive_max_pool2d, "adaptive_max_pool", x, output_size)
    indices = Tensor(Storage.empty(plan.places.nbytes), plan.places, 0)
    return plan.run(row_major(x), indices), indices


@adaptive_max_pool2d.vjp("self")
def adaptive_max_pool2d_vjp(g_out: Tensor | None, self: Tensor, indices: Tensor) -> Tensor | None:
    return None if g_out is None else adaptive_max_pool2d_backward.call((g_out, self, indices))


@adaptive_max_pool2d_backward.rule("call")
@widened
def adaptive_max_pool2d_backward_call(grad: Tensor, x: Tensor, indices: Tensor) -> Tensor:
    return added_at(adaptive_max_pool2d_backward, grad, tuple(x.shape), indices)


@adaptive_max_pool2d_backward.vjp("grad_output")
def adaptive_max_pool2d_backward_vjp(g: Tensor, indices: Tensor) -> Tensor:
    return taken_at(g, indices)


# Unpooling ------------------------------------------------------------------------------------------------------------


@max_unpool2d.rule("type")
def max_unpool2d_type(x: TensorType, indices: TensorType, output_size: Ints) -> TensorType:
    """Planes of ``output_size``.

    Raises: `ShapeError`, `DTypeError`.
    """
    shape, sizes = x.sizes, pair(output_size, "output_size", "max_unpool2d")
    check_dtype("max_unpool2d", x.dtype, whole=True)
    if indices.dtype is not None and indices.dtype is not int64:
        raise DTypeError(f"max_unpool2d: elements in indices should be type int64 but got: {indices.dtype.name}")
    check_image("max_unpool2d", shape)
    if indices.sizes != shape:
        raise ShapeError(
            f"max_unpool2d: expected shape of indices to be same as that of the input tensor ({list(shape)}), but got "
            f"indices tensor with shape: {list(indices.sizes)}"
        )
    return TensorType(x.dtype, (*shape[:-2], *sizes))


@max_unpool2d.rule("call")
@widened
def max_unpool2d_call(x: Tensor, indices: Tensor, output_size: Ints) -> Tensor:
    """Zeros, with each element at its place in the plane.

    Raises: `RangeError` for a place that is none.
    """
    shape = max_unpool2d_type(x.type, indices.type, output_size).sizes
    places, limit = borrowed(indices), shape[-2] * shape[-1]
    if places.size and not (places.min() >= 0 and places.max() < limit):
        bad = places.min() if places.min() < 0 else places.max()
        raise RangeError(
            f"max_unpool2d: found an invalid max index: {bad} (output volumes are of size {shape[-2]}x{shape[-1]})"
        )
    return added_at(max_unpool2d, x, shape, indices, "put_at")


@max_unpool2d.vjp("self")
def max_unpool2d_vjp(g: Tensor, indices: Tensor) -> Tensor:
    return taken_at(g, indices)


# Signals: images of one row -------------------------------------------------------------------------------------------

max_pool1d = declare(
    "max_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=[0], int[1] dilation=[1], "
    "bool ceil_mode=False) -> Tensor"
)
max_pool1d_with_indices = declare(
    "max_pool1d_with_indices(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=[0], "
    "int[1] dilation=[1], bool ceil_mode=False) -> (Tensor out, Tensor indices)"
)
avg_pool1d = declare(
    "avg_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=[0], bool ceil_mode=False, "
    "bool count_include_pad=True) -> Tensor"
)
adaptive_avg_pool1d = declare("adaptive_avg_pool1d(Tensor self, int[1] output_size) -> Tensor")
adaptive_max_pool1d = declare("adaptive_max_pool1d(Tensor self, int[1] output_size) -> (Tensor out, Tensor indices)")

_UNIT = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_size": 1}


def _of_one_row(op: Op, over: Op, type_rule: Callable[..., Any]) -> None:
    """Let an op on signals be one on images of one row."""
    name = op.schema.name
    names = [p.name for p in op.schema.params[1:]]
    rest = (None,) if over is avg_pool2d else ()

    def widened_arguments(shape: Sequence[object], args: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(shape) not in (2, 3):
            raise ShapeError(f"{name}: expected 2D or 3D (batch mode) tensor for input, but got {list(shape)}")
        found = [_two(name, n, a) if n in _UNIT else a for n, a in zip(names, args, strict=True)]
        return (*found, *rest)

    def one_row(x: Tensor, *args: Any) -> Any:
        found = over.call((unsqueeze.call((x, -2)), *widened_arguments(x.shape, args)))
        if isinstance(found, tuple):
            found = found if len(op.schema.results) > 1 else found[0]
        if isinstance(found, tuple):
            return tuple(squeeze.call((f, -2)) for f in found)
        return squeeze.call((found, -2))

    def one_row_type(x: TensorType, *args: Any) -> Any:
        shape = x.sizes
        wide = widened_arguments(shape, args)
        found = type_rule(TensorType(x.dtype, (*shape[:-1], 1, *shape[-1:])), *wide)
        several = found if isinstance(found, tuple) else (found,)
        types = tuple(TensorType(t.dtype, (*t.sizes[:-2], t.sizes[-1])) for t in several)
        return types if len(op.schema.results) > 1 else types[0]

    for kind, rule in (("type", one_row_type), ("composite", one_row)):
        rule.__name__ = f"{name}_{kind}"
        op.rule(kind)(rule)


def _two(op: str, name: str, values: Ints) -> tuple[int, ...]:
    """A number of a signal as those of an image of one row.

    Raises: `ShapeError` for more than one.
    """
    found = (values,) if isinstance(values, int) else tuple(values)
    if name == "stride" and not found:
        return ()
    if len(found) != 1:
        raise ShapeError(f"{op}: {name} must either be a single int, or a tuple of one int, got {found}")
    return (_UNIT[name], found[0])


_of_one_row(max_pool1d, max_pool2d_with_indices, max_pool2d_with_indices_type)
_of_one_row(max_pool1d_with_indices, max_pool2d_with_indices, max_pool2d_with_indices_type)
_of_one_row(avg_pool1d, avg_pool2d, avg_pool2d_type)
_of_one_row(adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool2d_type)
_of_one_row(adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool2d_type)

ADAPTIVE = (adaptive_avg_pool2d, shared_avg_pool2d, shared_avg_pool2d_backward)
ADAPTIVE_MAX = (adaptive_max_pool2d, adaptive_max_pool2d_backward, max_unpool2d)
SIGNALS = (max_pool1d, max_pool1d_with_indices, avg_pool1d, adaptive_avg_pool1d, adaptive_max_pool1d)

for _op in (*ADAPTIVE, *ADAPTIVE_MAX, *SIGNALS):
    call_evaluator(_op)
