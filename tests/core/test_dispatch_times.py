"""The times of the legs add up, and belong to the way that is drawn."""

from __future__ import annotations

from typing import Any

import pytest

import tensorlab as tl
from tensorlab.core import dispatch_times
from tensorlab.core.dispatch_times import DispatchTimes, time_dispatch
from tensorlab.core.measure import Measurement, measure


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch_times, "_SECONDS", 0.02)
    monkeypatch.setattr(dispatch_times, "measure", lambda fn: measure(fn, repeat=3, min_seconds=0.001))


def timed(text: str, **names: Any) -> tuple[Any, DispatchTimes]:
    code = compile(text, "<test>", "eval")
    eval(code, names)
    return time_dispatch(code, names, names, text=text)


def test_the_parts_make_the_total() -> None:
    watched, times = timed("a + b", a=tl.ones(3), b=tl.ones(3))
    parts = times.loops + times.python + times.between
    assert parts + times.missing == pytest.approx(times.total.median)
    if times.fitted:
        assert times.missing == pytest.approx(0, abs=1e-12)
        assert times.slowdown >= 1
    (legs,) = times.legs
    assert len(legs) == len(watched.record.ways[0].legs)


def test_loops_are_measured_and_the_rest_is_scaled() -> None:
    watched, times = timed("a * b", a=tl.ones(1000), b=tl.ones(1000))
    (way,) = watched.record.ways
    for leg, time in zip(way.legs, times.legs[0], strict=True):
        if time is not None:
            assert time.measured is (leg.kind == "loop")
            assert time.seconds >= 0
    assert times.legs[0][-1] is None


def test_where_loops_take_nearly_all_the_factor_is_that_of_plain_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch_times, "_slowdown", lambda: 4.0)
    _, times = timed("a.sin().sum()", a=tl.ones(400_000))
    assert not times.fitted
    assert times.slowdown == 4.0


def test_watching_slows_plain_calls_down() -> None:
    assert dispatch_times._slowdown() > 1


def test_the_way_that_is_timed_is_the_one_taken_from_then_on() -> None:
    watched, times = timed("a - b", a=tl.ones(3, 2), b=tl.ones(3, 2))
    assert watched.record.ways[0].short_cut is True
    assert times.runs > 0


def test_data() -> None:
    total = Measurement(2.0, 0.1, 7, 10)
    times = DispatchTimes(total, ((None,),), 0.5, 2.0, fitted=True, runs=3, left_out=0)
    assert times.to_dict() == {
        "total": {"median": 2.0, "spread": 0.1, "runs": 7, "calls": 10},
        "legs": [[None]],
        "between": 0.5,
        "slowdown": 2.0,
        "fitted": True,
        "missing": 1.5,
        "runs": 3,
        "left_out": 0,
    }
