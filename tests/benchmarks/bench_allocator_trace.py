"""What policies hold of the memory while they serve ten hours of training and serving, a million events.

PyTorch's policy is that of its CUDA allocator, whose numbers and rules `DeviceCachingAllocator` follows. PyTorch keeps
no cache for main memory, so that there is no other policy of its to compare with. The goal is that the policy of
tensorlab's default ends with at most PyTorch's fragmentation; the others are there to tell what its parts do.
"""

from __future__ import annotations

from typing import Any

import pytest
from allocation_trace import POLICIES, TORCH, CountingMemory, Outcome, Trace, play, ten_hours

EVENTS = 1_000_000


@pytest.fixture(scope="module")
def trace() -> Trace:
    return ten_hours(EVENTS)


@pytest.fixture(scope="module")
def torch_outcome(trace: Trace) -> Outcome:
    memory = CountingMemory()
    return play(trace, POLICIES[TORCH](memory), memory)


@pytest.mark.parametrize("name", POLICIES)
def bench_allocation_trace(
    name: str, trace: Trace, torch_outcome: Outcome, benchmark: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each policy: what it held, and whether its fragmentation is at most that of PyTorch's."""
    memory = CountingMemory()
    allocator = POLICIES[name](memory)
    outcome: Outcome = benchmark.pedantic(play, args=(trace, allocator, memory), rounds=1)
    met = outcome.fragmentation <= torch_outcome.fragmentation
    benchmark.extra_info.update(outcome.to_dict(), policy=name, met=met)
    with capsys.disabled():
        print(
            f"\n{name:<42} fragmentation at the end {outcome.fragmentation:.3f}, "
            f"peak {outcome.peak_overhead:.3f}× what was asked for, {outcome.segments:,} segments; "
            f"PyTorch's {torch_outcome.fragmentation:.3f} and {torch_outcome.peak_overhead:.3f}×: "
            f"{'met' if met else 'not met'}",
            end="",
        )
