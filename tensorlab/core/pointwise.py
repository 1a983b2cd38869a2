"""Running regions: a plan for each combination of layouts, found by a dict look-up the next time.

A plan is the compiled loop with its sizes and strides worked out. An eager op is a region of one step and goes the same
way as a fusion group.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tensorlab.core import recurring
from tensorlab.core.compile import Loop, compile_loop
from tensorlab.core.dtype import Category, DType, number_category
from tensorlab.core.layout import Layout, layout
from tensorlab.core.loops import STRIDED, UNIT, ZERO, LoopText, Walk, pointwise_loop
from tensorlab.core.native import Entry
from tensorlab.core.op import Op
from tensorlab.core.parts import entry_of
from tensorlab.core.recurring import PointwiseKeys
from tensorlab.core.region import Number, Reduce, Ref, Region, Source, Step, TypedStep, pointwise_types, type_region
from tensorlab.core.shape import Shape, broadcast_shapes, broadcast_strides, coalesce, is_dense, loop_order
from tensorlab.core.short_cut import into_new, keep, look_up_key, number_error
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor, strides_in_order
from tensorlab.core.tiles import tile_order, tiled_text
from tensorlab.core.types import FLOAT, SCALAR, OptionalType, TensorType
from tensorlab.errors import DTypeError, ShapeError

PLAN_LIMIT = 2048  # plans of one region; a program beyond it starts the table over


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A loop ready to be called: ``head`` is the count of a flat walk, or the address of ``meta``.

    ``results`` are the layouts of the tensors that it gives.
    """

    loop: Loop | None  # None for no elements
    head: int
    meta: array[int] | None
    results: tuple[Layout, ...]
    steps: tuple[TypedStep, ...]
    walk: Walk
    entry: Entry | None = None  # the loop's own, or what divides the walk among threads

    def run(self, inputs: Sequence[Tensor], params: Sequence[Number]) -> tuple[Tensor, ...]:
        """Allocate the results and fill them."""
        outputs = tuple(Tensor(Storage.empty(r.numel * r.dtype.itemsize), r, 0) for r in self.results)
        self.fill([o.address for o in outputs], [i.address for i in inputs], params)
        return outputs

    def fill(self, outputs: Sequence[int], inputs: Sequence[int], params: Sequence[Number]) -> None:
        """Run the loop from and to these addresses.

        Raises: `RangeError` for an integer of more than 64 bits.
        """
        if self.loop is None or self.entry is None:
            return
        try:
            self.entry(self.head, *outputs, *inputs, *params)
        except OverflowError:
            raise number_error(self.loop.name.rpartition("_")[0], params) from None


@dataclass(eq=False, slots=True)
class RegionRunner:
    """A region with its plans."""

    region: Region
    plans: dict[Any, Plan] = field(default_factory=dict[Any, Plan])

    def plan(
        self,
        inputs: Sequence[Layout],
        params: Sequence[Number],
        into: Sequence[Layout] | None = None,
        *,
        over: int | None = None,
    ) -> Plan:
        """The plan for inputs of these layouts; layouts to write to are ``into``, or else chosen as torch does.

        ``over`` is the input that the first result is written over, if their layouts are one.
        """
        key = (*inputs, *map(type, params), *(into or ()), over)
        found = self.plans.get(key)
        if found is None:
            if len(self.plans) >= PLAN_LIMIT:
                self.plans.clear()
            categories = [number_category(p) for p in params]
            found = self.plans[key] = make_plan(self.region, inputs, categories, into, over=over)
        return found

    def __call__(self, inputs: Sequence[Tensor], params: Sequence[Number] = ()) -> tuple[Tensor, ...]:
        return self.plan([t.layout for t in inputs], params).run(inputs, params)


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """A region over layouts, with nothing compiled yet: the walk, sizes and steps, and the text of the loop.

    ``text`` is None for no elements. ``meta`` are the numbers that the loop reads, or the count of a flat walk alone.
    """

    text: LoopText | None
    meta: tuple[int, ...]
    results: tuple[Layout, ...]
    steps: tuple[TypedStep, ...]
    walk: Walk


def make_plan(
    region: Region,
    inputs: Sequence[Layout],
    params: Sequence[Category],
    into: Sequence[Layout] | None,
    *,
    over: int | None = None,
) -> Plan:
    """Type the region, choose the walk, compile the loop.

    Raises: `ShapeError` or `DTypeError` as the ops do.
    """
    found = arrange(region, inputs, params, into, over=over)
    if found.text is None:
        return Plan(None, 0, None, found.results, found.steps, found.walk)
    loop = compile_loop(found.text.source, found.text.signature, label=found.text.label)
    entry = entry_of(loop, found.walk, found.meta, [o.dtype.itemsize for o in (*found.results, *inputs)])
    if len(found.meta) == 1:
        return Plan(loop, found.meta[0], None, found.results, found.steps, found.walk, entry)
    meta = array("q", found.meta)
    return Plan(loop, meta.buffer_info()[0], meta, found.results, found.steps, found.walk, entry)


def arrange(
    region: Region,
    inputs: Sequence[Layout],
    params: Sequence[Category],
    into: Sequence[Layout] | None,
    *,
    over: int | None = None,
) -> Arrangement:
    """Type the region and choose the walk; see `RegionRunner.plan` for ``into`` and ``over``.

    Raises: `ShapeError` or `DTypeError` as the ops do.
    """
    steps = type_region(region, [i.type for i in inputs], params)
    wanted = [_known(steps[k].result) for k in region.outputs]
    shape = broadcast_shapes(*(s for _, s in wanted), op="region")
    results = as_one_by_one(region, steps, inputs) if into is None else tuple(into)
    if any(tuple(r.shape) != shape for r in results):
        raise ShapeError(f"region: outputs of shapes {[tuple(r.shape) for r in results]} in one loop over {shape}")
    order = loop_order(shape, [r.strides for r in results])
    strides = [broadcast_strides(i.shape, i.strides, shape) for i in inputs]
    operands = [r.strides for r in results] + strides
    sizes, steps_of = coalesce([shape[d] for d in order], [[s[d] for d in order] for s in operands])
    if 0 in shape:
        return Arrangement(None, (0,), results, steps, Walk(0, ()))
    if not sizes:  # one element, for which a step of 1 is as good as any: the loop over runs does it
        sizes, steps_of = (1,), [(1,)] * len(operands)
    walk = Walk(len(sizes), tuple(_inner(s[-1]) for s in steps_of))
    if region.is_copy and inputs[0].dtype is results[0].dtype:
        tiles = tile_order(sizes, *steps_of)
        if tiles is not None:
            meta = tuple(own[d] for own in (sizes, *steps_of) for d in tiles)
            return Arrangement(tiled_text(len(sizes), results[0].dtype), meta, results, steps, walk)
    over = over if over is not None and inputs[over] is results[0] else None
    dtypes = [i.dtype for i in inputs], [r.dtype for r in results]
    text = pointwise_loop(region, steps, *dtypes, params, walk, over=over)
    if walk.is_flat:
        return Arrangement(text, (sizes[0],), results, steps, walk)
    return Arrangement(text, (*sizes, *(s for own in steps_of for s in own)), results, steps, walk)


def _known(type_: TensorType) -> tuple[DType, Shape]:
    if type_.dtype is None or type_.shape is None:
        raise DTypeError(f"a region's result has type {type_}; takes a known dtype and shape")
    return type_.dtype, tuple(n for n in type_.shape if n is not None)


def as_one_by_one(region: Region, steps: Sequence[TypedStep], inputs: Sequence[Layout]) -> tuple[Layout, ...]:
    """Layouts of the outputs as if each step were an op of its own: in the order of its operands' strides, as in torch.

    What is done with a result later (``view``) may depend on its layout, and must not on what it was fused with.
    """
    made: list[Layout] = []
    for step, typed in zip(region.steps, steps, strict=True):
        dtype, shape = _known(typed.result)
        if isinstance(step, Reduce):
            made.append(layout(dtype, shape))
            continue
        operands: list[Layout] = []
        for ref in step.args:
            if ref.source in (Source.INPUT, Source.STEP):
                operands.append((inputs if ref.source is Source.INPUT else made)[ref.index])
        strides = [broadcast_strides(o.shape, _walked(o, typed.compute), shape) for o in operands]
        made.append(layout(dtype, shape, strides_in_order(shape, loop_order(shape, strides))))
    return tuple(made[k] for k in region.outputs)


def _walked(operand: Layout, compute: DType) -> tuple[int, ...]:
    """The strides of an operand as torch sees them: where it has to be converted, those of the converted copy."""
    return operand.strides if operand.dtype is compute else dense_like(operand)


def _inner(step: int) -> str:
    return UNIT if step == 1 else ZERO if step == 0 else STRIDED


# Eager ops ------------------------------------------------------------------------------------------------------------


class EagerPointwise:
    """Evaluates a pointwise op: splits the arguments into tensors, numbers and literals, and runs the region.

    Leaves a short cut behind, where the call has a form that may have one.
    """

    __slots__ = ("_keys", "_recurring", "_runners", "op")

    def __init__(self, op: Op) -> None:
        self.op = op
        self._runners: dict[tuple[object, ...], RegionRunner] = {}
        self._keys = PointwiseKeys(op)
        self._recurring: dict[tuple[Any, ...], recurring.Ready] = {}

    def __call__(self, args: tuple[Any, ...]) -> Tensor:
        form = self._keys.of(args)
        ready = None if form is None else self._recurring.get(form)
        if ready is not None:
            return ready(args)
        runner, inputs, params = self.split(args)
        plan = runner.plan([t.layout for t in inputs], params)
        key = look_up_key(self.op, args)
        if key is not None:
            keep(self.op, key, into_new(self.op, plan, key))
        if form is not None and plan.entry is not None:
            if len(self._recurring) >= PLAN_LIMIT:
                self._recurring.clear()
            self._recurring[form] = recurring.into_new(self.op.schema.name, plan, plan.entry, *positions(self.op, args))
        (result,) = plan.run(inputs, params)
        return result

    def looks_at_values(self, args: Sequence[object]) -> bool:
        """Whether a call with arguments like these refuses some elements of a tensor, which no loop does.

        ``args`` are types of tensors, numbers, and the types of numbers that are not known.
        """
        return False

    def forget(self) -> None:
        """Work everything out anew from here on."""
        self._runners.clear()
        self._recurring.clear()

    def split(self, args: tuple[Any, ...]) -> tuple[RegionRunner, list[Tensor], list[Number]]:
        """The runner for these arguments, with its tensors and its numbers.

        Raises: `RangeError` for a number that the op's guard refuses.
        """
        inputs: list[Tensor] = []
        params: list[Number] = []
        form: list[object] = []
        for param, arg in zip(self.op.schema.params, args, strict=True):
            if isinstance(arg, Tensor):
                inputs.append(arg)
                form.append(Tensor)
                continue
            form.append(_kind(arg))
            if is_literal(self.op, param.name, param.default, arg):
                form.append(arg)
            else:
                params.append(_number(self.op, param.name, param.type, arg))
        if "guard" in self.op.rules:
            pointwise_types(self.op, [a.type if isinstance(a, Tensor) else a for a in args])
        key = tuple(form)
        runner = self._runners.get(key)
        if runner is None:
            if len(self._runners) >= PLAN_LIMIT:
                self._runners.clear()
            runner = self._runners[key] = RegionRunner(one_step_region(self.op, args))
        return runner, inputs, params


def _kind(value: object) -> type:
    return type(value)


def positions(op: Op, args: Sequence[Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where among the arguments the tensors are, and where the numbers that the loop takes."""
    tensors = tuple([i for i, a in enumerate(args) if isinstance(a, Tensor)])
    named = zip(op.schema.params, args, strict=True)
    numbers = [i for i, (p, a) in enumerate(named) if i not in tensors and not is_literal(op, p.name, p.default, a)]
    return tensors, tuple(numbers)


def is_literal(op: Op, name: str, default: object, value: object) -> bool:
    """Whether a number is written into the loop's text: None, a default, or a value the op declares as static."""
    if value is None:
        return True
    return (type(value) is type(default) and value == default) or value in op.static.get(name, ())


def _number(op: Op, name: str, type_: object, value: Any) -> Number:
    wanted = type_.element if isinstance(type_, OptionalType) else type_
    if wanted not in (SCALAR, FLOAT) or not isinstance(value, (bool, int, float)):
        raise DTypeError(f"{op.schema.name}: argument {name!r} takes {type_}, got {type(value).__name__}")
    return value


def one_step_region(op: Op, args: Sequence[Any]) -> Region:
    """The region of a single op called with these arguments."""
    refs: list[Ref] = []
    inputs = params = 0
    for param, arg in zip(op.schema.params, args, strict=True):
        if isinstance(arg, Tensor):
            refs.append(Ref(Source.INPUT, inputs))
            inputs += 1
        elif is_literal(op, param.name, param.default, arg):
            refs.append(Ref(Source.LITERAL, literal=arg))
        else:
            refs.append(Ref(Source.PARAM, params))
            params += 1
    return Region(inputs, params, (Step(op, tuple(refs)),), (0,))


# Declaring ------------------------------------------------------------------------------------------------------------


def finish_pointwise(op: Op) -> Op:
    """Give a declared op with a scalar rule its type rule and its evaluator."""

    def pointwise_type(*args: object) -> TensorType:
        return pointwise_types(op, args)[1]

    op.rule("type")(pointwise_type)
    op.evaluate = EagerPointwise(op)
    return op


def dense_like(form: Layout) -> tuple[int, ...]:
    """Strides for a new tensor of the same shape: the same where those are dense, else row-major in the same order."""
    if is_dense(form.shape, form.strides):
        return form.strides
    return strides_in_order(tuple(form.shape), loop_order(form.shape, [form.strides]))
