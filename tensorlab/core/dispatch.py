"""The stack of modes that an op call goes through, topmost first: trace over grad over eval.

The stack is a ContextVar, so that each thread and each asyncio task has its own. Autograd stands below all modes, as
the `Recorder`: it is only asked for calls with a tensor that is on the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
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


class Recorder(Protocol):
    """Runs the op calls that autograd writes down."""

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        """Run the op on these arguments and note how its results came about."""
        ...

    def one(self, op: Op, run: Callable[..., Any], a: Any) -> Any:
        """The same by a pointwise op's short cut ``run`` (see `core.short_cut`), on a tensor on the tape."""
        ...

    def two(self, op: Op, run: Callable[..., Any], a: Any, b: Any) -> Any:
        """As `one`, on two tensors, one of them on the tape, or on one that is and a number."""
        ...


recorders: list[Recorder] = []  # autograd, once it is loaded


def set_recorder(recorder: Recorder) -> None:
    """Put autograd in: called once, by the floor that does it."""
    recorders[:] = [recorder]


def recorder() -> Recorder:
    """Autograd, loaded where it is not yet; a tensor can only be on the tape once it is."""
    return recorders[0]
