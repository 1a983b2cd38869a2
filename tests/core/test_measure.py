"""Timing with a clock of our own: no test here depends on how fast the machine is."""

from __future__ import annotations

import pytest

from tensorlab.core.measure import (
    BatchPoint,
    BatchTime,
    CostFit,
    Measurement,
    call_times,
    compare,
    fit_cost,
    measure,
    undisturbed,
)
from tensorlab.errors import RangeError


class Clock:
    """A clock that a call moves on by the next of its costs, over and over the last one."""

    def __init__(self, costs: list[float]) -> None:
        self.now, self.costs, self.calls = 0.0, costs, 0

    def __call__(self) -> float:
        return self.now

    def work(self) -> None:
        self.calls += 1
        self.now += self.costs.pop(0) if len(self.costs) > 1 else self.costs[0]


def point(batch: int, seconds: float) -> BatchPoint:
    return BatchPoint(batch, seconds, batch / seconds, seconds, seconds, 10)


def test_a_slow_call_is_a_run_of_its_own() -> None:
    clock = Clock([9.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0])  # a warm-up, one to find the count, five runs
    assert measure(clock.work, repeat=5, min_seconds=0.5, clock=clock) == Measurement(3.0, 2.0, runs=5, calls=1)
    assert clock.calls == 7


def test_a_fast_call_is_repeated_until_a_run_is_long_enough() -> None:
    clock = Clock([0.25])
    measured = measure(clock.work, repeat=3, min_seconds=10.0, clock=clock)
    assert (measured.median, measured.spread, measured.runs) == (0.25, 0.0, 3)
    assert measured.calls * 0.25 >= 10.0


def test_a_clock_too_coarse_for_one_call_is_no_division_by_zero() -> None:
    ticks = iter([0.0, 0.0, 0.0, 1.0, 1.0, 3.0])
    assert measure(lambda: None, repeat=1, min_seconds=1.0, clock=lambda: next(ticks)) == Measurement(0.2, 0.0, 1, 10)


def test_one_run_has_no_spread() -> None:
    clock = Clock([2.0])
    assert measure(clock.work, repeat=1, min_seconds=0, clock=clock) == Measurement(2.0, 0.0, 1, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"repeat": 0}, "measure: got repeat=0; takes at least 1"),
        ({"min_seconds": -0.5}, "measure: got min_seconds=-0.5; takes at least 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(RangeError) as caught:
        measure(lambda: None, **options)
    assert str(caught.value) == message


def test_an_exact_line_is_found_again() -> None:
    fit = fit_cost([point(b, 0.25 + 0.5 * b) for b in (1, 2, 4, 64)])
    assert fit is not None
    assert (fit.fixed_seconds, fit.seconds_per_item) == pytest.approx((0.25, 0.5))
    assert fit.worst == pytest.approx(0.0, abs=1e-9)
    assert fit.break_even == pytest.approx(0.5)
    assert fit.seconds(8) == pytest.approx(4.25)


def test_the_fit_minimises_relative_errors() -> None:
    points = [point(1, 1.3), point(2, 1.4), point(8, 4.1), point(32, 13.9)]
    fit = fit_cost(points)
    assert fit is not None

    def cost(alpha: float, beta: float) -> float:
        return sum(((alpha + beta * p.batch) / p.seconds_per_call - 1) ** 2 for p in points)

    best = cost(fit.fixed_seconds, fit.seconds_per_item)
    for step in (-1e-3, 1e-3):
        assert cost(fit.fixed_seconds + step, fit.seconds_per_item) > best
        assert cost(fit.fixed_seconds, fit.seconds_per_item + step) > best


def test_an_undisturbed_call_is_one_that_a_quarter_did_not_pass() -> None:
    assert undisturbed([3.0]) == 3.0
    assert undisturbed([9.0, 2.0, 8.0, 1.0]) == 1.0
    assert undisturbed([9.0, 2.0, 8.0, 1.0, 7.0]) == 2.0


def served(batch: int, *batches: BatchTime) -> BatchPoint:
    rows = sum(t.rows * t.batches for t in batches)
    each = rows / sum(t.batches for t in batches)
    return BatchPoint(batch, 1.0, 1.0, 1.0, 1.0, rows, callers=8, rows_per_batch=each, batches=batches)


def test_a_servers_batches_of_one_size_are_one_time() -> None:
    points = [
        served(1, BatchTime(1, 3.0, 10)),
        served(4, BatchTime(1, 9.0, 5), BatchTime(3, 2.0, 4), BatchTime(4, 5.0, 8)),
        served(8, BatchTime(1, 1.0, 4), BatchTime(3, 4.0, 3)),
    ]
    assert call_times(points) == [BatchTime(1, 3.0, 19), BatchTime(3, 2.0, 7), BatchTime(4, 5.0, 8)]


def test_sizes_that_a_server_hardly_made_are_left_out_where_others_are_there() -> None:
    rare, usual = BatchTime(2, 1.0, 4), BatchTime(3, 1.0, 5)
    assert call_times([served(4, rare, usual, BatchTime(4, 1.0, 5))]) == [usual, BatchTime(4, 1.0, 5)]
    assert call_times([served(4, rare, usual)]) == [rare, usual]


def test_a_servers_line_goes_through_its_batches_and_not_through_its_limits() -> None:
    def cost(rows: int, batches: int) -> BatchTime:
        return BatchTime(rows, 0.25 + 0.5 * rows, batches)

    fit = fit_cost([served(1, cost(1, 100)), served(64, cost(1, 5), cost(7, 9), cost(20, 30))])
    assert fit is not None
    assert (fit.fixed_seconds, fit.seconds_per_item) == pytest.approx((0.25, 0.5))
    assert fit.worst == pytest.approx(0.0, abs=1e-9)


def test_each_batch_of_a_server_counts_alike() -> None:
    fits = [fit_cost([served(8, BatchTime(1, 1.0, n), BatchTime(2, 1.5, 5), BatchTime(8, 8.0, 5))]) for n in (5, 5000)]
    near, far = (abs(fit.seconds(1) - 1.0) for fit in fits if fit is not None)
    assert far < near


def test_one_batch_size_is_no_line() -> None:
    assert fit_cost([]) is None
    assert fit_cost([point(4, 1.0), point(4, 1.1)]) is None
    assert fit_cost([served(1, BatchTime(1, 1.0, 9)), served(2, BatchTime(1, 1.0, 9))]) is None


def test_without_a_fixed_cost_there_is_no_break_even() -> None:
    assert CostFit(-0.1, 1.0, 0.0).break_even is None
    assert CostFit(0.1, 0.0, 0.0).break_even is None


def test_a_line_far_from_its_points_does_not_hold() -> None:
    assert CostFit(1.0, 1.0, 0.5).holds
    assert not CostFit(1.0, 1.0, 0.51).holds


def test_records_are_plain_data() -> None:
    assert Measurement(1.0, 0.5, 3, 2).to_dict() == {"median": 1.0, "spread": 0.5, "runs": 3, "calls": 2}
    assert point(2, 4.0).to_dict()["items_per_second"] == 0.5
    assert served(4, BatchTime(3, 0.5, 2)).to_dict()["batches"] == ({"rows": 3, "seconds": 0.5, "batches": 2},)
    assert CostFit(1.0, 2.0, 0.1).to_dict() == {"fixed_seconds": 1.0, "seconds_per_item": 2.0, "worst": 0.1}


def test_compare_gives_each_function_its_turn_in_each_round() -> None:
    order: list[str] = []
    now = 0.0

    def clock() -> float:
        return now

    def costing(name: str, seconds: float):
        def call() -> None:
            nonlocal now
            order.append(name)
            now += seconds

        return call

    found = compare({"fast": costing("fast", 1.0), "slow": costing("slow", 3.0)}, repeat=3, min_seconds=1, clock=clock)
    assert {name: m.median for name, m in found.items()} == {"fast": 1.0, "slow": 3.0}
    assert order[-6:] == ["fast", "slow"] * 3
    assert found["slow"].runs == 3
    with pytest.raises(RangeError, match=r"^measure: got repeat=0; takes at least 1$"):
        compare({}, repeat=0)
