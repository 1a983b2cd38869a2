"""The loops of programs: found by layouts and kinds of numbers, in new memory or in an arena."""

from __future__ import annotations

import pytest

import tensorlab as tl
from tensorlab.core.region import Ref, Region, Source, Step
from tensorlab.core.storage import Storage
from tensorlab.errors import GraphError
from tensorlab.jit.arena import Place
from tensorlab.jit.fused import LIMIT, FusedLoop
from tensorlab.ops.arithmetic import add_number, mul, mul_number


def region() -> Region:
    """``(a0 + p0, (a0 + p0) * p1)``."""
    added = Step(add_number, (Ref(Source.INPUT, 0), Ref(Source.PARAM, 0), Ref(Source.LITERAL, literal=1)))
    return Region(1, 2, (added, Step(mul_number, (Ref(Source.STEP, 0), Ref(Source.PARAM, 1)))), (0, 1))


def test_layouts_and_kinds_of_numbers_have_loops_of_their_own() -> None:
    loop = FusedLoop("loop0", region())
    assert loop.loops == ()
    for x in (tl.tensor([1, 2]), tl.tensor([[1.0, 2.0], [3.0, 4.0]]).t(), tl.ones(0, 3), tl.tensor(2.0)):
        for p, q in ((1, 2), (0.5, 2), (1, 0.5)):
            first, second = loop.call(x, p, q)
            assert (first.tolist(), second.tolist()) == ((x + p).tolist(), ((x + p) * q).tolist())
            assert (first.dtype, second.dtype) == ((x + p).dtype, ((x + p) * q).dtype)
    assert len(loop.loops) > 4
    assert all("def loop(" in one.source for one in loop.loops)


def test_results_are_laid_out_as_ops_one_by_one_would() -> None:
    first = Step(add_number, (Ref(Source.INPUT, 0), Ref(Source.PARAM, 0), Ref(Source.LITERAL, literal=1)))
    second = Step(mul_number, (Ref(Source.INPUT, 1), Ref(Source.PARAM, 0)))
    both = Step(mul, (Ref(Source.STEP, 1), Ref(Source.STEP, 0)))
    loop = FusedLoop("loop0", Region(2, 1, (first, second, both), (0, 1, 2)))
    rows, columns = tl.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), tl.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).t()
    for a, b in ((rows, columns), (columns, rows), (columns, columns)):
        results, expected = loop.call(a, b, 2), (a + 2, b * 2, (b * 2) * (a + 2))
        assert [r.strides for r in results] == [e.strides for e in expected]
        assert [r.tolist() for r in results] == [e.tolist() for e in expected]


def test_results_lie_where_the_arena_says() -> None:
    loop = FusedLoop("loop0", region(), rooms=(Place(64, 64, 0, 1), Place(192, 64, 0, 1)))
    storage = Storage.empty(256)
    for x in (tl.tensor([1.0, 2.0]), tl.ones(0), tl.tensor([1, 2])):
        first, second = loop.call(storage, x, 1, 3)
        assert (first.data_ptr(), second.data_ptr()) == (storage.address + 64, storage.address + 192)
        assert (first.tolist(), second.tolist()) == ((x + 1).tolist(), ((x + 1) * 3).tolist())


def test_what_does_not_fit_its_place_is_never_written() -> None:
    loop = FusedLoop("loop0", region(), rooms=(Place(0, 64, 0, 1), Place(64, 64, 0, 1)))
    with pytest.raises(GraphError) as caught:
        loop.call(Storage.empty(128), tl.ones(17), 1, 3)
    assert str(caught.value) == "loop0: a result of 68 bytes has a place of 64"


def test_closures_are_bounded() -> None:
    loop = FusedLoop("loop0", region())
    for n in range(LIMIT + 10):
        assert loop.call(tl.zeros(n), 1, 1)[0].shape == (n,)
    assert len(loop._closures) == 10
