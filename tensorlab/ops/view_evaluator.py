"""How views, and ops that are made of other ops, run.

A ``view`` rule maps a layout and the arguments to shape, strides and the step from the first element to the view's own,
or to a list of such places, where one call gives several views.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorlab.core.layout import Layout, layout
from tensorlab.core.op import Op, Rule, declare
from tensorlab.core.shape import Shape
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TENSOR, ListType, TensorType
from tensorlab.ops.composed_types import type_by_composite

Place = tuple[Shape, Shape, int]

LIMIT = 4096  # places that one op remembers; beyond it the table starts over


def remember(op: Op, key: object, value: Any, limit: int = LIMIT) -> Any:
    """Keep a value in an op's plans; gives the value. At ``limit`` values the plans start over."""
    if len(op.plans) >= limit:
        op.plans.clear()
    op.plans[key] = value
    return value


def _short_cut(form: Layout, step: int) -> Callable[[Tensor], Tensor]:
    return lambda source: source.as_view(form, source.offset + step)


class ViewEvaluator:
    """Runs a view rule; the place that it gives is kept by layout and arguments."""

    __slots__ = ("op",)

    def __init__(self, op: Op) -> None:
        self.op = op

    def __call__(self, args: tuple[Any, ...]) -> Tensor:
        source: Tensor = args[0]
        key = (source.layout, *(tuple(a) if isinstance(a, list) else a for a in args[1:]))
        place = self.op.plans.get(key)
        if place is None:
            shape, strides, step = self.op.rules["view"](source.layout, *key[1:])
            place = remember(self.op, key, (layout(source.dtype, shape, strides), step))
            if len(args) == 1:
                remember(self.op, source.layout, _short_cut(*place))
        form, step = place
        return source.as_view(form, source.offset + step)


class ViewsEvaluator:
    """Runs a view rule that gives a list of places."""

    __slots__ = ("op",)

    def __init__(self, op: Op) -> None:
        self.op = op

    def __call__(self, args: tuple[Any, ...]) -> list[Tensor]:
        source: Tensor = args[0]
        key = (source.layout, *(tuple(a) if isinstance(a, list) else a for a in args[1:]))
        places = self.op.plans.get(key)
        if places is None:
            found = self.op.rules["view"](source.layout, *key[1:])
            places = [(layout(source.dtype, shape, strides), step) for shape, strides, step in found]
            remember(self.op, key, places)
        offset = source.offset
        return [source.as_view(form, offset + step) for form, step in places]


def finish_view(op: Op) -> Op:
    """Give a declared op with a view rule its evaluator and its type rule: the view rule on a row-major layout."""
    rule = op.rules["view"]

    def view_type(a: TensorType, *args: Any) -> TensorType:
        if a.dtype is None or a.shape is None:
            return TensorType(a.dtype)
        form = layout(a.dtype, tuple(n for n in a.shape if n is not None))
        return TensorType(a.dtype, rule(form, *args)[0])

    op.rule("type")(view_type)
    op.evaluate = ViewEvaluator(op)
    return op


def finish_views(op: Op) -> Op:
    """As `finish_view`, for a rule that gives a list of places."""
    rule = op.rules["view"]

    def views_type(a: TensorType, *args: Any) -> ListType:
        if a.dtype is not None and a.shape is not None:  # to refuse what the op refuses
            rule(layout(a.dtype, tuple(n for n in a.shape if n is not None)), *args)
        return ListType(TENSOR)

    op.rule("type")(views_type)
    op.evaluate = ViewsEvaluator(op)
    return op


def call_evaluator(op: Op) -> Op:
    """Let a declared op run its ``call`` or its ``composite`` rule, which gives it its type where no rule does."""
    if "type" not in op.rules and "composite" in op.rules:
        type_by_composite(op)
    rule = op.rules["call"] if "call" in op.rules else op.rules["composite"]
    op.evaluate = lambda args: rule(*args)
    return op


class ComposedEvaluator:
    """Runs a function that is made of other ops; where it gives a view of its first argument, the place is kept.

    Only for one that looks at no more than layouts and numbers.
    """

    __slots__ = ("op", "rule")

    def __init__(self, op: Op, rule: Rule) -> None:
        self.op = op
        self.rule = rule

    def __call__(self, args: tuple[Any, ...]) -> Any:
        source = args[0]
        if not isinstance(source, Tensor):
            return self.rule(*args)
        key = (source.layout, *map(_key, args[1:]))
        place = self.op.plans.get(key)
        if place is not None:
            return source.as_view(place[0], source.offset + place[1])
        found = self.rule(*args)
        if isinstance(found, Tensor) and found is not source and found.storage() is source.storage():
            remember(self.op, key, (found.layout, found.offset - source.offset))
        return found


def _key(value: Any) -> Any:
    """What a view depends on of an argument: of a tensor the layout alone."""
    return value.layout if isinstance(value, Tensor) else tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def composed_view(schema: str) -> Callable[[Rule], Op]:
    """As `composed`, for a function made of views that looks at no more than layouts and numbers."""

    def declared(rule: Rule) -> Op:
        op = composed(schema)(rule)
        op.evaluate = ComposedEvaluator(op, rule)
        return op

    return declared


def composed(schema: str) -> Callable[[Rule], Op]:
    """Declare an op by a function that is made of other ops; its type is what they give."""

    def declared(rule: Rule) -> Op:
        op = declare(schema)
        op.rule("composite")(rule)
        return call_evaluator(op)

    return declared
