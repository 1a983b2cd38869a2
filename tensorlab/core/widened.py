"""Bodies over NumPy or own loops that know no floats of 16 bits: they compute in float32 and round what comes out.

As torch's own kernels do on processors without such arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

from tensorlab.core.dtype import DType, float32, promote
from tensorlab.core.op import lookup
from tensorlab.core.tensor import Tensor

Body = Callable[..., Any]


def widened(body: Body) -> Body:
    """Decorator of a ``call`` body: halves go in as float32, and float32 comes out as the halves that went in.

    Lists and tuples of tensors are seen through, in both directions; a dtype among the arguments that is a half becomes
    float32 too, and is then what comes out. A tensor that is not half is passed as it is. Without a half, the body is
    called as it stands.

    Cost: a float32 copy of each half tensor.
    """

    @wraps(body)
    def wide(*args: Any) -> Any:
        for a in args:
            if isinstance(a, Tensor):
                if a.layout.dtype.is_half:
                    break
            elif a is not None and type(a) not in _NUMBERS and _holds_half(a):
                break
        else:
            return body(*args)
        asked = [a for a in args if isinstance(a, DType) and a.is_half]
        halves = asked or [t.dtype for a in args for t in _tensors(a) if t.dtype.is_half]
        narrow = halves[0]
        for other in halves[1:]:
            narrow = promote(narrow, other)
        found = body(*map(_widened, args))
        return found if narrow is float32 else _narrowed(found, narrow)

    return wide


_NUMBERS = (int, float, bool, str)


def _holds_half(value: Any) -> bool:
    if isinstance(value, DType):
        return value.is_half
    if isinstance(value, (list, tuple)):
        for t in cast(Sequence[object], value):
            if isinstance(t, Tensor) and t.layout.dtype.is_half:
                return True
    return False


def _tensors(value: Any) -> Sequence[Tensor]:
    if isinstance(value, Tensor):
        return (value,)
    if isinstance(value, (list, tuple)):
        return [t for t in cast(Sequence[object], value) if isinstance(t, Tensor)]
    return ()


def _widened(value: Any) -> Any:
    if isinstance(value, Tensor):
        return _converted(value, float32) if value.dtype.is_half else value
    if isinstance(value, DType):
        return float32 if value.is_half else value
    if isinstance(value, (list, tuple)):
        parts = [_widened(v) for v in cast(Sequence[object], value)]
        return parts if isinstance(value, list) else tuple(parts)
    return value


def _narrowed(value: Any, dtype: DType) -> Any:
    if isinstance(value, Tensor):
        return _converted(value, dtype) if value.dtype is float32 else value
    if isinstance(value, (list, tuple)):
        parts = [_narrowed(v, dtype) for v in cast(Sequence[object], value)]
        return parts if isinstance(value, list) else tuple(parts)
    return value


def _converted(value: Tensor, dtype: DType) -> Tensor:
    (to,) = lookup("aten::to")
    return to.run((value, dtype, False, False))
