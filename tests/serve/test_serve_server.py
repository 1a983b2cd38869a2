"""A real server on loopback: statuses, drains, and the client of this package."""

import asyncio
import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from serve_rig import Gate, row_model, rows, until

from tensorlab import __version__
from tensorlab.errors import RangeError, ServeError
from tensorlab.serve import (
    Client,
    ModelConfig,
    ModelMetadata,
    RemoteError,
    RequestError,
    ServedModel,
    Server,
    TensorSpec,
    UnknownModelError,
    wire,
)
from tensorlab.serve.model import QUEUED_BATCHES
from tensorlab.serve.protocol import SERVICE, message


def fail(arrays):
    raise ValueError("a secret: /home/someone/weights")


PAIR_IN = (TensorSpec("a", "INT64", (-1, 3)), TensorSpec("b", "BOOL", (-1,)))
PAIR_OUT = (TensorSpec("sum", "INT64", (-1,)), TensorSpec("not_b", "BOOL", (-1,)))
PAIR = ServedModel("pair", PAIR_IN, PAIR_OUT, lambda xs: [xs[0].sum(1), ~xs[1]], 4, batch_delay_seconds=0.0005)
SCALAR = ServedModel(
    "norm",
    (TensorSpec("image", "FP32", (-1, -1)),),
    (TensorSpec("norm", "FP64", ()),),
    lambda xs: [np.linalg.norm(xs[0].astype(np.float64))],
    max_batch_size=0,
)


@pytest.fixture(scope="module")
def server():
    with Server([row_model(), PAIR, SCALAR, row_model(fail, name="broken")]) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with Client(server.address, timeout_seconds=30.0) as connected:
        yield connected


def refused(client, call, *args, **options):
    with pytest.raises(RemoteError) as caught:
        call(*args, **options)
    assert client.address in str(caught.value)
    return caught.value.status, caught.value.details


def send(client, request, method="ModelInfer"):
    return refused(client, client._call, method, request, None)


def test_ready_metadata_config(client):
    assert client.ready()
    assert client.ready("pair")
    assert not client.ready("nobody")
    assert client.metadata("pair") == ModelMetadata("pair", ("1",), "tensorlab", PAIR_IN, PAIR_OUT)
    assert client.config("pair") == ModelConfig(
        "pair",
        "tensorlab",
        4,
        0.0005,
        (TensorSpec("a", "INT64", (3,)), TensorSpec("b", "BOOL", ())),
        (TensorSpec("sum", "INT64", ()), TensorSpec("not_b", "BOOL", ())),
    )
    assert client.config("norm") == ModelConfig("norm", "tensorlab", 0, 0.0, SCALAR.inputs, SCALAR.outputs)
    answer = client._ask("ServerMetadata")
    assert (answer.name, answer.version, list(answer.extensions)) == ("tensorlab", __version__, ["model_configuration"])
    assert client._ask("ServerLive").live


def test_infer_by_order_and_by_name(client):
    a, b = np.arange(6).reshape(2, 3), np.array([True, False])
    for arrays in ([a, b], {"b": b, "a": a}):
        total, not_b = client.infer("pair", arrays)
        assert (total.tolist(), not_b.tolist()) == ([3, 12], [False, True])
    assert client.infer("norm", [np.full((3, 3), 2, np.float32)])[0].tolist() == 6.0


def test_a_request_may_choose_its_outputs(client):
    tensors = {"a": np.ones((1, 3), np.int64), "b": np.array([True])}
    data = client._call("ModelInfer", wire.encode_request("pair", tensors, request_id="7", outputs=["not_b"]), None)
    read = wire.decode_response(data)
    assert (read.model, read.version, read.id) == ("pair", "1", "7")
    assert {name: array.tolist() for name, array in read.tensors.items()} == {"not_b": [False]}


def test_requests_that_are_refused(client):
    invalid, missing = "INVALID_ARGUMENT", "NOT_FOUND"
    one = {"x": rows(1)}
    good = message("ModelInferRequest").FromString(wire.encode_request("double", one))
    assert send(client, wire.encode_request("nobody", one)) == (
        missing,
        "no model 'nobody'; this server has double, pair, norm, broken",
    )
    version = message("ModelInferRequest")(model_version="2")
    version.MergeFrom(good)
    assert send(client, version.SerializeToString()) == (missing, "model 'double' has no version '2'; it has '1'")
    good.raw_input_contents[0] = b"\0" * 4
    assert send(client, good.SerializeToString()) == (invalid, "input 'x' has 4 bytes; FP32 [1, 2] takes 8")
    assert send(client, b"\x3a\x64ab") == (invalid, "field 7 at byte 0 takes 100 bytes; 2 are left")
    assert send(client, b"\xff", "ModelMetadata") == (invalid, "these bytes are no ModelMetadataRequest")
    assert refused(client, client.infer, "double", {"z": rows(1)}) == (
        invalid,
        "model 'double' has no input 'z'; takes x",
    )
    assert refused(client, client.infer, "double", [rows(1, width=3)]) == (
        invalid,
        "model 'double': input 'x' got FP32 [1, 3]; takes FP32 [-1, 2]",
    )
    assert refused(client, client.infer, "double", [rows(1, dtype=np.float64)]) == (
        invalid,
        "model 'double': input 'x' got FP64 [1, 2]; takes FP32 [-1, 2]",
    )
    assert refused(client, client.metadata, "n" * 100) == (
        missing,
        f"no model '{'n' * 64}'...; this server has double, pair, norm, broken",
    )
    assert refused(client, client.config, "nobody")[0] == missing
    assert refused(client, client._call, "ModelStatistics", b"", None) == ("UNIMPLEMENTED", "Method not found!")


@pytest.mark.parametrize(
    ("key", "field", "value", "text"),
    [
        ("sequence_id", "int64_param", 3, "parameter 'sequence_id' of the request; takes 'timeout' and 'priority'"),
        ("timeout", "string_param", "1", "parameter 'timeout' is '1'; takes microseconds, an int64 >= 0"),
        ("timeout", "int64_param", -1, "parameter 'timeout' is '-1'; takes microseconds, an int64 >= 0"),
    ],
)
def test_parameters_that_are_refused(client, key, field, value, text):
    made = message("ModelInferRequest").FromString(wire.encode_request("double", {"x": rows(1)}))
    setattr(made.parameters[key], field, value)
    assert send(client, made.SerializeToString()) == ("INVALID_ARGUMENT", text)


def test_the_reason_of_a_failure_stays_in_the_log(client, server, caplog):
    with caplog.at_level(logging.ERROR, "tensorlab.serve"):
        status, details = refused(client, client.infer, "broken", [rows(1)])
    error_id = server.records("broken")[-1].error_id
    assert status == "INTERNAL"
    assert details == f"model 'broken' failed; the server's log has the reason under {error_id}"
    assert "a secret" in caplog.text
    assert error_id in caplog.text


def test_a_fault_of_the_server_itself_leaks_nothing_either(client, server, caplog, monkeypatch):
    monkeypatch.setattr(wire, "decode_request", fail)
    with caplog.at_level(logging.ERROR, "tensorlab.serve"):
        status, details = send(client, wire.encode_request("double", {"x": rows(1)}))
    assert status == "INTERNAL"
    assert details.startswith("the server failed; its log has the reason under ")
    assert "a secret" in caplog.text
    assert details[-16:] in caplog.text


def test_messages_beyond_grpcs_own_four_mebibytes():
    wide = row_model(name="wide", width=1 << 20)
    with Server([wide]) as server, Client(server.address) as client:
        x = np.ones((2, 1 << 20), np.float32)
        (y,) = client.infer("wide", [x])
        assert (y == 2).all()
        assert y.nbytes == 8 << 20


def test_messages_beyond_the_servers_limit():
    with Server([row_model()], max_message_bytes=1000) as server, Client(server.address) as client:
        assert client.infer("double", [rows(1)])[0].tolist() == [[2, 2]]
        status, _ = refused(client, client.infer, "double", [rows(*range(200))])
        assert status == "RESOURCE_EXHAUSTED"


def test_the_budget_of_bytes_in_hand(gate):
    model = row_model(lambda xs: (gate.pass_through(), xs)[1], max_batch_size=64)
    request = [rows(*range(64))]
    size = len(wire.encode_request("double", {"x": request[0]}))
    with (
        Server([model], max_message_bytes=size) as server,
        Client(server.address) as client,
        ThreadPoolExecutor(4) as callers,
    ):
        first = callers.submit(client.infer, "double", request)
        gate.wait_entered()
        others = [callers.submit(client.infer, "double", request) for _ in range(3)]
        batcher = server._batchers["double"]
        until(lambda: batcher._queued_rows == 3 * 64)
        assert refused(client, client.infer, "double", request) == (
            "RESOURCE_EXHAUSTED",
            f"{4 * size} bytes of requests are in hand and {size} more would pass {4 * size}; try again later",
        )
        gate.open()
        assert all(np.array_equal(call.result()[0], request[0]) for call in (first, *others))


def test_concurrent_requests_share_calls(gate):
    calls = []

    def run(arrays):
        calls.append(len(arrays[0]))
        gate.pass_through()
        return [2 * arrays[0]]

    with (
        Server([row_model(run, name="held")]) as server,
        Client(server.address) as client,
        ThreadPoolExecutor(9) as callers,
    ):
        first = callers.submit(client.infer, "held", [rows(0)])
        gate.wait_entered()
        others = [callers.submit(client.infer, "held", [rows(n)]) for n in range(1, 9)]
        batcher = server._batchers["held"]
        until(lambda: batcher._queued_rows == 8)
        gate.open()
        assert [call.result()[0].tolist() for call in (first, *others)] == [[[2 * n, 2 * n]] for n in range(9)]
        assert [(r.rows, r.requests) for r in server.records("held")] == [(1, 1), (8, 8)]
    assert [(r.rows, r.requests) for r in server.records("held")] == [(1, 1), (8, 8)]


def test_a_full_queue_and_a_deadline(gate):
    model = row_model(lambda xs: (gate.pass_through(), xs)[1], max_batch_size=1)
    with Server([model]) as server, Client(server.address) as client:
        channel = grpc.insecure_channel(server.address)
        infer = channel.unary_unary(f"/{SERVICE}/ModelInfer")
        data = wire.encode_request("double", {"x": rows(1)})
        running = infer.future(data, timeout=30)
        gate.wait_entered()
        status, _ = refused(client, client.infer, "double", [rows(2)], timeout_seconds=0.01)
        assert status == "DEADLINE_EXCEEDED"
        batcher = server._batchers["double"]
        until(lambda: batcher._queued_rows == 0)  # the late one has left the queue
        waiting = [infer.future(data, timeout=30) for _ in range(QUEUED_BATCHES)]
        until(lambda: batcher._queued_rows == QUEUED_BATCHES)
        assert refused(client, client.infer, "double", [rows(2)]) == (
            "RESOURCE_EXHAUSTED",
            "model 'double': 64 rows wait and 1 more would pass 64; try again later",
        )
        for call in waiting[1:]:
            call.cancel()
        until(lambda: batcher._queued_rows == 1)
        gate.open()
        assert wire.decode_response(running.result()).tensors["y"].tolist() == [[1, 1]]
        assert wire.decode_response(waiting[0].result()).tensors["y"].tolist() == [[1, 1]]
        assert len(server.records("double")) == 2  # neither the late nor the cancelled ones were computed
        channel.close()


def test_the_timeout_parameter_counts_without_a_grpc_deadline(gate):
    model = row_model(lambda xs: (gate.pass_through(), xs)[1])
    with Server([model]) as server, Client(server.address) as client, ThreadPoolExecutor(1) as callers:
        first = callers.submit(client.infer, "double", [rows(1)])
        gate.wait_entered()
        late = wire.encode_request("double", {"x": rows(2)}, timeout_seconds=0.001)
        channel = grpc.insecure_channel(server.address)
        call = channel.unary_unary(f"/{SERVICE}/ModelInfer").future(late, timeout=30)
        batcher = server._batchers["double"]
        until(lambda: batcher._queued_rows == 1)
        threading.Event().wait(0.002)
        gate.open()
        assert call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert call.details().startswith("model 'double': the request's time was over after ")
        assert first.result()[0].tolist() == [[1, 1]]
        channel.close()


def test_stopping_finishes_what_waits(gate):
    model = row_model(lambda xs: (gate.pass_through(), xs)[1], batch_delay_seconds=30.0, max_batch_size=2)
    server = Server([model]).start()
    with Client(server.address) as client, ThreadPoolExecutor(3) as callers:
        first = callers.submit(client.infer, "double", [rows(1, 2)])
        gate.wait_entered()
        second = callers.submit(client.infer, "double", [rows(3)])  # alone, it would wait out the delay
        batcher = server._batchers["double"]
        until(lambda: batcher._queued_rows == 1)
        stopping = callers.submit(server.stop)
        until(lambda: batcher._closing)
        gate.open()
        stopping.result()
        assert first.result()[0].tolist() == [[1, 1], [2, 2]]
        assert second.result()[0].tolist() == [[3, 3]]
        status, _ = refused(client, client.ready)
        assert status == "UNAVAILABLE"
    server.stop()  # a second time is no error
    with pytest.raises(ServeError) as caught:
        server.start()
    assert str(caught.value) == "Server: it was started before; make another"


def test_stopping_gives_up_after_its_grace():
    gate = Gate()
    model = row_model(lambda xs: (gate.pass_through(), xs)[1])
    server = Server([model]).start()
    with Client(server.address) as client, ThreadPoolExecutor(1) as callers:
        stuck = callers.submit(client.infer, "double", [rows(1)])
        gate.wait_entered()
        server.stop(grace_seconds=0.01)
        assert isinstance(stuck.exception(), RemoteError)
    gate.open()


def test_a_server_in_a_thread_whose_own_loop_runs():
    async def cell():
        with Server([row_model()]) as server, Client(server.address) as client:
            return client.infer("double", [rows(4)])[0].tolist()

    assert asyncio.run(cell()) == [[8, 8]]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_only_loopback(host):
    with pytest.raises(ServeError) as caught:
        Server([row_model()], host=host)
    assert str(caught.value) == (
        f"Server: host {host!r} is not a loopback address; a server that other machines reach needs TLS and a token, "
        "which this one does not have. Takes '127.0.0.1', '::1' or 'localhost'"
    )


def test_a_port_is_not_shared(server):
    with pytest.raises(ServeError) as caught:
        Server([row_model()], port=server.port).start()
    assert str(caught.value) == f"Server: cannot listen on 127.0.0.1:{server.port}; is the port taken?"


def test_servers_and_clients_that_contradict_themselves(client, server):
    def text_of(kind, call, *args, **options):
        with pytest.raises(kind) as caught:
            call(*args, **options)
        return str(caught.value)

    model = row_model()
    assert text_of(RangeError, Server, []) == "Server: models []; takes at least one, no name twice"
    assert text_of(RangeError, Server, [model, model]) == (
        "Server: models ['double', 'double']; takes at least one, no name twice"
    )
    assert text_of(RangeError, Server, [model], port=65536) == "Server: port 65536; takes 0 (any free one) to 65535"
    assert text_of(RangeError, Server, [model], max_message_bytes=0) == (
        "Server: max_message_bytes 0; takes 1 to 2147483647"
    )
    assert text_of(ServeError, lambda: Server([model]).address) == (
        "Server: it has not been started; use `with Server(...) as server:` or call start()"
    )
    assert text_of(UnknownModelError, server.records, "nobody") == (
        "no model 'nobody'; this server has double, pair, norm, broken"
    )
    assert text_of(RequestError, client.infer, "pair", [rows(1)]) == "model 'pair' got 1 arrays; takes 2: a, b"
    assert text_of(RangeError, client.infer, "pair", {}, timeout_seconds=0) == (
        "Client: timeout_seconds 0; takes more than 0"
    )
    closed = Client(server.address)
    closed.close()
    assert text_of(ServeError, closed.ready) == f"Client: the connection to {server.address} was closed"


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


def test_a_missing_extra_is_named():
    done = python("import sys; sys.modules['grpc'] = None; import tensorlab.serve")
    assert done.stderr.splitlines()[-1] == (
        "tensorlab.serve.errors.MissingExtraError: tensorlab.serve: grpc is not installed; "
        "install the extra: pip install 'tensorlab[serve]'"
    )


def test_a_forgotten_server_does_not_keep_the_interpreter_alive():
    done = python(
        "from tensorlab.serve import Client, Server, ServedModel, TensorSpec\n"
        "spec = (TensorSpec('x', 'FP32', (-1,)),)\n"
        "server = Server([ServedModel('m', spec, spec, list)]).start()\n"
        "print(Client(server.address).ready('m'))\n"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("True\n", "", 0)
