"""Source text of pointwise loops: a typed region and a walk over its operands in, a readable module out.

A loop takes integers: the sizes and strides through ``meta`` (or just ``n`` where every operand is one run), an
address for each operand (outputs first), then the number parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlab.core.dtype import Category, DType, uint8
from tensorlab.core.inline import Inliner, cast_name, literal_text
from tensorlab.core.region import Ref, Region, Source, TypedStep

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
) -> LoopText:
    """Generate the loop of a region over one walk.

    ``outputs`` are the dtypes that are stored: for an in-place op the written tensor's, else the steps' own.
    """
    operands = [f"o{i}" for i in range(len(outputs))] + [f"a{i}" for i in range(len(inputs))]
    dtypes = [*outputs, *inputs]
    names = [s.op.schema.name for s in region.steps]
    label = "_".join(names)[:40].rstrip("_")
    statements, primitives = _compute(region, steps, inputs, params)
    lines = [f'"""{describe(region)}', "", _operand_text(operands, dtypes, walk), '"""', ""]
    lines += ["import math", "", "import numpy as np", "", _import_line(dtypes, walk, primitives), "", ""]
    arguments = [
        "n" if walk.is_flat else "meta",
        *(f"{o}_at" for o in operands),
        *(f"p{i}" for i in range(len(params))),
    ]
    lines.append(f"def loop({', '.join(arguments)}):")
    lines += [f"    {o} = {d.name}_at({o}_at)" for o, d in zip(operands, dtypes, strict=True)]
    if not walk.is_flat:
        lines += _unpack_meta(operands, walk)
    indent = "    "
    for depth in range(walk.ndim):
        last = depth == walk.ndim - 1
        if last:
            lines += [indent + t for t in _loads(inputs, outputs, walk, when=ZERO)]
        lines.append(f"{indent}for i{depth} in range({'n' if walk.is_flat else f'n{depth}'}):")
        indent += "    "
    lines += [indent + t for t in _loads(inputs, outputs, walk, when=None)]
    lines += [indent + t for t in statements]
    for k, (step, dtype) in enumerate(zip(region.outputs, outputs, strict=True)):
        stored = _cast(f"v{step}", steps[step].result.dtype, dtype)
        value = f"np.uint8({stored})" if dtype.category is Category.BOOL else stored
        lines.append(f"{indent}o{k}[{_index(f'o{k}', walk, walk.inner[k])}] = {value}")
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


def _import_line(dtypes: Sequence[DType], walk: Walk, primitives: set[str]) -> str:
    names = {f"{d.name}_at" for d in dtypes} | primitives
    if not walk.is_flat:
        names.add("int64_at")
    return f"from tensorlab.core.intrinsics import {', '.join(sorted(names))}"


def _unpack_meta(operands: Sequence[str], walk: Walk) -> list[str]:
    lines = ["    m = int64_at(meta)"]
    lines += [f"    n{d} = m[{d}]" for d in range(walk.ndim)]
    at = walk.ndim
    for o, inner in zip(operands, walk.inner, strict=True):
        for d in range(walk.ndim):
            if d < walk.ndim - 1 or inner == STRIDED:
                lines.append(f"    {o}_s{d} = m[{at + d}]")
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


def _loads(inputs: Sequence[DType], outputs: Sequence[DType], walk: Walk, *, when: str | None) -> list[str]:
    """Loads of the operands that stay the same along the innermost dimension (``when`` ZERO), or of the others."""
    lines: list[str] = []
    for i, dtype in enumerate(inputs):
        inner = walk.inner[len(outputs) + i]
        if (inner == ZERO) is (when == ZERO):
            test = " != 0" if dtype.category is Category.BOOL else ""
            lines.append(f"x{i} = a{i}[{_index(f'a{i}', walk, inner)}]{test}")
    return lines


def _compute(
    region: Region, steps: Sequence[TypedStep], inputs: Sequence[DType], params: Sequence[Category]
) -> tuple[list[str], set[str]]:
    """The statements of one turn, and the primitives that they call."""
    inliner = Inliner()
    for k, (step, typed) in enumerate(zip(region.steps, steps, strict=True)):
        arguments: list[str] = []
        for param, ref in zip(step.op.schema.params, step.args, strict=True):
            wanted = None if param.name in step.op.exempt else typed.compute
            match ref.source:
                case Source.INPUT:
                    arguments.append(_cast(f"x{ref.index}", inputs[ref.index], wanted))
                case Source.STEP:
                    arguments.append(_cast(f"v{ref.index}", steps[ref.index].result.dtype, wanted))
                case Source.PARAM:
                    arguments.append(f"{cast_name(typed.compute.name)}(p{ref.index})")
                case Source.LITERAL:
                    arguments.append(literal_text(ref.literal, typed.compute.name))
        result = inliner.call(step.op.rules["scalar"], arguments, typed.compute.name)
        wrapped = f"({result}) != 0" if _is_bool(typed.result.dtype) else f"{cast_name(_name(typed))}({result})"
        inliner.statements.append(f"v{k} = {wrapped}")
    return inliner.statements, inliner.primitives


def _is_bool(dtype: DType | None) -> bool:
    return dtype is not None and dtype.category is Category.BOOL


def _name(typed: TypedStep) -> str:
    return typed.result.dtype.name if typed.result.dtype is not None else "float32"


def _cast(text: str, have: DType | None, want: DType | None) -> str:
    if want is None or have is want:
        return text
    if _is_bool(want):
        return f"({text} != 0)"
    if want is uint8 and have is not None and have.is_floating_point:
        text = f"np.int64({text})"  # no processor makes bytes of floats: what is below 0 wraps around on the way
    return f"{cast_name(want.name)}({text})"
