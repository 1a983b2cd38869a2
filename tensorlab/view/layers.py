"""Where the boxes of a graph are drawn: in layers from top to bottom, edges as lines between them. Numbers alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_ACROSS, _DOWN = 16.0, 34.0  # pixels between boxes, and between layers
_LANE, _BESIDE = 2.0, 10.0  # width of an edge in a layer that it passes, and pixels between two of them
_SWEEPS = 7  # downwards the last time: ways out then leave in the order of their ports


@dataclass(frozen=True, slots=True)
class Layers:
    """Left upper corners of boxes, and of each edge the stretches ``(x, top, bottom)`` on which it passes layers."""

    corners: tuple[tuple[float, float], ...]
    passes: tuple[tuple[tuple[float, float, float], ...], ...]
    width: float
    height: float


def layered(sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]], room: float) -> Layers:
    """Lay out boxes of these widths and heights; an edge leads from a box to a later one, and downwards.

    A box stands below all that lead to it, in the first layer that has room for it: boxes of one layer take at most
    ``room`` pixels, however many they are. In each layer they are ordered by where their neighbours are, and stand as
    near to them as the order allows (Sugiyama, Tagawa, Toda, *Methods for visual understanding of hierarchical system
    structures*, 1981).

    Cost: a few passes over edges times the layers that each passes.

    >>> layered([(10, 5), (10, 5)], [(0, 1)], 100).corners
    ((0.0, 0.0), (0.0, 39.0))
    """
    drawing = _Drawing(sizes, edges, room)
    drawing.order()
    drawing.place()
    return drawing.result()


class _Drawing:
    def __init__(self, sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]], room: float) -> None:
        self.sizes = sizes
        self.edges = edges
        self.widths = [width for width, _ in sizes]  # of boxes, then of the lanes in which edges pass layers
        self.layers: list[list[int]] = []
        self.ranks = self._ranked(room)
        self.above: list[list[tuple[int, float]]] = [[] for _ in sizes]  # and where on its lower edge, from 0 to 1
        self.below: list[list[tuple[int, float]]] = [[] for _ in sizes]
        counts = Counter(start for start, _ in edges)
        begun: Counter[int] = Counter()
        self.lanes: list[list[int]] = []
        for start, stop in edges:
            begun[start] += 1
            self.lanes.append(self._lanes(start, stop, begun[start] / (counts[start] + 1)))
        self.centres = [0.0] * len(self.widths)

    def _ranked(self, room: float) -> list[int]:
        taken: list[float] = []
        ranks: list[int] = []
        users: list[list[int]] = [[] for _ in self.sizes]
        for start, stop in self.edges:
            users[stop].append(start)
        for item, (width, _) in enumerate(self.sizes):
            rank = max((ranks[user] + 1 for user in users[item]), default=0)
            while rank < len(taken) and taken[rank] + width > room:
                rank += 1
            if rank == len(taken):
                taken.append(0.0)
                self.layers.append([])
            taken[rank] += width + _ACROSS
            self.layers[rank].append(item)
            ranks.append(rank)
        return ranks

    def _lanes(self, start: int, stop: int, port: float) -> list[int]:
        """Items that stand for an edge in the layers between its ends."""
        lanes: list[int] = []
        last = start
        for rank in range(self.ranks[start] + 1, self.ranks[stop]):
            lane = len(self.widths)
            self.widths.append(_LANE)
            self.above.append([])
            self.below.append([])
            self.layers[rank].append(lane)
            self._join(last, lane, port)
            lanes.append(lane)
            last, port = lane, 0.5
        self._join(last, stop, port)
        return lanes

    def _join(self, upper: int, lower: int, port: float) -> None:
        self.below[upper].append((lower, 0.5))
        self.above[lower].append((upper, port))

    def order(self) -> None:
        """Bring each layer into the order of its neighbours in the one before: downwards and upwards in turns."""
        at = [0.0] * len(self.widths)
        for layer in self.layers:
            for i, item in enumerate(layer):
                at[item] = float(i)
        for sweep in range(_SWEEPS):
            neighbours = self.below if sweep % 2 else self.above
            for layer in reversed(self.layers) if sweep % 2 else self.layers:
                layer.sort(key=lambda item: _mean([at[n] + port for n, port in neighbours[item]], at[item]))
                for i, item in enumerate(layer):
                    at[item] = float(i)

    def place(self) -> None:
        """Give each item a centre near those of its neighbours; no layer reaches beyond the room of the widest."""
        packed = [self._packed(layer) for layer in self.layers]
        widest = max((width for _, width in packed), default=0.0)
        for layer, (offsets, width) in zip(self.layers, packed, strict=True):
            for item, offset in zip(layer, offsets, strict=True):
                self.centres[item] = offset + (widest - width) / 2
        rows = list(zip(self.layers, packed, strict=True))
        for sweep in range(_SWEEPS):
            for layer, (offsets, width) in reversed(rows) if sweep % 2 else rows:
                wanted = [self._wanted(item) - offset for item, offset in zip(layer, offsets, strict=True)]
                for item, offset, shift in zip(layer, offsets, _rising(wanted), strict=True):
                    self.centres[item] = offset + min(max(shift, 0.0), widest - width)

    def _packed(self, layer: Sequence[int]) -> tuple[list[float], float]:
        """The centres of a layer's items pushed together to the left, and how wide they are then."""
        offsets: list[float] = []
        x = 0.0
        for i, item in enumerate(layer):
            if i:
                x += _BESIDE if min(item, layer[i - 1]) >= len(self.sizes) else _ACROSS
            offsets.append(x + self.widths[item] / 2)
            x += self.widths[item]
        return offsets, x

    def _wanted(self, item: int) -> float:
        """The mean of those above, at the ports that lead here, and the middles of those below."""
        ends = [self.centres[n] + (port - 0.5) * self.widths[n] for n, port in (*self.above[item], *self.below[item])]
        return _mean(ends, self.centres[item])

    def result(self) -> Layers:
        """Pixels from the left upper corner of the drawing."""
        left = min((c - w / 2 for c, w in zip(self.centres, self.widths, strict=True)), default=0.0)
        right = max((c + w / 2 for c, w in zip(self.centres, self.widths, strict=True)), default=0.0)
        count = len(self.sizes)
        tops: list[float] = []
        heights: list[float] = []
        y = 0.0
        for layer in self.layers:
            tops.append(y)
            heights.append(max(self.sizes[item][1] for item in layer if item < count))
            y += heights[-1] + _DOWN
        ranks = {
            lane: self.ranks[start] + 1 + i
            for (start, _), lanes in zip(self.edges, self.lanes, strict=True)
            for i, lane in enumerate(lanes)
        }
        return Layers(
            corners=tuple((self.centres[i] - self.widths[i] / 2 - left, tops[self.ranks[i]]) for i in range(count)),
            passes=tuple(
                tuple(
                    (self.centres[lane] - left, tops[ranks[lane]], tops[ranks[lane]] + heights[ranks[lane]])
                    for lane in lanes
                )
                for lanes in self.lanes
            ),
            width=right - left,
            height=max(y - _DOWN, 0.0),
        )


def _rising(values: Sequence[float]) -> list[float]:
    """The numbers closest to these, in squares, that never fall (pooling of adjacent violators)."""
    groups: list[tuple[float, int]] = []  # the mean of a stretch, and its length
    for value in values:
        mean, count = value, 1
        while groups and groups[-1][0] > mean:
            before, length = groups.pop()
            mean, count = (before * length + mean * count) / (length + count), length + count
        groups.append((mean, count))
    return [mean for mean, count in groups for _ in range(count)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
