"""The stack of modes that an op call goes through, topmost first: trace over grad over eval.

The stack is a ContextVar, so that each thread and each asyncio task has its own.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tensorlab.core.op import Op


class Mode(Protocol):
    """Something that sees op calls before they run."""

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        """Handle one call; `below` runs it on the rest of the stack."""
        ...


MODES: ContextVar[tuple[Mode, ...]] = ContextVar("tensorlab_modes", default=())


@contextmanager
def pushed(mode: Mode) -> Generator[Mode, None, None]:
    """Put a mode on top for the length of a ``with`` block."""
    token = MODES.set((*MODES.get(), mode))
    try:
        yield mode
    finally:
        MODES.reset(token)


@contextmanager
def below(mode: Mode) -> Generator[None, None, None]:
    """Leave only the modes under ``mode``: what a mode wraps around the call that it passes on."""
    stack = MODES.get()
    token = MODES.set(stack[: stack.index(mode)])
    try:
        yield
    finally:
        MODES.reset(token)
