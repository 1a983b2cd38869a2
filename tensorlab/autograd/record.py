"""Writing operations down: what runs an op whose arguments are on the tape, and gives its results their place there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tensorlab.autograd.modes import ENABLED
from tensorlab.autograd.node import AccumulateGrad, Edge, OpNode, Recipe
from tensorlab.autograd.tape import ORIGIN_NO_GRAD, ORIGIN_SEVERAL, Saved, Tape
from tensorlab.autograd.views import check_write, rebase, refreshed
from tensorlab.core.op import Derivative, Op, lookup
from tensorlab.core.place import user_place
from tensorlab.core.tensor import Tensor
from tensorlab.errors import GradError
from tensorlab.ops import movement

_DETACH = movement.detach


class TapeRecorder:
    """Autograd as `core.dispatch` knows it."""

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        """Run an op with a tensor on the tape among its arguments."""
        if not ENABLED.get():
            return record_nothing(op, args)
        if "composite" in op.rules:
            return op.rules["composite"](*args)
        return record(op, args)


def record(op: Op, args: tuple[Any, ...]) -> Any:
    """Run an op, and write it down if a gradient is asked for on the way back.

    Raises: `GradError` for an in-place write that has no derivative, in torch's words.
    """
    if op is _DETACH:
        result = op.run(args)
        result.base = None
        return result
    asked = _asked(op, args)
    writes = bool(op.schema.writes)
    if not asked and not (writes and _would_miss(args[0])):
        return op.run(args)
    if writes:
        check_write(args[0], op)
    recipe = _recipe(op, asked)
    edges, layout = _edges(op, args)
    node = OpNode(op, recipe, edges, layout, user_place())
    node.keep(args)
    for i in recipe.inputs:
        node.save(op.schema.params[i].name, _saved_argument(args[i], copied=writes and i == 0))
    result = op.run(args)
    if writes:
        node.outputs = (result.type,)
        _save_results(node, op, recipe, (result,))
        rebase(result, node)
        return result
    listed = isinstance(result, list)
    results: tuple[Any, ...] = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    given = [*args, *(a for i in op.tensor_lists for a in args[i] or ())]
    if any(r is a for r in results for a in given):
        return result  # an argument itself, with nothing done to it
    node.outputs = tuple(r.type if _flows(r) else None for r in results)
    for index, r in enumerate(results):
        if _flows(r):
            _place(r, node, index, several=listed)
    _save_results(node, op, recipe, results)
    return result


def _would_miss(target: Tensor) -> bool:
    """Whether a write goes to a view that was made in no_grad mode, of a base with a history."""
    return target.base is not None and target.base.requires_grad and not target.requires_grad


def _flows(result: Any) -> bool:
    return isinstance(result, Tensor) and result.layout.dtype.is_floating_point


def _place(result: Tensor, node: OpNode, index: int, *, several: bool) -> None:
    tape = result.tape = Tape(node, index)
    if result.base is not None:
        tape.version = result.storage().version
        if several:
            tape.origin = ORIGIN_SEVERAL


def record_nothing(op: Op, args: tuple[Any, ...]) -> Any:
    """Run an op that is not written down; a view that it gives remembers that."""
    result = op.run(args)
    if op is _DETACH:
        result.base = None
    elif isinstance(result, Tensor) and result.base is not None and result.tape is None and not op.schema.writes:
        tape = result.tape = Tape()
        tape.version = result.storage().version
        tape.origin = ORIGIN_NO_GRAD
    return result


def _asked(op: Op, args: tuple[Any, ...]) -> tuple[str, ...]:
    """Names of the parameters whose tensors ask for a gradient."""
    params = op.schema.params
    names = [params[i].name for i in op.tensors if _requires(args[i])]
    names += [params[i].name for i in op.tensor_lists if any(_requires(a) for a in args[i] or ())]
    return tuple(names)


def _requires(value: Any) -> bool:
    return isinstance(value, Tensor) and value.tape is not None and value.requires_grad


@lru_cache(maxsize=4096)
def _recipe(op: Op, asked: tuple[str, ...]) -> Recipe:
    """What has to be kept for the gradients of these parameters."""
    derivatives = derivatives_of(op)
    params = op.schema.params
    formulas: list[Derivative] = []
    for name in asked:
        found = derivatives.get(name)
        if found is None:
            found = Derivative((name,), _missing(op, name), ())
        if found not in formulas:
            formulas.append(found)
    names = {n for f in formulas for n in f.takes}
    tensors = {*op.tensors, *op.tensor_lists}
    outputs = ["result"] if len(op.schema.results) == 1 else [r.name for r in op.schema.results]
    return Recipe(
        tuple(formulas),
        tuple(i for i, p in enumerate(params) if i in tensors and p.name in names),
        tuple(k for k, name in enumerate(outputs) if name in names),
        tuple(i for i, p in enumerate(params) if i not in tensors and p.name in names),
        tuple(i for i, p in enumerate(params) if i in tensors and f"{p.name}_type" in names),
    )


def derivatives_of(op: Op) -> dict[str, Derivative]:
    """An op's formulas; an in-place form has those of the form that is not."""
    if op.derivatives or not op.schema.writes:
        return op.derivatives
    functional = f"{op.schema.namespace}::{op.schema.name.removesuffix('_')}"
    for twin in lookup(functional):
        if twin.schema.overload == op.schema.overload:
            return twin.derivatives
    return {}


def _missing(op: Op, name: str) -> Any:
    def missing_vjp() -> None:
        raise GradError(f"backward: derivative for {op.schema.kind} with respect to {name!r} is not implemented")

    return missing_vjp


def _edges(op: Op, args: tuple[Any, ...]) -> tuple[list[Edge | None], dict[str, tuple[int, int] | int]]:
    edges: list[Edge | None] = []
    layout: dict[str, tuple[int, int] | int] = {}
    for i, param in enumerate(op.schema.params):
        if i in op.tensors:
            layout[param.name] = len(edges)
            edges.append(edge(args[i]))
        elif i in op.tensor_lists:
            start = len(edges)
            edges += [edge(a) for a in args[i] or ()]
            layout[param.name] = (start, len(edges))
    return edges, layout


def edge(value: Tensor | None) -> Edge | None:
    """Where the gradient of a tensor goes, or None where none is asked for."""
    if value is None or value.tape is None:
        return None
    tape = refreshed(value)
    if tape.node is not None:
        return Edge(tape.node, tape.index, value.layout.type)
    return Edge(accumulator(value, tape), 0, value.layout.type) if tape.wanted else None


def accumulator(leaf: Tensor, tape: Tape) -> AccumulateGrad:
    """The node that adds up a leaf's gradients: one as long as somebody's history holds it."""
    import weakref

    found = None if tape.accumulator is None else tape.accumulator()
    if found is None:
        found = AccumulateGrad(leaf)
        tape.accumulator = weakref.ref(found)
    return found


def _saved_argument(value: Any, *, copied: bool) -> Saved | tuple[Saved | None, ...] | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        listed: Sequence[Any] = value
        return tuple(None if v is None else Saved(v, v.tape) for v in listed)
    if not copied:
        return Saved(value, refreshed(value) if value.tape is not None else None)
    # The op is about to write over it: what the formula wants is what was there, under its old history.
    (clone,) = lookup("aten::clone")
    return Saved(clone.run((value,)), value.tape)


def _save_results(node: OpNode, op: Op, recipe: Recipe, results: tuple[Any, ...]) -> None:
    if not recipe.results:
        return
    if len(op.schema.results) == 1:
        if len(results) == 1:
            node.save("result", Saved(results[0], None, output=0))
        else:
            node.save("result", tuple(Saved(r, None, output=k) for k, r in enumerate(results)))
        return
    for k in recipe.results:
        node.save(op.schema.results[k].name, Saved(results[k], None, output=k))
