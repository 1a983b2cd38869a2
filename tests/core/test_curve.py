"""The curve of one process, by a clock of our own: who is called when, and what the numbers are made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tensorlab.core.curve import batch_curve
from tensorlab.core.measure import BatchPoint
from tensorlab.errors import RangeError


class Work:
    """Calls that move a clock, each size by the next of its costs, over and over the last one."""

    def __init__(self, costs: dict[int, list[float]]) -> None:
        self.now = 0.0
        self.called: list[int] = []
        self.costs = {size: iter(list(of_size)) for size, of_size in costs.items()}
        self.last = {size: of_size[-1] for size, of_size in costs.items()}

    def clock(self) -> float:
        return self.now

    def calls(self) -> dict[int, Callable[[], None]]:
        return {size: lambda size=size: self.work(size) for size in self.costs}

    def work(self, size: int) -> None:
        self.called.append(size)
        self.now += next(self.costs[size], self.last[size])


def test_sizes_take_turns_there_and_back() -> None:
    work = Work({1: [1.0], 2: [2.0], 4: [3.0]})
    points = batch_curve(work.calls(), seconds=0.0, rounds=3, clock=work.clock)
    assert work.called == [1, 2, 4, 1, 2, 4, 4, 2, 1, 1, 2, 4]  # a warm-up, then three rounds
    assert points == [
        BatchPoint(1, 1.0, 1.0, 1.0, 1.0, 3),
        BatchPoint(2, 2.0, 1.0, 2.0, 2.0, 3),
        BatchPoint(4, 3.0, 4 / 3.0, 3.0, 3.0, 3),
    ]


def test_a_turn_lasts_its_time_and_its_first_call_does_not_count() -> None:
    # The warm-up, then a turn of 4 s: a cold call, and calls until the clock is past the turn's end.
    work = Work({8: [50.0, 3.0, 1.0]})
    (point,) = batch_curve(work.calls(), seconds=4.0, rounds=1, clock=work.clock)
    assert point == BatchPoint(8, 1.0, 8.0, 1.0, 1.0, 4)
    assert len(work.called) == 6


def test_a_call_longer_than_its_turn_counts() -> None:
    work = Work({1: [9.0, 5.0, 5.0]})
    (point,) = batch_curve(work.calls(), seconds=2.0, rounds=2, clock=work.clock)
    assert (point.runs, point.seconds_per_call, len(work.called)) == (2, 5.0, 3)


def test_calls_that_stall_are_in_the_percentiles_alone() -> None:
    work = Work({2: [1.0, 1.0, 100.0, 1.0, 90.0, 100.0]})  # the warm-up, and rounds of one call each
    (point,) = batch_curve(work.calls(), seconds=0.0, rounds=5, clock=work.clock)
    assert point == BatchPoint(2, 1.0, 2.0, 90.0, 100.0, 5)


def test_a_clock_too_coarse_for_the_calls_divides_nothing_by_zero() -> None:
    (point,) = batch_curve({1: lambda: None}, seconds=0.0, clock=lambda: 0.0)
    assert point == BatchPoint(1, 0.0, 0.0, 0.0, 0.0, 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seconds": 1.0, "rounds": 0}, "batch_curve: got rounds=0, seconds=1; takes at least 1 round and 0 s"),
        ({"seconds": -0.5}, "batch_curve: got rounds=5, seconds=-0.5; takes at least 1 round and 0 s"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(RangeError) as caught:
        batch_curve({1: lambda: None}, **options)
    assert str(caught.value) == message
