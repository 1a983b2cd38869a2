"""Loops over rows: which values vary along a row, and how rows are shared among threads."""

from __future__ import annotations

from dataclasses import replace

import tensorlab as tl
from tensorlab.core.loops import UNIT, Walk
from tensorlab.core.op import lookup
from tensorlab.core.parts import Extent, cut
from tensorlab.core.region import Reduce, Ref, Region, Source, Step, type_region
from tensorlab.core.row_form import Form, row_form
from tensorlab.core.types import TensorType
from tensorlab.ops.arithmetic import mul
from tensorlab.ops.reduce import sum_, sum_dim


def forms(region: Region, *shapes: tuple[int, ...]) -> object:
    types = [TensorType(tl.float32, s) for s in shapes]
    found = row_form(region, types, type_region(region, types, ()))
    return None if found is None else (found.shape, found.folded, found.inputs, found.steps)


def region(*, keepdim: bool, after: bool) -> Region:
    """``sum(a0 * a1, -1, keepdim)``, and that times ``a0`` or ``a2``."""
    first = Step(mul, (Ref(Source.INPUT, 0), Ref(Source.INPUT, 1)))
    total = Reduce(sum_dim, (Ref(Source.STEP, 0),), ((-1,), keepdim, None))
    last = Step(mul, (Ref(Source.STEP, 1), Ref(Source.INPUT, 0 if after else 2)))
    return Region(2 if after else 3, 0, (first, total, last), (2,))


def test_forms_follow_from_how_values_are_used() -> None:
    full, kept, gone = Form.FULL, Form.KEPT, Form.GONE
    after, beside = region(keepdim=True, after=True), region(keepdim=False, after=False)
    assert forms(after, (3, 4), (3, 1)) == ((3, 4), 1, (full, kept), (full, kept, full))
    assert forms(after, (3, 4), (4,)) == ((3, 4), 1, (full, full), (full, kept, full))
    assert forms(beside, (3, 4), (3, 4), (3,)) == ((3, 4), 1, (full, full, gone), (full, gone, gone))
    assert forms(beside, (4, 4), (4, 4), (4,)) == ((4, 4), 1, (full, full, gone), (full, gone, gone))
    assert forms(beside, (4, 4), (4, 4), (4, 4)) is None  # numbers a row, along the columns
    assert forms(beside, (4,), (4,), ()) == ((4,), 1, (full, full, kept), (full, kept, kept))
    assert forms(replace(after, steps=after.steps[:1]), (3, 4), (4,)) is None  # nothing is folded


def test_reductions_of_one_loop_fold_the_same() -> None:
    along = Reduce(sum_dim, (Ref(Source.INPUT, 0),), ((-1,), False, None))
    whole = Reduce(sum_, (Ref(Source.INPUT, 0),), (None,))
    columns = Reduce(sum_dim, (Ref(Source.INPUT, 0),), ((0,), False, None))
    assert forms(Region(1, 0, (along, whole), (0, 1)), (3, 4)) is None
    assert forms(Region(1, 0, (columns,), (0,)), (3, 4)) is None
    assert forms(Region(1, 0, (whole,), (0,)), (3, 4)) == ((3, 4), 2, (Form.FULL,), (Form.KEPT,))


def test_rows_are_never_cut() -> None:
    extent = Extent.of(Walk(2, (UNIT, UNIT)), (3, 100_000, 100_000, 1, 100_000, 1), (4, 4))
    assert len(cut(extent, 8)) == 8
    parts = cut(replace(extent, whole=1), 8)
    assert [p.offsets for p in parts] == [(0, 0), (400_000, 400_000), (800_000, 800_000)]
    assert [list(p.meta or ())[:2] for p in parts] == [[1, 100_000]] * 3


def test_in_place_ops_read_what_they_write_by_one_name() -> None:
    (add_,) = (op for op in lookup("aten::add_") if op.name == "add_.Tensor")
    x = tl.ones(70)
    x.add_(tl.ones(70))
    assert x.tolist() == [2.0] * 70
    sources = [p.loop.source for r in add_.evaluate.functional._runners.values() for p in r.plans.values() if p.loop]
    assert any("    a0 = o0\n" in s for s in sources)
