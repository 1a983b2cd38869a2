# ruff: noqa: FBT001 - the schema's order
"""Images and signals of another size: nearest, linear and cubic interpolation, by one op and the way back from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import DType, uint8
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, declare
from tensorlab.core.resizing_loops import resizing_loop
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.core.widened import widened
from tensorlab.errors import DTypeError, RangeError, ShapeError
from tensorlab.ops.convolution import over_two, remember
from tensorlab.ops.movement import call_evaluator
from tensorlab.ops.pooling import Shape, row_major

Array = np.ndarray[Any, Any]
Sizes = Sequence[int]

resize = declare(
    "tensorlab::resize(Tensor self, int[] output_size, str mode, bool align_corners, float[] scales) -> Tensor"
)
resize_backward = declare(
    "tensorlab::resize_backward(Tensor grad_output, int[] output_size, int[] input_size, str mode, bool align_corners, "
    "float[] scales) -> Tensor"
)


def _ratio(size: int, out: int, scale: float, kind: Any, *, corners: bool) -> Any:
    """Places of the input to one of the result, in the precision that places are computed in."""
    if corners:
        return kind(size - 1) / kind(out - 1) if out > 1 else kind(0)
    return kind(1 / scale) if scale > 0 else kind(size) / kind(out)


def _axis_table(mode: str, size: int, out: int, scale: float, dtype: DType, *, corners: bool) -> tuple[Array, Array]:
    """Places and weights of an axis: a row a result.

    Source: R. Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -0.75.
    """
    kind: Any = np.float64 if dtype.name == "float64" and not mode.startswith("nearest") else np.float32
    weight = dtype.numpy
    ratio = _ratio(size, out, scale, kind, corners=corners)
    at = np.arange(out).astype(kind)
    half = kind(0.5)
    if mode.startswith("nearest"):
        found = np.floor((at + half) * ratio if mode == "nearest-exact" else at * ratio)
        return np.minimum(found.astype(np.int64), size - 1)[:, None], np.ones((out, 1), weight)
    source = at * ratio if corners else (at + half) * ratio - half
    if mode == "linear":
        source = np.maximum(source, kind(0))
        first = np.minimum(source.astype(np.int64), size - 1)
        part = np.clip(source - first.astype(kind), kind(0), kind(1))
        places = np.stack([first, np.minimum(first + 1, size - 1)], 1)
        return places, np.stack([kind(1) - part, part], 1).astype(weight)
    first = np.floor(source).astype(np.int64)
    part = np.clip(source - first.astype(kind), kind(0), kind(1))
    places = np.clip(first[:, None] + np.arange(-1, 3), 0, size - 1)
    far, near = _cubic_far, _cubic_near
    weights = [far(part + kind(1)), near(part), near(kind(1) - part), far(kind(2) - part)]
    return places, np.stack(weights, 1).astype(weight)


_A = -0.75


def _cubic_near(x: Array) -> Array:
    """Weight of an element at most one place away."""
    return ((_A + 2) * x - (_A + 3)) * x * x + 1


def _cubic_far(x: Array) -> Array:
    """Weight of an element one to two places away."""
    return ((_A * x - 5 * _A) * x + 8 * _A) * x - 4 * _A


@dataclass(frozen=True, slots=True, eq=False)
class ResizePlan:
    """The loop, sizes, the tables of both axes, and the result's layout."""

    loop: Loop
    sizes: tuple[int, ...]
    tables: tuple[Array, Array, Array, Array]
    form: Layout

    def run(self, x: Tensor) -> Tensor:
        """The result, in memory of its own."""
        result = Tensor(Storage.empty(self.form.nbytes), self.form, 0)
        self.loop.entry(*self.sizes, x.address, result.address, *(t.ctypes.data for t in self.tables))
        return result


def _planned(
    large: Shape, out: Sizes, mode: str, scales: Sequence[float], dtype: DType, *, corners: bool, backward: bool
) -> ResizePlan:
    given, wanted = over_two(large[2:]), over_two(tuple(out))
    factors = [0.0] * (2 - len(scales)) + list(scales)
    tables = [_axis_table(mode, given[i], wanted[i], factors[i], dtype, corners=corners) for i in (0, 1)]
    (rows, by_row), (cols, by_col) = (tuple(np.ascontiguousarray(t) for t in pair) for pair in tables)
    if len(out) == 1:  # one row, under as many taps as the columns have, of which the first alone counts
        taps = cols.shape[1]
        rows, by_row = np.zeros((1, taps), np.int64), np.eye(1, taps, dtype=by_col.dtype)
    text = resizing_loop(dtype, backward=backward)
    loop = compile_loop(text.source, text.signature, label=text.label)
    sizes = (math.prod(large[:2]), *given, *wanted, cols.shape[1])
    form = layout(dtype, large if backward else (*large[:2], *out))
    return ResizePlan(loop, sizes, (rows, by_row, cols, by_col), form)


@resize.rule("type")
def resize_type(x: TensorType, size: Sizes, mode: str, corners: bool, scales: Sequence[float]) -> TensorType:
    """``[n, c, ...]`` with the sizes that are asked for.

    Raises: `ShapeError`, `RangeError`, `DTypeError`.
    """
    shape = x.sizes
    if len(shape) != len(size) + 2 or 0 in shape[1:]:
        raise ShapeError(
            f"interpolate: expected a non-empty {len(size) + 2}D tensor for an output size of {list(size)}, but got "
            f"{list(shape)}"
        )
    if min(size) <= 0:
        raise RangeError(
            f"interpolate: input and output sizes should be greater than 0, but got input {list(shape[2:])} and "
            f"output {list(size)}"
        )
    takes = x.dtype is None or x.dtype.is_floating_point or (x.dtype is uint8 and mode.startswith("nearest"))
    if x.dtype is not None and not takes:
        raise DTypeError(f"interpolate: mode {mode!r} is not implemented for {x.dtype.name}; takes floating point")
    return TensorType(x.dtype, (*shape[:2], *size))


@resize.rule("call")
@widened
def resize_call(x: Tensor, size: Sizes, mode: str, corners: bool, scales: Sequence[float]) -> Tensor:
    """Each result the sum of its neighbours' products with weights."""
    key = (x.layout, tuple(size), mode, corners, tuple(scales))
    plan: ResizePlan | None = resize.plans.get(key)
    if plan is None:
        resize_type(x.type, size, mode, corners, scales)
        found = _planned(tuple(x.shape), size, mode, scales, x.dtype, corners=corners, backward=False)
        plan = remember(resize, key, found)
    return plan.run(row_major(x))


@resize.vjp("self")
def resize_vjp(
    g: Tensor, self_type: TensorType, output_size: Sizes, mode: str, align_corners: bool, scales: Sequence[float]
) -> Tensor:
    return resize_backward.call((g, output_size, self_type.sizes, mode, align_corners, scales))


@resize_backward.rule("type")
def resize_backward_type(grad: TensorType, _size: Sizes, input_size: Sizes, *_: object) -> TensorType:
    return TensorType(grad.dtype, tuple(input_size))


@resize_backward.rule("call")
@widened
def resize_backward_call(
    grad: Tensor, size: Sizes, input_size: Sizes, mode: str, corners: bool, scales: Sequence[float]
) -> Tensor:
    key = (grad.layout, tuple(size), tuple(input_size), mode, corners, tuple(scales))
    plan: ResizePlan | None = resize_backward.plans.get(key)
    if plan is None:
        found = _planned(tuple(input_size), size, mode, scales, grad.dtype, corners=corners, backward=True)
        plan = remember(resize_backward, key, found)
    return plan.run(row_major(grad))


@resize_backward.vjp("grad_output")
def resize_backward_vjp(
    g: Tensor, output_size: Sizes, mode: str, align_corners: bool, scales: Sequence[float]
) -> Tensor:
    return resize.call((g, output_size, mode, align_corners, scales))


call_evaluator(resize)
call_evaluator(resize_backward)

# ATen's names for each method and number of dimensions ----------------------------------------------------------------

_PLAIN = "(Tensor input, int[]? output_size, float[]? scale_factors) -> Tensor"
_CORNERS = "(Tensor input, int[]? output_size, bool align_corners, float[]? scale_factors) -> Tensor"

UPSAMPLING: dict[tuple[str, int], Op] = {
    ("nearest", 1): declare(f"upsample_nearest1d.vec{_PLAIN}"),
    ("nearest", 2): declare(f"upsample_nearest2d.vec{_PLAIN}"),
    ("nearest-exact", 1): declare(f"_upsample_nearest_exact1d.vec{_PLAIN}"),
    ("nearest-exact", 2): declare(f"_upsample_nearest_exact2d.vec{_PLAIN}"),
    ("linear", 1): declare(f"upsample_linear1d.vec{_CORNERS}"),
    ("bilinear", 2): declare(f"upsample_bilinear2d.vec{_CORNERS}"),
    ("bicubic", 2): declare(f"upsample_bicubic2d.vec{_CORNERS}"),
}
_MODES = {"bilinear": "linear"}


def _resized_sizes(
    shape: Shape, size: Sizes | None, factors: Sequence[float] | None
) -> tuple[Shape, tuple[float, ...]]:
    """The sizes, and the factors that steps are computed from (0: from the sizes).

    Raises: `RangeError` unless one of the two is given.
    """
    if (size is None) == (factors is None):
        raise RangeError("interpolate: must specify exactly one of output_size and scale_factors")
    if size is not None:
        return tuple(size), (0.0,) * len(size)
    scales = tuple(float(f) for f in factors or ())
    return tuple(math.floor(n * f) for n, f in zip(shape[2:], scales, strict=False)), scales


def _finish(op: Op, mode: str) -> None:
    with_corners = "align_corners" in [p.name for p in op.schema.params]

    def arguments(shape: Shape, rest: tuple[Any, ...]) -> tuple[Any, ...]:
        size, factors = rest[0], rest[-1]
        sizes, scales = _resized_sizes(shape, size, factors)
        return sizes, mode, bool(rest[1]) if with_corners else False, scales

    def resized(x: Tensor, *rest: Any) -> Tensor:
        return resize.call((x, *arguments(tuple(x.shape), rest)))

    def resized_type(x: TensorType, *rest: Any) -> TensorType:
        return resize_type(x, *arguments(x.sizes, rest))

    rules: dict[str, Callable[..., Any]] = {"type": resized_type, "composite": resized}
    for kind, rule in rules.items():
        rule.__name__ = f"{op.schema.name}_{kind}"
        op.rule(kind)(rule)
    call_evaluator(op)


for (_name, _dims), _op in UPSAMPLING.items():
    _finish(_op, _MODES.get(_name, _name))
