"""The batching rule, and what happens to each request of a batch."""

import asyncio
import logging
import math
import re
import threading

import numpy as np
import pytest
from serve_rig import row_model, rows

from tensorlab.serve import (
    DeadlineError,
    ModelError,
    OverloadedError,
    RequestError,
    ServedModel,
    StoppingError,
    TensorSpec,
)
from tensorlab.serve.batcher import Batcher, Pending, decide
from tensorlab.serve.model import QUEUED_BATCHES


def waiting(*requests):
    """A queue of (rows, signature, arrived, deadline)."""
    return [Pending((), rows, sign, arrived, deadline, None) for rows, sign, arrived, deadline in requests]


@pytest.mark.parametrize(
    ("queue", "delay", "expected"),
    [
        ([], 5.0, (0, math.inf)),
        ([(1, "a", 9.0, math.inf)], 0.0, (1, 0.0)),  # no delay: what is there goes
        ([(1, "a", 9.0, math.inf)], 5.0, (0, 4.0)),  # waits out what the oldest has not waited yet
        ([(1, "a", 9.0, math.inf), (1, "a", 9.5, math.inf)], 5.0, (0, 4.0)),
        ([(1, "a", 4.0, math.inf), (1, "a", 9.5, math.inf)], 5.0, (2, 0.0)),
        ([(1, "a", 9.0, 12.0), (1, "a", 9.5, 11.0)], 5.0, (0, 1.0)),  # until the nearest deadline
        ([(3, "a", 9.0, math.inf), (2, "a", 9.0, math.inf)], 5.0, (1, 0.0)),  # rows count: 3 + 2 > 4
        ([(2, "a", 9.0, math.inf), (2, "a", 9.0, math.inf)], 5.0, (2, 0.0)),  # full
        ([(1, "a", 9.0, math.inf), (1, "b", 9.0, math.inf)], 5.0, (1, 0.0)),  # another signature
        ([(1, "a", 9.0, math.inf), (1, "b", 9.0, 9.9)], 5.0, (1, 0.0)),
    ],
)
def test_the_rule(queue, delay, expected):
    assert decide(waiting(*queue), max_rows=4, delay=delay, now=10.0) == expected


class Recorder:
    """A model's function that keeps what it was called with, and doubles it."""

    def __init__(self, gate=None):
        self.calls = []
        self._gate = gate

    def __call__(self, arrays):
        self.calls.append([array.copy() for array in arrays])
        if self._gate is not None:
            self._gate.pass_through()
        return [2 * array for array in arrays]


def run_batcher(model, scenario):
    async def main():
        batcher = Batcher(model)
        try:
            return await scenario(batcher)
        finally:
            await batcher.close()

    return asyncio.run(main())


async def settled():
    """Give tasks that were just made their first steps."""
    for _ in range(5):
        await asyncio.sleep(0)


async def entered(gate):
    await asyncio.to_thread(gate.wait_entered)


def test_requests_that_wait_share_a_call_and_get_their_own_rows(gate):
    model = Recorder(gate)

    async def scenario(batcher):
        first = asyncio.create_task(batcher.submit({"x": rows(1)}))
        await entered(gate)
        others = [asyncio.create_task(batcher.submit({"x": rows(*some)})) for some in ((2, 3), (4,), (5, 6, 7))]
        await settled()
        gate.open()
        return await asyncio.gather(first, *others), batcher.records()

    answers, records = run_batcher(row_model(model), scenario)
    assert [answer[0][:, 0].tolist() for answer in answers] == [[2], [4, 6], [8], [10, 12, 14]]
    assert [(record.rows, record.requests, record.error_id) for record in records] == [(1, 1, None), (6, 3, None)]
    assert records[1].queue_seconds > 0
    assert records[1].to_dict().keys() == {"rows", "requests", "queue_seconds", "compute_seconds", "error_id"}


def test_rows_are_counted_not_requests(gate):
    async def scenario(batcher):
        tasks = [asyncio.create_task(batcher.submit({"x": rows(0)}))]
        await entered(gate)
        tasks += [asyncio.create_task(batcher.submit({"x": rows(*range(n))})) for n in (3, 3, 3, 8, 1)]
        await settled()
        gate.open()
        await asyncio.gather(*tasks)
        return [(record.rows, record.requests) for record in batcher.records()]

    assert run_batcher(row_model(Recorder(gate)), scenario) == [(1, 1), (6, 2), (3, 1), (8, 1), (1, 1)]


def test_other_shapes_never_mix(gate):
    spec = TensorSpec("x", "FP32", (-1, -1))
    recorder = Recorder(gate)
    model = ServedModel("any", (spec,), (spec,), recorder, max_batch_size=8)

    async def scenario(batcher):
        tasks = [asyncio.create_task(batcher.submit({"x": rows(0)}))]
        await entered(gate)
        for width, value in ((2, 1), (2, 2), (3, 3), (2, 4)):
            tasks.append(asyncio.create_task(batcher.submit({"x": rows(value, width=width)})))
        await settled()
        gate.open()
        return await asyncio.gather(*tasks)

    answers = run_batcher(model, scenario)
    assert [call[0].shape for call in recorder.calls] == [(1, 2), (2, 2), (1, 3), (1, 2)]
    assert [answer[0].tolist() for answer in answers[1:]] == [[[2, 2]], [[4, 4]], [[6, 6, 6]], [[8, 8]]]


def test_a_delay_gathers_what_no_delay_would_send_alone():
    async def scenario(batcher):
        first = asyncio.create_task(batcher.submit({"x": rows(*range(5))}))
        await settled()
        assert not batcher.records()
        await asyncio.gather(first, batcher.submit({"x": rows(1, 2, 3)}))  # full: goes at once
        return [(record.rows, record.requests) for record in batcher.records()]

    assert run_batcher(row_model(batch_delay_seconds=30.0), scenario) == [(8, 2)]


def test_a_delay_ends():
    async def scenario(batcher):
        return await batcher.submit({"x": rows(3)})

    assert run_batcher(row_model(batch_delay_seconds=0.002), scenario)[0].tolist() == [[6, 6]]


def test_a_request_that_is_cancelled_in_the_queue_is_not_computed_and_harms_nobody(gate):
    recorder = Recorder(gate)

    async def scenario(batcher):
        tasks = [asyncio.create_task(batcher.submit({"x": rows(value)})) for value in (1,)]
        await entered(gate)
        tasks += [asyncio.create_task(batcher.submit({"x": rows(value)})) for value in (2, 3, 4)]
        await settled()
        tasks[2].cancel()
        gate.open()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = run_batcher(row_model(recorder), scenario)
    assert [call[0][:, 0].tolist() for call in recorder.calls] == [[1], [2, 4]]
    assert isinstance(answers[2], asyncio.CancelledError)
    assert [answers[i][0][0, 0] for i in (0, 1, 3)] == [2, 4, 8]


def test_a_request_that_is_cancelled_while_it_is_computed_harms_nobody(gate):
    async def scenario(batcher):
        tasks = [asyncio.create_task(batcher.submit({"x": rows(1)}))]
        await entered(gate)
        tasks[0].cancel()
        tasks.append(asyncio.create_task(batcher.submit({"x": rows(2)})))
        await settled()
        gate.open()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = run_batcher(row_model(Recorder(gate)), scenario)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1][0].tolist() == [[4, 4]]


def test_cancelled_requests_give_their_room_in_the_queue_back(gate):
    model = row_model(Recorder(gate), max_batch_size=1)

    async def scenario(batcher):
        running = asyncio.create_task(batcher.submit({"x": rows(0)}))
        await entered(gate)
        tasks = [asyncio.create_task(batcher.submit({"x": rows(1)})) for _ in range(QUEUED_BATCHES)]
        await settled()
        with pytest.raises(OverloadedError) as caught:
            await batcher.submit({"x": rows(2)})
        for task in tasks:
            task.cancel()
        await settled()
        last = asyncio.create_task(batcher.submit({"x": rows(3)}))
        await settled()
        gate.open()
        await running
        return str(caught.value), (await last)[0].tolist(), len(batcher.records())

    text, answer, calls = run_batcher(model, scenario)
    assert text == "model 'double': 64 rows wait and 1 more would pass 64; try again later"
    assert (answer, calls) == ([[6, 6]], 2)


def test_a_deadline_is_checked_before_the_queue_and_before_the_call(gate):
    recorder = Recorder(gate)

    async def scenario(batcher):
        with pytest.raises(DeadlineError) as early:
            await batcher.submit({"x": rows(0)}, timeout_seconds=0.0)
        tasks = [asyncio.create_task(batcher.submit({"x": rows(1)}))]
        await entered(gate)
        tasks.append(asyncio.create_task(batcher.submit({"x": rows(2)}, timeout_seconds=0.001)))
        tasks.append(asyncio.create_task(batcher.submit({"x": rows(3)}, timeout_seconds=60)))
        await asyncio.sleep(0.005)
        gate.open()
        return str(early.value), await asyncio.gather(*tasks, return_exceptions=True)

    early, answers = run_batcher(row_model(recorder), scenario)
    assert early == "model 'double': the request's time was over when it arrived"
    assert [call[0][:, 0].tolist() for call in recorder.calls] == [[1], [3]]
    assert isinstance(answers[1], DeadlineError)
    assert re.fullmatch(r"model 'double': the request's time was over after \d+\.\d{3} s in the queue", str(answers[1]))
    assert answers[2][0].tolist() == [[6, 6]]


def test_a_deadline_before_the_end_of_the_delay_wakes_the_queue():
    async def scenario(batcher):
        with pytest.raises(DeadlineError):
            await batcher.submit({"x": rows(2)}, timeout_seconds=0.002)
        return batcher.records()

    assert run_batcher(row_model(batch_delay_seconds=30.0), scenario) == ()


@pytest.mark.parametrize("error", [ValueError("secret"), StopIteration("secret"), SystemExit("secret")], ids=repr)
def test_each_member_of_a_failed_batch_gets_an_error_of_its_own(gate, caplog, error):
    def run(arrays):
        gate.pass_through()
        if len(arrays[0]) > 1:
            raise error
        return arrays

    async def scenario(batcher):
        first = asyncio.create_task(batcher.submit({"x": rows(0)}))
        await entered(gate)
        tasks = [asyncio.create_task(batcher.submit({"x": rows(value)})) for value in (1, 2)]
        await settled()
        gate.open()
        await first
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        after = await batcher.submit({"x": rows(3)})
        return answers, after, batcher.records()

    with caplog.at_level(logging.ERROR, "tensorlab.serve"):
        answers, after, records = run_batcher(row_model(run), scenario)
    assert after[0].tolist() == [[3, 3]]
    assert all(type(answer) is ModelError for answer in answers)
    assert answers[0] is not answers[1]
    error_id = records[1].error_id
    assert str(answers[0]) == f"model 'double' failed; the server's log has the reason under {error_id}"
    assert len(error_id) == 16
    assert [record.getMessage() for record in caplog.records] == [f"model 'double' failed on 2 requests [{error_id}]"]
    assert caplog.records[0].exc_info[1] is error


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (lambda xs: [xs[0][:1]], "model 'double' gave float32 [1, 2] for 'y'; it declares FP32 [-1, 2] with 2 rows"),
        (
            lambda xs: [xs[0].astype(np.float64)],
            "model 'double' gave float64 [2, 2] for 'y'; it declares FP32 [-1, 2] with 2 rows",
        ),
        (lambda xs: [], "model 'double' gave 0 outputs; it declares 1"),
    ],
)
def test_a_model_that_breaks_its_word(caplog, run, text):
    async def scenario(batcher):
        with pytest.raises(ModelError):
            await batcher.submit({"x": rows(1, 2)})

    with caplog.at_level(logging.ERROR, "tensorlab.serve"):
        run_batcher(row_model(run), scenario)
    assert str(caplog.records[0].exc_info[1]) == text


def test_models_cannot_write_to_their_inputs(gate):
    def run(arrays):
        gate.pass_through()
        return [np.full_like(arrays[0], arrays[0].flags.writeable)]

    given = rows(1)

    async def scenario(batcher):
        first = asyncio.create_task(batcher.submit({"x": given}))
        await entered(gate)
        tasks = [asyncio.create_task(batcher.submit({"x": rows(value)})) for value in (1, 2)]
        await settled()
        gate.open()
        return await asyncio.gather(first, *tasks)

    assert [answer[0].max() for answer in run_batcher(row_model(run), scenario)] == [0, 0, 0]
    assert given.flags.writeable


def test_a_model_that_does_not_batch_takes_requests_one_by_one():
    spec = TensorSpec("x", "INT64", (-1,)), TensorSpec("s", "INT64", ())
    recorder = []

    def run(arrays):
        recorder.append(arrays[0].shape)
        return [arrays[0].sum()]

    model = ServedModel("sum", spec[:1], spec[1:], run, max_batch_size=0)

    async def scenario(batcher):
        given = [np.arange(n) for n in (3, 0, 5)]
        return await asyncio.gather(*(batcher.submit({"x": array}) for array in given))

    assert [answer[0].tolist() for answer in run_batcher(model, scenario)] == [3, 0, 10]
    assert recorder == [(3,), (0,), (5,)]


def test_closing_drains_without_waiting_for_the_delay():
    async def scenario(batcher):
        task = asyncio.create_task(batcher.submit({"x": rows(1)}))
        await settled()
        await batcher.close()
        with pytest.raises(StoppingError) as caught:
            await batcher.submit({"x": rows(1)})
        return str(caught.value), (await task)[0].tolist()

    assert run_batcher(row_model(batch_delay_seconds=30.0), scenario) == (
        "model 'double' is stopping and takes no new requests",
        [[2, 2]],
    )


def test_closing_without_draining_answers_everybody(gate):
    async def scenario(batcher):
        tasks = [asyncio.create_task(batcher.submit({"x": rows(1)}))]
        await entered(gate)
        tasks.append(asyncio.create_task(batcher.submit({"x": rows(2)})))
        await settled()
        await batcher.close(drain=False)
        return [str(answer) for answer in await asyncio.gather(*tasks, return_exceptions=True)]

    assert run_batcher(row_model(Recorder(gate)), scenario) == ["model 'double' stopped before this request"] * 2


def test_what_the_model_does_not_take_never_reaches_the_queue():
    async def scenario(batcher):
        with pytest.raises(RequestError):
            await batcher.submit({"x": rows(*range(9))})
        return batcher.records()

    assert run_batcher(row_model(), scenario) == ()


def test_the_worker_is_one_thread_apart_from_the_loop():
    seen = set()

    def run(arrays):
        seen.add(threading.current_thread().name)
        return arrays

    async def scenario(batcher):
        for value in range(3):
            await batcher.submit({"x": rows(value)})

    run_batcher(row_model(run), scenario)
    assert seen == {"tensorlab-serve-double_0"}
