"""Short cuts: an eager call whose layouts were met before goes straight to its loop.

A short cut is a closure over a `Plan` that does what the evaluator would do, with as little Python as that takes. Ops
keep theirs in ``op.plans``, under what `look_up_key` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tensorlab.core.layout import Layout
from tensorlab.core.op import Op
from tensorlab.core.tensor import Tensor, fresh
from tensorlab.errors import RangeError

if TYPE_CHECKING:
    from tensorlab.core.pointwise import Plan

LIMIT = 4096  # short cuts of one op; beyond it the table starts over

Key = Layout | tuple[Layout, Layout] | tuple[Layout, type]
Run = Callable[..., Tensor]


def look_up_key(op: Op, args: Sequence[Any]) -> Key | None:
    """What a call's short cut is kept under: the tensor's layout, both layouts, or a layout and the number's type.

    None for calls of another form: with options, with a number that is part of the loop, or with a number or integers
    that have to be looked at.
    """
    params = op.schema.params
    given = 2 if len(params) > 1 and params[1].required else 1
    for param, arg in zip(params[given:], args[given:], strict=True):
        if type(arg) is not type(param.default) or arg != param.default:
            return None
    first = args[0]
    if not isinstance(first, Tensor):
        return None
    if given == 1:
        return first.layout
    second = args[1]
    if isinstance(second, Tensor):
        looked_at = "guard" in op.rules and not first.layout.dtype.is_floating_point
        return None if looked_at else (first.layout, second.layout)
    kind = next((k for k in (int, float) if type(second) is k), None)
    if kind is None or op.static or "guard" in op.rules:
        return None
    return (first.layout, kind)


def keep(op: Op, key: Key, run: Run) -> None:
    """Remember a short cut."""
    if len(op.plans) >= LIMIT:
        op.plans.clear()
    op.plans[key] = run


def number_error(label: str, numbers: Sequence[Any]) -> RangeError:
    """What to raise where native code does not take a number."""
    large = next(n for n in numbers if isinstance(n, int) and not -(2**63) <= n < 2**63)
    return RangeError(f"{label}: got the integer {large}; takes integers from -2**63 to 2**63 - 1")


def into_new(op: Op, plan: Plan, key: Key) -> Run:
    """A short cut that allocates its result."""
    (form,) = plan.results
    head, entry, name = plan.head, plan.entry, op.schema.name
    if entry is None:
        return lambda *_: plan.run((), ())[0]

    def unary(a: Tensor) -> Tensor:
        result = fresh(form)
        entry(head, result.address, a.address)
        return result

    def binary(a: Tensor, b: Tensor) -> Tensor:
        result = fresh(form)
        entry(head, result.address, a.address, b.address)
        return result

    def with_number(a: Tensor, number: float) -> Tensor:
        result = fresh(form)
        try:
            entry(head, result.address, a.address, number)
        except OverflowError:
            raise number_error(name, [number]) from None
        return result

    return _chosen(plan, key, unary, binary, with_number)


def into_self(op: Op, plan: Plan, key: Key) -> Run:
    """A short cut that writes over its first argument; what may not be written to goes the long way, to be told so."""
    head, entry, name = plan.head, plan.entry, op.schema.name
    if entry is None:
        return lambda *args: op.run((*args, *(p.default for p in op.schema.params[len(args) :])))
    defaults = tuple(p.default for p in op.schema.params[2:])

    def unary(a: Tensor) -> Tensor:
        a.check_writable(name)
        entry(head, a.address, a.address)
        a.written()
        return a

    def binary(a: Tensor, b: Tensor) -> Tensor:
        storage = a.storage()
        if storage.readonly or not (are_apart(a, b) or are_one(a, b)):
            return op.run((a, b, *defaults))
        entry(head, a.address, a.address, b.address)
        storage.written()
        return a

    def with_number(a: Tensor, number: float) -> Tensor:
        a.check_writable(name)
        try:
            entry(head, a.address, a.address, number)
        except OverflowError:
            raise number_error(name.removesuffix("_"), [number]) from None
        a.written()
        return a

    return _chosen(plan, key, unary, binary, with_number)


def _chosen(plan: Plan, key: Key, unary: Run, binary: Run, with_number: Run) -> Run:
    run = unary if isinstance(key, Layout) else binary if isinstance(key[1], Layout) else with_number
    run.__dict__["plan"] = plan  # it owns the sizes and strides that `head` points to
    return run


def are_one(a: Tensor, b: Tensor) -> bool:
    """Whether each element of one is the same element of the other, so that it is read before it is written."""
    return a.address == b.address and a.layout is b.layout


def are_apart(a: Tensor, b: Tensor) -> bool:
    """Whether no byte of one is a byte of the other."""
    low_a, high_a = a.layout.span
    low_b, high_b = b.layout.span
    return a.address + high_a <= b.address + low_b or b.address + high_b <= a.address + low_a
