"""How an op is written down: which formulas its node runs, and what they need kept. Worked out once, then looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tensorlab.autograd.names import node_name
from tensorlab.core.op import Derivative, Op, lookup
from tensorlab.core.tensor import Tensor
from tensorlab.core.types import ListType, TensorType, Type
from tensorlab.errors import GradError

Asked = tuple[int, ...]  # positions of the parameters whose tensors, or some of whose tensors, ask for a gradient


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A `Derivative` with its arguments found: ``takes`` are positions among a node's values, the last is ``needs``."""

    rule: Callable[..., Any]
    params: tuple[str, ...]
    takes: tuple[int, ...]
    has_needs: bool


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """How an op is written down when these of its parameters ask for a gradient.

    A node's values are, in this order: the gradients of the results, ``numbers``, ``types``, the saved ``inputs`` and
    ``results``, and ``needs``.
    """

    op: Op
    name: str
    formulas: tuple[Formula, ...]
    numbers: tuple[int, ...]  # positions of the arguments, no tensors, that a formula names
    types: tuple[int, ...]  # positions of the tensors whose type one names
    inputs: tuple[int, ...]  # positions of the tensors that one names
    results: tuple[int, ...]  # numbers of the results that one names
    saved: tuple[str, ...]  # names of ``inputs`` and ``results``
    places: dict[str, int] | None  # of each tensor parameter, where its edge is; None where one takes a list
    writes: bool
    listed: bool  # whether the one result is a list


# Results that the values of the arguments have no part in, or none that has a derivative: they require no gradient.
_CONSTANT = ("zeros_like", "ones_like", "full_like", "histc")

_recipes: dict[tuple[Op, Asked], Recipe] = {}


def recipe(op: Op, asked: Asked) -> Recipe:
    """What has to be kept for the gradients of these parameters."""
    found = _recipes.get((op, asked))
    if found is None:
        found = _recipes[op, asked] = _worked_out(op, asked)
    return found


def _worked_out(op: Op, asked: Asked) -> Recipe:
    params = op.schema.params
    known = derivatives_of(op)
    asked = () if op.schema.name in _CONSTANT or not any(_of_tensors(r.type) for r in op.schema.results) else asked
    chosen: list[Derivative] = []
    for name in (params[i].name for i in asked):
        found = known.get(name) or Derivative((name,), _missing(op, name), ())
        if found not in chosen:
            chosen.append(found)
    named = {name for d in chosen for name in d.takes}
    tensors = {*op.tensors, *op.tensor_lists}
    several = len(op.schema.results) > 1
    outputs = [r.name or "" for r in op.schema.results] if several else ["result"]
    inputs = tuple(i for i, p in enumerate(params) if i in tensors and p.name in named)
    results = tuple(k for k, name in enumerate(outputs) if name in named)
    numbers = tuple(i for i, p in enumerate(params) if i not in tensors and p.name in named)
    types = tuple(i for i, p in enumerate(params) if i in tensors and f"{p.name}_type" in named)
    saved = (*(params[i].name for i in inputs), *(outputs[k] for k in results))
    values = [f"g_{name}" for name in outputs] if several else ["g"]
    values += [params[i].name for i in numbers]
    values += [f"{params[i].name}_type" for i in types]
    order = {name: k for k, name in enumerate([*values, *saved, "needs"])}
    formulas = [Formula(d.rule, d.params, tuple(order[n] for n in d.takes), "needs" in d.takes) for d in chosen]
    return Recipe(
        op,
        node_name(op),
        tuple(formulas),
        numbers,
        types,
        inputs,
        results,
        saved,
        None if op.tensor_lists else {params[i].name: k for k, i in enumerate(op.tensors)},
        bool(op.schema.writes),
        not several and bool(op.schema.results) and isinstance(op.schema.results[0].type, ListType),
    )


def _of_tensors(type_: Type) -> bool:
    return isinstance(type_, TensorType) or (isinstance(type_, ListType) and _of_tensors(type_.element))


def kept(how: Recipe, args: tuple[Any, ...]) -> list[Any]:
    """The numbers, and the types of tensors, that formulas name; arguments that were not given are the defaults."""
    given, params = len(args), how.op.schema.params
    found = [args[i] if i < given else params[i].default for i in how.numbers]
    for i in how.types:
        value = args[i]
        of_list = isinstance(value, (list, tuple))
        found.append(tuple(map(_type, value)) if of_list else _type(value))  # pyright: ignore[reportUnknownArgumentType]
    return found


def _type(value: Tensor | None) -> Any:
    return None if value is None else value.layout.type


def derivatives_of(op: Op) -> dict[str, Derivative]:
    """An op's formulas; an in-place form has those of the form that is not."""
    if op.derivatives or not op.schema.writes:
        return op.derivatives
    functional = f"{op.schema.namespace}::{op.schema.name.removesuffix('_')}"
    for twin in lookup(functional):
        if twin.schema.overload == op.schema.overload:
            return twin.derivatives
    return {}


def _missing(op: Op, name: str) -> Callable[[], None]:
    def missing_vjp() -> None:
        raise GradError(f"backward: derivative for {op.schema.kind} with respect to {name!r} is not implemented")

    return missing_vjp
