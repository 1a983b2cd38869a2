"""The layout of boxes: whatever the graph, nothing lies on anything else and edges lead down."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tensorlab.view.layers import layered

ROOM = 120.0


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[float, float]], list[tuple[int, int]]]:
    side = st.integers(10, 60).map(float)
    sizes = draw(st.lists(st.tuples(side, side), min_size=1, max_size=12))
    ends = st.integers(0, len(sizes) - 1)
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=16))
    return sizes, [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_boxes_lie_apart_and_edges_lead_down_beside_them(graph) -> None:
    sizes, edges = graph
    found = layered(sizes, edges, ROOM)
    spans = [(x, y, x + w, y + h) for (x, y), (w, h) in zip(found.corners, sizes, strict=True)]
    for i, (left, top, right, bottom) in enumerate(spans):
        assert left >= -1e-6
        assert right <= found.width + 1e-6
        assert bottom <= found.height + 1e-6
        for other in spans[i + 1 :]:
            assert right < other[0] or other[2] < left or bottom < other[1] or other[3] < top
        row = [s for s in spans if s[1] == top]
        assert len(row) == 1 or sum(r - x for x, _, r, _ in row) <= ROOM
    for (start, stop), passes in zip(edges, found.passes, strict=True):
        levels = [spans[start][3], *(y for _, high, low in passes for y in (high, low)), spans[stop][1]]
        assert levels == sorted(levels)
        for x, high, low in passes:
            assert not [s for s in spans if s[0] < x < s[2] and s[1] < low and high < s[3]]


def test_neighbours_stand_near_each_other() -> None:
    # Two chains side by side: no box is as far as half its width from the one above it.
    x = [x for x, _ in layered([(20, 10)] * 6, [(0, 1), (0, 2), (1, 3), (2, 4), (3, 5)], 200).corners]
    assert max(abs(x[1] - x[3]), abs(x[3] - x[5]), abs(x[2] - x[4])) < 5
    assert x[1] < x[0] < x[2]


def test_ways_out_keep_their_order() -> None:
    x = [x for x, _ in layered([(90, 10), (20, 10), (20, 10), (20, 10)], [(0, 3), (0, 1), (0, 2)], 400).corners]
    assert x[3] < x[1] < x[2]


def test_nothing_is_laid_out() -> None:
    assert layered([], [], ROOM).corners == ()
