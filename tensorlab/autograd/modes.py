"""Whether operations are written down: `no_grad`, `enable_grad`, `set_grad_enabled`, `inference_mode`.

Each thread and each asyncio task has its own setting.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import wraps
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

ENABLED: ContextVar[bool] = ContextVar("tensorlab_grad_enabled", default=True)
_INFERENCE: ContextVar[bool] = ContextVar("tensorlab_inference_mode", default=False)


def is_grad_enabled() -> bool:
    """Whether operations on tensors that require gradients are written down."""
    return ENABLED.get()


class _Switch:
    """A setting for a ``with`` block or, as a decorator, for the calls of a function."""

    def __init__(self, *, enabled: bool, inference: bool | None = None) -> None:
        self._enabled = enabled
        self._inference = inference
        self._tokens: list[tuple[Token[bool], Token[bool] | None]] = []

    def __enter__(self) -> None:
        inference = None if self._inference is None else _INFERENCE.set(self._inference)
        self._tokens.append((ENABLED.set(self._enabled), inference))

    def __exit__(self, *exception: object) -> None:
        enabled, inference = self._tokens.pop()
        ENABLED.reset(enabled)
        if inference is not None:
            _INFERENCE.reset(inference)

    def _again(self) -> _Switch:
        return _Switch(enabled=self._enabled, inference=self._inference)

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):

            @wraps(function)
            def generator(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    running = function(*args, **kwargs)
                sent: Any = None
                try:
                    while True:  # the caller's own setting holds between two values
                        with self._again():
                            value = running.send(sent)
                        sent = yield value
                except StopIteration as stop:
                    return stop.value
                finally:
                    running.close()

            return generator  # pyright: ignore[reportReturnType] - the same parameters, by `wraps`

        @wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return switched  # pyright: ignore[reportReturnType]


class no_grad(_Switch):  # noqa: N801 - torch's name
    """Operations in the block are not written down; results require no gradient.

    >>> import tensorlab as tl
    >>> x = tl.ones(2, requires_grad=True)
    >>> with tl.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """``@no_grad`` without parentheses decorates too, as in torch."""
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self) -> None:
        super().__init__(enabled=False)


class enable_grad(_Switch):  # noqa: N801 - torch's name
    """Operations in the block are written down, also inside `no_grad`."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self) -> None:
        super().__init__(enabled=True)


class set_grad_enabled(_Switch):  # noqa: N801 - torch's name
    """Writing down is switched on or off, at once and until the end of a ``with`` block if it stands in one."""

    def __init__(self, mode: bool) -> None:  # noqa: FBT001 - torch's signature
        super().__init__(enabled=bool(mode))
        self._before = ENABLED.get()
        ENABLED.set(self._enabled)

    def __enter__(self) -> None:
        ENABLED.set(self._enabled)

    def __exit__(self, *exception: object) -> None:
        ENABLED.set(self._before)

    def __call__(self, function: F) -> F:
        ENABLED.set(self._before)  # a decorator switches nothing before the function is called
        return _Switch(enabled=self._enabled)(function)


class inference_mode(_Switch):  # noqa: N801 - torch's name
    """As `no_grad`, for code whose results never meet the tape.

    Unlike torch's, its results keep their version, and may be used on the tape later: nothing is saved by losing it.
    """

    def __new__(cls, mode: Any = True) -> Any:
        return super().__new__(cls) if isinstance(mode, bool) else cls()(mode)

    def __init__(self, mode: bool = True) -> None:  # noqa: FBT001 - torch's signature
        super().__init__(enabled=not mode and ENABLED.get(), inference=mode)


def is_inference_mode_enabled() -> bool:
    """Whether the code runs inside `inference_mode`."""
    return _INFERENCE.get()
