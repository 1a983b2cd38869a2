"""What can go wrong between a client and a model: one class a gRPC status."""

from __future__ import annotations

import logging
import secrets

from tensorlab.errors import ServeError

_LOG = logging.getLogger("tensorlab.serve")


class MissingExtraError(ServeError, ImportError):
    """The packages of the extra `serve` are not installed."""


class WireError(ServeError, ValueError):
    """Bytes that are not a message of the protocol, or that contradict themselves."""


class RequestError(ServeError, ValueError):
    """A well-formed request that the model does not take."""


class UnknownModelError(ServeError, LookupError):
    """A model name or a version that this server does not have."""


class OverloadedError(ServeError):
    """A queue, or the server's budget of bytes, that has no room left."""


class DeadlineError(ServeError, TimeoutError):
    """A request whose time ran out before it was computed."""


class StoppingError(ServeError):
    """A server that drains its queues and takes nothing new."""


class ModelError(ServeError):
    """A model that failed; `error_id` leads to the log, where the reason stands."""

    def __init__(self, model: str, error_id: str) -> None:
        super().__init__(f"model {model!r} failed; the server's log has the reason under {error_id}")
        self.error_id = error_id


class RemoteError(ServeError):
    """An answer that is an error; `status` is the gRPC status by name."""

    def __init__(self, status: str, method: str, address: str, details: str) -> None:
        super().__init__(f"{method} at {address}: {status}: {details}")
        self.status = status
        self.details = details


def log_failure(what: str, error: BaseException) -> str:
    """Write an error to the log, with its traceback, under a random id: all that a client gets to see."""
    error_id = secrets.token_hex(8)
    _LOG.error("%s [%s]", what, error_id, exc_info=error)
    return error_id
