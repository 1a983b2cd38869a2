"""Writing operations down: what runs an op whose arguments are on the tape, and gives its results their place there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensorlab.autograd import short_cuts
from tensorlab.autograd.modes import ENABLED
from tensorlab.autograd.node import Edge, OpNode, Source, Stored
from tensorlab.autograd.node import accumulator as accumulator
from tensorlab.autograd.recipe import Asked, Recipe, kept, recipe
from tensorlab.autograd.recipe import derivatives_of as derivatives_of
from tensorlab.autograd.tape import ORIGIN_NO_GRAD, ORIGIN_SEVERAL, Saved, Tape
from tensorlab.autograd.views import check_write, rebase, refreshed, source
from tensorlab.core.op import Op, lookup
from tensorlab.core.place import user_place
from tensorlab.core.tensor import Tensor
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

    one = staticmethod(short_cuts.one)
    two = staticmethod(short_cuts.two)


def record(op: Op, args: tuple[Any, ...]) -> Any:
    """Run an op, and write it down if a gradient is asked for on the way back.

    Raises: `GradError` for an in-place write that has no derivative, in torch's words.
    """
    if op is _DETACH:
        result = op.run(args)
        result.base = None
        return result
    how = recipe(op, _asked(op, args))
    if not how.formulas and not (how.writes and _would_miss(args[0])):
        return op.run(args)
    if how.writes:
        check_write(args[0], op)
    sources, places = _sources(op, args)
    node = OpNode(how, sources, kept(how, args), user_place(), places)
    stored = [_saved_argument(args[i], copied=how.writes and i == 0) for i in how.inputs]
    result = op.run(args)
    if how.writes and not result.layout.dtype.is_floating_point:
        return result
    if how.writes:
        node.outputs = (result.layout.type,)
        node.stored = stored + _saved_results(how, (result,))
        rebase(result, node)
        return result
    if isinstance(result, Tensor):
        if any(result is a for a in args):
            return result  # the argument itself, with nothing done to it
        node.outputs = (result.layout.type,)
        if result.layout.dtype.is_floating_point:
            _place(result, node, 0, several=False)
        node.stored = stored + _saved_results(how, (result,))
        return result
    results = tuple(result)
    if any(r is a for r in results for a in args):
        return result
    node.outputs = tuple(r.type if _flows(r) else None for r in results)
    for index, r in enumerate(results):
        if _flows(r):
            _place(r, node, index, several=isinstance(result, list))
    node.stored = stored + _saved_results(how, results)
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


def _asked(op: Op, args: tuple[Any, ...]) -> Asked:
    """Positions of the parameters whose tensors ask for a gradient."""
    asked = [i for i in op.tensors if _requires(args[i])]
    if op.tensor_lists:
        asked += [i for i in op.tensor_lists if any(_requires(a) for a in args[i] or ())]
    return tuple(asked)


def _requires(value: Any) -> bool:
    return isinstance(value, Tensor) and value.tape is not None and value.tape.requires_grad


def _sources(op: Op, args: tuple[Any, ...]) -> tuple[list[Source], dict[str, tuple[int, int] | int] | None]:
    if not op.tensor_lists:
        return [source(args[i]) for i in op.tensors], None
    sources: list[Source] = []
    places: dict[str, tuple[int, int] | int] = {}
    for i, param in enumerate(op.schema.params):
        if i in op.tensors:
            places[param.name] = len(sources)
            sources.append(source(args[i]))
        elif i in op.tensor_lists:
            start = len(sources)
            sources += [source(a) for a in args[i] or ()]
            places[param.name] = (start, len(sources))
    return sources, places


def edge(value: Tensor | None) -> Edge | None:
    """Where the gradient of a tensor goes, or None where none is asked for."""
    found = source(value)
    if isinstance(found, Tensor):
        return Edge(accumulator(found, found.tape), 0, found.layout.type)
    return None if found is None else Edge(*found)


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


def _saved_results(how: Recipe, results: tuple[Any, ...]) -> list[Stored]:
    if not how.results:
        return []
    saved = [Saved(results[k], None, output=k) for k in (range(len(results)) if how.listed else how.results)]
    return [tuple(saved)] if how.listed else [*saved]
