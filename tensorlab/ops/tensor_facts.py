"""What scripts ask of a tensor besides its elements: its kind, its layout, its one element as a number."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from tensorlab.core.device import device
from tensorlab.core.tensor import Tensor
from tensorlab.errors import DimError, RangeError
from tensorlab.ops.number import declare_number


def item(self: Tensor) -> Any:
    """The one element, as a number.

    Raises: `RangeError` for any other count of elements.
    """
    if self.numel() != 1:
        raise RangeError(f"a Tensor with {self.numel()} elements cannot be converted to Scalar")
    return self.item()


def stride_of(self: Tensor, dim: int) -> int:
    """The stride of one dimension.

    Raises: `DimError` if ``dim`` is outside ``[-ndim, ndim)``.
    """
    if not -self.ndim <= dim < self.ndim:
        raise DimError(f"stride: got dim {dim} of a tensor of {self.ndim} dimensions")
    return self.layout.strides[dim]


def _same_size(self: Tensor, other: Tensor) -> bool:
    return tuple(self.shape) == tuple(other.shape)


def _signed(self: Tensor) -> bool:
    return self.dtype.name not in ("bool", "uint8", "uint16", "uint32", "uint64")


def _device_type(self: device) -> str:
    return self.type


def _strides(self: Tensor) -> Sequence[int]:
    return list(self.layout.strides)


_FACTS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("item(Tensor self) -> Scalar", item),
    ("is_floating_point(Tensor self) -> bool", lambda a: a.dtype.is_floating_point),
    ("is_complex(Tensor self) -> bool", lambda a: False),
    ("is_signed(Tensor self) -> bool", _signed),
    ("is_contiguous(Tensor self) -> bool", lambda a: a.is_contiguous()),
    ("is_same_size(Tensor self, Tensor other) -> bool", _same_size),
    ("element_size(Tensor self) -> int", lambda a: a.element_size()),
    ("storage_offset(Tensor self) -> int", lambda a: a.storage_offset()),
    ("stride(Tensor self) -> int[]", _strides),
    ("stride.int(Tensor self, int dim) -> int", stride_of),
    ("prim::requires_grad(Tensor a) -> bool", lambda a: a.requires_grad),
    ("prim::itemsize(Tensor a) -> int", lambda a: a.element_size()),
    ("prim::nbytes(Tensor a) -> int", lambda a: a.numel() * a.element_size()),
    ("prim::type(Device self) -> str", _device_type),
)
for _schema, _rule in _FACTS:
    declare_number(_schema, _rule)

# Numbers of which only a run knows whether they are ints or floats: what `item` gives.
for _name, _function in {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "floordiv": operator.floordiv,
    "remainder": operator.mod,
    "pow": operator.pow,
}.items():
    declare_number(f"{_name}.numbers(Scalar a, Scalar b) -> Scalar", _function)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    declare_number(f"{_name}.numbers(Scalar a, Scalar b) -> bool", getattr(operator, _name))
declare_number("neg.number(Scalar a) -> Scalar", operator.neg)
declare_number("abs.number(Scalar a) -> Scalar", abs)
