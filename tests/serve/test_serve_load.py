"""Closed loops: how many calls, by how many callers, and what becomes of failures. No time is asserted."""

import math
import threading

import pytest
from serve_rig import row_model, rows

from tensorlab.errors import RangeError
from tensorlab.serve import Client, LoadResult, OverloadedError, RemoteError, Server, closed_loop


def test_so_many_calls_and_no_more():
    made = []
    result = closed_loop(lambda: made.append(threading.current_thread().name), concurrency=3, requests=50)
    assert len(made) == len(result.latencies) == 50
    assert set(made) <= {"load-0", "load-1", "load-2"}
    assert (result.concurrency, result.failures) == (3, {})
    assert all(latency >= 0 for latency in result.latencies)
    assert result.seconds >= max(result.latencies)


def test_callers_run_side_by_side():
    together = threading.Barrier(4)
    result = closed_loop(lambda: together.wait(10), concurrency=4, requests=8)
    assert len(result.latencies) == 8


def test_a_time_ends_the_loop():
    result = closed_loop(lambda: None, concurrency=2, seconds=0.005)
    assert result.latencies


def test_each_caller_calls_at_least_once():
    slow = threading.Barrier(3)  # nobody is done before the last has begun
    result = closed_loop(lambda: slow.wait(10), concurrency=3, seconds=1e-9)
    assert len(result.latencies) == 3


def test_failures_are_counted_by_status():
    errors = iter([None, OverloadedError("full"), RemoteError("UNAVAILABLE", "ModelInfer", "here", "gone"), None])

    def call():
        error = next(errors)
        if error:
            raise error

    result = closed_loop(call, concurrency=1, requests=4)
    assert len(result.latencies) == 2
    assert result.failures == {"OverloadedError": 1, "UNAVAILABLE": 1}


def test_a_bug_in_the_call_ends_the_loop_and_is_raised():
    with pytest.raises(ZeroDivisionError):
        closed_loop(lambda: 1 / 0, concurrency=2, seconds=60)


def test_numbers_come_from_the_latencies():
    result = LoadResult(2, 2.0, (0.4, 0.1, 0.3, 0.2), {"UNAVAILABLE": 1})
    assert [result.percentile(p) for p in (0, 25, 50, 51, 99, 100)] == [0.1, 0.1, 0.2, 0.3, 0.4, 0.4]
    assert result.to_dict() == {
        "concurrency": 2,
        "seconds": 2.0,
        "throughput": 2.0,
        "p50": 0.2,
        "p99": 0.4,
        "latencies": [0.4, 0.1, 0.3, 0.2],
        "failures": {"UNAVAILABLE": 1},
    }
    nothing = LoadResult(1, 0.0, ())
    assert nothing.throughput == 0.0
    assert math.isnan(nothing.percentile(50))
    assert (nothing.to_dict()["p50"], nothing.to_dict()["p99"]) == (None, None)
    assert LoadResult.from_dict(result.to_dict()) == result
    with pytest.raises(RangeError) as caught:
        result.percentile(101)
    assert str(caught.value) == "LoadResult.percentile: got 101; takes 0 to 100"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"concurrency": 0, "requests": 1}, "closed_loop: concurrency 0; takes 1 to 1024"),
        ({"concurrency": 1}, "closed_loop: seconds None and requests None; takes one of them"),
        ({"concurrency": 1, "requests": 1, "seconds": 1}, "closed_loop: seconds 1 and requests 1; takes one of them"),
        ({"concurrency": 1, "requests": 0}, "closed_loop: seconds None, requests 0; takes more than 0"),
    ],
)
def test_loops_that_contradict_themselves(options, text):
    with pytest.raises(RangeError) as caught:
        closed_loop(lambda: None, **options)
    assert str(caught.value) == text


def test_against_a_server():
    with Server([row_model()]) as server, Client(server.address) as client:
        result = closed_loop(lambda: client.infer("double", [rows(1)]), concurrency=4, requests=40)
        assert (len(result.latencies), result.failures) == (40, {})
        assert sum(record.rows for record in server.records("double")) == 40
