"""A holding: one strided piece of memory that an object shows, and the buffer that it lies in."""

from __future__ import annotations

from dataclasses import dataclass

from tensorlab.memory.allocator import DataPtr


@dataclass(frozen=True, slots=True)
class Root:
    """The whole buffer that an object's bytes lie in. ``owner`` tells buffers apart that have no bytes.

    ``place`` is the memory that the address is of; ``pointer`` is there where a block of ours holds the bytes.
    """

    owner: object
    address: int
    nbytes: int
    origin: str
    block_nbytes: int | None = None
    pointer: DataPtr | None = None
    place: str = "cpu"


@dataclass(frozen=True, slots=True)
class Holding:
    """One strided piece of memory that an object shows: all of it, or a ``part`` such as a column's mask.

    Units: ``steps`` in bytes; ``base`` is the address that the object's own offset is counted from.
    ``typestr`` is how NumPy calls the elements, empty where it has no word for them.
    """

    kind: str
    shape: tuple[int, ...]
    steps: tuple[int, ...]
    dtype: str
    itemsize: int
    address: int
    root: Root
    thing: object
    base: int
    part: str = ""
    version: int | None = None
    readonly: bool = False
    typestr: str = ""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A thing of a known kind whose bytes cannot be pointed at, and why."""

    kind: str
    reason: str
    part: str = ""


Found = tuple[Holding | Unseen, ...]


def dense(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Strides in bytes of elements in order without gaps."""
    steps: list[int] = []
    for count in reversed(shape):
        steps.append(itemsize)
        itemsize *= max(count, 1)
    return tuple(reversed(steps))


def reach(address: int, shape: tuple[int, ...], steps: tuple[int, ...], itemsize: int) -> tuple[int, int]:
    """The interval of addresses that a layout reaches."""
    if 0 in shape:
        return address, address
    ends = [(n - 1) * s for n, s in zip(shape, steps, strict=True)]
    return address + sum(e for e in ends if e < 0), address + sum(e for e in ends if e > 0) + itemsize
