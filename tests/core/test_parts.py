"""Walks in parts: together they are the whole, and give its bits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorlab as tl
from tensorlab.core import parts
from tensorlab.core.dtype import number_category
from tensorlab.core.op import lookup
from tensorlab.core.parts import Extent, cut, seconds_of
from tensorlab.core.pointwise import Plan, make_plan, one_step_region
from tensorlab.core.stages import TILES


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = tl.get_num_threads()
    yield
    tl.set_num_threads(before)


@given(
    st.lists(st.integers(1, 5000), min_size=1, max_size=3),
    st.integers(1, 9),
    st.integers(1, 8),
)
@settings(max_examples=60, deadline=None)
def test_parts_cover_a_walk_once(sizes: list[int], count: int, itemsize: int) -> None:
    steps = np.cumprod([1, *sizes[:0:-1]])[::-1]
    extent = Extent(tuple(sizes), (tuple(map(int, steps)),), (itemsize,), flat=False)
    found = cut(extent, count)
    ends: list[tuple[int, int]] = []
    for part in found:
        assert part.meta is not None and part.head == part.meta.buffer_info()[0]
        own = part.meta[: len(sizes)]
        (cut_at,) = [d for d, (a, b) in enumerate(zip(own, sizes, strict=True)) if a != b] or [0]
        begin = part.offsets[0] // itemsize // int(steps[cut_at])
        ends.append((begin, begin + own[cut_at]))
        assert list(part.meta[len(sizes) :]) == list(steps)
    assert len(found) <= count
    assert ends[0][0] == 0 and ends[-1][1] in sizes
    assert all(a[1] == b[0] for a, b in pairwise(ends))


def plan_of(name: str, *args: Any) -> Plan:
    op = lookup(name)[0]
    tensors = [a for a in args if isinstance(a, tl.Tensor)]
    numbers = [number_category(a) for a in args if not isinstance(a, tl.Tensor) and a is not None]
    return make_plan(one_step_region(op, args), [t.layout for t in tensors], numbers, None)


RNG = np.random.default_rng(3)
SQUARE = tl.from_numpy(RNG.standard_normal((131, 1030)).astype(np.float32))
ROW = tl.from_numpy(RNG.standard_normal(1030).astype(np.float32))
COLUMN = tl.from_numpy(RNG.standard_normal((131, 1)).astype(np.float32))
CASES = {
    "one run": lambda: (SQUARE, SQUARE),
    "a row again and again": lambda: (SQUARE, ROW),
    "a column again and again": lambda: (SQUARE, COLUMN),
    "two orders": lambda: (SQUARE[:, :131], SQUARE[:, :131].t()),
    "every second element": lambda: (SQUARE[:, ::2], SQUARE[:, 1::2]),
    "three dimensions": lambda: (SQUARE[:130, :1000].reshape(13, 10, 1000)[:, ::2], ROW[:1000]),
    "one long row": lambda: (SQUARE[:2, :1000], COLUMN[:2]),
    "few elements": lambda: (ROW[:7], ROW[7:14]),
}


@pytest.mark.parametrize("case", CASES)
def test_any_number_of_threads_gives_the_same_bits(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "WORTH_SECONDS", 0.0)
    a, b = CASES[case]()
    plan = plan_of("aten::mul", a, b)
    assert plan.loop is not None and plan.entry is not plan.loop.entry
    found: list[bytes] = []
    for threads in (1, 2, 3, 5):
        tl.set_num_threads(threads)
        (result,) = plan.run([a, b], [])
        found.append(result.contiguous().numpy().tobytes())
    assert set(found) == {found[0]}


@pytest.mark.parametrize("dtype", [tl.float32, tl.int64], ids=str)
def test_tiles_are_copied_in_parts_too(dtype: tl.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "WORTH_SECONDS", 0.0)
    a = (SQUARE * 100).to(dtype).t()
    into = tl.empty(1030, 131, dtype=dtype).layout
    plan = make_plan(one_step_region(lookup("aten::clone")[0], [a]), [a.layout], [], [into])
    assert plan.loop is not None and plan.loop.name.startswith("tiled_copy")
    for threads in (2, 3):
        tl.set_num_threads(threads)
        (result,) = plan.run([a], [])
        np.testing.assert_array_equal(result.numpy(), a.numpy())


def test_little_work_goes_straight_to_the_loop() -> None:
    small, large = ROW, tl.zeros(1_200_000)
    for a, divided in ((small, False), (large, True)):
        plan = plan_of("aten::mul", a, a)
        assert plan.loop is not None
        assert (plan.entry is not plan.loop.entry) is divided
        assert (
            seconds_of(Extent.of(plan.walk, [a.numel()], [4, 4, 4]), plan.loop.source) >= parts.WORTH_SECONDS
        ) is divided


def test_eager_fused_and_in_place_calls_are_divided() -> None:
    n = 1_200_000
    a = tl.from_numpy(np.linspace(-3, 3, n, dtype=np.float32))
    traced = tl.jit.trace(lambda x: x * x, (a,), check_trace=False)
    found: list[list[bytes]] = []
    for threads in (1, 3):
        tl.set_num_threads(threads)
        in_place = a.clone()
        in_place.mul_(a)
        found.append([x.numpy().tobytes() for x in (traced(a), a * a, in_place)])
    assert found[0] == found[1]


def test_a_number_that_is_too_large_is_told_as_ever() -> None:
    a = tl.zeros(2_000_000, dtype=tl.int64)
    tl.set_num_threads(3)
    with pytest.raises(tl.errors.RangeError) as caught:
        _ = a + 2**70
    assert str(caught.value) == f"add: got the integer {2**70}; takes integers from -2**63 to 2**63 - 1"


def test_all_stages_of_a_loop_count() -> None:
    extent = Extent((1000,), ((1,), (1,)), (4, 4), flat=True)
    lines = ["        v0 = x0"] * 10
    whole = "\n".join(["def loop(n, o0_at, a0_at):", "    for i0 in range(n):", *lines, ""])
    stage = ["        for i0 in range(w0, e0):", *(f"    {line}" for line in lines[:5])]
    staged = "\n".join(["def loop(n, o0_at, a0_at):", f"    {TILES}n, 512):", *stage, *stage, ""])
    assert seconds_of(extent, whole) < seconds_of(extent, staged) < 1.5 * seconds_of(extent, whole)
