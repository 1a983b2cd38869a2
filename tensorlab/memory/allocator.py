"""What every allocator keeps to: the record of a block of bytes, and the two methods that give and take one.

Allocators stack. At the bottom one talks to the system; each adaptor above holds an ``inner`` allocator and does
its own small work around the inner one's. When a block is given out, each layer in turn points ``data.deleter`` at
its own ``deallocate``, so the outermost is what remains, and freeing a block passes through the layers that gave it
even if another allocator has been put in use since.

Threads: the path of an allocation takes no lock, since a garbage collection may free a tensor in the middle of any
allocation, in the same thread, and would wait for itself. It relies on CPython's global lock instead. From 3.11 on
the interpreter lets another thread in, or runs a signal handler, only at a call, at the entry of a function and at
a backward jump. So an update of slots and ints with no call in between is atomic: ``if live > peak: peak = live``
is, ``peak = max(peak, live)`` is not. (3.11 collects garbage wherever a container is made; int arithmetic makes
none, and slots need no dict.) ``list.append`` and ``list.pop`` are single C calls. A Python function as trace
function, as a debugger sets it, is a call at each line: then totals stay exact, for each is updated in one line.
`DeviceCachingAllocator`, with pools to keep in order, has a lock all the same, and says there how a free does without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from tensorlab.errors import RangeError


@dataclass(slots=True, eq=False)
class DataPtr:
    """A block of bytes: where it is, what keeps it alive, and who takes it back.

    A plain record without a finaliser: its one owner, a storage, calls ``data.deleter(data)`` when it dies. An
    allocator that takes the block back sets ``deleter`` to None, so that an owner cannot free it twice.

    ``context`` is what keeps the bytes alive. For a block of our own that is the block itself and ``context`` equals
    ``address``; for an imported array it is the array, which may begin elsewhere than the data.
    """

    address: int  # 0 where there are no bytes
    nbytes: int  # bytes that may be used: the block's size, which may be more than was asked for
    context: object = field(repr=False)
    deleter: Callable[[DataPtr], None] | None = field(repr=False)
    device: str = "cpu"
    requested: int = field(default=0, repr=False)  # bytes asked of the allocator that notes it down; else 0


@runtime_checkable
class Allocator(Protocol):
    """Gives blocks of bytes and takes them back."""

    @property
    def name(self) -> str:
        """The allocator and what it stands on, such as ``statistics(caching(host))``."""
        ...

    def allocate(self, nbytes: int) -> DataPtr:
        """Give a block of at least ``nbytes`` bytes; with 0 bytes its address is 0.

        Raises: `RangeError` if ``nbytes`` is not an int of at least 0; `OutOfMemoryError` if there are none left.
        """
        ...

    def deallocate(self, data: DataPtr) -> None:
        """Take a block back; a layer reads what it needs of ``data`` before it hands it to the layer below."""
        ...


@runtime_checkable
class Adaptor(Allocator, Protocol):
    """An allocator that stands on another one."""

    @property
    def inner(self) -> Allocator:
        """The allocator below."""
        ...


@runtime_checkable
class Fork(Allocator, Protocol):
    """An allocator that stands on several others."""

    def inners(self, data: DataPtr | None = None) -> tuple[Allocator, ...]:
        """The allocators below, side by side; of a block that was given, those that it went through."""
        ...


def layers(allocator: Allocator, data: DataPtr | None = None) -> Iterator[Allocator]:
    """The allocator and those below it, outermost first; of several side by side, one after the other.

    With a block that was given, only those that it went through.
    """
    yield allocator
    while isinstance(allocator, Adaptor):
        allocator = allocator.inner
        yield allocator
    if isinstance(allocator, Fork):
        for inner in allocator.inners(data):
            yield from layers(inner, data)


def layers_behind(data: DataPtr) -> Iterator[Allocator]:
    """The layers that a block was given by, outermost first; none for imported and freed bytes.

    The block itself says who gave it, through its deleter, so this holds whatever allocator is in use now.
    """
    giver = getattr(data.deleter, "__self__", None)
    return layers(giver, data) if isinstance(giver, Allocator) else iter(())


def check_nbytes(where: str, nbytes: object) -> None:
    """Refuse what is not a count of bytes.

    Strict about the type because counters are kept in the same kind: one ``numpy.int64`` would make every later
    sum of theirs a NumPy scalar, slow and able to overflow.

    Raises: `RangeError` unless ``nbytes`` is an int, not a bool, and at least 0.
    """
    if type(nbytes) is not int or nbytes < 0:
        raise RangeError(f"{where}: takes bytes as an int of at least 0, got {nbytes!r}")
