"""Tensors on the wire: raw little-endian bytes, framed by hand around a protobuf header.

protobuf in Python copies a bytes field whenever it is read or set. Concatenating two encodings merges the
messages, so a request is a small header that protobuf writes, then each tensor as tag, length and the array's
own memory; reading walks the top-level tags and leaves each tensor where it lies.

Source: protobuf, "Encoding" (last one wins, repeated fields append); Open Inference Protocol, raw contents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from tensorlab.serve.datatypes import DATATYPES, clipped, datatype_of, decode_tensor, typed_bytes
from tensorlab.serve.errors import WireError
from tensorlab.serve.framing import DELIMITED, encode_varint, walk
from tensorlab.serve.protocol import message

_REQUEST_RAW, _RESPONSE_RAW = 7, 6


@dataclass(frozen=True, slots=True, eq=False)
class InferRequest:
    """A decoded ModelInferRequest; the arrays are read-only views of the message wherever that is possible."""

    model: str
    version: str
    id: str
    tensors: dict[str, np.ndarray]
    outputs: tuple[str, ...] = ()
    parameters: dict[str, bool | int | str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class InferResponse:
    """A decoded ModelInferResponse; the arrays are read-only views of the message wherever that is possible."""

    model: str
    version: str
    id: str
    tensors: dict[str, np.ndarray]


def encode_request(
    model: str,
    tensors: Mapping[str, np.ndarray],
    *,
    request_id: str = "",
    outputs: Sequence[str] = (),
    timeout_seconds: float | None = None,
) -> bytes:
    """A ModelInferRequest with raw contents.

    Cost: one copy of each array.
    """
    header = message("ModelInferRequest")(model_name=model, id=request_id)
    for name in outputs:
        header.outputs.add(name=name)
    if timeout_seconds is not None:
        header.parameters["timeout"].int64_param = math.ceil(timeout_seconds * 1e6)
    return _frame(header, header.inputs, tensors, _REQUEST_RAW)


def encode_response(model: str, version: str, request_id: str, tensors: Mapping[str, np.ndarray]) -> bytes:
    """A ModelInferResponse with raw contents.

    Cost: one copy of each array.
    """
    header = message("ModelInferResponse")(model_name=model, model_version=version, id=request_id)
    return _frame(header, header.outputs, tensors, _RESPONSE_RAW)


def _frame(header: Any, described: Any, tensors: Mapping[str, np.ndarray], raw_field: int) -> bytes:
    tag = bytes([raw_field << 3 | DELIMITED])
    parts: list[bytes | memoryview] = []
    for name, given in tensors.items():
        array = np.asarray(given)
        datatype = datatype_of(array.dtype)
        described.add(name=name, datatype=datatype, shape=array.shape)
        # ravel copies only what is not already contiguous; a flat byte view also suits 0-d and empty arrays.
        payload = array.astype(DATATYPES[datatype], copy=False).ravel().view(np.uint8)
        parts += [tag, encode_varint(payload.nbytes), payload.data]
    return b"".join([header.SerializeToString(), *parts])


def decode_request(data: bytes) -> InferRequest:
    """Read a ModelInferRequest, raw or typed.

    Cost:   no copy of raw contents, except of those that do not lie aligned in the message.
    Raises: `WireError`, and nothing else, whatever the bytes.
    """
    header, tensors = _decode(data, "ModelInferRequest", _REQUEST_RAW)
    for output in header.outputs:
        _refuse_parameters(output, "requested output")
    parameters = {key: getattr(value, value.WhichOneof("parameter_choice") or "bool_param")
                  for key, value in header.parameters.items()}  # fmt: skip
    outputs = tuple(output.name for output in header.outputs)
    return InferRequest(header.model_name, header.model_version, header.id, tensors, outputs, parameters)


def decode_response(data: bytes) -> InferResponse:
    """Read a ModelInferResponse, raw or typed.

    Cost:   no copy of raw contents, except of those that do not lie aligned in the message.
    Raises: `WireError`, and nothing else, whatever the bytes.
    """
    header, tensors = _decode(data, "ModelInferResponse", _RESPONSE_RAW)
    return InferResponse(header.model_name, header.model_version, header.id, tensors)


def _decode(data: bytes, path: str, raw_field: int) -> tuple[Any, dict[str, np.ndarray]]:
    whole = memoryview(data)
    raw: list[memoryview] = []
    rest: list[memoryview] = []
    for number, wire_type, start, payload, end in walk(whole):
        if number != raw_field:
            rest.append(whole[start:end])
        elif wire_type != DELIMITED:
            raise WireError(f"{path}: field {number} at byte {start} has wire type {wire_type}; it takes {DELIMITED}")
        else:
            raw.append(whole[payload:end])
    header = message(path)()
    try:
        header.ParseFromString(b"".join(rest))
    except DecodeError as error:
        raise WireError(f"{path}: protobuf cannot read the header") from error
    kind, described = ("input", header.inputs) if raw_field == _REQUEST_RAW else ("output", header.outputs)
    return header, _tensors(kind, described, raw)


def _tensors(kind: str, described: Sequence[Any], raw: Sequence[memoryview]) -> dict[str, np.ndarray]:
    if raw and len(raw) != len(described):
        raise WireError(
            f"{len(raw)} raw contents for {len(described)} {kind}s; each {kind} takes one, in the same order"
        )
    tensors: dict[str, np.ndarray] = {}
    for index, tensor in enumerate(described):
        what = f"{kind} {clipped(tensor.name)}"
        if tensor.name in tensors:
            raise WireError(f"{what} comes twice")
        _refuse_parameters(tensor, kind)
        if raw and tensor.HasField("contents"):
            raise WireError(f"{what} has typed contents next to raw ones; a message takes one kind")
        data = raw[index] if raw else typed_bytes(what, tensor)
        tensors[tensor.name] = decode_tensor(what, tensor.datatype, tuple(tensor.shape), data)
    return tensors


def _refuse_parameters(tensor: Any, kind: str) -> None:
    # Each known one (shared memory, classification) changes what the tensor means: passing over it would be wrong.
    for key in tensor.parameters:
        raise WireError(f"{kind} {clipped(tensor.name)} has parameter {clipped(key)}; this server takes none there")
