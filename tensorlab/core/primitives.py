"""What loops call that is more than one operator: what each gives, in plain Python.

A rule that calls one of these by name calls in the generated loop its native twin in `intrinsics`.
"""

from __future__ import annotations

from typing import Any


def maximum(a: Any, b: Any) -> Any:
    """The larger of two numbers; NaN if one of them is. LLVM makes vector code of a fold with it."""
    return a if a > b or a != a else b  # noqa: PLR0124 - NaN alone differs from itself


def minimum(a: Any, b: Any) -> Any:
    """The smaller of two numbers; NaN if one of them is. LLVM makes vector code of a fold with it."""
    return a if a < b or a != a else b  # noqa: PLR0124


def free_sum(a: Any, b: Any) -> Any:
    """``a + b``, where LLVM may choose in which order a loop adds, and so add in vectors."""
    return a + b


def power(a: Any, b: Any) -> Any:
    """``a ** b``; integers wrap around, and a negative power of one is 0 unless the base is 1 or -1, as in torch."""
    if isinstance(a, int) and isinstance(b, int) and b < 0:
        return {1: 1, -1: 1 - 2 * (b % 2)}.get(a, 0)
    return a**b
