"""The two programs of a call that is differentiated, each seen as a compiled function: its records and what runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tensorlab.core.types import Type
from tensorlab.errors import ArgumentError
from tensorlab.jit.differentiable import Direction, GradientProgram
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.ir import Graph
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.program import Program
from tensorlab.jit.records import PassRecord

Side = Literal["forward", "backward"]
SIDES: tuple[Side, ...] = ("forward", "backward")


@dataclass(frozen=True, slots=True, eq=False)
class Ran:
    """What runs: for inputs of these types, the last graph, and the program made of it."""

    types: tuple[Type, ...]
    graph: Graph
    program: Program
    calls: int = 1  # both sides are made by a call
    seconds: None = None  # both sides are made together, on the first call; what each took is not measured


@dataclass(frozen=True, slots=True, eq=False)
class GradientSide:
    """One of the two programs, under the words that a compiled function has for its own.

    ``graph`` is as it was derived, ``records`` what each pass did to it, ``latest`` what runs.
    """

    name: str
    kind: str
    graph: Graph
    records: tuple[PassRecord, ...]
    latest: Ran
    pipeline: Pipeline
    origin: None = None  # no call of the user's: inputs for it are samples of its types


def gradient_side(function: ScriptFunction, side: Side, name: str = "") -> GradientSide:
    """The program of the latest kind of call that was differentiated, forwards or backwards.

    Raises: `ArgumentError` where no call was, or where such calls run op by op on the tape, with the reason.
    """
    name = name or function.name
    programs = function.gradient_programs
    if not programs:
        raise ArgumentError(f"{name}: no call of it took a tensor that requires a gradient")
    found = programs[-1]
    direction = _direction(found, side)
    if direction is None:
        why = found.refused or _why(found)
        raise ArgumentError(f"{name}: its calls with gradients run op by op, without a program {side}: {why}")
    kind = "forwards" if side == "forward" else "backwards"
    ran = Ran(tuple(v.type for v in direction.graph.inputs), direction.graph, direction.program)
    return GradientSide(name, kind, direction.derived, direction.records, ran, function.pipeline)


def _direction(found: GradientProgram, side: Side) -> Direction | None:
    return found.forward if side == "forward" else found.backward


def _why(found: GradientProgram) -> str:
    return next((b for b in found.backwards.values() if isinstance(b, str)), "")
