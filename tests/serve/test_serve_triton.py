"""NVIDIA's client against our server: what it asks and how it reads the answers is the specification at work."""

import asyncio
from functools import partial

import numpy as np
import pytest
from serve_rig import row_model, rows, until

from tensorlab.serve import ServedModel, Server, TensorSpec
from tensorlab.serve.datatypes import DATATYPES

triton = pytest.importorskip("tritonclient.grpc", reason="needs the extra `test`: tritonclient[grpc]")
triton_utils = pytest.importorskip("tritonclient.utils")


def echo(datatype):
    spec = TensorSpec("x", datatype, (-1, 3)), TensorSpec("y", datatype, (-1, 3))
    return ServedModel(f"echo_{datatype}", spec[:1], spec[1:], lambda xs: [xs[0]], max_batch_size=4)


@pytest.fixture(scope="module")
def server():
    with Server([row_model(batch_delay_seconds=0.001), *map(echo, DATATYPES)]) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    connected = triton.InferenceServerClient(server.address)
    yield connected
    connected.close()


def tensor(name, array, module=triton):
    made = module.InferInput(name, array.shape, triton_utils.np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array)
    return made


def test_live_ready_metadata_config(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("double")
    assert not client.is_model_ready("nobody")
    assert client.get_server_metadata().extensions == ["model_configuration"]
    metadata = client.get_model_metadata("double", as_json=True)
    assert metadata["inputs"] == [{"name": "x", "datatype": "FP32", "shape": ["-1", "2"]}]
    assert metadata["outputs"] == [{"name": "y", "datatype": "FP32", "shape": ["-1", "2"]}]
    assert client.get_model_config("double", as_json=True)["config"] == {
        "name": "double",
        "platform": "tensorlab",
        "backend": "tensorlab",
        "max_batch_size": 8,
        "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["2"]}],
        "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": ["2"]}],
        "dynamic_batching": {"max_queue_delay_microseconds": "1000"},
    }


@pytest.mark.parametrize("datatype", DATATYPES)
def test_every_datatype_there_and_back(client, datatype):
    array = np.array([[0, 1, 2], [3, 100, 0]]).astype(DATATYPES[datatype])
    result = client.infer(f"echo_{datatype}", [tensor("x", array)], request_id="9")
    assert result.get_response().id == "9"
    assert result.as_numpy("y").dtype == array.dtype
    assert result.as_numpy("y").tolist() == array.tolist()


def test_chosen_outputs_timeout_and_priority(client):
    outputs = [triton.InferRequestedOutput("y")]
    result = client.infer("double", [tensor("x", rows(3))], outputs=outputs, timeout=5_000_000, priority=1)
    assert result.as_numpy("y").tolist() == [[6, 6]]


@pytest.mark.parametrize(
    ("model", "array", "options", "status", "text"),
    [
        ("nobody", rows(1), {}, "NOT_FOUND", None),
        ("double", rows(1, width=3), {}, "INVALID_ARGUMENT", "input 'x' got FP32 [1, 3]; takes FP32 [-1, 2]"),
        ("double", rows(*range(9)), {}, "INVALID_ARGUMENT", "got 9 rows; takes 1 to 8"),
        ("double", rows(1), {"model_version": "2"}, "NOT_FOUND", None),
        ("double", rows(1), {"sequence_id": 3, "sequence_start": True}, "INVALID_ARGUMENT", None),
        (
            "double",
            rows(1),
            {"outputs": [triton.InferRequestedOutput("y", class_count=2)]},
            "INVALID_ARGUMENT",
            "requested output 'y' has parameter 'classification'; this server takes none there",
        ),
    ],
)
def test_refusals(client, model, array, options, status, text):
    with pytest.raises(triton.InferenceServerException) as caught:
        client.infer(model, [tensor("x", array)], **options)
    assert caught.value.status() == f"StatusCode.{status}"
    assert text is None or text in caught.value.message()


def test_wrong_bytes(client):
    short = tensor("x", rows(1))
    short.set_shape([2, 2])
    with pytest.raises(triton.InferenceServerException) as caught:
        client.infer("double", [short])
    assert caught.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert caught.value.message() == "input 'x' has 8 bytes; FP32 [2, 2] takes 16"


def test_concurrent_requests_share_a_call_and_one_of_them_may_leave(gate):
    model = row_model(lambda xs: (gate.pass_through(), [2 * xs[0]])[1], name="held")
    with Server([model]) as server:
        client = triton.InferenceServerClient(server.address)
        answers = {}

        def keep(key, result, error):
            answers[key] = error or result.as_numpy("y").tolist()

        calls = [client.async_infer("held", [tensor("x", rows(0))], partial(keep, 0))]
        gate.wait_entered()
        calls += [client.async_infer("held", [tensor("x", rows(n))], partial(keep, n)) for n in range(1, 6)]
        batcher = server._batchers["held"]
        until(lambda: batcher._queued_rows == 5)
        calls[3].cancel()
        until(lambda: batcher._queued_rows == 4)
        gate.open()
        until(lambda: len(answers) == 6)
        assert answers.pop(3).status() == "StatusCode.CANCELLED"
        assert answers == {n: [[2 * n, 2 * n]] for n in (0, 1, 2, 4, 5)}
        assert [(r.rows, r.requests) for r in server.records("held")] == [(1, 1), (4, 4)]
        client.close()


def test_the_asyncio_client(server):
    aio = pytest.importorskip("tritonclient.grpc.aio")

    async def main():
        async with aio.InferenceServerClient(server.address) as client:
            calls = (client.infer("double", [tensor("x", rows(n), aio)]) for n in range(6))
            return [result.as_numpy("y")[0, 0] for result in await asyncio.gather(*calls)]

    assert asyncio.run(main()) == [0, 2, 4, 6, 8, 10]
