"""A small synchronous client: tensors in, tensors out, no generated stubs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import grpc
import numpy as np

from tensorlab.errors import RangeError, ServeError
from tensorlab.serve import wire
from tensorlab.serve.errors import RemoteError, RequestError
from tensorlab.serve.model import TensorSpec
from tensorlab.serve.protocol import DATA_TYPES, SERVICE, message
from tensorlab.serve.server import MAX_MESSAGE_BYTES


class Prepared(Protocol):
    """A request that is ready to be sent, any number of times."""

    def __call__(self, *, timeout_seconds: float | None = None) -> list[np.ndarray]:
        """The outputs of the model."""
        ...


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """What a server says about a model: shapes count the batch as a dimension of any size."""

    name: str
    versions: tuple[str, ...]
    platform: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """How a server batches for a model: shapes leave the batch out when `max_batch_size` is above 0."""

    name: str
    platform: str
    max_batch_size: int
    batch_delay_seconds: float
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


class Client:
    """A connection to one server; threads may share it.

    Units: `timeout_seconds` is for each call, the queue on the server's side included; `max_message_bytes` bounds
           an answer.
    Raises: every call `RemoteError` for an answer that is an error, no answer in time, or no server.
    """

    def __init__(
        self, address: str, *, timeout_seconds: float = 30.0, max_message_bytes: int = MAX_MESSAGE_BYTES
    ) -> None:
        self.address = address
        self._timeout_seconds = _positive(timeout_seconds)
        options = [
            ("grpc.max_receive_message_length", max_message_bytes),
            ("grpc.max_send_message_length", -1),  # how much is too much, the server says
            # A proxy set for the web would otherwise get the tensors of this machine.
            ("grpc.enable_http_proxy", 0),
        ]
        self._channel = grpc.insecure_channel(address, options=options)
        self._closed = False
        self._metadata: dict[str, ModelMetadata] = {}

    def ready(self, model: str | None = None) -> bool:
        """Whether the server, or one model of it, takes requests."""
        if model is None:
            return self._ask("ServerReady").ready
        return self._ask("ModelReady", name=model).ready

    def metadata(self, model: str) -> ModelMetadata:
        """The tensors of a model."""
        answer = self._ask("ModelMetadata", name=model)
        inputs, outputs = (
            tuple(TensorSpec(tensor.name, tensor.datatype, tuple(tensor.shape)) for tensor in tensors)
            for tensors in (answer.inputs, answer.outputs)
        )
        return ModelMetadata(answer.name, tuple(answer.versions), answer.platform, inputs, outputs)

    def config(self, model: str) -> ModelConfig:
        """How the server batches for a model."""
        config = self._ask("ModelConfig", name=model).config
        inputs, outputs = (
            tuple(TensorSpec(tensor.name, DATA_TYPES[tensor.data_type], tuple(tensor.dims)) for tensor in tensors)
            for tensors in (config.input, config.output)
        )
        delay = config.dynamic_batching.max_queue_delay_microseconds / 1e6
        return ModelConfig(config.name, config.platform, config.max_batch_size, delay, inputs, outputs)

    def infer(
        self,
        model: str,
        arrays: Sequence[np.ndarray] | Mapping[str, np.ndarray],
        *,
        timeout_seconds: float | None = None,
    ) -> list[np.ndarray]:
        """The outputs of a model, in its order; arrays without names go to the inputs in the model's order.

        Cost:   one copy of each array on the way out, none on the way in: what comes back is read-only.
        Raises: `RemoteError`; `RequestError` if the number of arrays is not that of the inputs; `DTypeError` for
                arrays that the protocol has no datatype for; `WireError` if the answer is none.
        """
        return self.prepared(model, arrays)(timeout_seconds=timeout_seconds)

    def prepared(self, model: str, arrays: Sequence[np.ndarray] | Mapping[str, np.ndarray]) -> Prepared:
        """`infer` with a request that is made now and sent at each call: for load, where making it is not the point.

        Cost:   one copy of each array, kept.
        Raises: as `infer`.
        """
        tensors = arrays if isinstance(arrays, Mapping) else self._named(model, arrays)
        request = wire.encode_request(model, tensors)

        def send(*, timeout_seconds: float | None = None) -> list[np.ndarray]:
            return list(wire.decode_response(self._call("ModelInfer", request, timeout_seconds)).tensors.values())

        return send

    def close(self) -> None:
        """End the connection; calls that run get `RemoteError`."""
        self._closed = True
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _named(self, model: str, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        if model not in self._metadata:
            self._metadata[model] = self.metadata(model)
        names = [spec.name for spec in self._metadata[model].inputs]
        if len(arrays) != len(names):
            raise RequestError(f"model {model!r} got {len(arrays)} arrays; takes {len(names)}: {', '.join(names)}")
        return dict(zip(names, arrays, strict=True))

    def _ask(self, method: str, **fields: str) -> Any:
        answer = message(f"{method}Response")()
        answer.ParseFromString(self._call(method, message(f"{method}Request")(**fields).SerializeToString(), None))
        return answer

    def _call(self, method: str, request: bytes, timeout_seconds: float | None) -> bytes:
        if self._closed:
            raise ServeError(f"Client: the connection to {self.address} was closed")
        seconds = self._timeout_seconds if timeout_seconds is None else _positive(timeout_seconds)
        try:
            return self._channel.unary_unary(f"/{SERVICE}/{method}")(request, timeout=seconds)
        except grpc.RpcError as error:
            raise RemoteError(error.code().name, method, self.address, error.details() or "no details") from error


def _positive(timeout_seconds: float) -> float:
    if timeout_seconds <= 0:
        raise RangeError(f"Client: timeout_seconds {timeout_seconds}; takes more than 0")
    return timeout_seconds
