"""Operations as methods of Tensor: an explicit table, installed once when the ops are loaded.

The arithmetic operators look for a short cut first (see `api.short_cut`): an eager call whose layouts were met before
goes from the operator to the loop without a stop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.dispatch import MODES
from tensorlab.core.dtype import DTYPES, DType
from tensorlab.core.op import Op, resolve, value_type
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError
from tensorlab.ops import api, copying, indexing, movement, pointwise

# Operators ------------------------------------------------------------------------------------------------------------


def _operator(op: Op, function: Callable[[Any, Any], Tensor]) -> Callable[[Tensor, Any], Any]:
    plans = op.plans
    modes = MODES.get

    def operator(self: Tensor, other: Any) -> Any:
        if type(other) is Tensor:
            run = plans.get((self.layout, other.layout))
            if run is not None and not modes():
                return run(self, other)
        elif not isinstance(other, (int, float)) and not hasattr(other, "dtype"):
            return NotImplemented
        return function(self, other)

    operator.__name__ = operator.__qualname__ = f"Tensor.{op.schema.name}"
    return operator


def _radd(self: Tensor, other: Any) -> Tensor:
    return api.add(self, other)


def _rmul(self: Tensor, other: Any) -> Tensor:
    return api.mul(self, other)


def _rsub(self: Tensor, other: Any) -> Tensor:
    return pointwise.rsub_number.call((self, api.as_number(other, op="rsub"), 1))


def _rtruediv(self: Tensor, other: Any) -> Tensor:
    return api.mul(api.reciprocal(self), api.as_number(other, op="div"))


def _rpow(self: Tensor, other: Any) -> Tensor:
    return api.pow(api.as_number(other, op="pow"), self)


# Methods --------------------------------------------------------------------------------------------------------------


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size


def _view(self: Tensor, *shape: Any) -> Tensor:
    """The same elements in another shape, without a copy."""
    return movement.view.call((self, _sizes(shape)))


def _reshape(self: Tensor, *shape: Any) -> Tensor:
    """Another shape: a view where strides allow one, else a copy."""
    return movement.reshape.call((self, _sizes(shape)))


def _permute(self: Tensor, *dims: Any) -> Tensor:
    """All dimensions in another order: a view."""
    return movement.permute.call((self, _sizes(dims)))


def _expand(self: Tensor, *size: Any) -> Tensor:
    """Dimensions of size 1 repeated without a copy."""
    return movement.expand.call((self, _sizes(size), False))


def _squeeze(self: Tensor, dim: int | None = None) -> Tensor:
    """Dimensions of size 1 left out."""
    return movement.squeeze_all.call((self,)) if dim is None else movement.squeeze.call((self, dim))


def _unsqueeze(self: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 put in."""
    return movement.unsqueeze.call((self, dim))


def _flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Adjacent dimensions as one."""
    return movement.flatten.call((self, start_dim, end_dim))


def _contiguous(self: Tensor) -> Tensor:
    """The tensor itself if it is row-major, else a copy that is."""
    return copying.contiguous.call((self,))


def _detach(self: Tensor) -> Tensor:
    """The same storage without history."""
    return movement.detach.call((self,))


def _to(self: Tensor, dtype: DType, non_blocking: bool = False, copy: bool = False) -> Tensor:
    """The elements as another dtype; the tensor itself where it has that dtype."""
    if not isinstance(dtype, DType):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ArgumentError(f"to: takes a dtype, got {dtype!r}")
    return copying.to.call((self, dtype, non_blocking, copy))


def _copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Elements of ``src`` over this tensor's."""
    return copying.copy_.call((self, src, non_blocking))


def _fill_(self: Tensor, value: float) -> Tensor:
    """One number over all elements."""
    return copying.fill_.call((self, value))


def _zero_(self: Tensor) -> Tensor:
    """Zero over all elements."""
    return copying.fill_.call((self, 0))


def _select(self: Tensor, dim: int, index: int) -> Tensor:
    """One index along a dimension, which goes."""
    return movement.select.call((self, dim, index))


def _iter(self: Tensor) -> Any:
    if not self.layout.shape:
        raise ArgumentError("iteration over a 0-d tensor")
    from tensorlab.core.tensor import _tracked

    n = _tracked(self, "iter", lambda: self.layout.shape[0])
    return iter([movement.select.call((self, 0, i)) for i in range(n)])


def _written(name: str) -> Callable[..., Tensor]:
    """The in-place method ``name_``: the overload is chosen by what the arguments are."""

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        self_and = [value_type(a) for a in (self, *args)]
        op = resolve(f"aten::{name}_", self_and, {k: value_type(v) for k, v in kwargs.items()})
        return op(self, *args, **kwargs)

    method.__name__ = f"{name}_"
    method.__doc__ = f"`{name}` written over this tensor; raises its version."
    return method


def _augmented(name: str) -> Callable[[Tensor, Any], Tensor]:
    method = _written(name)

    def operator(self: Tensor, other: Any) -> Tensor:
        return method(self, other if isinstance(other, Tensor) else api.as_number(other, op=f"{name}_"))

    return operator


def _converter(dtype: DType) -> Callable[[Tensor], Tensor]:
    def method(self: Tensor) -> Tensor:
        return _to(self, dtype)

    method.__doc__ = f"The elements as {dtype.name}."
    return method


_FUNCTIONS = (
    *("add", "sub", "mul", "div", "pow", "neg", "abs", "reciprocal", "exp", "log", "sqrt", "tanh", "sigmoid", "relu"),
    *("clamp", "eq", "ne", "lt", "le", "gt", "ge", "sum", "mean", "max", "min", "argmax", "argmin", "softmax"),
    *("matmul", "clone", "t", "transpose"),
)
_IN_PLACE = (
    *("add", "sub", "mul", "div", "pow", "neg", "abs", "exp", "log", "sqrt", "tanh", "sigmoid", "relu", "clamp"),
)
_CONVERTERS = {
    "float": "float32",
    "double": "float64",
    "int": "int32",
    "long": "int64",
    "bool": "bool",
    "byte": "uint8",
}

TABLE: dict[str, Any] = {
    **{name: getattr(api, name) for name in _FUNCTIONS},
    **{f"{name}_": _written(name) for name in _IN_PLACE},
    **{name: _converter(d) for name, dtype in _CONVERTERS.items() for d in DTYPES if d.name == dtype},
    "__add__": _operator(pointwise.add, api.add),
    "__radd__": _radd,
    "__sub__": _operator(pointwise.sub, api.sub),
    "__rsub__": _rsub,
    "__mul__": _operator(pointwise.mul, api.mul),
    "__rmul__": _rmul,
    "__truediv__": _operator(pointwise.div, api.div),
    "__rtruediv__": _rtruediv,
    "__pow__": _operator(pointwise.pow_tensor, api.pow),
    "__rpow__": _rpow,
    "__eq__": _operator(pointwise.eq, api.eq),
    "__ne__": _operator(pointwise.ne, api.ne),
    "__lt__": _operator(pointwise.lt, api.lt),
    "__le__": _operator(pointwise.le, api.le),
    "__gt__": _operator(pointwise.gt, api.gt),
    "__ge__": _operator(pointwise.ge, api.ge),
    "__matmul__": api.matmul,
    "__neg__": api.neg,
    "__abs__": api.abs,
    **{f"__i{name}__": _augmented(op) for name, op in (("add", "add"), ("sub", "sub"), ("mul", "mul"))},
    "__itruediv__": _augmented("div"),
    "__ipow__": _augmented("pow"),
    "__getitem__": indexing.get,
    "__setitem__": indexing.put,
    "__iter__": _iter,
    "T": property(api.t),
    "view": _view,
    "reshape": _reshape,
    "permute": _permute,
    "expand": _expand,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "flatten": _flatten,
    "select": _select,
    "contiguous": _contiguous,
    "detach": _detach,
    "to": _to,
    "copy_": _copy_,
    "fill_": _fill_,
    "zero_": _zero_,
}

for _name, _method in TABLE.items():
    setattr(Tensor, _name, _method)
