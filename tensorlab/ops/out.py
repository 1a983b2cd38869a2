"""``out=``: a result that is written over a tensor which exists already.

`takes_out` gives a public function the keyword: the function runs as it is, and its results are copied. Where a
function is one call of a pointwise op, `takes_pointwise_out` lets the loop write straight into the memory.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import combinations
from typing import Any, TypeVar, cast

from tensorlab.core.dispatch import MODES, below, pushed
from tensorlab.core.footprint import Footprint, overlap
from tensorlab.core.in_place import check_fits, write_region
from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op
from tensorlab.core.pointwise import EagerPointwise, dense_like
from tensorlab.core.reading import moves
from tensorlab.core.region import pointwise_types
from tensorlab.core.resizing_storage import resize_tensor
from tensorlab.core.shape import may_overlap
from tensorlab.core.tensor import Tensor
from tensorlab.errors import AliasError, ArgumentError, GradError, ResizeWarning, ShapeError
from tensorlab.ops import copying, movement
from tensorlab.ops.spellings import respelled

F = TypeVar("F", bound=Callable[..., Any])


def takes_out(function: F) -> F:
    """Give a public function the keyword ``out``: a Tensor, or a tuple of them for several results.

    Beside it, ``dim`` may be spelled ``axis``, and ``keepdim`` ``keepdims`` (see `spellings`).

    The results have to be of a kind of number that ``out`` can hold; its dtype stays. One of another shape is resized,
    with a `ResizeWarning` unless it is empty. ``out`` itself is returned.

    Raises: `ArgumentError` for what is no tensor, `DTypeError` for a result that ``out`` cannot hold, `AliasError` for
            read-only or overlapping memory, `GradError` where a gradient would be lost.
    """
    name = function.__name__

    @wraps(function)
    def with_out(*args: Any, out: Any = None, **options: Any) -> Any:
        if options and ("axis" in options or "keepdims" in options):
            options = respelled(function, options)
        if out is None:
            return function(*args, **options)
        outs = _checked(name, out)
        return _deliver(name, function(*args, **options), out, outs)

    return _signed(with_out, function)


def takes_pointwise_out(function: F) -> F:
    """As `takes_out`, for a function that is one call of a pointwise op: its loop writes to ``out`` without a copy."""
    name = function.__name__

    @wraps(function)
    def with_out(*args: Any, out: Any = None, **options: Any) -> Any:
        if out is None:
            return function(*args, **options)
        outs = _checked(name, out)
        if MODES.get() or len(outs) != 1:  # a trace sees an op and a copy
            return _deliver(name, function(*args, **options), out, outs)
        with pushed(_Into(outs[0])):
            result = function(*args, **options)
        return _deliver(name, result, out, outs)

    return _signed(with_out, function)


class _Into:
    """Runs one pointwise op over a tensor; what autograd writes down, and other ops, run as they are."""

    def __init__(self, target: Tensor) -> None:
        self.target = target

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        evaluator = op.evaluate
        tracked = any(isinstance(a, Tensor) and a.tape is not None for a in args)
        if tracked or not isinstance(evaluator, EagerPointwise):
            with below(self):
                return op.record(args)
        runner, inputs, params = evaluator.split(args)
        found = pointwise_types(op, [a.type if isinstance(a, Tensor) else a for a in args])[1]
        name, target = op.schema.name, self.target
        shape = found.sizes
        check_fits(name, type(found)(found.dtype, target.type.shape), target.type)
        if tuple(target.shape) != shape:
            if any(i is target for i in inputs):
                raise ShapeError(
                    f"{name}: output with shape {list(target.shape)} doesn't match the broadcast shape {list(shape)}"
                )
            _resize(target, runner.plan([i.layout for i in inputs], params).results[0])
        write_region(name, runner, inputs, params, target)
        return target


def _signed(with_out: Callable[..., Any], function: F) -> F:
    """The decorated function, with ``out`` in the signature that tools show."""
    signature = inspect.signature(function)
    keyword = inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="Tensor | None")
    parameters = list(signature.parameters.values())
    at = next((i for i, p in enumerate(parameters) if p.kind is p.VAR_KEYWORD), len(parameters))
    parameters.insert(at, keyword)
    with_out.__dict__["__signature__"] = signature.replace(parameters=parameters)
    return cast(F, with_out)


def _checked(name: str, out: object) -> tuple[Tensor, ...]:
    """The tensors to write to.

    Raises: as `takes_out` says.
    """
    outs = tuple(cast("Sequence[object]", out)) if isinstance(out, (tuple, list)) else (out,)
    for each in outs:
        if not isinstance(each, Tensor):
            raise ArgumentError(f"{name}: argument 'out' takes a Tensor, got {type(each).__name__}")
        each.check_writable(name)
        if may_overlap(each.shape, each.strides):
            raise AliasError(
                f"{name}: unsupported operation: more than one element of the written-to tensor refers to a single "
                f"memory location: shape {tuple(each.shape)}, strides {each.strides}. Please clone() the tensor first."
            )
        # What is made of a tensor requires a gradient only while autograd is on.
        if each.tape is not None and movement.alias.call((each,)).requires_grad:
            raise _lost_gradient(name)
    tensors = cast("tuple[Tensor, ...]", outs)
    if any(overlap(_footprint(a), _footprint(b)) is not False for a, b in combinations(tensors, 2)):
        raise AliasError(
            f"{name}: unsupported operation: two of the tensors to write to share memory. Please clone() one of them "
            "first."
        )
    return tensors


def _footprint(tensor: Tensor) -> Footprint:
    size = tensor.itemsize
    return Footprint.of(tensor.address, tensor.shape, [s * size for s in tensor.strides], size)


def _lost_gradient(name: str) -> GradError:
    return GradError(
        f"{name}: functions with out=... arguments don't support automatic differentiation, but one of the arguments "
        "requires grad."
    )


def _deliver(name: str, result: Any, out: Any, outs: tuple[Tensor, ...]) -> Any:
    """Write results over ``outs``, all checked before the first is written."""
    if result is outs[0]:  # it was written to directly
        return out
    results = cast("Sequence[Tensor]", result if isinstance(result, (tuple, list)) else (result,))
    if len(results) != len(outs):
        raise ArgumentError(f"{name}: argument 'out' takes {len(results)} tensors, got {len(outs)}")
    for made, target in zip(results, outs, strict=True):
        if made.requires_grad:
            raise _lost_gradient(name)
        check_fits(name, type(made.type)(made.dtype, target.type.shape), target.type)
    for made, target in zip(results, outs, strict=True):
        if target.shape != made.shape:
            _resize(target, made.layout)
        copying.copy_.call((target, made, False))
    return out if not isinstance(result, tuple) or len(results) == 1 else _like(result, outs)


def _like(result: tuple[Any, ...], outs: tuple[Tensor, ...]) -> tuple[Any, ...]:
    """The tensors written to, in a tuple with the names that the function's own has."""
    make = getattr(type(result), "_make", None)
    return outs if make is None else make(outs)


def _resize(target: Tensor, form: Layout) -> None:
    """Give a tensor another shape; its storage grows where it is too small, for all tensors over it.

    Raises: `TraceError` in a trace; `AliasError` for a storage that cannot grow.
    """
    moves(target, "out=")
    if target.numel():
        warnings.warn(
            f"An output with one or more elements was resized since it had shape {list(target.shape)}, which does not "
            f"match the required output shape {list(form.shape)}. You can explicitly reuse an out tensor by resizing "
            "it to zero elements first.",
            ResizeWarning,
            stacklevel=4,
        )
    wanted = layout(target.dtype, tuple(form.shape), dense_like(form))
    resize_tensor(target, wanted, "out=")
