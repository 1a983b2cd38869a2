"""Two ops of one body: ``scatter_`` writes over its first argument, ``scatter`` over a copy of it.

A body takes the tensor to write to and the other arguments. It checks everything before it writes anything, and leaves
the version alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from tensorlab.core.dtype import float32
from tensorlab.core.layout import Layout
from tensorlab.core.op import Op, declare
from tensorlab.core.schema import Alias, Param
from tensorlab.core.shape import may_overlap
from tensorlab.core.short_cut import are_apart
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import AliasError
from tensorlab.ops.copying import clone, converted, copy_runner
from tensorlab.ops.view_evaluator import call_evaluator

Body = Callable[..., None]


def twins(functional: Op, body: Body, *, keeps_strides: bool = False, checks_itself: bool = False) -> Op:
    """Give a declared op its ``call`` rule, and declare its in-place twin, which has the same type rule.

    The functional form's result is row-major, unless it ``keeps_strides``. The type rule is asked before the body runs,
    unless the body ``checks_itself``.
    """
    schema = functional.schema
    functional_type = functional.rules["type"]

    seen: set[tuple[Any, ...]] = set()

    def check(args: tuple[Any, ...]) -> None:
        """Ask the type rule, once for all calls of one form."""
        form = tuple([_form(a) for a in args])
        if form not in seen:
            functional_type(*map(_type, args))
            if len(seen) >= _LIMIT:
                seen.clear()
            seen.add(form)

    @functional.rule("call")
    def call(a: Tensor, *rest: Any) -> Tensor:
        if not checks_itself:
            check((a, *rest))
        target: Tensor = clone.run((a,)) if keeps_strides else converted(a, a.dtype, None)
        body(target, *rest)
        return target

    mark = Alias("a", writes=True)
    first, *others = schema.params
    texts = [str(Param(first.name, first.type, alias=mark))]
    for param in others:
        if param.keyword_only and "*" not in texts:
            texts.append("*")
        texts.append(str(param))
    overload = f".{schema.overload}" if schema.overload else ""
    written = declare(f"{schema.name}_{overload}({', '.join(texts)}) -> Tensor(a!)")

    @written.rule("type")
    def written_type(target: TensorType, *rest: Any) -> TensorType:
        functional_type(target, *rest)
        return target

    @written.rule("call")
    def written_call(target: Tensor, *rest: Any) -> Tensor:
        check_target(target, written.schema.name)
        if not checks_itself:
            check((target, *rest))
        body(target, *rest)
        target.written()
        return target

    call_evaluator(functional)
    return call_evaluator(written)


_LIMIT = 2048  # forms of calls, and layouts, that are remembered; beyond it a table starts over
_overlaps: dict[Layout, bool] = {}


def _form(value: Any) -> Any:
    return value.layout if isinstance(value, Tensor) else (type(value), value)


def _type(value: Any) -> Any:
    return value.layout.type if isinstance(value, Tensor) else value


def check_target(target: Tensor, op: str) -> None:
    """Refuse to write to read-only memory, or where two elements are one.

    Raises: `AliasError`.
    """
    target.check_writable(op)
    form = target.layout
    overlaps = _overlaps.get(form)
    if overlaps is None:
        if len(_overlaps) >= _LIMIT:
            _overlaps.clear()
        overlaps = _overlaps[form] = may_overlap(form.shape, form.strides)
    if overlaps:
        raise AliasError(
            f"{op}: unsupported operation: more than one element of the written-to tensor refers to a single memory "
            f"location: shape {tuple(target.shape)}, strides {target.strides}. Please clone() the tensor first."
        )


def apart(source: Tensor, target: Tensor) -> Tensor:
    """The source, or a copy of it where the target's bytes are among its own."""
    return source if are_apart(source, target) else clone.run((source,))


def folds_wide(body: Body) -> Body:
    """Decorator of a body that does arithmetic: halves are folded as float32, and rounded once."""

    @wraps(body)
    def wide(target: Tensor, *rest: Any) -> None:
        if not target.dtype.is_half:
            body(target, *rest)
            return
        work = converted(target, float32, None)
        body(work, *(_widened(r) for r in rest))
        copy_runner().plan([work.layout], (), into=[target.layout]).fill([target.address], [work.address], ())

    return wide


def _widened(value: Any) -> Any:
    half = isinstance(value, Tensor) and value.dtype.is_half
    return converted(value, float32, None) if half else value
