"""Planning where temporaries lie: offsets in one arena, so that those that never live together share bytes.

Only results of compiled loops are placed, because only they can be written where one wants them, and only those that
no one outside the program can come to see: not a result of the graph, nor anything that may share memory with one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tensorlab.core.pointwise import EagerPointwise
from tensorlab.core.storage import Storage
from tensorlab.core.types import TensorType
from tensorlab.jit.alias import AliasInfo
from tensorlab.jit.ir import FUSION_GROUP, Graph, Node, Value

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

    ``unshared_nbytes`` is what the same temporaries would take each on its own.
    """

    nbytes: int
    places: dict[int, Place] = field(default_factory=dict[int, Place])

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
            "places": {str(serial): place.to_dict() for serial, place in self.places.items()},
        }


def plan_arena(graph: Graph) -> Arena:
    """Place the temporaries of a graph's top block, the largest first, each at the lowest offset that is free.

    Source: the greedy-by-size strategy of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
    Inference", 2020.
    """
    alias = AliasInfo(graph)
    wanted: list[tuple[int, int, int, Value]] = []
    position = {node.serial: i for i, node in enumerate(graph.block.nodes)}
    holders = _holders(alias, graph)
    for first, node in enumerate(graph.block.nodes):
        if not _writes_where_told(node):
            continue
        values = [(v, _nbytes(v)) for v in node.outputs]
        if any(n is None or _escapes(alias, graph, v) for v, n in values):
            continue
        for value, nbytes in values:
            sharing = (v for place in alias.places(value) for v in holders[place])
            last = max((_last_use(v, position) for v in sharing), default=first)
            wanted.append((nbytes or 0, first, last, value))
    places: dict[int, Place] = {}
    for nbytes, first, last, value in sorted(wanted, key=lambda w: (-w[0], w[1])):
        places[value.serial] = Place(_free_offset(nbytes, first, last, places), nbytes, first, last)
    return Arena(max((p.offset + p.nbytes for p in places.values()), default=0), places)


def _writes_where_told(node: Node) -> bool:
    return node.kind == FUSION_GROUP or (node.op is not None and isinstance(node.op.evaluate, EagerPointwise))


def _nbytes(value: Value) -> int | None:
    if not isinstance(value.type, TensorType) or value.type.dtype is None or value.type.numel is None:
        return None
    size = value.type.numel * value.type.dtype.itemsize
    return -(-size // ALIGNMENT) * ALIGNMENT


def _escapes(alias: AliasInfo, graph: Graph, value: Value) -> bool:
    return alias.escapes(value) or any(alias.may_alias(value, r) for r in graph.outputs)


def _holders(alias: AliasInfo, graph: Graph) -> dict[int, list[Value]]:
    """The values that each place may be the memory of, lists of tensors included."""
    found: dict[int, list[Value]] = {}
    for node in graph.nodes():
        for value in node.outputs:
            for place in alias.places(value):
                found.setdefault(place, []).append(value)
    return found


def _last_use(value: Value, position: dict[int, int]) -> int:
    """Position in the top block of the last node that reads the value, inside whatever block."""
    last = -1
    for use in value.uses:
        node = use.user if isinstance(use.user, Node) else use.user.owner
        while node is not None and node.serial not in position:
            node = node.owner.owner if node.owner is not None else None
        last = max(last, len(position) if node is None else position[node.serial])
    return last


def _free_offset(nbytes: int, first: int, last: int, places: dict[int, Place]) -> int:
    """The lowest offset where ``nbytes`` fit beside the places that live at the same time."""
    alive = sorted((p.offset, p.nbytes) for p in places.values() if p.first <= last and first <= p.last)
    offset = 0
    for start, size in alive:
        if offset + nbytes <= start:
            break
        offset = max(offset, start + size)
    return offset
