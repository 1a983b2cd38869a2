"""Methods that copy a tensor: into another dtype, to a device, into another order of its elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.device import device as device_type
from tensorlab.core.dispatch import MODES
from tensorlab.core.dtype import BY_NAME, DType
from tensorlab.core.memory_format import contiguous_format, memory_format, preserve_format
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import copying
from tensorlab.ops.operands import unary
from tensorlab.ops.quick import quick_unary

Format = memory_format | None


def to(self: Tensor, *args: Any, **options: Any) -> Tensor:
    """The elements as a dtype, or as another tensor's, or on a device; the tensor itself where nothing is to be done.

    Takes ``(dtype, non_blocking=False, copy=False)``, ``(device=None, dtype=None, non_blocking=False, copy=False)`` or
    ``(other, non_blocking=False, copy=False)``, each with ``memory_format``. ``copy`` asks for a new tensor in any
    case. The only device is the CPU, and nothing blocks.

    Raises: `ArgumentError` for anything else, `RangeError` for another device.

    >>> import tensorlab as tl
    >>> tl.tensor([1.5, -2.5]).to(tl.int8)
    tensor([ 1, -2], dtype=tensorlab.int8)
    """
    if len(args) == 1 and not options and type(args[0]) is DType:
        return copying.to.call((self, args[0], False, False))
    dtype, non_blocking, copy, form = _destination(args, options)
    wanted = dtype or self.dtype
    made = copying.to.call((self, wanted, non_blocking, copy))
    return copying.contiguous.call((made,)) if form is contiguous_format and made is not self else made


def _destination(args: tuple[Any, ...], options: dict[str, Any]) -> tuple[DType | None, bool, bool, Format]:
    """What the arguments of `to` ask for: a dtype, whether in any case a copy, an order of the elements."""
    first = args[0] if args else None
    if isinstance(first, Tensor):
        names = ("other", "non_blocking", "copy")
    elif isinstance(first, DType):
        names = ("dtype", "non_blocking", "copy")
    else:
        names = ("device", "dtype", "non_blocking", "copy")
    given: dict[str, Any] = dict(zip(names, args, strict=False))
    takes = {"memory_format", *names}
    wrong = next((name for name in options if name not in takes or name in given), None)
    if len(args) > len(names) or wrong is not None:
        extra = f"{wrong}=" if wrong is not None else f"{len(args)} arguments"
        raise ArgumentError(f"to: got {extra}; takes {', '.join(names)} and memory_format")
    given.update(options)
    for name in ("non_blocking", "copy"):
        if not isinstance(given.get(name, False), bool):
            raise ArgumentError(f"to: argument {name!r} takes a bool, got {given[name]!r}")
    place, dtype = given.get("device"), given.get("dtype")
    if isinstance(place, device_type) or (isinstance(place, str) and device_type(place)):
        place = None
    if place is not None or not (dtype is None or isinstance(dtype, DType)):
        what = place if place is not None else dtype
        raise ArgumentError(f"to: takes a dtype, a Tensor or a device, got {what!r}")
    other = given.get("other")
    flags = (given.get("non_blocking", False), given.get("copy", False))
    return (dtype if other is None else other.dtype, *flags, _format(given.get("memory_format"), "to"))


def _format(value: object, op: str) -> Format:
    if value is None or isinstance(value, memory_format):
        return value
    raise ArgumentError(f"{op}: argument 'memory_format' takes a memory_format, got {value!r}")


def _converter(name: str, dtype: DType) -> Callable[..., Tensor]:
    def method(self: Tensor, memory_format: Any = None) -> Tensor:
        if memory_format is not None:
            return to(self, dtype, memory_format=memory_format)
        return copying.to.call((self, dtype, False, False))

    method.__name__ = name
    method.__doc__ = f"The elements as {dtype.name}; the tensor itself where they are."
    return method


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The elements as another tensor's dtype.

    Raises: `ArgumentError` for what is no tensor.
    """
    if not isinstance(other, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - users' arguments
        raise ArgumentError(f"type_as: argument 'other' takes a Tensor, got {type(other).__name__}")
    return to(self, other.dtype)


def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself: it is on the CPU."""
    _format(memory_format, "cpu")
    return self


def contiguous(self: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """The tensor itself if it is row-major, else a copy that is.

    Raises: `ArgumentError` for another order.
    """
    if memory_format is contiguous_format and self.layout.is_contiguous and not MODES.get():
        return self
    if _format(memory_format, "contiguous") is preserve_format:
        raise ArgumentError("contiguous: preserve memory format is unsupported by the contiguous operator")
    return copying.contiguous.call((self,))


@quick_unary(copying.clone)
def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """A copy in a storage of its own, its elements in the same order unless ``memory_format`` says otherwise."""
    row_major = _format(memory_format, "clone") is contiguous_format
    made: Tensor = unary(copying.clone, input)
    return copying.contiguous.call((made,)) if row_major else made


CONVERTERS = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "int": "int32",
    "long": "int64",
    "short": "int16",
    "char": "int8",
    "byte": "uint8",
    "bool": "bool",
}

FUNCTIONS: dict[str, Any] = {"clone": clone}
METHODS: dict[str, Any] = {
    **{name: _converter(name, BY_NAME[dtype]) for name, dtype in CONVERTERS.items()},
    "clone": clone,
    "contiguous": contiguous,
    "cpu": cpu,
    "to": to,
    "type_as": type_as,
}
