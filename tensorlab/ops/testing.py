"""``tl.testing``: whether what came out is near what was expected, and where it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tensorlab.core.dtype import DType
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError, MismatchError
from tensorlab.ops.data import as_tensor

# Relative and absolute bounds by dtype, torch's; of integers and bools, none.
BOUNDS: dict[str, tuple[float, float]] = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}
Message = str | Callable[[str], str] | None


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_dtype: bool = True,
    check_stride: bool = False,
    msg: Message = None,
) -> None:
    """Raise unless ``|actual - expected| <= atol + rtol * |expected|`` for all elements.

    Tensors, numbers, arrays, and sequences and mappings of them. The bounds are the dtype's unless both are given.
    ``msg`` is the error's text, or makes it of the text that there would be.

    Raises: `MismatchError`, an AssertionError that says where; `ArgumentError` for one bound alone.

    >>> import tensorlab as tl
    >>> tl.testing.assert_close(tl.tensor([1.0, 2.0]), tl.tensor([1.0, 2.000001]))
    """
    if (rtol is None) != (atol is None):
        raise ArgumentError("assert_close: takes rtol and atol together, or neither of them")
    bounds = None if rtol is None or atol is None else (rtol, atol)
    found = _difference(actual, expected, bounds, equal_nan, check_dtype, check_stride)
    if found is not None:
        raise MismatchError(msg(found) if callable(msg) else found if msg is None else msg)


def _difference(a: Any, b: Any, *how: Any) -> str | None:
    """What to say of two values that are not close."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.keys() != b.keys():
            return f"The keys of the mappings do not match: {sorted(map(str, a))} and {sorted(map(str, b))}"
        return _of_items(((key, a[key], b[key]) for key in b), how)
    if isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str):
        if len(a) != len(b):
            return f"The length of the sequences mismatch: {len(a)} != {len(b)}"
        return _of_items(((i, x, y) for i, (x, y) in enumerate(zip(a, b, strict=True))), how)
    numbers = not isinstance(a, Tensor) and not isinstance(b, Tensor)
    return _apart(_as_tensor(a), _as_tensor(b), *how, numbers=numbers)


def _of_items(items: Any, how: tuple[Any, ...]) -> str | None:
    for key, x, y in items:
        found = _difference(x, y, *how)
        if found is not None:
            return f"{found}\n\nThe failure occurred for item [{key!r}]"
    return None


def _as_tensor(value: Any) -> Tensor:
    if isinstance(value, float):
        return as_tensor(np.asarray(value))  # a number of Python's is a float64
    return value if isinstance(value, Tensor) else as_tensor(value)


def _apart(
    a: Tensor,
    b: Tensor,
    bounds: tuple[float, float] | None,
    equal_nan: bool,  # noqa: FBT001 - passed on
    check_dtype: bool,  # noqa: FBT001
    check_stride: bool,  # noqa: FBT001
    *,
    numbers: bool,
) -> str | None:
    facts = [("shape", a.shape, b.shape)]
    facts += [("dtype", a.dtype, b.dtype)] if check_dtype and not numbers else []
    facts += [("stride()", a.strides, b.strides)] if check_stride else []
    for what, mine, wanted in facts:
        if mine != wanted:
            return f"The values for attribute '{what}' do not match: {mine} != {wanted}."
    rtol, atol = bounds or tuple(max(pair) for pair in zip(_bounds(a.dtype), _bounds(b.dtype), strict=True))
    x, y = (t.detached_numpy().astype(_exact(t.dtype)) for t in (a, b))
    with np.errstate(all="ignore"):
        size = np.abs(x - y)
        share = size / np.abs(y)
        near = (x == y) | (np.isfinite(y) & (size <= atol + rtol * np.abs(y)))
    if equal_nan:
        near |= (x != x) & (y != y)  # noqa: PLR0124 - NaN alone differs from itself
    if near.all():
        return None
    what = "equal" if rtol == atol == 0 else "close"
    allowed = [f" (up to {bound} allowed)" if what == "close" else "" for bound in (atol, rtol)]
    if not a.ndim:
        return (
            f"Scalars are not {what}!\n\nExpected {b.item()} but got {a.item()}.\n"
            f"Absolute difference: {size.item()}{allowed[0]}\nRelative difference: {share.item()}{allowed[1]}"
        )
    wrong = int((~near).sum())
    lines = [f"Tensor-likes are not {what}!", "", f"Mismatched elements: {wrong} / {x.size} ({wrong / x.size:.1%})"]
    for name, values, bound in (("absolute", size, allowed[0]), ("relative", share, allowed[1])):
        values = np.where(near, 0, values)
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(values)), values.shape))
        lines.append(f"Greatest {name} difference: {values[at].item()} at index {at}{bound}")
    return "\n".join(lines)


def _bounds(dtype: DType) -> tuple[float, float]:
    return BOUNDS.get(dtype.name, (0.0, 0.0))


def _exact(dtype: DType) -> Any:
    """The type in which differences are taken: torch's own for floats, one that does not wrap for the rest."""
    return dtype.numpy if dtype.name in ("float32", "float64") else np.float32 if dtype.is_half else np.int64
