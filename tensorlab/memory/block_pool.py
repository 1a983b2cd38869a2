"""Segments cut into pieces: the free ones in order of size, splitting, and merging with neighbours.

The numbers are those of PyTorch's caching allocator, so that a program meets the same sizes and the same fragmentation
in both.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Literal

from tensorlab.memory.segments import Block, BlockState, Frame, Segment

ROUND = 512
"""Bytes. Pieces are multiples of it, so a piece's address is aligned to it too."""

SMALL = 1 << 20
"""Bytes. Requests up to here are served from small segments, so that they do not cut up the large ones."""

SMALL_SEGMENT = 2 << 20
"""Bytes of a segment of the small pool."""

LARGE_SEGMENT = 20 << 20
"""Bytes of a segment for a request that is large but below `OWN_SEGMENT`."""

OWN_SEGMENT = 10 << 20
"""Bytes. A request of this size gets a segment for itself, in multiples of `SEGMENT_ROUND`."""

SEGMENT_ROUND = 2 << 20
"""Bytes: a huge page, on the CPU and on the GPU."""

PoolName = Literal["small", "large"]


def piece_nbytes(nbytes: int) -> int:
    """Size of the piece that serves a request.

    >>> [piece_nbytes(n) for n in (1, 512, 513, 1_000_000)]
    [512, 512, 1024, 1000448]
    """
    return max((nbytes + ROUND - 1) & -ROUND, ROUND)


def segment_nbytes(nbytes: int) -> int:
    """Size of the segment that is got from the device for a piece.

    >>> [segment_nbytes(n) >> 20 for n in (512, 1 << 20, 1 << 21, 10 << 20, 25 << 20)]
    [2, 2, 20, 10, 26]
    """
    if nbytes <= SMALL:
        return SMALL_SEGMENT
    if nbytes < OWN_SEGMENT:
        return LARGE_SEGMENT
    return (nbytes + SEGMENT_ROUND - 1) & -SEGMENT_ROUND


class Piece:
    """A run of bytes of one segment, between two neighbours; a segment is a chain of them."""

    __slots__ = (
        "address",
        "events_left",
        "frames",
        "free_since",
        "nbytes",
        "next",
        "pool",
        "previous",
        "requested_nbytes",
        "state",
        "stream",
        "used_by",
    )

    def __init__(self, address: int, nbytes: int, stream: int, pool: BlockPool) -> None:
        self.address = address
        self.nbytes = nbytes
        self.stream = stream
        self.pool = pool
        self.previous: Piece | None = None
        self.next: Piece | None = None
        self.state: BlockState = "active_allocated"  # inactive exactly while its pool can give it
        self.requested_nbytes = 0
        self.frames: tuple[Frame, ...] = ()
        self.used_by: set[int] = set()  # other streams that work on the bytes
        self.events_left = 0  # events of those streams that have not passed, once the piece was given back
        self.free_since = 0  # searches of the pool until it became free

    @property
    def is_whole(self) -> bool:
        """Whether it is its segment's only piece."""
        return self.previous is None and self.next is None

    def split(self, nbytes: int) -> Piece:
        """Keep the first ``nbytes`` bytes; give the rest as a piece of its own."""
        rest = Piece(self.address + nbytes, self.nbytes - nbytes, self.stream, self.pool)
        rest.previous, rest.next = self, self.next
        if self.next is not None:
            self.next.previous = rest
        self.next = rest
        self.nbytes = nbytes
        return rest

    def absorb_next(self) -> None:
        """Take the following piece's bytes in."""
        gone = self.next
        if gone is None:
            return
        self.nbytes += gone.nbytes
        self.next = gone.next
        if gone.next is not None:
            gone.next.previous = self

    def chain(self) -> Iterator[Piece]:
        """This piece and those after it."""
        piece: Piece | None = self
        while piece is not None:
            yield piece
            piece = piece.next

    def block(self) -> Block:
        """The piece as a record."""
        return Block(self.address, self.nbytes, self.requested_nbytes, self.state, self.frames)

    def segment(self, device: str) -> Segment:
        """The segment that begins with this piece, as a record."""
        blocks = tuple(piece.block() for piece in self.chain())
        nbytes = sum(block.nbytes for block in blocks)
        return Segment(device, self.address, nbytes, self.stream, self.pool.name, blocks)


class BlockPool:
    """The free pieces of one kind of segment, for each stream in order of size, then of address."""

    __slots__ = ("_free", "_least_rest", "name", "searches")

    def __init__(self, name: PoolName, *, exact: bool = False) -> None:
        self.name: PoolName = name
        self._least_rest = ROUND if exact or name == "small" else SMALL + 1
        self.searches = 0  # how often a piece was looked for; the clock by which pieces age
        self._free: dict[int, list[tuple[int, int, Piece]]] = {}

    def add(self, piece: Piece) -> None:
        """Let a piece be found from now on.

        The state is changed last, and first in `remove`: an interrupt in between may lose a piece, but never leaves one
        that a neighbour would merge with and that is not here.
        """
        piece.free_since = self.searches
        insort(self._free.setdefault(piece.stream, []), (piece.nbytes, piece.address, piece))
        piece.state = "inactive"

    def remove(self, piece: Piece) -> None:
        """Let it not be found any more."""
        piece.state = "active_allocated"
        free = self._free[piece.stream]
        del free[bisect_left(free, (piece.nbytes, piece.address))]

    def best_fit(self, stream: int, nbytes: int) -> Piece | None:
        """The smallest free piece of a stream that has ``nbytes`` bytes; of equal ones that at the lowest address."""
        self.searches += 1
        free = self._free.get(stream)
        if not free:
            return None
        index = bisect_left(free, (nbytes,))
        return free[index][2] if index < len(free) else None

    def largest(self, stream: int) -> Piece | None:
        """The largest free piece of a stream."""
        free = self._free.get(stream)
        return free[-1][2] if free else None

    def free_pieces(self) -> list[Piece]:
        """All free pieces, smaller ones of each stream first."""
        return [piece for free in self._free.values() for _, _, piece in free]

    def leaves_a_piece(self, rest: int) -> bool:
        """Whether ``rest`` bytes left over of a piece are worth one of their own."""
        return rest >= self._least_rest
