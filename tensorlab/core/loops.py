"""Source text of pointwise loops: a typed region and a walk over its operands in, a readable module out.

A loop takes integers: the sizes and strides through ``meta`` (or just ``n`` where every operand is one run), an
address for each operand (outputs first), then the number parameters.

A float of 16 bits is carried as the float32 of the same value. Each step is computed in float32 and rounded to 16 bits,
so that a region gives what its steps give one by one, and each of them what torch gives.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tensorlab.core.dtype import HALVES, Category, DType, float32, int8, int16, uint8
from tensorlab.core.inline import Inliner, cast_name, literal_text
from tensorlab.core.region import Ref, Region, Source, TypedStep
from tensorlab.core.stages import Turn, staged
from tensorlab.core.types import TensorType

# Numbers beside a float of 16 bits are rounded to it, but for these, as in torch.
_UNROUNDED = {
    *(("mul", "self"), ("mul", "other"), ("div", "other"), ("floor_divide", "other")),
    *(("lerp", "weight"), ("addcmul", "value"), ("addcdiv", "value")),
}
# Of a long turn, so many vectors go side by side: the products of one vector's polynomial wait for one another, and the
# processor looks some hundred instructions ahead, no further. LLVM does so by itself for short turns alone. On an AMD
# EPYC of 2021, chains with sigmoid, tanh and exp take 0.5 to 0.8 of the time that one vector a turn takes.
_VECTORS_A_TURN = 4
_LONG_TURN = 8  # statements
_ADDRESSED = re.compile(r"\b(\w+_at|stack_room)\(")
UNIT, ZERO, STRIDED = "u", "z", "s"  # how an operand moves along the innermost dimension


@dataclass(frozen=True, slots=True)
class Walk:
    """How a loop walks: number of dimensions, and for each operand (outputs first) its innermost step."""

    ndim: int
    inner: tuple[str, ...]

    @property
    def is_flat(self) -> bool:
        """One dimension, every operand a run or a single element: no ``meta`` needed."""
        return self.ndim == 1 and STRIDED not in self.inner


@dataclass(frozen=True, slots=True)
class LoopText:
    """A generated loop."""

    source: str
    signature: str
    label: str


def pointwise_loop(
    region: Region,
    steps: Sequence[TypedStep],
    inputs: Sequence[DType],
    outputs: Sequence[DType],
    params: Sequence[Category],
    walk: Walk,
    *,
    over: int | None = None,
) -> LoopText:
    """Generate the loop of a region over one walk.

    ``outputs`` are the dtypes that are stored: for an in-place op the written tensor's, else the steps' own. ``over``
    is the input that the first output is written over: it is read by that one's name, so that LLVM sees that the two
    overlap element by element, and makes vector code; by two names it would find that they overlap, and no more.

    Cost: some milliseconds, and a look-up for what differs in sizes alone.
    """
    # Of the steps' types the text says the dtypes alone. Equal literals are not the same: 1, 1.0, True; 0.0, -0.0.
    alike = tuple([TypedStep(s.compute, TensorType(s.result.dtype)) for s in steps])
    literals = repr([ref.literal for step in region.steps for ref in step.args])
    return _pointwise_loop(region, literals, alike, tuple(inputs), tuple(outputs), tuple(params), walk, over)


@lru_cache(maxsize=1024)
def _pointwise_loop(
    region: Region,
    _literals: str,
    steps: Sequence[TypedStep],
    inputs: Sequence[DType],
    outputs: Sequence[DType],
    params: Sequence[Category],
    walk: Walk,
    over: int | None,
) -> LoopText:
    operands = [f"o{i}" for i in range(len(outputs))] + [f"a{i}" for i in range(len(inputs))]
    dtypes = [*outputs, *inputs]
    names = [s.op.schema.name for s in region.steps]
    label = "_".join(names)[:40].rstrip("_")
    turn, primitives = _compute(region, steps, inputs, params)
    carriers = [carried(_result(s)) for s in steps]
    lines = [f'"""{describe(region)}', "", _operand_text(operands, dtypes, walk), '"""', ""]
    lines += ["import math", "", "import numpy as np", "", "", "", ""]
    imports_at = len(lines) - 3
    arguments = [
        "n" if walk.is_flat else "meta",
        *(f"{o}_at" for o in operands),
        *(f"p{i}" for i in range(len(params))),
    ]
    lines.append(f"def loop({', '.join(arguments)}):")
    same = "" if over is None else f"a{over}"
    lines += [
        f"    {o} = {'o0' if o == same else f'{d.name}_at({o}_at)'}" for o, d in zip(operands, dtypes, strict=True)
    ]
    if not walk.is_flat:
        lines += _unpack_meta(operands, walk, same)
    size, index = "n" if walk.is_flat else f"n{walk.ndim - 1}", f"i{walk.ndim - 1}"
    beside = f"  # {_VECTORS_A_TURN} vectors a turn" if sum(map(len, turn)) >= _LONG_TURN else ""
    loads = _loads(inputs, outputs, walk, when=None)
    stages = staged(Turn(turn, loads, _stores(region, steps, outputs, walk), carriers), size, index, beside)
    lines += [f"    {text}" for text in stages.rooms]
    indent = "    "
    for depth in range(walk.ndim - 1):
        lines.append(f"{indent}for i{depth} in range(n{depth}):")
        indent += "    "
    lines += [f"{indent}{name} = {text}" for name, text in _loads(inputs, outputs, walk, when=ZERO).items()]
    lines += [indent + text for text in stages.lines]
    lines[imports_at] = _import_line(lines, primitives)
    numbers = ["float64" if c is Category.FLOAT else "int64" for c in params]
    signature = f"void({', '.join(['int64'] * (1 + len(operands)) + numbers)})"
    return LoopText("\n".join(lines) + "\n", signature, label)


def describe(region: Region) -> str:
    """The computation on one line, ``v2 = tanh(add(mul(a0, a1), a2))``: the innermost steps written out once each."""
    texts = [f"v{i} = {s.op.schema.name}({', '.join(map(ref_name, s.args))})" for i, s in enumerate(region.steps)]
    return "; ".join(texts)


def ref_name(ref: Ref) -> str:
    """How generated text names an argument."""
    match ref.source:
        case Source.INPUT:
            return f"a{ref.index}"
        case Source.STEP:
            return f"v{ref.index}"
        case Source.PARAM:
            return f"p{ref.index}"
        case Source.LITERAL:
            return repr(ref.literal)


def _operand_text(operands: Sequence[str], dtypes: Sequence[DType], walk: Walk) -> str:
    moves = {UNIT: "one after the other", ZERO: "the same all along", STRIDED: "by a stride"}
    rows = [f"{o}: {d.name}, innermost {moves[step]}" for o, d, step in zip(operands, dtypes, walk.inner, strict=True)]
    return "\n".join(rows)


def _import_line(lines: Sequence[str], primitives: set[str]) -> str:
    text = "\n".join(lines)
    names = {*_ADDRESSED.findall(text), *primitives}
    names |= {name for d in HALVES for name in (f"{d.name}_up", f"{d.name}_down") if f"{name}(" in text}
    return f"from tensorlab.core.intrinsics import {', '.join(sorted(names))}"


def _unpack_meta(operands: Sequence[str], walk: Walk, same: str) -> list[str]:
    lines = ["    m = int64_at(meta)"]
    lines += [f"    n{d} = m[{d}]" for d in range(walk.ndim)]
    at = walk.ndim
    for o, inner in zip(operands, walk.inner, strict=True):
        for d in range(walk.ndim):
            if d < walk.ndim - 1 or inner == STRIDED:
                lines.append(f"    {o}_s{d} = {f'o0_s{d}' if o == same else f'm[{at + d}]'}")
        at += walk.ndim
    return lines


def _index(operand: str, walk: Walk, inner: str) -> str:
    last = walk.ndim - 1
    parts = [f"i{d} * {operand}_s{d}" for d in range(last)]
    if inner == UNIT:
        parts.append(f"i{last}")
    elif inner == STRIDED:
        parts.append(f"i{last} * {operand}_s{last}")
    return " + ".join(parts) or "0"


def _loads(inputs: Sequence[DType], outputs: Sequence[DType], walk: Walk, *, when: str | None) -> dict[str, str]:
    """Loads of the operands that stay the same along the innermost dimension (``when`` ZERO), or of the others."""
    loads: dict[str, str] = {}
    for i, dtype in enumerate(inputs):
        inner = walk.inner[len(outputs) + i]
        if (inner == ZERO) is (when == ZERO):
            loads[f"x{i}"] = loaded(f"a{i}[{_index(f'a{i}', walk, inner)}]", dtype)
    return loads


def _stores(region: Region, steps: Sequence[TypedStep], outputs: Sequence[DType], walk: Walk) -> list[str]:
    """Stores of the results."""
    lines: list[str] = []
    for k, (step, dtype) in enumerate(zip(region.outputs, outputs, strict=True)):
        own = _result(steps[step])
        value = f"h{step}" if dtype.is_half and own is dtype else stored(f"v{step}", own, dtype)
        lines.append(f"o{k}[{_index(f'o{k}', walk, walk.inner[k])}] = {value}")
    return lines


def _compute(
    region: Region, steps: Sequence[TypedStep], inputs: Sequence[DType], params: Sequence[Category]
) -> tuple[list[list[str]], set[str]]:
    """The statements of one turn, step by step, and the primitives that they call."""
    inliner = Inliner()
    turn: list[list[str]] = []
    for k in range(len(region.steps)):
        begin = len(inliner.statements)
        compute_step(inliner, k, region, steps, inputs, params)
        turn.append(inliner.statements[begin:])
    return turn, inliner.primitives


def compute_step(
    inliner: Inliner,
    k: int,
    region: Region,
    steps: Sequence[TypedStep],
    inputs: Sequence[DType],
    params: Sequence[Category],
) -> None:
    """Add the statements of step ``k``: from ``x0``, ``v0``, ``p0`` and their like to ``v{k}``.

    The result of a step of 16 bits is there twice: as it is carried, ``v{k}``, and as it lies in memory, ``h{k}``.
    """
    step, typed = region.steps[k], steps[k]
    computed = carried(typed.compute).name
    arguments: list[str] = []
    for param, ref in zip(step.op.schema.params, step.args, strict=True):
        wanted = None if param.name in step.op.exempt else typed.compute
        unrounded = (step.op.schema.name, param.name) in _UNROUNDED
        match ref.source:
            case Source.INPUT:
                arguments.append(_taken(f"x{ref.index}", inputs[ref.index], wanted, unrounded=unrounded))
            case Source.STEP:
                own = _result(steps[ref.index])
                arguments.append(_taken(f"v{ref.index}", own, wanted, unrounded=unrounded))
            case Source.PARAM:
                number = f"{cast_name(computed)}(p{ref.index})"
                arguments.append(number if unrounded else _rounded(number, typed.compute))
            case Source.LITERAL:
                arguments.append(literal_text(ref.literal, computed))
    result = inliner.call(step.op.rules["scalar"], arguments, computed)
    dtype = _result(typed)
    if dtype.category is Category.BOOL:
        inliner.statements.append(f"v{k} = ({result}) != 0")
    elif dtype.is_half:
        # Two names: what is stored needs no widening, and what is not stored no more than that.
        inliner.statements.append(f"h{k} = {dtype.name}_down({cast_name(float32.name)}({result}))")
        inliner.statements.append(f"v{k} = {dtype.name}_up(h{k})")
    else:
        inliner.statements.append(f"v{k} = {cast_name(dtype.name)}({result})")


def _result(typed: TypedStep) -> DType:
    return typed.result.dtype or float32


# Elements ------------------------------------------------------------------------------------------------------------


def carried(dtype: DType) -> DType:
    """What loops compute in for a dtype: itself, but for floats of 16 bits."""
    return float32 if dtype.is_half else dtype


def loaded(place: str, dtype: DType) -> str:
    """The element at a place in memory, as loops carry it."""
    if dtype.category is Category.BOOL:
        return f"{place} != 0"
    return f"{dtype.name}_up({place})" if dtype.is_half else place


def stored(value: str, have: DType, dtype: DType) -> str:
    """A carried value of dtype ``have`` as an element of a dtype, as it lies in memory."""
    if dtype.category is Category.BOOL:
        return f"np.uint8({value if have is dtype else f'({value} != 0)'})"
    if dtype.is_half:
        return f"{dtype.name}_down({value if carried(have) is float32 else f'np.float32({value})'})"
    return converted(value, have, dtype)


def converted(value: str, have: DType, want: DType) -> str:
    """A carried value of one dtype as one of another.

    A float beyond an integer type's range gives some integer, as in torch; which one is the processor's affair.
    """
    if have is want:
        return value
    if want.category is Category.BOOL:
        return f"({value} != 0)"
    if want.is_half:
        return _rounded(f"np.float32({value})", want)
    if have.is_floating_point:  # no processor makes such small integers of floats: what they can't hold wraps around
        value = f"np.int64({value})" if want is uint8 else f"np.int32({value})" if want in (int8, int16) else value
    return value if carried(have) is want else f"{cast_name(want.name)}({value})"


def _rounded(value: str, dtype: DType) -> str:
    return f"{dtype.name}_up({dtype.name}_down({value}))" if dtype.is_half else value


def _taken(value: str, have: DType, want: DType | None, *, unrounded: bool) -> str:
    """A value on its way into a step; ``want`` is None for one that keeps its own dtype.

    A wider float gives way to one of 16 bits only where it has no dimensions: it is then a number like Python's.
    """
    if want is None:
        return value
    if unrounded and want.is_half and have.is_floating_point and not have.is_half:
        return converted(value, have, float32)
    return converted(value, have, want)
