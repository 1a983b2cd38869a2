"""The public functions that make tensors: filled, counted, spaced, like another, of data.

The keywords ``dtype``, ``device`` and ``requires_grad`` mean what they mean in torch; the only device is the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from tensorlab.core.device import device as device_type
from tensorlab.core.dispatch import MODES
from tensorlab.core.dtype import DType, default_float
from tensorlab.core.pointwise import dense_like
from tensorlab.core.reading import brought_in
from tensorlab.core.sharing_native import entries
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.tensor import empty as empty_tensor
from tensorlab.errors import ArgumentError, ShapeError
from tensorlab.ops import create
from tensorlab.ops.data import as_tensor, tensor
from tensorlab.ops.operands import as_dtype, as_int, as_ints, as_number
from tensorlab.ops.out import takes_out


def sizes(size: tuple[Any, ...], op: str) -> tuple[int, ...]:
    """Sizes given one by one, or as one list.

    Raises: `ArgumentError` where there are none, or for what is no integer.
    """
    if not size:
        raise ArgumentError(f"{op}: argument 'size' is missing; takes sizes, or one list of them")
    listed = len(size) == 1 and isinstance(size[0], (tuple, list))
    return as_ints(size[0] if listed else size, op=op, name="size")


def finished(result: Tensor, device: object, requires_grad: bool) -> Tensor:  # noqa: FBT001 - passed on
    """What the keywords that all factories have ask of a new tensor.

    Raises: `RangeError` for a device that is not the CPU.
    """
    if device is not None:
        device_type(str(device))
    return result.requires_grad_() if requires_grad else result


def like(value: object, op: str) -> Tensor:
    """The tensor that a new one is to be like.

    Raises: `ArgumentError` where it is none.
    """
    if not isinstance(value, Tensor):
        raise ArgumentError(f"{op}: argument 'input' takes a Tensor, got {type(value).__name__}")
    return value


@takes_out
def zeros(*size: Any, dtype: DType | None = None, device: object = None, requires_grad: bool = False) -> Tensor:
    """Zeros, float32 unless said otherwise."""
    return finished(create.zeros_op.call((sizes(size, "zeros"), dtype)), device, requires_grad)


@takes_out
def ones(*size: Any, dtype: DType | None = None, device: object = None, requires_grad: bool = False) -> Tensor:
    """Ones, float32 unless said otherwise."""
    return finished(create.ones_op.call((sizes(size, "ones"), dtype)), device, requires_grad)


@takes_out
def full(
    size: Sequence[int],
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one value; its dtype follows the value's kind."""
    if not isinstance(size, (tuple, list)):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"full: argument 'size' takes a list of integers, got {type(size).__name__}")
    value = as_number(fill_value, op="full", name="fill_value")
    made = create.full_op.call((as_ints(size, op="full", name="size"), value, dtype))
    return finished(made, device, requires_grad)


def empty(
    *size: Any,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Uninitialised elements.

    Cost: 1.6 us on top of the allocation where all that is given is sizes and a dtype; half of that once there were
          many (see `core.sharing_native`).
    """
    if out is None and device is None and not requires_grad and not MODES.get():
        wanted = dtype or default_float()
        made = entries.empty(size, wanted)
        if made is not None:
            return made
        for n in size:
            if type(n) is not int:  # True and 1.0 would find the layout of 1
                break
        else:
            known = entries.shapes.get(wanted)
            if known is not None and size in known:
                return fresh(known[size])
    if out is not None:
        return cast(Any, _empty)(*size, dtype=dtype, device=device, requires_grad=requires_grad, out=out)
    made = _empty(*size, dtype=dtype, device=device, requires_grad=requires_grad)
    if type(size[0]) is int and made.ndim == len(size) < 9:
        entries.learn_shape(made.layout)
    return made


@takes_out
def _empty(*size: Any, dtype: DType | None = None, device: object = None, requires_grad: bool = False) -> Tensor:
    wanted = as_dtype(dtype, op="empty") or default_float()
    made = empty_tensor(wanted, create.sized(sizes(size, "empty"), "empty"))
    return finished(brought_in(made, blank=True), device, requires_grad)


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uninitialised elements that lie by these strides.

    Raises: `ShapeError` for negative strides, or not as many as sizes.
    """
    wanted = as_dtype(dtype, op="empty_strided") or default_float()
    shape = create.sized(as_ints(size, op="empty_strided", name="size"), "empty_strided")
    strides = as_ints(stride, op="empty_strided", name="stride")
    if len(shape) != len(strides) or min(strides, default=0) < 0:
        raise ShapeError(f"empty_strided: takes one stride of at least 0 a dimension, got {strides} for sizes {shape}")
    return finished(brought_in(empty_tensor(wanted, shape, strides), blank=True), device, requires_grad)


@takes_out
def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from ``start`` up to, not including, ``end``; from 0 where only one bound is given."""
    first, last = (0, start) if end is None else (start, end)
    bounds = [_number(v, "arange", n) for n, v in (("start", first), ("end", last), ("step", step))]
    made = create.arange_op.call((*(int(b) if isinstance(b, bool) else b for b in bounds), dtype))
    return finished(made, device, requires_grad)


@takes_out
def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """``steps`` numbers, evenly spaced, from ``start`` to ``end``, both among them."""
    bounds = (_number(start, "linspace", "start"), _number(end, "linspace", "end"))
    made = create.linspace_op.call((*bounds, as_int(steps, op="linspace", name="steps"), dtype))
    return finished(made, device, requires_grad)


@takes_out
def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """Powers of ``base`` whose exponents `linspace` gives."""
    bounds = (_number(start, "logspace", "start"), _number(end, "logspace", "end"))
    count, of = as_int(steps, op="logspace", name="steps"), float(_number(base, "logspace", "base"))
    return finished(create.logspace_op.call((*bounds, count, of, dtype)), device, requires_grad)


@takes_out
def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones on the diagonal of a matrix of ``n`` rows and ``m`` (or ``n``) columns, zeros elsewhere."""
    rows = as_int(n, op="eye", name="n")
    columns = rows if m is None else as_int(m, op="eye", name="m")
    return finished(create.eye_op.call((rows, columns, dtype)), device, requires_grad)


def scalar_tensor(
    s: float, *, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """A tensor without dimensions, float32 unless said otherwise."""
    value = as_number(s, op="scalar_tensor", name="s")
    made = create.full_op.call(((), value, as_dtype(dtype, op="scalar_tensor") or default_float()))
    return finished(made, device, requires_grad)


def _number(value: object, op: str, name: str) -> bool | int | float:
    """A number, also as a tensor of one element."""
    return as_number(value.item() if isinstance(value, Tensor) else value, op=op, name=name)


def zeros_like(
    input: Tensor, *, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """Zeros of another tensor's shape and dtype, and in the order of its strides."""
    return finished(create.zeros_like_op.call((like(input, "zeros_like"), dtype)), device, requires_grad)


def ones_like(
    input: Tensor, *, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """Ones of another tensor's shape and dtype, and in the order of its strides."""
    return finished(create.ones_like_op.call((like(input, "ones_like"), dtype)), device, requires_grad)


def full_like(
    input: Tensor,
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """One value in another tensor's shape and dtype, and in the order of its strides."""
    value = as_number(fill_value, op="full_like", name="fill_value")
    return finished(create.full_like_op.call((like(input, "full_like"), value, dtype)), device, requires_grad)


def empty_like(
    input: Tensor, *, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """Uninitialised elements of another tensor's shape and dtype, and in the order of its strides."""
    form = like(input, "empty_like").layout
    made = empty_tensor(as_dtype(dtype, op="empty_like") or form.dtype, tuple(form.shape), dense_like(form))
    return finished(brought_in(made, blank=True), device, requires_grad)


# Methods --------------------------------------------------------------------------------------------------------------


def new_zeros(
    self: Tensor, *size: Any, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """Zeros of this tensor's dtype."""
    made = create.zeros_op.call((sizes(size, "new_zeros"), dtype or self.dtype))
    return finished(made, device, requires_grad)


def new_ones(
    self: Tensor, *size: Any, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """Ones of this tensor's dtype."""
    return finished(create.ones_op.call((sizes(size, "new_ones"), dtype or self.dtype)), device, requires_grad)


def new_full(
    self: Tensor,
    size: Sequence[int],
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: object = None,
    requires_grad: bool = False,
) -> Tensor:
    """One value, of this tensor's dtype."""
    return full(size, fill_value, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)


def new_empty(
    self: Tensor, *size: Any, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """Uninitialised elements of this tensor's dtype."""
    return empty(*size, dtype=dtype or self.dtype, device=device, requires_grad=requires_grad)


def new_tensor(
    self: Tensor, data: Any, *, dtype: DType | None = None, device: object = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with a copy of ``data``, of this tensor's dtype."""
    return finished(tensor(data, dtype or self.dtype), device, requires_grad)


FUNCTIONS: dict[str, Any] = {
    "arange": arange,
    "as_tensor": as_tensor,
    "empty": empty,
    "empty_like": empty_like,
    "empty_strided": empty_strided,
    "eye": eye,
    "full": full,
    "full_like": full_like,
    "linspace": linspace,
    "logspace": logspace,
    "ones": ones,
    "ones_like": ones_like,
    "scalar_tensor": scalar_tensor,
    "tensor": tensor,
    "zeros": zeros,
    "zeros_like": zeros_like,
}

METHODS: dict[str, Any] = {
    "new_empty": new_empty,
    "new_full": new_full,
    "new_ones": new_ones,
    "new_tensor": new_tensor,
    "new_zeros": new_zeros,
}
