"""The protocol's methods over a set of models: bytes in, bytes out, one status an error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from tensorlab.errors import ServeError
from tensorlab.serve import wire
from tensorlab.serve.batcher import Batcher
from tensorlab.serve.datatypes import clipped
from tensorlab.serve.errors import (
    DeadlineError,
    ModelError,
    OverloadedError,
    RequestError,
    StoppingError,
    UnknownModelError,
    WireError,
    log_failure,
)
from tensorlab.serve.model import ServedModel, TensorSpec
from tensorlab.serve.protocol import DATA_TYPES, METHODS, SERVICE, message
from tensorlab.version import __version__

PLATFORM = "tensorlab"
VERSION = "1"  # of every model: one function, one version

STATUS: dict[type[ServeError], grpc.StatusCode] = {
    WireError: grpc.StatusCode.INVALID_ARGUMENT,
    RequestError: grpc.StatusCode.INVALID_ARGUMENT,
    UnknownModelError: grpc.StatusCode.NOT_FOUND,
    OverloadedError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    DeadlineError: grpc.StatusCode.DEADLINE_EXCEEDED,
    StoppingError: grpc.StatusCode.UNAVAILABLE,
    ModelError: grpc.StatusCode.INTERNAL,
}

_Context = grpc.aio.ServicerContext[bytes, bytes]
_Method = Callable[[bytes, _Context], Awaitable[bytes]]


class InferenceService:
    """One method a call of the protocol; what a method raises becomes a status, never a traceback for the client.

    Units: `max_bytes` bounds the requests that are in hand at one time, counted as they came over the wire.
    """

    def __init__(self, batchers: Mapping[str, Batcher], *, max_bytes: int) -> None:
        self.stopping = False
        self._batchers = batchers
        self._max_bytes = max_bytes
        self._bytes = 0

    def handler(self) -> grpc.GenericRpcHandler:
        """All methods for a gRPC server; no serialisers, so that ModelInfer gets the message as it came."""
        methods: Mapping[str, _Method] = {
            "ServerLive": self.server_live,
            "ServerReady": self.server_ready,
            "ModelReady": self.model_ready,
            "ServerMetadata": self.server_metadata,
            "ModelMetadata": self.model_metadata,
            "ModelConfig": self.model_config,
            "ModelInfer": self.model_infer,
        }
        handlers = {name: grpc.unary_unary_rpc_method_handler(_guarded(name, methods[name])) for name in METHODS}
        return grpc.method_handlers_generic_handler(SERVICE, handlers)

    async def server_live(self, request: bytes, context: _Context) -> bytes:
        """Whether the process answers."""
        _parse("ServerLiveRequest", request)
        return _bytes(message("ServerLiveResponse")(live=True))

    async def server_ready(self, request: bytes, context: _Context) -> bytes:
        """Whether requests are taken."""
        _parse("ServerReadyRequest", request)
        return _bytes(message("ServerReadyResponse")(ready=not self.stopping))

    async def model_ready(self, request: bytes, context: _Context) -> bytes:
        """Whether one model takes requests; a model that is not there is not ready, which is no error."""
        asked = _parse("ModelReadyRequest", request)
        there = asked.name in self._batchers and asked.version in ("", VERSION)
        return _bytes(message("ModelReadyResponse")(ready=there and not self.stopping))

    async def server_metadata(self, request: bytes, context: _Context) -> bytes:
        """Name, version, and the one extension that there is."""
        _parse("ServerMetadataRequest", request)
        answer = message("ServerMetadataResponse")
        return _bytes(answer(name="tensorlab", version=__version__, extensions=["model_configuration"]))

    async def model_metadata(self, request: bytes, context: _Context) -> bytes:
        """A model's tensors, the batch counted as a dimension of any size."""
        asked = _parse("ModelMetadataRequest", request)
        model = self._batcher(asked.name, asked.version).model
        answer = message("ModelMetadataResponse")(name=model.name, versions=[VERSION], platform=PLATFORM)
        for described, specs in ((answer.inputs, model.inputs), (answer.outputs, model.outputs)):
            for spec in specs:
                described.add(name=spec.name, datatype=spec.datatype, shape=spec.shape)
        return _bytes(answer)

    async def model_config(self, request: bytes, context: _Context) -> bytes:
        """How a model batches, and its tensors without the batch dimension."""
        asked = _parse("ModelConfigRequest", request)
        model = self._batcher(asked.name, asked.version).model
        answer = message("ModelConfigResponse")()
        answer.config.name = model.name
        answer.config.platform = answer.config.backend = PLATFORM
        answer.config.max_batch_size = model.max_batch_size
        for described, specs in ((answer.config.input, model.inputs), (answer.config.output, model.outputs)):
            for spec in specs:
                described.add(name=spec.name, data_type=_data_type(spec), dims=_dims(spec, model))
        if model.batches:
            answer.config.dynamic_batching.max_queue_delay_microseconds = round(model.batch_delay_seconds * 1e6)
        return _bytes(answer)

    async def model_infer(self, request: bytes, context: _Context) -> bytes:
        """Compute one request, in company if there is any."""
        size = len(request)
        if self._bytes + size > self._max_bytes:
            raise OverloadedError(
                f"{self._bytes} bytes of requests are in hand and {size} more would pass {self._max_bytes}; "
                "try again later"
            )
        self._bytes += size
        try:
            return await self._infer(request, context)
        finally:
            self._bytes -= size

    async def _infer(self, request: bytes, context: _Context) -> bytes:
        asked = wire.decode_request(request)
        batcher = self._batcher(asked.model, asked.version)
        wanted = batcher.model.choose(asked.outputs)
        limits = (context.time_remaining(), _timeout_seconds(asked))
        seconds = min((limit for limit in limits if limit is not None), default=None)
        arrays = await batcher.submit(asked.tensors, timeout_seconds=seconds)
        given = {spec.name: array for spec, array in zip(batcher.model.outputs, arrays, strict=True)}
        return wire.encode_response(asked.model, VERSION, asked.id, {name: given[name] for name in wanted})

    def _batcher(self, name: str, version: str) -> Batcher:
        batcher = self._batchers.get(name)
        if batcher is None:
            raise UnknownModelError(f"no model {clipped(name)}; this server has {_listed(self._batchers)}")
        if version not in ("", VERSION):
            raise UnknownModelError(f"model {name!r} has no version {clipped(version)}; it has {VERSION!r}")
        return batcher


def _listed(names: Iterable[str], limit: int = 512) -> str:
    text = ", ".join(names)
    return text if len(text) <= limit else f"{text[:limit]}..."


def _timeout_seconds(request: wire.InferRequest) -> float | None:
    """The parameter `timeout`, sent in microseconds; `priority` is a hint that one queue has no use for."""
    for name in request.parameters:
        if name not in ("timeout", "priority"):
            raise RequestError(f"parameter {clipped(name)} of the request; takes 'timeout' and 'priority'")
    microseconds = request.parameters.get("timeout", 0)
    if isinstance(microseconds, bool) or not isinstance(microseconds, int) or microseconds < 0:
        raise RequestError(f"parameter 'timeout' is {clipped(str(microseconds))}; takes microseconds, an int64 >= 0")
    return microseconds / 1e6 if microseconds else None


def _data_type(spec: TensorSpec) -> int:
    return DATA_TYPES.index(spec.datatype)


def _dims(spec: TensorSpec, model: ServedModel) -> tuple[int, ...]:
    return spec.shape[1:] if model.batches else spec.shape


def _parse(path: str, data: bytes) -> Any:
    parsed = message(path)()
    try:
        parsed.ParseFromString(data)
    except DecodeError as error:
        raise WireError(f"these bytes are no {path}") from error
    return parsed


def _bytes(answer: Any) -> bytes:
    return answer.SerializeToString()


def _guarded(name: str, method: _Method) -> _Method:
    """A method whose errors leave as a status; grpc would send the text of anything else that it raises."""

    async def handle(request: bytes, context: _Context) -> bytes:
        try:
            return await method(request, context)
        except tuple(STATUS) as error:
            status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
            details = str(error)
        except Exception as error:  # noqa: BLE001 - the last line between a bug and a client
            status = grpc.StatusCode.INTERNAL
            details = f"the server failed; its log has the reason under {log_failure(name, error)}"
        # Beyond the `except`, so that the error behind it does not travel along as a context.
        return await context.abort(status, details)

    return handle
