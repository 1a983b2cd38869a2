"""Writing over a tensor that exists already: every check first, then one loop, then the version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.core import recurring
from tensorlab.core.dtype import number_category
from tensorlab.core.op import Op, lookup
from tensorlab.core.pointwise import EagerPointwise, Plan, RegionRunner, positions
from tensorlab.core.recurring import PointwiseKeys
from tensorlab.core.region import Number, type_region
from tensorlab.core.shape import may_overlap
from tensorlab.core.short_cut import are_apart, are_one, into_self, keep, look_up_key
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import TensorType
from tensorlab.errors import AliasError, DTypeError, ShapeError


class InPlacePointwise:
    """Evaluates the in-place form of a pointwise op: the result is written over the first argument."""

    __slots__ = ("_keys", "_recurring", "functional", "op")

    def __init__(self, op: Op, functional: EagerPointwise) -> None:
        self.op = op
        self.functional = functional
        self._keys = PointwiseKeys(op)
        self._recurring: dict[tuple[Any, ...], recurring.Ready] = {}

    def forget(self) -> None:
        """Work everything out anew from here on."""
        self._recurring.clear()

    def __call__(self, args: tuple[Any, ...]) -> Tensor:
        target: Tensor = args[0]
        form = self._keys.of(args)
        ready = None if form is None else self._recurring.get(form)
        if ready is not None and ready(args) is not None:
            return target
        runner, inputs, params = self.functional.split(args)
        plan = write_region(self.op.schema.name, runner, inputs, params, target)
        if plan is None:
            return target
        key = look_up_key(self.op, args)
        if key is not None:
            keep(self.op, key, into_self(self.op, plan, key))
        if form is not None and plan.entry is not None:
            name = self.op.schema.name.removesuffix("_")
            run = recurring.into_self(name, plan, plan.entry, *positions(self.op, args))
            if len(self._recurring) >= recurring.LIMIT:
                self._recurring.clear()
            self._recurring[form] = run
        return target


def write_region(
    op: str,
    runner: RegionRunner,
    inputs: Sequence[Tensor],
    params: Sequence[Number],
    target: Tensor,
    *,
    convert: bool = False,
) -> Plan | None:
    """Run a region of one output over a target, after every check; raises its version.

    Gives the plan that ran, where it ran over the inputs as they are, without a copy of one that overlaps the target.

    ``convert`` lets floats be written over integers, and numbers over bools: copies do, arithmetic does not.

    Raises: `AliasError` for overlapping or read-only memory, `ShapeError` or `DTypeError` for a result without room.
    """
    target.check_writable(op)
    steps = type_region(runner.region, [i.type for i in inputs], [number_category(p) for p in params])
    check_fits(op, steps[-1].result, target.type, convert=convert)
    if may_overlap(target.shape, target.strides):
        raise AliasError(
            f"{op}: unsupported operation: more than one element of the written-to tensor refers to a single memory "
            f"location: shape {tuple(target.shape)}, strides {target.strides}. Please clone() the tensor first."
        )
    safe = [_apart(i, target) for i in inputs]
    over = 0 if safe and safe[0] is target else None
    plan = runner.plan([i.layout for i in safe], params, into=[target.layout], over=over)
    plan.fill([target.address], [i.address for i in safe], params)
    target.written()
    return plan if all(s is i for s, i in zip(safe, inputs, strict=True)) else None


def check_fits(op: str, result: TensorType, into: TensorType, *, convert: bool = False) -> None:
    """Refuse a result whose shape, or kind of number, the written tensor cannot take.

    Raises: `ShapeError` or `DTypeError`, in torch's words.
    """
    if result.shape != into.shape:
        raise ShapeError(
            f"{op}: output with shape {list(into.shape or ())} doesn't match the broadcast shape "
            f"{list(result.shape or ())}"
        )
    if convert or result.dtype is None or into.dtype is None:
        return
    if result.dtype.category > into.dtype.category:
        raise DTypeError(
            f"{op}: result type {result.dtype.ir_name} can't be cast to the desired output type {into.dtype.ir_name}"
        )


def _apart(source: Tensor, target: Tensor) -> Tensor:
    """The source itself where each element is read before it is written, else a copy of it.

    Addresses decide, not storages: two storages may be imports of one buffer.
    """
    if are_one(source, target) or are_apart(source, target):
        return source
    (clone,) = lookup("aten::clone")
    return clone.run((source,))
