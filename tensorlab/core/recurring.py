"""Calls that recur: what was worked out for a call serves every other of the same layouts and the same numbers.

Where `short_cut` knows three forms of call, this knows any: the key is made of all arguments. A program's loop makes
the same few calls over and over, and most of what a small one costs is finding that out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from tensorlab.core.op import Op
from tensorlab.core.short_cut import are_apart, are_one, number_error
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.core.types import OptionalType

if TYPE_CHECKING:
    from tensorlab.core.native import Entry
    from tensorlab.core.pointwise import Plan

LIMIT = 2048  # calls that one op remembers; beyond it the table starts over

Ready = Callable[[tuple[Any, ...]], Any]
Run = Callable[..., Any]
Prepare = Callable[..., Run]


class Recurring:
    """The evaluator of a ``call`` rule that works everything out but the numbers in memory from layouts and literals.

    ``prepare`` takes a call's arguments and gives what runs all calls like it: a function of the same arguments, which
    allocates, and calls a loop. Parameters named ``loose`` are no part of the key: their values are looked at in each
    run.
    """

    __slots__ = ("_key", "_loose", "op", "plans", "prepare")

    def __init__(self, op: Op, prepare: Prepare, *, loose: Sequence[str] = ()) -> None:
        self.op = op
        self.prepare = prepare
        self.plans = op.plans
        params = op.schema.params
        self._loose = tuple([i for i, p in enumerate(params) if p.name in loose])
        optional = any(isinstance(params[i].type, OptionalType) for i in op.tensors)
        plain = not self._loose and not op.tensor_lists and not optional
        self._key = _KEYS.get(op.tensors, self._any_key) if plain else self._any_key

    def __call__(self, args: tuple[Any, ...]) -> Any:
        key = self._key(args)
        try:
            run = self.plans.get(key)
        except TypeError:  # there is a list among the arguments
            key = self._any_key(args)
            run = self.plans.get(key)
        if run is None:
            run = self.prepare(*args)
            if len(self.plans) >= LIMIT:
                self.plans.clear()
            self.plans[key] = run
        return run(*args)

    def _any_key(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        parts: list[Any] = []
        for a in args:
            if isinstance(a, Tensor):
                parts.append(a.layout)
            elif isinstance(a, (list, tuple)):
                parts.append(tuple([x.layout if isinstance(x, Tensor) else x for x in cast("list[Any]", a)]))
            else:
                parts.append(a)
        for i in self._loose:
            if not isinstance(args[i], Tensor):
                parts[i] = type(args[i])
        return tuple(parts)


# Keys of ops that take tensors at these positions, and no lists of them.
_KEYS: dict[tuple[int, ...], Callable[[tuple[Any, ...]], tuple[Any, ...]]] = {
    (): lambda args: args,
    (0,): lambda args: (args[0].layout, *args[1:]),
    (0, 1): lambda args: (args[0].layout, args[1].layout, *args[2:]),
    (0, 2): lambda args: (args[0].layout, args[1], args[2].layout, *args[3:]),
}


def recurring(op: Op, *, loose: Sequence[str] = ()) -> Callable[[Prepare], Prepare]:
    """Decorator of the function that prepares an op's calls: it becomes the op's evaluator and its ``call`` rule."""

    def decorate(prepare: Prepare) -> Prepare:
        def call(*args: Any) -> Any:
            return evaluator(args)

        evaluator = Recurring(op, prepare, loose=loose)
        op.rule("call")(call)
        op.evaluate = evaluator
        return prepare

    return decorate


# Pointwise ops --------------------------------------------------------------------------------------------------------


class PointwiseKeys:
    """Keys for the calls of a pointwise op: a number that the loop takes as an argument counts by its kind alone."""

    __slots__ = ("_guarded", "_literals")

    def __init__(self, op: Op) -> None:
        self._guarded = "guard" in op.rules
        self._literals = tuple([(p.default, op.static.get(p.name, ())) for p in op.schema.params])

    def of(self, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """What a call is known by; None where integers have to be looked at each time."""
        guarded = self._guarded
        if guarded and not (isinstance(args[0], Tensor) and args[0].layout.dtype.is_floating_point):
            return None
        parts: list[Any] = []
        for arg, (default, values) in zip(args, self._literals, strict=True):
            if isinstance(arg, Tensor):
                parts.append(arg.layout)
                continue
            kind = type(arg)  # pyright: ignore[reportUnknownVariableType]
            parts.append(kind)
            if guarded or arg in values or (kind is type(default) and arg == default):
                parts.append(arg)
        return tuple(parts)


def into_new(name: str, plan: Plan, entry: Entry, tensors: Sequence[int], numbers: Sequence[int]) -> Ready:
    """What runs a plan of one result; ``entry`` is the plan's.

    It is known where the tensors and the loop's numbers are among the arguments.
    """
    (form,) = plan.results
    head = plan.head

    def ready(args: tuple[Any, ...]) -> Tensor:
        result = fresh(form)
        try:
            entry(head, result.address, *[args[i].address for i in tensors], *[args[i] for i in numbers])
        except OverflowError:
            raise number_error(name, [args[i] for i in numbers]) from None
        return result

    ready.__dict__["plan"] = plan  # it owns the sizes and strides that `head` points to
    return ready


def into_self(name: str, plan: Plan, entry: Entry, tensors: Sequence[int], numbers: Sequence[int]) -> Ready:
    """As `into_new`, over the first argument; gives None where the operands have to be looked at the long way."""
    head = plan.head
    others = tensors[1:]

    def ready(args: tuple[Any, ...]) -> Tensor | None:
        target: Tensor = args[0]
        storage = target.storage()
        if storage.readonly:
            return None
        for i in others:
            if not (are_apart(target, args[i]) or are_one(target, args[i])):
                return None
        try:
            entry(head, target.address, *[args[i].address for i in tensors], *[args[i] for i in numbers])
        except OverflowError:
            raise number_error(name, [args[i] for i in numbers]) from None
        storage.written()
        return target

    ready.__dict__["plan"] = plan
    return ready
