"""The way into products of two tensors: a short cut where the layouts were met before, and ``out=``.

BLAS writes straight into ``out`` where its elements lie as the result's would; else the result is copied.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from tensorlab.core.dispatch import MODES
from tensorlab.core.op import Op
from tensorlab.core.short_cut import are_apart
from tensorlab.core.tensor import Tensor
from tensorlab.ops.matmul import product
from tensorlab.ops.out import takes_out

F = TypeVar("F", bound=Callable[..., Any])


def quick_product(op: Op) -> Callable[[F], F]:
    """Decorate the function of a product: two tensors whose layouts were met before go straight to BLAS."""
    plans, modes = op.plans, MODES.get

    def decorate(checked: F) -> F:
        @wraps(checked)
        def function(*args: Any, **options: Any) -> Any:
            if len(args) == 2 and not options:
                a, b = args
                if type(a) is Tensor and type(b) is Tensor:
                    run = plans.get((a.layout, b.layout))
                    if run is not None and a.tape is None and b.tape is None and not modes():
                        return run(a, b)
            return checked(*args, **options)

        return function  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate


def quick_added(op: Op) -> Callable[[F], F]:
    """As `quick_product`, for the function that adds a product to a tensor: three tensors, and no factors."""
    plans, modes = op.plans, MODES.get

    def decorate(checked: F) -> F:
        @wraps(checked)
        def function(*args: Any, **options: Any) -> Any:
            if len(args) == 3 and not options:
                a, x, y = args
                if type(a) is type(x) is type(y) is Tensor:
                    run = plans.get((a.layout, x.layout, y.layout))
                    if run is not None and a.tape is x.tape is y.tape is None and not modes():
                        return run(a, x, y)
            return checked(*args, **options)

        return function  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate


def takes_product_out(op: Op) -> Callable[[F], F]:
    """As `takes_out`, for the function of a product of two tensors."""

    def decorate(function: F) -> F:
        copied = takes_out(function)

        @wraps(copied)
        def with_out(*args: Any, out: Any = None, **options: Any) -> Any:
            if len(args) != 2 or not _fits(op, *args, out):
                return copied(*args, out=out, **options)
            alpha, beta = (1.0, 0.0) if out.dtype.is_floating_point else (1, 0)
            product(op, *args).fill(out, *args, alpha, beta)
            out.written()
            return out

        return with_out  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

    return decorate


def _fits(op: Op, a: Any, b: Any, out: Any) -> bool:
    """Whether the product goes into ``out`` as it lies; in all other cases, errors among them, it is copied."""
    if not (type(a) is Tensor and type(b) is Tensor and type(out) is Tensor) or MODES.get():
        return False
    if a.tape is not None or b.tape is not None or out.tape is not None or a.dtype.is_half:
        return False
    op.rules["type"](a.type, b.type)
    same = product(op, a, b).form is out.layout
    return same and not out.storage().readonly and are_apart(a, out) and are_apart(b, out)
