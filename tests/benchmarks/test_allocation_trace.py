"""The trace of the benchmark, in short: it is one, policies serve it without loss, and what they hold is bounded."""

from __future__ import annotations

from itertools import pairwise

import pytest
from allocation_trace import DEFAULT, POLICIES, TORCH, CountingMemory, Outcome, Trace, play, ten_hours

from tensorlab.memory import DataPtr, DeviceCachingAllocator

EVENTS = 20_000


@pytest.fixture(scope="module")
def trace() -> Trace:
    return ten_hours(EVENTS)


def test_a_trace_is_what_its_name_says(trace: Trace) -> None:
    assert abs(len(trace.steps) - EVENTS) < EVENTS // 50
    assert trace == ten_hours(EVENTS)
    assert trace != ten_hours(EVENTS, seed=1)
    assert min(trace.nbytes) >= 1
    live: set[int] = set()
    for step in trace.steps:
        if step >= 0:
            assert step not in live
            live.add(step)
        else:
            live.remove(-1 - step)
    assert sorted(step for step in trace.steps if step >= 0) == list(range(len(trace.nbytes)))


@pytest.fixture(scope="module")
def outcomes(trace: Trace) -> dict[str, Outcome]:
    outcomes = {}
    for name, policy in POLICIES.items():
        memory = CountingMemory()
        outcomes[name] = play(trace, policy(memory), memory)
    return outcomes


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_serves_it_and_counts_what_it_holds(trace: Trace, outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    live = set(range(len(trace.nbytes))) - {-1 - step for step in trace.steps if step < 0}
    assert outcome.requested == sum(trace.nbytes[number] for number in live)
    assert outcome.requested <= outcome.reserved <= outcome.peak_reserved
    assert outcome.peak_requested <= outcome.peak_reserved


def test_a_surplus_leaves_less_unused_than_pytorchs_policy(outcomes: dict[str, Outcome]) -> None:
    torch = outcomes[TORCH]
    for name in ("with a surplus of 0.1", DEFAULT):
        assert outcomes[name].fragmentation < torch.fragmentation
    assert outcomes["with a surplus of 0.1"].peak_overhead < torch.peak_overhead


@pytest.mark.parametrize("surplus", [None, 0.1], ids=["torch", "surplus"])
def test_blocks_stay_apart_all_the_way(trace: Trace, surplus: float | None) -> None:
    memory = CountingMemory()
    caching = DeviceCachingAllocator(memory, surplus=surplus)
    live: dict[int, DataPtr] = {}
    for count, step in enumerate(trace.steps):
        if step >= 0:
            live[step] = caching.allocate(trace.nbytes[step])
        else:
            caching.deallocate(live.pop(-1 - step))
        if count % 2000:
            continue
        spans = sorted((data.address, data.address + data.nbytes) for data in live.values())
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
        segments = caching.segments()
        assert sum(one.nbytes for one in segments) == memory.held
        assert sum(one.allocated_nbytes for one in segments) == sum(data.nbytes for data in live.values())
        assert sum(one.requested_nbytes for one in segments) == sum(trace.nbytes[number] for number in live)
    for data in live.values():
        caching.deallocate(data)
    caching.empty_cache()
    assert memory.held == 0
