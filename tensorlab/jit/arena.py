"""Planning where temporaries lie: offsets in one arena, so that those that never live together share bytes.

Only results of compiled loops are placed, because only they can be written where one wants them, and only those that
no one outside the program can come to see: not a result of the graph, nor anything that may share memory with one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from tensorlab.core.storage import Storage
from tensorlab.core.types import TensorType
from tensorlab.jit.alias import OUTSIDE, AliasInfo
from tensorlab.jit.ir import Graph, Value
from tensorlab.jit.lifetimes import last_use, positions
from tensorlab.jit.regions import is_loop, is_rows, product_under

ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Bytes of the arena given to one value, from its node to the node of its last use (positions in the top block)."""

    offset: int
    nbytes: int
    first: int
    last: int

    def to_dict(self) -> dict[str, int]:
        return {"offset": self.offset, "nbytes": self.nbytes, "first": self.first, "last": self.last}


@dataclass(frozen=True, slots=True)
class Arena:
    """A plan: the bytes needed in all, and the place of each value by its serial.

    ``unshared_nbytes`` is what the same temporaries would take each on its own, ``lower_bound_nbytes`` the most of them
    that is alive at once.
    """

    nbytes: int
    places: Mapping[int, Place] = field(default_factory=dict[int, Place])
    lower_bound_nbytes: int = 0

    @property
    def unshared_nbytes(self) -> int:
        return sum(p.nbytes for p in self.places.values())

    def storage(self) -> Storage:
        """Bytes for one run; they go back to the allocator when the last tensor over them dies."""
        return Storage.empty(self.nbytes)

    def to_dict(self) -> dict[str, object]:
        return {
            "nbytes": self.nbytes,
            "unshared_nbytes": self.unshared_nbytes,
            "lower_bound_nbytes": self.lower_bound_nbytes,
            "places": {str(serial): place.to_dict() for serial, place in self.places.items()},
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be placed, by a key of its owner's, and its life: from one position to another, both included."""

    key: Hashable
    nbytes: int
    first: int
    last: int


def plan_arena(graph: Graph) -> Arena:
    """Place the temporaries of a graph's top block, the largest first, each at the lowest offset that is free.

    Cost: linear in the graph; each place looks at those that live at the same time.
    Source: the greedy-by-size strategy of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
    Inference", 2020.
    """
    wanted = list(_temporaries(graph))
    places = {key: place for key, place in assign_places(wanted).items() if isinstance(key, int)}
    nbytes = max((p.offset + p.nbytes for p in places.values()), default=0)
    return Arena(nbytes, places, lower_bound(wanted))


def assign_places(wanted: Sequence[Wanted]) -> dict[Hashable, Place]:
    """An offset for each, so that what lives at the same time lies apart, by the strategy of `plan_arena`."""
    calendar = _Calendar(max((w.last for w in wanted), default=-1) + 1)
    places: dict[Hashable, Place] = {}
    for one in sorted(wanted, key=lambda w: (-w.nbytes, w.first)):
        nbytes = -(-one.nbytes // ALIGNMENT) * ALIGNMENT
        place = Place(calendar.free_offset(one, nbytes), nbytes, one.first, one.last)
        places[one.key] = place
        calendar.add(place)
    return places


def lower_bound(lives: Iterable[Wanted | Place]) -> int:
    """The most bytes that are alive at one position, rounded up as places are: no plan does with fewer."""
    changes: dict[int, int] = {}
    for life in lives:
        nbytes = -(-life.nbytes // ALIGNMENT) * ALIGNMENT
        changes[life.first] = changes.get(life.first, 0) + nbytes
        changes[life.last + 1] = changes.get(life.last + 1, 0) - nbytes
    return max(accumulate(changes[position] for position in sorted(changes)), default=0)


def _temporaries(graph: Graph) -> Iterable[Wanted]:
    alias = AliasInfo(graph)
    seen = {OUTSIDE}.union(*map(alias.places, graph.outputs))
    order = positions(graph.block)
    lives: dict[int, int] = {}  # by place: the last use of anything whose memory it may be, lists of tensors included
    for node in graph.nodes():
        for value in node.outputs:
            last = last_use(value, order)
            for place in alias.places(value):
                lives[place] = max(lives.get(place, -1), last)
    for first, node in enumerate(graph.block.nodes):
        if not (is_loop(node) or is_rows(node)) or product_under(node) is not None:
            continue
        sizes = [_nbytes(v) for v in node.outputs]
        if None in sizes or any(not seen.isdisjoint(alias.places(v)) for v in node.outputs):
            continue
        for value, nbytes in zip(node.outputs, sizes, strict=True):
            last = max((lives[p] for p in alias.places(value)), default=-1)
            yield Wanted(value.serial, nbytes or 0, first, max(first, last))


def _nbytes(value: Value) -> int | None:
    if not isinstance(value.type, TensorType) or value.type.dtype is None or value.type.numel is None:
        return None
    return value.type.numel * value.type.dtype.itemsize


class _Calendar:
    """Who lives when: places by the node at which they begin, and by every node through which they live."""

    def __init__(self, nodes: int) -> None:
        self._begin: list[list[Place]] = [[] for _ in range(nodes)]
        self._alive: list[list[Place]] = [[] for _ in range(nodes)]

    def add(self, place: Place) -> None:
        self._begin[place.first].append(place)
        for position in range(place.first, place.last + 1):
            self._alive[position].append(place)

    def free_offset(self, wanted: Wanted, nbytes: int) -> int:
        """The lowest offset where the bytes fit beside the places that live at the same time."""
        together = list(self._alive[wanted.first])
        for position in range(wanted.first + 1, wanted.last + 1):
            together += self._begin[position]
        offset = 0
        for place in sorted(together, key=lambda p: p.offset):
            if offset + nbytes <= place.offset:
                break
            offset = max(offset, place.offset + place.nbytes)
        return offset
