"""Windows on a tensor's memory, functionally: a copy of what a window shows, and a tensor with a window replaced.

Derivatives of views and of writes through them are made of these (see `autograd.views`). A window is told by sizes,
strides and an offset that count in the memory of a tensor of dense strides ``base_stride``; the tensor that is given
may lie in its memory as it likes.
"""

from __future__ import annotations

from tensorlab.core.layout import layout
from tensorlab.core.op import declare, lookup
from tensorlab.core.shape import may_overlap
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import AliasError
from tensorlab.ops.copying import clone, converted, copy_
from tensorlab.ops.movement import call_evaluator

Shape = tuple[int, ...]

window = declare(
    "tensorlab::window(Tensor self, int[] base_stride, int[] size, int[] stride, int offset) -> Tensor",
)
with_window = declare(
    "tensorlab::with_window(Tensor self, Tensor src, int[] base_stride, int[] size, int[] stride, int offset) -> Tensor"
)


@window.rule("type")
def window_type(a: TensorType, base_stride: Shape, size: Shape, stride: Shape, offset: int) -> TensorType:
    return TensorType(a.dtype, tuple(size))


@window.rule("call")
def window_call(a: Tensor, base_stride: Shape, size: Shape, stride: Shape, offset: int) -> Tensor:
    """The elements that the window shows, in memory of their own."""
    return clone.run((_place(_lying(a, base_stride), size, stride, offset),))


@window.vjp("self")
def window_vjp(g: Tensor, self_type: TensorType, base_stride: Shape, size: Shape, stride: Shape, offset: int) -> Tensor:
    (zeros,) = lookup("aten::zeros")
    blank = zeros.call((self_type.shape, self_type.dtype))
    return with_window.call((blank, g, base_stride, size, stride, offset))


@with_window.rule("type")
def with_window_type(
    a: TensorType, src: TensorType, base_stride: Shape, size: Shape, stride: Shape, offset: int
) -> TensorType:
    return a


@with_window.rule("call")
def with_window_call(a: Tensor, src: Tensor, base_stride: Shape, size: Shape, stride: Shape, offset: int) -> Tensor:
    """A copy of the tensor in dense memory, with ``src`` where the window shows.

    Raises: `AliasError` for a window whose elements overlap.
    """
    if may_overlap(size, stride):
        raise AliasError(f"with_window: elements of a window of shape {size} and strides {stride} overlap")
    result = converted(a, a.dtype, tuple(base_stride))
    copy_.run((_place(result, size, stride, offset), src, False))
    return result


@with_window.vjp("self")
def with_window_vjp_self(
    g: Tensor, src_type: TensorType, base_stride: Shape, size: Shape, stride: Shape, offset: int
) -> Tensor:
    (zeros,) = lookup("aten::zeros")
    blank = zeros.call((src_type.shape, src_type.dtype))
    return with_window.call((g, blank, base_stride, size, stride, offset))


@with_window.vjp("src")
def with_window_vjp_src(g: Tensor, base_stride: Shape, size: Shape, stride: Shape, offset: int) -> Tensor:
    return window.call((g, base_stride, size, stride, offset))


def _lying(a: Tensor, stride: Shape) -> Tensor:
    return a if a.layout.strides == tuple(stride) else converted(a, a.dtype, tuple(stride))


def _place(a: Tensor, size: Shape, stride: Shape, offset: int) -> Tensor:
    return a.as_view(layout(a.dtype, tuple(size), tuple(stride)), a.offset + offset)


for _op in (window, with_window):
    call_evaluator(_op)
