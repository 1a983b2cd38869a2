"""Reductions: loops over an input seen as (outer, n, inner), with the middle dimension folded away.

Two walks: along rows (``inner`` is 1, one fold after another) and down columns (``inner`` folds side by side, so that
memory is read in order). An input that fits neither is copied into rows first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tensorlab.core.compile import compile_loop
from tensorlab.core.dtype import Category, DType, float64, int64
from tensorlab.core.inline import Inliner, cast_name
from tensorlab.core.layout import layout
from tensorlab.core.op import lookup
from tensorlab.core.shape import is_dense, wrap_dim
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ShapeError

BLOCK = 512  # additions in the input's own precision before the partial sum goes into the wide accumulator


@dataclass(frozen=True, slots=True)
class Fold:
    """The parts of a reduction, each straight-line (see `inline`).

    ``step(acc, x)`` folds one element in; ``finish(acc, n)`` makes the result. ``identity`` starts the fold, or is None
    where the first element does (then no elements are an error). ``blocked``: partial folds in the element's own
    precision go into a wide accumulator. ``keeps_index``: the result is the position of the element that won;
    ``step`` then says whether ``x`` beats ``acc``.
    """

    step: Callable[..., Any]
    finish: Callable[..., Any] | None = None
    identity: int | None = 0
    blocked: bool = False
    keeps_index: bool = False


def reduced_dims(dim: object, ndim: int, *, op: str) -> tuple[int, ...]:
    """The dimensions named by a ``dim`` argument, sorted; all of them for None or an empty list, as in torch.

    Raises: `DimError` out of range, `ShapeError` for one named twice.
    """
    named = tuple(dim) if isinstance(dim, (tuple, list)) else () if dim is None else (dim,)  # pyright: ignore
    if not named:
        return tuple(range(ndim))
    dims = [wrap_dim(d, ndim, op=op) for d in named]  # pyright: ignore[reportUnknownArgumentType, reportArgumentType]
    if len(set(dims)) < len(dims):
        raise ShapeError(f"{op}: dim {max(dims, key=dims.count)} appears multiple times in the list of dims")
    return tuple(sorted(d for d in dims if d < ndim))


def reduced_shape(shape: Sequence[int], dims: Sequence[int], *, keepdim: bool) -> tuple[int, ...]:
    """The shape after folding ``dims`` away."""
    if keepdim:
        return tuple(1 if d in dims else n for d, n in enumerate(shape))
    return tuple(n for d, n in enumerate(shape) if d not in dims)


def reduce(source: Tensor, dims: tuple[int, ...], fold: Fold, result: DType, *, keepdim: bool, op: str) -> Tensor:
    """Fold ``dims`` of ``source`` away into a new tensor of dtype ``result``.

    Raises: `ShapeError` where there are no elements and the fold has no identity.
    """
    shape = tuple(source.shape)
    n = math.prod(shape[d] for d in dims)
    target = layout(result, reduced_shape(shape, dims, keepdim=keepdim))
    if n == 0 and fold.identity is None and target.numel:
        raise ShapeError(
            f"{op}: expected reduction dim to be specified for input.numel() == 0, got shape {shape}: no identity"
        )
    output = Tensor(Storage.empty(target.nbytes), target, 0)
    if not target.numel:
        return output
    source, outer, inner = _arranged(source, dims)
    acc = _accumulator(fold, source.dtype, result)
    columns = inner > 1
    text = _source(fold, source.dtype, result, acc, columns=columns, op=op)
    loop = compile_loop(text, f"void({', '.join(['int64'] * 6)})", label=f"{op}_fold", reduction=fold.blocked)
    scratch = Storage.empty(inner * 8) if columns else None
    loop.entry(outer, n, inner, output.address, source.address, scratch.address if scratch is not None else 0)
    return output


def _arranged(source: Tensor, dims: tuple[int, ...]) -> tuple[Tensor, int, int]:
    """The input as contiguous (outer, n, inner), copied only where it has to be."""
    shape = tuple(source.shape)
    if len(dims) == len(shape) and is_dense(shape, source.strides):
        return source, 1, 1
    adjacent = bool(dims) and dims[-1] - dims[0] + 1 == len(dims)
    if source.layout.is_contiguous and adjacent:
        return source, math.prod(shape[: dims[0]]), math.prod(shape[dims[-1] + 1 :])
    kept = [d for d in range(len(shape)) if d not in dims]
    order = [*kept, *dims]
    moved = source.as_view(
        layout(source.dtype, tuple(shape[d] for d in order), tuple(source.strides[d] for d in order)), source.offset
    )
    (contiguous,) = lookup("aten::contiguous")
    return contiguous.run((moved,)), math.prod(shape[d] for d in kept), 1


def _accumulator(fold: Fold, element: DType, result: DType) -> DType:
    if not fold.blocked:
        return element
    return float64 if element.is_floating_point or result.is_floating_point else int64


def _source(fold: Fold, element: DType, result: DType, acc: DType, *, columns: bool, op: str) -> str:
    doc = "down the columns" if columns else "along the rows"
    lines = [f'"""{op} over the middle of (outer, n, inner), {doc}: {element.name} -> {result.name}."""', ""]
    lines += ["import math", "", "import numpy as np", ""]
    names = sorted({f"{d.name}_at" for d in (element, result, acc)})
    lines += [f"from tensorlab.core.intrinsics import {', '.join(names)}", "", ""]
    lines += ["def loop(outer, n, inner, out_at, in_at, scratch_at):"]
    lines += [f"    out = {result.name}_at(out_at)", f"    a = {element.name}_at(in_at)"]
    body = _columns if columns else _index_rows if fold.keeps_index else _rows
    return "\n".join(lines + body(fold, element, result, acc)) + "\n"


def _load(at: str, element: DType) -> str:
    return f"(a[{at}] != 0)" if element.category is Category.BOOL else f"a[{at}]"


def _inlined(fn: Callable[..., Any], arguments: Sequence[str], dtype: DType) -> tuple[list[str], str]:
    inliner = Inliner()
    text = inliner.call(fn, arguments, dtype.name)
    return inliner.statements, text


def _finish(fold: Fold, acc: str, result: DType, wide: DType) -> tuple[list[str], str]:
    if fold.finish is None:
        return [], _stored(acc, result)
    statements, text = _inlined(fold.finish, [f"{cast_name(wide.name)}({acc})", f"{cast_name(wide.name)}(n)"], wide)
    return statements, _stored(text, result)


def _stored(text: str, result: DType) -> str:
    return f"np.uint8(({text}) != 0)" if result.category is Category.BOOL else f"{cast_name(result.name)}({text})"


def _rows(fold: Fold, element: DType, result: DType, acc: DType) -> list[str]:
    load = _load("row + i", element)
    part = acc if not element.is_floating_point else element
    statements, stepped = _inlined(fold.step, ["part", f"{cast_name(part.name)}({load})"], part)
    lines = ["    for o in range(outer):", "        row = o * n"]
    if fold.blocked:
        zero = f"{cast_name(part.name)}({fold.identity})"
        lines += [
            f"        acc = {cast_name(acc.name)}({fold.identity})",
            f"        for start in range(0, n, {BLOCK}):",
        ]
        lines += [f"            part = {zero}", f"            for i in range(start, min(start + {BLOCK}, n)):"]
        lines += [f"                {s}" for s in statements]
        lines += [f"                part = {cast_name(part.name)}({stepped})", "            acc += part"]
    else:
        first = _load("row", element)
        lines += [f"        part = {first}", "        for i in range(1, n):"]
        lines += [f"            {s}" for s in statements]
        lines += [f"            part = {stepped}", "        acc = part"]
    final, text = _finish(fold, "acc", result, acc)
    return [*lines, *(f"        {s}" for s in final), f"        out[o] = {text}"]


def _index_rows(fold: Fold, element: DType, result: DType, acc: DType) -> list[str]:
    statements, beats = _inlined(fold.step, ["best", "x"], element)
    lines = ["    for o in range(outer):", "        row = o * n", f"        best = {_load('row', element)}"]
    lines += ["        at = 0", "        for i in range(1, n):", f"            x = {_load('row + i', element)}"]
    lines += [f"            {s}" for s in statements]
    return [
        *lines,
        f"            if {beats}:",
        "                best = x",
        "                at = i",
        "        out[o] = at",
    ]


def _columns(fold: Fold, element: DType, result: DType, acc: DType) -> list[str]:
    x = _load("base + j", element)
    lines = [
        f"    acc = {acc.name}_at(scratch_at)" if not fold.keeps_index else f"    best = {element.name}_at(scratch_at)"
    ]
    lines += ["    for o in range(outer):", "        first = o * n * inner"]
    if fold.keeps_index:
        statements, beats = _inlined(fold.step, ["best[j]", "x"], element)
        lines += [
            "        for j in range(inner):",
            "            best[j] = a[first + j]",
            "            out[o * inner + j] = 0",
        ]
        lines += ["        for i in range(1, n):", "            base = first + i * inner"]
        lines += [
            "            for j in range(inner):",
            f"                x = {x}",
            *(f"                {s}" for s in statements),
        ]
        return [
            *lines,
            f"                if {beats}:",
            "                    best[j] = x",
            "                    out[o * inner + j] = i",
        ]
    wide = cast_name(acc.name)
    if fold.identity is None:
        start, lines = 1, [*lines, "        for j in range(inner):", "            acc[j] = a[first + j]"]
    else:
        start, lines = 0, [*lines, "        for j in range(inner):", f"            acc[j] = {fold.identity}"]
    operand = f"{wide}({x})" if acc.category is not Category.BOOL else x
    held = "(acc[j] != 0)" if acc.category is Category.BOOL else "acc[j]"
    statements, stepped = _inlined(fold.step, [held, operand], acc)
    lines += [
        f"        for i in range({start}, n):",
        "            base = first + i * inner",
        "            for j in range(inner):",
    ]
    lines += [*(f"                {s}" for s in statements), f"                acc[j] = {stepped}"]
    final, text = _finish(fold, "acc[j]", result, acc)
    return [
        *lines,
        "        for j in range(inner):",
        *(f"            {s}" for s in final),
        f"            out[o * inner + j] = {text}",
    ]
