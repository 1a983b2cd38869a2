"""A trace and its function run side by side on the same arguments, and in what they differ."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tensorlab.core.interop import from_numpy
from tensorlab.core.tensor import Tensor
from tensorlab.jit.candidates import Arrays, same
from tensorlab.jit.check import distance_of
from tensorlab.jit.escapes import described
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.structure import copied, structure_of, tensors
from tensorlab.jit.subject import Call, Origin
from tensorlab.ops.generator import manual_seed

Kind = Literal["value", "type", "structure", "error", "input"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave: its tensors, copied, with what it left in the inputs; or the text of its error."""

    results: list[Tensor]
    inputs: list[Tensor]
    structure: object
    error: str = ""

    def __str__(self) -> str:
        if self.error:
            return self.error
        texts = [tensor_text(t) for t in self.results]
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


class Comparison:
    """A trace and its function side by side, each on copies of the same arguments and with the same random numbers."""

    def __init__(
        self, traced: ScriptFunction, origin: Origin, func: Callable[..., Any], seed: int, tolerance: float
    ) -> None:
        self.traced = traced
        self.origin = origin
        self.func = func
        self.seed = seed
        self.tolerance = tolerance
        held = tensors((origin.call.args, dict(origin.call.kwargs)))
        self.examples: Arrays = [t.detached_numpy().copy() for t in {id(t): t for t in held}.values()]

    def call(self, arrays: Arrays) -> Call:
        """The example's call with other tensors."""
        left = iter(arrays)
        args, kwargs = copied((self.origin.call.args, dict(self.origin.call.kwargs)), lambda t: _like(t, next(left)))
        return Call(args, kwargs, self.origin.call.names)

    def differs(self, arrays: Arrays) -> Kind | None:
        """In what the two differ on these arguments."""
        want, got = self.outcomes(arrays)
        if want.error or got.error:
            return None if want.error and got.error else "error"
        if want.structure != got.structure:
            return "structure"
        for mine, theirs in zip(got.results, want.results, strict=True):
            if mine.dtype is not theirs.dtype or mine.shape != theirs.shape:
                return "type"
            if distance_of(mine, theirs) > self.tolerance:
                return "value"
        changed = zip(got.inputs, want.inputs, strict=True)
        return "input" if any(distance_of(mine, theirs) > self.tolerance for mine, theirs in changed) else None

    def outcomes(self, arrays: Arrays) -> tuple[Outcome, Outcome]:
        """What the function does, and what the trace does."""
        want, got = (self._outcome(run, self.call(arrays)) for run in (self.func, self.traced.interpret))
        return want, got

    def _outcome(self, run: Callable[..., Any], call: Call) -> Outcome:
        state = self.origin.subject.state()
        manual_seed(self.seed)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                result = run(*call.args, **call.kwargs)
            given = tensors((call.args, dict(call.kwargs)))
            results = [t.detach().clone() for t in tensors(result)]
            return Outcome(results, [t.detach() for t in given], structure_of(result))
        except Exception as error:  # noqa: BLE001 - whatever the user's function raises is an outcome
            return Outcome([], [], None, _error_text(error))
        finally:
            if state is not None:
                state.restore()


def _like(tensor: Tensor, array: np.ndarray[Any, Any]) -> Tensor:
    """A tensor of an array's elements, which asks for a gradient if the example does."""
    made = from_numpy(np.ascontiguousarray(array).astype(tensor.detached_numpy().dtype)).clone()
    made = made.reshape(array.shape)
    return made.requires_grad_() if tensor.requires_grad else made


def tensor_text(tensor: Tensor) -> str:
    """A tensor in few words: all of its elements, or the one that all of them are."""
    array = tensor.detached_numpy()
    if array.size > 1 and bool(np.all(array == array.reshape(-1)[:1])):
        return f"{tensor.type}, all {array.reshape(-1)[0]:g}"
    return f"{tensor.type}, {described(tensor)}" if described(tensor) != str(tensor.type) else str(tensor.type)


def where_first(want: Outcome, got: Outcome, tolerance: float) -> str:
    """``[0, 1]: 2.0, and 3.0 in the trace``; the number of the result before it, where there are several."""
    for index, (theirs, mine) in enumerate(zip(want.results, got.results, strict=True)):
        if distance_of(mine, theirs) <= tolerance:
            continue
        a, b = (t.detached_numpy() for t in (theirs, mine))
        place = next(p for p in np.ndindex(a.shape) if not same(a[p], b[p]))
        which = f"result {index}" if len(want.results) > 1 else ""
        at = " ".join(filter(None, (which, str(list(place)) if place else "")))
        return at and f"{at}: {a[place].item()!r}, and {b[place].item()!r} in the trace"
    return ""


def _error_text(error: Exception) -> str:
    first = str(error).splitlines()[:1]
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__
