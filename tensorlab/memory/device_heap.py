"""Finding bytes of a device for a request, and making them free again, in one thread at a time.

Sizes, pools, and the order in which a request is tried are PyTorch's. Where PyTorch gives up although the events that
it has waited for have freed a block that fits, this one looks again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from tensorlab.errors import OutOfMemoryError
from tensorlab.memory.block_pool import LARGE_SEGMENT, SMALL, BlockPool, Piece, piece_nbytes, segment_nbytes
from tensorlab.memory.device_api import DeviceAPI
from tensorlab.memory.device_oom import GivenUp, out_of_memory_text
from tensorlab.memory.device_stats import DeviceTally
from tensorlab.memory.history import Action, History
from tensorlab.memory.segments import Frame, Segment

_MEMORY = 16
"""How many times itself has to be given out until a peak is forgotten: several steps of a training loop."""


class _Request(NamedTuple):
    """What is being looked for."""

    asked: int  # bytes, before rounding
    nbytes: int
    stream: int
    pool: BlockPool
    frames: tuple[Frame, ...]


class DeviceHeap:
    """The segments of a device and what of them is free; `DeviceCachingAllocator` sees to it that calls do not meet.

    Anything may happen inside a call of the device or of a callback, and where a container is made, which can start a
    garbage collection: blocks that are given back then wait in ``returned`` until `free_returned`.
    """

    __slots__ = (
        "_awaited",
        "_device",
        "_gc_threshold",
        "_large",
        "_max_split",
        "_most_used",
        "_small",
        "_surplus",
        "_turned_over",
        "callbacks",
        "heads",
        "history",
        "limit_nbytes",
        "returned",
        "tally",
    )

    def __init__(
        self,
        device: DeviceAPI,
        *,
        max_split_nbytes: int | None,
        garbage_collection_threshold: float,
        limit_nbytes: int | None,
        surplus: float | None,
        exact: bool,
        history: History | None,
    ) -> None:
        self.history = history
        self.limit_nbytes = limit_nbytes
        self.heads: dict[int, Piece] = {}  # the first piece of each segment, by address
        self.returned: deque[Piece] = deque()  # given back, not taken in yet
        self.callbacks: list[Callable[[], object]] = []
        self.tally = DeviceTally()
        self._device = device
        self._max_split = max_split_nbytes
        self._gc_threshold = garbage_collection_threshold
        self._surplus = surplus
        self._most_used = 0  # bytes in use at once, lately
        self._turned_over = 0  # bytes given out since that was last brought up to date
        self._small = BlockPool("small")
        self._large = BlockPool("large", exact=exact)
        self._awaited: dict[int, deque[tuple[int, Piece]]] = {}  # by stream, in the order in which they will pass

    # Giving.

    def take(self, asked: int, stream: int, frames: tuple[Frame, ...]) -> Piece:
        """A piece for a request, by whatever has to be done to get it.

        Raises: `OutOfMemoryError`.
        """
        request = self._request(asked, stream, frames)
        self.free_returned()
        self._free_passed()
        piece = self._fitting(request) or self._after_callbacks(request) or self._from_device(request)
        self._split(piece, request.nbytes)
        self._hand_out(piece, request)
        if self._surplus is not None:
            self._turn_over(piece.nbytes)
        return piece

    def take_apart(self, asked: int, stream: int, frames: tuple[Frame, ...]) -> Piece:
        """A segment for one request, without a look at the pools, which may be in the middle of a change.

        Raises: `OutOfMemoryError`.
        """
        request = self._request(asked, stream, frames)
        piece = self._new_segment(request)
        if piece is None:
            raise self._out_of_memory(request, GivenUp())
        self._hand_out(piece, request)
        return piece

    def _request(self, asked: int, stream: int, frames: tuple[Frame, ...]) -> _Request:
        nbytes = piece_nbytes(asked)
        return _Request(asked, nbytes, stream, self._small if nbytes <= SMALL else self._large, frames)

    def _from_device(self, request: _Request) -> Piece:
        """A piece of a new segment, or of what became free while there was none to be had."""
        self._collect_garbage(request)
        piece = self._new_segment(request)
        if piece is None and self._release_oversize(request):
            piece = self._new_segment(request)
        if piece is not None:
            return piece
        awaited = self.tally.both.active_bytes.current - self.tally.both.allocated_bytes.current
        self.wait_for_events()
        self.free_returned()  # what a collection has freed in the meantime
        piece = self._fitting(request)
        if piece is not None:
            return piece
        released = self.release_whole()
        self.tally.num_alloc_retries += 1
        piece = self._new_segment(request)
        if piece is None:
            raise self._out_of_memory(request, GivenUp(awaited, released))
        return piece

    def _fitting(self, request: _Request) -> Piece | None:
        pool = request.pool
        piece = pool.best_fit(request.stream, request.nbytes)
        if piece is None or self._wasted_on(piece, request.nbytes):
            return None
        pool.remove(piece)
        return piece

    def _wasted_on(self, piece: Piece, nbytes: int) -> bool:
        """Whether a piece that is too large to be split would be given to a request that leaves much of it unused."""
        if not self._ends_splitting(piece.nbytes):
            return False
        return not self._ends_splitting(nbytes) or piece.nbytes >= nbytes + LARGE_SEGMENT

    def _after_callbacks(self, request: _Request) -> Piece | None:
        if not self.callbacks:
            return None
        for callback in tuple(self.callbacks):
            callback()
        self.free_returned()
        return self._fitting(request)

    def _new_segment(self, request: _Request) -> Piece | None:
        nbytes = segment_nbytes(request.nbytes)
        if self.limit_nbytes is not None and self.tally.both.reserved_bytes.current + nbytes > self.limit_nbytes:
            return None
        try:
            address = self._device.raw_alloc(nbytes)
        except OutOfMemoryError:
            return None
        piece = Piece(address, nbytes, request.stream, request.pool)
        self.heads[address] = piece
        self.tally.reserve(request.pool.name, nbytes)
        self.note("segment_alloc", piece, request.frames)
        return piece

    def _split(self, piece: Piece, nbytes: int) -> None:
        """Leave a piece that is about to be given out no more than it needs, where the rest is worth it."""
        pool, pieces, change = piece.pool, 0, 0
        if not piece.is_whole:  # it has been waiting beside others
            pieces, change = -1, -piece.nbytes
        if pool.leaves_a_piece(piece.nbytes - nbytes) and not self._ends_splitting(nbytes):
            rest = piece.split(nbytes)
            pool.add(rest)
            pieces, change = pieces + 1, change + rest.nbytes
        if change:
            self.tally.change_inactive_split(pool.name, pieces, change)

    def _ends_splitting(self, nbytes: int) -> bool:
        return self._max_split is not None and nbytes >= self._max_split

    def _hand_out(self, piece: Piece, request: _Request) -> None:
        piece.requested_nbytes, piece.frames = request.asked, request.frames
        self.tally.allocate(piece.pool.name, piece.nbytes, request.asked)
        self.note("alloc", piece, request.frames)

    # Taking in.

    def free_returned(self) -> None:
        """Free what was given back, or record the events that it has to await."""
        while self.returned:
            piece = self.returned.popleft()
            self.tally.give_back(piece.pool.name, piece.nbytes)
            if not piece.used_by:
                self._free(piece)
                continue
            piece.state = "active_awaiting_free"
            streams, piece.used_by = sorted(piece.used_by), set()
            piece.events_left = len(streams)  # first: if recording one fails, the piece is lost and not given too early
            for stream in streams:
                event = self._device.event_record(stream)
                self._awaited.setdefault(stream, deque()).append((event, piece))

    def wait_for_events(self) -> None:
        """Free what awaits events, after they have passed."""
        self.tally.num_sync_all_streams += 1
        for awaited in self._awaited.values():
            while awaited:
                self._device.event_sync(awaited[0][0])
                self._passed(awaited.popleft()[1])

    def _free_passed(self) -> None:
        """Free what awaited events that have passed."""
        for awaited in self._awaited.values():
            while awaited and self._device.event_query(awaited[0][0]):
                self._passed(awaited.popleft()[1])

    def _passed(self, piece: Piece) -> None:
        piece.events_left -= 1
        if piece.events_left == 0:
            self._free(piece)

    def _free(self, piece: Piece) -> None:
        """Make a piece one with its free neighbours, and let it be found."""
        self.note("free_completed", piece)
        pool, pieces, nbytes = piece.pool, 0, 0
        self.tally.complete(pool.name, piece.nbytes, piece.requested_nbytes)
        piece.requested_nbytes, piece.frames = 0, ()
        previous, following = piece.previous, piece.next
        if following is not None and following.state == "inactive":
            pool.remove(following)
            pieces, nbytes = pieces - 1, nbytes - following.nbytes
            piece.absorb_next()
        if previous is not None and previous.state == "inactive":
            pool.remove(previous)
            pieces, nbytes = pieces - 1, nbytes - previous.nbytes
            previous.absorb_next()
            piece = previous
        pool.add(piece)
        if not piece.is_whole:
            pieces, nbytes = pieces + 1, nbytes + piece.nbytes
        if nbytes:
            self.tally.change_inactive_split(pool.name, pieces, nbytes)

    # Giving segments to the device.

    def release_whole(self) -> int:
        """Release every segment that is free from end to end; say how many bytes."""
        pieces = self._small.free_pieces() + self._large.free_pieces()
        return sum(self._release(piece) for piece in pieces if piece.is_whole)

    def _collect_garbage(self, request: _Request) -> None:
        """Release segments before one more is got than the options allow to be kept."""
        reserved = self.tally.both.reserved_bytes.current
        if self._gc_threshold:
            room = self._device.mem_info().total_nbytes if self.limit_nbytes is None else self.limit_nbytes
            self._release_unused(reserved - int(self._gc_threshold * room))
        if self._surplus is not None:
            most = max(self._most_used, self.tally.both.allocated_bytes.current + request.nbytes)
            self._release_unused(reserved + segment_nbytes(request.nbytes) - int(most * (1 + self._surplus)))

    def _turn_over(self, nbytes: int) -> None:
        """Let the most in use lately sink towards what is in use now: by a part in `_MEMORY` of the bytes given out.

        Work that repeats itself comes back to its peak long before, and keeps its segments; after a peak that does
        not come back they go, though no new one is needed.
        """
        used = self.tally.both.allocated_bytes.current
        self._most_used = max(self._most_used, used)
        self._turned_over += nbytes
        if self._turned_over * _MEMORY < self._most_used:
            return
        self._most_used -= (self._most_used - used) * self._turned_over // (self._most_used * _MEMORY)
        self._turned_over = 0
        if self._surplus is not None:
            self._release_unused(self.tally.both.reserved_bytes.current - int(self._most_used * (1 + self._surplus)))

    def _release_unused(self, excess: int) -> None:
        """Release large segments, the longest unused first, until ``excess`` bytes are gone."""
        if excess <= 0:
            return
        whole = [piece for piece in self._large.free_pieces() if piece.is_whole]
        for piece in sorted(whole, key=lambda piece: piece.free_since):
            if excess <= 0:
                return
            excess -= self._release(piece)

    def _release_oversize(self, request: _Request) -> bool:
        """Release what is too large to be split: one segment that is enough, or several; tell whether they are."""
        if self._max_split is None:
            return False
        pool = request.pool
        wanted = max(request.nbytes, self._max_split)
        piece = pool.best_fit(request.stream, wanted)
        if piece is not None:
            if piece.is_whole:
                self._release(piece)
            return piece.is_whole
        while wanted > 0:
            piece = pool.largest(request.stream)
            if piece is None or piece.nbytes < self._max_split or not piece.is_whole:
                return False
            wanted -= self._release(piece)
        return True

    def _release(self, piece: Piece) -> int:
        piece.pool.remove(piece)
        del self.heads[piece.address]
        self.tally.release(piece.pool.name, piece.nbytes)
        self.note("segment_free", piece)
        self._device.raw_free(piece.address)  # last: when it fails, bytes are lost and none are given twice
        return piece.nbytes

    # Telling.

    def segments(self) -> tuple[Segment, ...]:
        """Every segment, by address. Right in the middle of a change too: chains are changed in straight-line code."""
        heads = sorted(self.heads.values(), key=lambda piece: piece.address)
        return tuple(head.segment(self._device.device) for head in heads)

    def note(self, action: Action, piece: Piece, frames: tuple[Frame, ...] = ()) -> None:
        """Keep an event, where somebody keeps them."""
        history = self.history
        if history is not None:
            history.note(action, piece.address, piece.nbytes, piece.stream, time.perf_counter(), frames)

    def _out_of_memory(self, request: _Request, given_up: GivenUp) -> OutOfMemoryError:
        self.tally.num_ooms += 1
        info = self._device.mem_info()
        if self.history is not None:  # the address of this event is, as in PyTorch's, what the device has free
            fields = (info.free_nbytes, request.asked, request.stream, time.perf_counter(), request.frames)
            self.history.note("oom", *fields)
        text = out_of_memory_text(
            request.asked,
            segment_nbytes(request.nbytes),
            self._device.device,
            info,
            self.limit_nbytes,
            self.segments(),
            given_up,
        )
        return OutOfMemoryError(text)
