"""The loops of a program: regions that are called with their tensors, then their numbers.

A call looks for a closure kept under the arguments' layouts, and the closure goes straight to the compiled loop. Both
are a few lines of text, made for the number of arguments at hand: a function of any number of them would spend more
time on tuples than a small loop takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from tensorlab.core.compile import Loop
from tensorlab.core.dtype import number_category
from tensorlab.core.pointwise import Plan, RegionRunner
from tensorlab.core.region import Number, Ref, Region, Source, pointwise_types, type_region
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import GraphError, RunError, TensorlabError
from tensorlab.jit.arena import Place
from tensorlab.jit.interpret import place
from tensorlab.jit.ir import Span
from tensorlab.jit.regions import guarded_steps
from tensorlab.memory import current

LIMIT = 512  # closures that one loop keeps; beyond it the table starts over


class FusedLoop:
    """A region of a program; ``call`` runs it.

    ``spans`` are the places of its steps in the source. With ``rooms``, one a result, ``call`` takes the storage of an
    arena before the other arguments and writes there; else it allocates.
    """

    __slots__ = ("_closures", "_rooms", "_runners", "_spans", "call", "name", "region")

    def __init__(
        self,
        name: str,
        region: Region,
        spans: Sequence[Span | None] = (),
        rooms: Sequence[Place] = (),
    ) -> None:
        self.name = name
        self.region = region
        self._spans = tuple(spans)
        self._rooms = tuple(rooms)
        self._runners: dict[tuple[bool, ...], RegionRunner] = {}
        self._closures: dict[tuple[object, ...], Callable[..., Any]] = {}
        self.call: Callable[..., Any] = _entrance(region.inputs, region.params, in_arena=bool(rooms))(
            self._closures.get, self._link
        )

    @property
    def spans(self) -> tuple[Span | None, ...]:
        """The place of each step in the source, where it is known."""
        return self._spans

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The compiled loops so far: one a combination of layouts."""
        # Lists first: other threads may be adding to them.
        plans = [p for runner in list(self._runners.values()) for p in list(runner.plans.values())]
        return tuple({id(p.loop): p.loop for p in plans if p.loop is not None}.values())

    def _link(self, key: tuple[object, ...], *args: Any) -> Callable[..., Any]:
        """The closure for arguments of these layouts, compiled if need be.

        Raises: `RunError` with the user's line where the operations do not take them.
        """
        tensors, numbers = args[: self.region.inputs], args[self.region.inputs :]
        runner, given = self._runner(numbers)
        try:
            plan = runner.plan([t.layout for t in tensors], given)
        except TensorlabError as error:
            raise RunError(f"{error}{place(self._failed(runner.region, tensors, given))}") from error
        if len(self._closures) >= LIMIT:
            self._closures.clear()
        closure = self._closures[key] = self._closure(runner, plan, numbers)
        return closure

    def _runner(self, numbers: Sequence[Number | None]) -> tuple[RegionRunner, list[Number]]:
        """The runner, and the numbers less those that are None: in their place its region has a literal."""
        absent = tuple(n is None for n in numbers)
        found = self._runners.get(absent)
        if found is None:
            region = without_numbers(self.region, absent) if any(absent) else self.region
            found = self._runners[absent] = RegionRunner(region)
        return found, [n for n in numbers if n is not None]

    def _failed(self, region: Region, tensors: Sequence[Tensor], numbers: Sequence[Number]) -> Span | None:
        """The place of the first step that does not take what it is given."""
        types, categories = [t.type for t in tensors], [number_category(n) for n in numbers]
        for index, span in enumerate(self._spans):
            try:
                type_region(replace(region, steps=region.steps[: index + 1]), types, categories)
            except TensorlabError:
                return span
        return self._spans[-1] if self._spans else None

    def _closure(self, runner: RegionRunner, plan: Plan, numbers: Sequence[Number | None]) -> Callable[..., Any]:
        forms = plan.results
        for form, room in zip(forms, self._rooms, strict=False):
            if form.nbytes > room.nbytes:
                raise GraphError(f"{self.name}: a result of {form.nbytes} bytes has a place of {room.nbytes}")
        if plan.entry is None or None in numbers or _looks_at_numbers(runner.region, numbers):
            return self._slow(runner)
        firsts = [room.offset // form.dtype.itemsize for form, room in zip(forms, self._rooms, strict=False)]
        make = _straight(self.region.inputs, self.region.params, len(forms), in_arena=bool(self._rooms))
        return make(plan, plan.entry, plan.head, forms, firsts)

    def _slow(self, runner: RegionRunner) -> Callable[..., Any]:
        """The closure for what is rare: no elements, a number that is None, an op that looks at its numbers."""

        def call(*args: Any) -> Any:
            storage, given = (args[0], args[1:]) if self._rooms else (None, args)
            tensors = given[: self.region.inputs]
            numbers = [n for n in given[self.region.inputs :] if n is not None]
            plan = runner.plan([t.layout for t in tensors], numbers)
            self._check_numbers(runner.region, plan, tensors, numbers)
            if storage is None:
                results = plan.run(tensors, numbers)
            else:
                places = zip(plan.results, self._rooms, strict=True)
                results = tuple(Tensor(storage, form, room.offset // form.dtype.itemsize) for form, room in places)
                plan.fill([r.address for r in results], [t.address for t in tensors], numbers)
            return results[0] if len(results) == 1 else results

        return call

    def _check_numbers(self, region: Region, plan: Plan, tensors: Sequence[Tensor], numbers: Sequence[Number]) -> None:
        """Show the numbers to the ops that look at them; the types alone were no offence."""
        for index, step, args in guarded_steps(region, [t.type for t in tensors], plan.steps, numbers):
            try:
                pointwise_types(step.op, args)
            except TensorlabError as error:
                where = place(self._spans[index] if index < len(self._spans) else None)
                raise RunError(f"{error}{where}") from error


def without_numbers(region: Region, absent: Sequence[bool]) -> Region:
    """The region with the literal None for some of its numbers."""
    new = {old: count for count, old in enumerate(i for i, gone in enumerate(absent) if not gone)}

    def ref_of(ref: Ref) -> Ref:
        if ref.source is not Source.PARAM:
            return ref
        return Ref(Source.LITERAL, literal=None) if absent[ref.index] else Ref(Source.PARAM, new[ref.index])

    steps = tuple(replace(step, args=tuple(map(ref_of, step.args))) for step in region.steps)
    return Region(region.inputs, len(new), steps, region.outputs)


def _looks_at_numbers(region: Region, numbers: Sequence[Number | None]) -> bool:
    """Whether an op of the region may refuse a number for its value; all of them take every float."""
    return any(
        "guard" in step.op.rules and ref.source is Source.PARAM and not isinstance(numbers[ref.index], float)
        for step in region.steps
        for ref in step.args
    )


# Text -----------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _entrance(tensors: int, params: int, *, in_arena: bool) -> Callable[..., Callable[..., Any]]:
    """What makes the function that looks for a closure."""
    names, numbers = _arguments(tensors, params)
    given = ", ".join([*(["storage"] if in_arena else []), *names, *numbers])
    key = "".join([*(f"{n}.layout, " for n in names), *(f"type({p}), " for p in numbers)])
    lines = [
        "def make(found, link):",
        f"    def call({given}):",
        f"        key = ({key})",
        "        run = found(key)",
        "        if run is None:",
        f"            run = link(key, {', '.join([*names, *numbers])})",
        f"        return run({given})",
        "    return call",
    ]
    return _function(lines)


@lru_cache(maxsize=256)
def _straight(tensors: int, params: int, results: int, *, in_arena: bool) -> Callable[..., Callable[..., Any]]:
    """What makes the closure that calls a compiled loop."""
    names, numbers = _arguments(tensors, params)
    places = [f"r{i}" for i in range(results)]
    given = ", ".join([*(["storage"] if in_arena else []), *names, *numbers])
    to, of = ([f"{n}.address" for n in group] for group in (places, names))
    lines = ["def make(plan, entry, head, forms, firsts):"]
    for i in range(results):
        lines.append(f"    form{i}, size{i}, first{i} = forms[{i}], forms[{i}].nbytes, firsts[{i}] if firsts else 0")
    lines.append(f"    def run({given}):")
    if in_arena:
        lines += [f"        {r} = Tensor(storage, form{i}, first{i})" for i, r in enumerate(places)]
    else:
        lines.append("        allocator = current.allocator")
        for i, r in enumerate(places):
            lines.append(f"        {r} = Tensor(Storage(allocator.allocate(size{i}), size{i}, allocator), form{i})")
    enter = f"entry(head, {', '.join([*to, *of, *numbers])})"
    if params:  # a number of more than 64 bits: `Plan.fill` says which
        fill = f"plan.fill([{', '.join(to)}], [{', '.join(of)}], [{', '.join(numbers)}])"
        lines += ["        try:", f"            {enter}", "        except OverflowError:", f"            {fill}"]
    else:
        lines.append(f"        {enter}")
    lines.append(f"        return {', '.join(places)}")
    lines.append("    run.plan = plan")  # it owns the sizes and strides that head points to
    lines.append("    return run")
    return _function(lines)


def _arguments(tensors: int, params: int) -> tuple[list[str], list[str]]:
    return [f"a{i}" for i in range(tensors)], [f"p{i}" for i in range(params)]


def _function(lines: Sequence[str]) -> Callable[..., Callable[..., Any]]:
    namespace: dict[str, Any] = {"Storage": Storage, "Tensor": Tensor, "current": current}
    exec(compile("\n".join(lines), "<tensorlab fused loop>", "exec"), namespace)  # noqa: S102 - the text above
    return namespace["make"]
