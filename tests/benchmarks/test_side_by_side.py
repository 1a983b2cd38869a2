"""Racing against a clock of our own."""

from __future__ import annotations

from side_by_side import Laps, Statement, interquartile_range, race

from tensorlab.core.measure import Measurement


class Clock:
    """A clock that work moves on; ``calls`` is who worked, a letter a call."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls = ""

    def __call__(self) -> float:
        return self.now

    def work(self, who: str, seconds: float) -> None:
        self.now += seconds
        self.calls += who


def test_a_statement_runs_as_often_as_it_is_told() -> None:
    seen: list[int] = []
    Statement("seen.append(k); k += 1", {"seen": seen, "k": 5}).loop()(3)
    assert seen == [5, 6, 7]
    assert Statement("a + b", {"a": 2, "b": 3}).value() == 5


def test_entrants_take_turns_and_each_starts_a_round() -> None:
    clock = Clock()
    costs = {"a": 1.0, "b": 2.0, "c": 3.0}
    entrants = {who: Statement(f"work('{who}', {cost})", {"work": clock.work}) for who, cost in costs.items()}
    times = race(entrants, rounds=4, min_seconds=0.5, clock=clock)
    # To warm up and to find the number of calls, each runs twice by itself; then the rounds.
    assert clock.calls == "aabbcc" + "abc" + "bca" + "cab" + "abc"
    assert times == {who: Laps((cost,) * 4) for who, cost in costs.items()}


def test_a_turn_is_as_many_calls_as_fill_it() -> None:
    clock = Clock()
    times = race({"a": Statement("work('a', 0.25)", {"work": clock.work})}, rounds=3, min_seconds=10, clock=clock)
    assert times["a"].seconds == (0.25, 0.25, 0.25)
    assert 10 <= times["a"].calls * 0.25 < 20


def test_a_clock_too_coarse_for_one_call() -> None:
    ticks = iter([0.0, 0.0, 0.0, 5.0, 5.0, 8.0])
    times = race({"a": Statement("pass")}, rounds=1, min_seconds=1.0, clock=lambda: next(ticks))
    assert times["a"] == Laps((0.3,), 10)


def test_laps_are_compared_round_by_round() -> None:
    """A machine that is four times slower in one round leaves the ratio as it is."""
    own, other = Laps((1.0, 4.0, 1.5), 7), Laps((2.0, 8.0, 2.0))
    assert own.over(other) == (0.5, 0.5, 0.75)
    assert own.minus(other) == (-1.0, -4.0, -0.5)
    assert own.measurement() == Measurement(1.5, 1.5, 3, 7)


def test_interquartile_range() -> None:
    assert interquartile_range([4.0, 1.0, 3.0, 2.0, 9.0]) == 2.0
    assert interquartile_range([2.0]) == 0.0
