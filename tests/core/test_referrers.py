"""Who refers to an object, in the notebook's words."""

from __future__ import annotations

import gc
from typing import Any

from tensorlab.core.referrers import find_referrers, names_of


class Node:
    __slots__ = ("child", "other")


class Open:
    pass


def places(x: object, namespace: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(r.where, r.kind, r.count) for r in find_referrers(x, namespace).containers]


def test_names_and_results() -> None:
    x = object()
    names: dict[str, Any] = {"a": x, "_": x, "_oh": {3: x}, "b": 1, "c": x}
    found = find_referrers(x, names)
    assert names_of(x, names) == found.names == ("a", "c")
    assert found.kept == 2
    assert found.containers == ()
    assert found.count == 4


def test_containers_with_a_name_say_where() -> None:
    x = object()
    node = Node()
    node.child = x
    table = {"key": x, 2: x}
    names: dict[str, Any] = {"pair": (1, x), "table": table, "node": node}
    assert places(x, names) == [
        ("node.child", "a Node", 1),
        ("table['key']", "a dict", 2),
        ("pair[1]", "a tuple of 2 items", 1),
    ]


def test_containers_that_the_collector_passes_over_are_found_by_name() -> None:
    x = 2.5 * len("ab")
    names: dict[str, Any] = {"table": {"key": x}, "pair": (1, x)}
    assert not any(map(gc.is_tracked, names["table"].values()))
    assert places(x, names) == [("table['key']", "a dict", 1), ("pair[1]", "a tuple of 2 items", 1)]


def test_a_container_with_a_name_is_not_found_in_the_search_itself() -> None:
    pair = [object(), object()]
    assert places(pair, {"pair": pair}) == []


def test_containers_without_a_name_say_what_they_are() -> None:
    x = object()
    held = [[x], (x,), {"key": x, "list": []}]
    assert places(x, {}) == [
        ("", "a dict, under 'key'", 1),
        ("", "a list of 1 item", 1),
        ("", "a tuple of 1 item", 1),
    ]
    assert held


def test_module_names() -> None:
    assert ("tests_of_referrers", "") not in places(Node, {})
    assert (f"{__name__}.Node", "a module's names", 1) in places(Node, {})


def test_many_containers_are_counted() -> None:
    x = object()
    held: list[object] = []
    for _ in range(40):  # no comprehension: its cell would refer to x too
        held.append([x])
    found = find_referrers(x, {})
    assert len(found.containers) == 12
    assert found.more == 28
    assert found.count == len(held)
    assert found.to_dict()["more"] == 28
