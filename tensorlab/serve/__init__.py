"""Serving: models behind the Open Inference Protocol over gRPC, batched as they come; loopback only.

Needs the extra `serve` (grpcio and protobuf).
"""

from __future__ import annotations

from importlib import import_module

from tensorlab.serve.errors import (
    DeadlineError,
    MissingExtraError,
    ModelError,
    OverloadedError,
    RemoteError,
    RequestError,
    StoppingError,
    UnknownModelError,
    WireError,
)

try:
    for package in ("grpc", "google.protobuf"):
        import_module(package)
except ImportError as error:
    raise MissingExtraError(
        f"tensorlab.serve: {error.name} is not installed; install the extra: pip install 'tensorlab[serve]'"
    ) from error

from tensorlab.serve.batch import BatchRecord
from tensorlab.serve.client import Client, ModelConfig, ModelMetadata
from tensorlab.serve.load import LoadResult, closed_loop
from tensorlab.serve.model import ServedModel, TensorSpec
from tensorlab.serve.server import Server

__all__ = [
    "BatchRecord",
    "Client",
    "DeadlineError",
    "LoadResult",
    "MissingExtraError",
    "ModelConfig",
    "ModelError",
    "ModelMetadata",
    "OverloadedError",
    "RemoteError",
    "RequestError",
    "ServedModel",
    "Server",
    "StoppingError",
    "TensorSpec",
    "UnknownModelError",
    "WireError",
    "closed_loop",
]
