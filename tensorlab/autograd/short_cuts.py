"""Short cuts on the tape: a pointwise op whose layouts were met before runs its loop, and leaves a node.

Its result is a new tensor, and the arguments that are not given are the schema's own, so that of all that
`record.record` does nothing is left but making the node. Calls are what takes the time here: nodes and places on the
tape are made attribute by attribute.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tensorlab.autograd.modes import ENABLED
from tensorlab.autograd.node import OpNode, Source, Stored, next_serial
from tensorlab.autograd.recipe import Recipe, kept, recipe
from tensorlab.autograd.tape import ORIGIN_NO_GRAD, WATCHED, Saved, Tape
from tensorlab.autograd.views import source
from tensorlab.core.op import Op
from tensorlab.core.place import is_inside, user_place
from tensorlab.core.tensor import Tensor

Run = Callable[..., Tensor]
Noted = tuple[Recipe, tuple[Any, ...] | None]  # with what is kept, where that is the same at each call


def one(op: Op, run: Run, a: Tensor) -> Tensor:
    """Run the short cut ``run`` of an op on a tensor on the tape."""
    result = run(a)
    if result.base is not None:
        return _view(op, a, result)
    if not _enabled() or not result.layout.dtype.is_floating_point:
        return result
    came = source(a)
    if came is not None:
        _note(_recipes[op][0], (a,), (came,), result)
    return result


def _view(op: Op, a: Tensor, result: Tensor) -> Tensor:
    """Of a view, the tape remembers how it was made, and at which version of its storage."""
    if not _enabled():
        tape = result.tape = Tape()
        tape.origin = ORIGIN_NO_GRAD
    else:
        came = source(a)
        if came is None or not result.layout.dtype.is_floating_point:
            return result
        tape = _note(_recipes[op][0], (a,), (came,), result)
    tape.version = result.storage().version
    return result


def two(op: Op, run: Run, a: Tensor, b: Any) -> Tensor:
    """Run the short cut ``run`` of an op on two tensors, one of them on the tape, or on one that is and a number."""
    result = run(a, b)
    if not _enabled() or not result.layout.dtype.is_floating_point:
        return result
    first = second = None
    tape: Any = a.tape
    if tape is not None:  # of a leaf, what `source` says, without asking it
        first = source(a) if tape.node is not None or a.base is not None else a if tape.wanted else None
    if isinstance(b, Tensor) and b.tape is not None:
        tape = b.tape
        second = source(b) if tape.node is not None or b.base is not None else b if tape.wanted else None
    if second is None:
        if first is None:
            return result
        how = _recipes[op][0]
    else:
        how = _recipes[op][1 if first is None else 2]
    _note(how, (a, b), (first, second), result)
    return result


def _note(how: Noted, args: tuple[Any, ...], sources: tuple[Source, ...], result: Tensor) -> Tape:
    """Give a result its node, and with it its place on the tape."""
    node = _new(OpNode)
    node.recipe, fixed = how
    node.sources = sources
    node.kept = kept(node.recipe, args) if fixed is None else fixed
    node.stored = _stored(node.recipe, args, result) if node.recipe.saved else ()
    frame = _frame(3)  # past the function in front of the op: the user's, if it is not one of our own
    code = frame.f_code
    node.at = user_place() if is_inside[code.co_filename] else (code, frame.f_lasti)
    node.serial = next_serial()
    node.outputs = (result.layout.type,)
    node.made = node.places = None
    result.tape = tape = _new(Tape)
    tape.node = node
    tape.index = 0
    return tape


def _stored(how: Recipe, args: tuple[Any, ...], result: Tensor) -> list[Stored]:
    stored: list[Stored] = []
    for i in how.inputs:
        saved = _new(Saved)
        saved.tensor = tensor = args[i]
        saved.tape = tensor.tape
        saved.output = -1
        saved.storage = storage = tensor.storage()
        saved.version = storage.version
        if storage.writes is None:
            storage.writes = []
        if WATCHED:
            WATCHED[-1].saved(saved)
        stored.append(saved)
    if how.results:
        stored.append(Saved(result, None, output=0))
    return stored


class _Recipes(dict[Op, tuple[Noted, ...]]):
    """Recipes of ops on one or two tensors: where the first asks for a gradient, the second, both."""

    def __missing__(self, op: Op) -> tuple[Noted, ...]:
        asked = [op.tensors] if len(op.tensors) == 1 else [op.tensors[:1], op.tensors[1:], op.tensors]
        found = self[op] = tuple(_noted(recipe(op, a)) for a in asked)
        return found


def _noted(how: Recipe) -> Noted:
    """With what is kept of every call alike: arguments behind the second are the schema's own."""
    alike = not how.types and all(i > 1 for i in how.numbers)
    return how, tuple(how.op.schema.params[i].default for i in how.numbers) if alike else None


_recipes = _Recipes()
_new = object.__new__
_enabled = ENABLED.get
_frame = sys._getframe  # pyright: ignore[reportPrivateUsage] - the documented way to a caller's frame
