"""The curve through a server: what its points are made of, and that the model is called beforehand."""

import threading

import numpy as np
import pytest
from serve_rig import row_model, rows

from tensorlab.errors import RangeError, ServeError
from tensorlab.serve import ServedModel, TensorSpec
from tensorlab.serve.sweep import server_curve

ROWS = [rows(1, 2, 3)]


def test_points_are_the_servers_own_records():
    called = []

    def keep(arrays):
        called.append((threading.current_thread().name, len(arrays[0])))
        return [arrays[0]]

    points = server_curve(row_model(keep), ROWS, (4, 1, 2, 4), callers=4, seconds=0.0)
    assert [point.batch for point in points] == [1, 2, 4]
    for point in points:
        held = {count for thread, count in called if thread.startswith(f"tensorlab-serve-batches-of-{point.batch}_")}
        assert (point.callers, point.failures) == (4, 0)
        assert point.runs >= 3 * 4  # three rounds, each caller at least once in each
        assert sum(times.rows * times.batches for times in point.batches) == point.runs
        assert point.rows_per_batch == point.runs / sum(times.batches for times in point.batches)
        assert 1 <= point.rows_per_batch <= point.batch
        assert {times.rows for times in point.batches} <= held
        assert max(held) <= point.batch
        assert point.p50_seconds <= point.p99_seconds
        assert point.items_per_second > 0


def test_the_model_is_called_with_each_number_of_rows_before_it_is_served():
    called = []

    def keep(arrays):
        called.append((threading.current_thread() is threading.main_thread(), arrays[0]))
        return [arrays[0]]

    server_curve(row_model(keep), ROWS, (1, 4, 100), callers=6, seconds=0.0)
    warm = [array for here, array in called if here]
    assert [here for here, _ in called[: len(warm)]] == [True] * len(warm)
    assert [len(array) for array in warm] == [1, 4, 2, 3, 5, 6]  # a batch of 100 cannot come from 6 callers
    assert warm[1][:, 0].tolist() == [1.0, 2.0, 3.0, 1.0]
    assert not any(array.flags.writeable for array in warm)


def test_inputs_of_different_lengths_come_round():
    seen = []

    def run(arrays):
        seen.extend(zip(arrays[0].tolist(), arrays[1].tolist(), strict=True))
        return [arrays[0]]

    a, b, y = (TensorSpec(name, "FP64", (-1,)) for name in "aby")
    model = ServedModel("two", (a, b), (y,), run)
    (point,) = server_curve(model, [np.arange(3.0), np.arange(2.0)], (2,), callers=3, seconds=0.0)
    assert point.failures == 0
    assert set(seen) == {(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)}


def test_failures_are_counted():
    def fail_sometimes(arrays):
        if threading.current_thread() is not threading.main_thread() and (arrays[0][:, 0] == 2).any():
            raise ValueError("not this row")
        return [arrays[0]]

    (point,) = server_curve(row_model(fail_sometimes), [rows(1, 2)], (1,), callers=2, seconds=0.0)
    assert point.failures > 0
    assert point.runs > 0
    assert sum(times.batches for times in point.batches) == point.runs
    assert point.rows_per_batch == 1.0


def test_a_model_that_never_answers_is_an_error():
    def fail_when_served(arrays):
        if threading.current_thread() is not threading.main_thread():
            raise ValueError("not there")
        return [arrays[0]]

    with pytest.raises(ServeError) as caught:
        server_curve(row_model(fail_when_served), ROWS, (2,), callers=2, seconds=0.0)
    assert str(caught.value) == "no request was answered: INTERNAL"


def test_what_the_model_raises_at_first_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        server_curve(row_model(lambda arrays: 1 / 0), ROWS, (1,), callers=1, seconds=0.0)


@pytest.mark.parametrize(
    ("given", "sizes", "callers", "text"),
    [
        (ROWS, (), 1, "server_curve: sizes []; takes at least one, each 1 or more"),
        (ROWS, (2, 0), 1, "server_curve: sizes [2, 0]; takes at least one, each 1 or more"),
        (ROWS, (1,), 0, "server_curve: 0 callers; takes 1 to 64"),
        (ROWS, (1,), 65, "server_curve: 65 callers; takes 1 to 64"),
        ([], (1,), 1, "server_curve: rows of shapes none; takes at least one row for each input"),
        ([rows()], (1,), 1, "server_curve: rows of shapes (0, 2); takes at least one row for each input"),
    ],
)
def test_impossible_curves(given, sizes, callers, text):
    with pytest.raises(RangeError) as caught:
        server_curve(row_model(), given, sizes, callers=callers, seconds=0.0)
    assert str(caught.value) == text
