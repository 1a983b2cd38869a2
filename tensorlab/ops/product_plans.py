"""How a matrix product runs: which routine over which addresses, planned once for a pair of layouts.

Leading dimensions are a batch. Those of the left side become rows of one large product where the right side has none;
what is left goes through one loop over the batch, without a copy of what is broadcast. An operand is only copied where
BLAS cannot read it where it lies: neither its rows nor its columns are without gaps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tensorlab.core.compile import Loop
from tensorlab.core.interop import borrowed
from tensorlab.core.layout import Layout, layout
from tensorlab.core.shape import Shape, broadcast_shapes, broadcast_strides, coalesce, view_strides
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.memory import current
from tensorlab.ops import blas

Run = Callable[[Tensor, Tensor], Tensor]
Fill = Callable[[Tensor, Tensor, Tensor, float, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A product as one loop: ``routine`` is BLAS's (nothing for a loop of our own), ``head`` what the loop reads.

    ``swapped``: the right side goes in first.
    """

    routine: str
    loop: Loop
    head: tuple[int, ...]
    swapped: bool


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A planned product.

    ``run`` makes a new tensor; ``fill`` writes ``alpha * a @ b + beta * c`` over a ``c`` that is there, of the layout
    ``form``. Where ``beta`` is 0, what ``c`` held is not looked at. ``steps`` is what both are, where it is one loop.
    """

    form: Layout
    run: Run
    fill: Fill
    steps: Steps | None = None


@dataclass(frozen=True, slots=True)
class _Operand:
    """Where the matrices of one side lie: strides in elements, those of the batch as it is broadcast."""

    batch: Shape
    row: int
    column: int

    def lies(self, rows: int, columns: int) -> tuple[int, int] | None:
        """How BLAS reads it: as it is or transposed, and the step from line to line; None where it cannot."""
        if columns == 1 or self.column == 1:
            lead = self.row if rows > 1 else max(columns, 1)
            return (blas.NO_TRANSPOSE, lead) if lead >= columns else None
        if rows == 1 or self.row == 1:
            return (blas.TRANSPOSE, self.column) if self.column >= rows else None
        return None


@dataclass(frozen=True, slots=True)
class _Problem:
    """A batch of products of one size."""

    batch: Shape
    rows: int
    columns: int
    depth: int
    left: _Operand
    right: _Operand

    @property
    def vector(self) -> str:
        """The side that is a vector, which gemv takes: ``"right"``, ``"left"`` or neither."""
        return "right" if self.columns == 1 else "left" if self.rows == 1 else ""


def plan_product(a: Layout, b: Layout) -> Product:
    """Plan the product of two layouts whose types have been checked."""
    problem = _problem(a, b)
    ends = (*a.shape[-2:-1], *(b.shape[-1:] if len(b.shape) > 1 else ()))
    form = layout(a.dtype, (*problem.batch, *ends))
    letter = blas.LETTERS.get(a.dtype)
    if letter is None or not form.numel or not problem.depth:
        return _native(form, blas.own_loop(a.dtype), _head(problem, a.dtype.itemsize), swapped=False, routine="")
    if not blas.address(f"{letter}gemm"):
        return _through_numpy(form)
    copied = [
        layout(x.dtype, tuple(x.shape)) if _unreadable(problem, side) else x for x, side in ((a, "left"), (b, "right"))
    ]
    if copied != [a, b]:
        return _with_copies(plan_product(*copied), left=copied[0] is not a, right=copied[1] is not b)
    problem = _folded(problem)
    kind = "gemv" if problem.vector else "gemm"
    head = _head(problem, a.dtype.itemsize, blas.address(letter + kind))
    loop = blas.gemv_loop(a.dtype) if problem.vector else blas.gemm_loop(a.dtype)
    return _native(form, loop, head, swapped=problem.vector == "left", routine=letter + kind)


def _problem(a: Layout, b: Layout) -> _Problem:
    batch = broadcast_shapes(tuple(a.shape[:-2]), tuple(b.shape[:-2]), op="matmul")
    rows, row = (a.shape[-2], a.strides[-2]) if len(a.shape) > 1 else (1, 0)
    columns, column = (b.shape[-1], b.strides[-1]) if len(b.shape) > 1 else (1, 0)
    steps = [broadcast_strides(tuple(x.shape[:-2]), x.strides[:-2], batch) for x in (a, b)]
    left = _Operand(steps[0], row, a.strides[-1])
    right = _Operand(steps[1], b.strides[-2] if len(b.shape) > 1 else b.strides[-1], column)
    return _Problem(batch, rows, columns, a.shape[-1], left, right)


def _unreadable(problem: _Problem, side: str) -> bool:
    """Whether BLAS cannot read a side where it lies."""
    if problem.vector == side:
        step = problem.right.row if side == "right" else problem.left.column
        return step <= 0 and problem.depth > 1
    if side == "left":
        return problem.left.lies(problem.rows, problem.depth) is None
    return problem.right.lies(problem.depth, problem.columns) is None


def _folded(problem: _Problem) -> _Problem:
    """The left side's batch as more rows, where the right side has one matrix for all."""
    left = problem.left
    if not problem.batch or any(problem.right.batch):
        return problem
    steps = (*left.batch, left.row)
    rows = problem.rows * math.prod(problem.batch)
    joined = view_strides((*problem.batch, problem.rows), steps, (rows,))
    if joined is None:
        return problem
    wider = replace(problem, batch=(), rows=rows, left=replace(left, batch=(), row=joined[0]))
    wider = replace(wider, right=replace(problem.right, batch=()))
    return problem if wider.left.lies(rows, problem.depth) is None else wider


def _head(problem: _Problem, size: int, routine: int = 0) -> np.ndarray[Any, Any]:
    """What the loops of `blas` read, in the order of its ``HEAD``, and after it where each outer batch begins."""
    p, left, right = problem, problem.left, problem.right
    values = dict.fromkeys(blas.HEAD, 0)
    values |= {"routine": routine, "rows": p.rows, "columns": p.columns, "depth": p.depth, "lead_c": p.columns}
    values |= {"row_a": left.row, "depth_a": left.column, "depth_b": right.row, "column_b": right.column}
    if routine and p.vector:
        _describe_gemv(values, problem)
    elif routine:
        values["transpose_a"], values["lead_a"] = left.lies(p.rows, p.depth) or (0, 0)
        values["transpose_b"], values["lead_b"] = right.lies(p.depth, p.columns) or (0, 0)
    dense = layout_strides(p.batch, p.rows * p.columns)
    sizes, steps = coalesce(p.batch, [dense, left.batch, right.batch])
    if routine and p.vector == "left":
        steps = [steps[0], steps[2], steps[1]]
    inner = tuple(s[-1] if sizes else 0 for s in steps)
    values |= {"inner": sizes[-1] if sizes else 1, "outer": math.prod(sizes[:-1])}
    values |= dict(zip(("nbytes_c", "nbytes_a", "nbytes_b"), (s * size for s in inner), strict=True))
    starts = [
        [size * sum(i * s for i, s in zip(index, step, strict=False)) for step in steps]
        for index in itertools.product(*map(range, sizes[:-1]))
    ]
    return np.array([values[name] for name in blas.HEAD] + [at for row in starts for at in row], np.int64)


def _describe_gemv(values: dict[str, int], p: _Problem) -> None:
    """``a`` is the matrix and ``b`` the vector; sizes are those of the matrix as it lies in memory."""
    if p.vector == "right":
        transpose, lead = p.left.lies(p.rows, p.depth) or (0, 0)
        rows, columns, step = p.rows, p.depth, p.right.row
    else:
        transpose, lead = p.right.lies(p.depth, p.columns) or (0, 0)
        transpose = blas.NO_TRANSPOSE if transpose == blas.TRANSPOSE else blas.TRANSPOSE
        rows, columns, step = p.columns, p.depth, p.left.column
    if transpose == blas.TRANSPOSE:
        rows, columns = columns, rows
    values |= {"rows": rows, "columns": columns, "transpose_a": transpose, "lead_a": lead}
    values |= {"lead_b": step if p.depth > 1 else 1, "lead_c": 1}


def layout_strides(batch: Shape, step: int) -> Shape:
    """Strides of matrices of ``step`` elements that lie one after another."""
    strides = [step] * len(batch)
    for i in range(len(batch) - 2, -1, -1):
        strides[i] = strides[i + 1] * batch[i + 1]
    return tuple(strides)


def _native(form: Layout, loop: Loop, head: np.ndarray[Any, Any], *, swapped: bool, routine: str) -> Product:
    entry, head_at, nbytes = loop.entry, int(head.ctypes.data), form.nbytes
    one, none = (1.0, 0.0) if form.dtype.is_floating_point else (1, 0)

    def run(a: Tensor, b: Tensor) -> Tensor:
        allocator = current.allocator
        storage = Storage(allocator.allocate(nbytes), nbytes, allocator)
        entry(head_at, storage.address, a.address, b.address, one, none)
        return Tensor(storage, form, 0)

    def run_swapped(a: Tensor, b: Tensor) -> Tensor:
        return run(b, a)

    def fill(c: Tensor, a: Tensor, b: Tensor, alpha: float, beta: float) -> None:
        first, second = (b, a) if swapped else (a, b)
        entry(head_at, c.address, first.address, second.address, alpha, beta)

    chosen = run_swapped if swapped else run
    chosen.__dict__["head"] = head  # the loop reads it at every call
    fill.__dict__["head"] = head
    return Product(form, chosen, fill, Steps(routine, loop, tuple(map(int, head)), swapped))


def _with_copies(product: Product, *, left: bool, right: bool) -> Product:
    from tensorlab.ops.copying import contiguous

    def run(a: Tensor, b: Tensor) -> Tensor:
        return product.run(contiguous.run((a,)) if left else a, contiguous.run((b,)) if right else b)

    def fill(c: Tensor, a: Tensor, b: Tensor, alpha: float, beta: float) -> None:
        product.fill(c, contiguous.run((a,)) if left else a, contiguous.run((b,)) if right else b, alpha, beta)

    return Product(product.form, run, fill)


def _through_numpy(form: Layout) -> Product:
    """A product where there is no BLAS to call by address.

    Source: BLAS ``gemm``, through `numpy.matmul`.
    """

    def fill(c: Tensor, a: Tensor, b: Tensor, alpha: float, beta: float) -> None:
        held = borrowed(c)
        if alpha == 1 and beta == 0:
            np.matmul(borrowed(a), borrowed(b), out=held)
            return
        scaled = np.multiply(np.matmul(borrowed(a), borrowed(b)), alpha)
        held[...] = scaled if beta == 0 else np.add(np.multiply(held, beta), scaled)

    def run(a: Tensor, b: Tensor) -> Tensor:
        result = Tensor(Storage.empty(form.nbytes), form, 0)
        fill(result, a, b, 1, 0)
        return result

    return Product(form, run, fill)
