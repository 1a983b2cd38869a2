"""A gRPC server on a thread of its own, so that a notebook's running event loop is left alone."""

from __future__ import annotations

import asyncio
import atexit
import ipaddress
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

import grpc
import grpc.aio

from tensorlab.errors import RangeError, ServeError
from tensorlab.serve.batch import BatchRecord
from tensorlab.serve.batcher import Batcher
from tensorlab.serve.errors import UnknownModelError
from tensorlab.serve.model import ServedModel
from tensorlab.serve.service import InferenceService

# One limit of bytes a message; requests in hand may add up to a few of the largest.
MAX_MESSAGE_BYTES = 256 << 20
_MESSAGES_IN_HAND = 4


def loopback(host: str) -> str:
    """The address to listen on.

    Raises: `ServeError` for anything that another machine could reach.

    >>> loopback("localhost")
    '127.0.0.1'
    """
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise ServeError(
            f"Server: host {host!r} is not a loopback address; a server that other machines reach needs TLS and a "
            "token, which this one does not have. Takes '127.0.0.1', '::1' or 'localhost'"
        )
    return f"[{address}]" if address.version == 6 else str(address)


class Server:
    """Models behind the Open Inference Protocol, on loopback.

    >>> import numpy as np
    >>> from tensorlab.serve import Client, ServedModel, TensorSpec
    >>> row = TensorSpec("x", "FP32", (-1, 2))
    >>> double = ServedModel("double", (row,), (row,), lambda xs: [2 * xs[0]], max_batch_size=8)
    >>> with Server([double]) as server, Client(server.address) as client:
    ...     client.infer("double", [np.ones((1, 2), np.float32)])[0].tolist()
    [[2.0, 2.0]]
    """

    def __init__(
        self,
        models: Sequence[ServedModel],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
    ) -> None:
        names = [model.name for model in models]
        if not names or len(set(names)) < len(names):
            raise RangeError(f"Server: models {names}; takes at least one, no name twice")
        if not 0 <= port < 1 << 16:
            raise RangeError(f"Server: port {port}; takes 0 (any free one) to 65535")
        if not 0 < max_message_bytes < 1 << 31:
            raise RangeError(f"Server: max_message_bytes {max_message_bytes}; takes 1 to {(1 << 31) - 1}")
        self._models = tuple(models)
        self._host = loopback(host)
        self._port = port
        self._max_message_bytes = max_message_bytes
        self._batchers: dict[str, Batcher] = {}
        self._started: Future[int] = Future()
        self._stop_lock = threading.Lock()
        self._grace_seconds = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_wake: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """`host:port`, once started."""
        return f"{self._host}:{self._bound_port()}"

    @property
    def port(self) -> int:
        """The port that the server listens on, once started."""
        return self._bound_port()

    def records(self, name: str) -> tuple[BatchRecord, ...]:
        """The newest batches of one model, oldest first; they stay after the server has stopped.

        Raises: `UnknownModelError` for a name that is not served.
        """
        self._bound_port()
        if name not in self._batchers:
            raise UnknownModelError(f"no model {name!r}; this server has {', '.join(self._batchers)}")
        return self._batchers[name].records()

    def start(self) -> Self:
        """Listen and serve, in the background.

        Raises: `ServeError` if the port is taken, or the server was started before.
        """
        if self._thread is not None:
            raise ServeError("Server: it was started before; make another")
        # A daemon, and stopped at exit: a forgotten server must not keep the interpreter alive.
        self._thread = threading.Thread(target=self._run, name="tensorlab-serve", daemon=True)
        atexit.register(self._stop_at_exit)
        self._thread.start()
        try:
            self._started.result()
        except ServeError:
            self._thread.join()
            atexit.unregister(self._stop_at_exit)
            raise
        return self

    def stop(self, *, grace_seconds: float = 5.0) -> None:
        """Take nothing new, finish what waits, and end; after `grace_seconds` what is left is abandoned."""
        with self._stop_lock:
            if self._thread is None or self._loop is None or self._stop_wake is None or not self._thread.is_alive():
                return
            self._grace_seconds = grace_seconds
            self._loop.call_soon_threadsafe(self._stop_wake.set)
            self._thread.join()
            atexit.unregister(self._stop_at_exit)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _stop_at_exit(self) -> None:
        self.stop(grace_seconds=0.0)

    def _bound_port(self) -> int:
        if not self._started.done():
            raise ServeError("Server: it has not been started; use `with Server(...) as server:` or call start()")
        return self._started.result()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            if not self._started.done():
                self._started.set_exception(ServeError("Server: its thread ended before it could listen"))

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop_wake = asyncio.Event()
        self._batchers = {model.name: Batcher(model) for model in self._models}
        service = InferenceService(self._batchers, max_bytes=_MESSAGES_IN_HAND * self._max_message_bytes)
        server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", self._max_message_bytes),
                ("grpc.max_send_message_length", -1),  # answers are as large as the model makes them
                # With it two servers may share a port, and clients reach either one by chance.
                ("grpc.so_reuseport", 0),
            ]
        )
        server.add_generic_rpc_handlers((service.handler(),))
        try:
            port = server.add_insecure_port(f"{self._host}:{self._port}")
            await server.start()
        except RuntimeError as error:
            for batcher in self._batchers.values():
                await batcher.close(drain=False)
            failure = ServeError(f"Server: cannot listen on {self._host}:{self._port}; is the port taken?")
            failure.__cause__ = error
            self._started.set_exception(failure)
            return
        self._started.set_result(port)
        await self._stop_wake.wait()
        service.stopping = True
        for batcher in self._batchers.values():
            batcher.begin_close()
        await server.stop(self._grace_seconds)
        # Whoever waited has an answer or was cut off by now; a call that still runs has no reader left.
        for batcher in self._batchers.values():
            await batcher.close(drain=False)
