"""What names reach: the words for each thing, and bounds that are told."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import tensorlab as tl
from tensorlab import nn
from tensorlab.core import contents as walking
from tensorlab.core.contents import contents


def words(**names: object) -> list[str]:
    return [name for name, _ in contents(names).holdings]


@dataclass
class Config:
    weight: object
    rate: float = 0.1


Pair = namedtuple("Pair", "left right")


def test_containers_of_all_kinds() -> None:
    a, b = np.zeros(2), np.zeros(3)
    assert words(batch=[a, (b, 4)]) == ["batch[0]", "batch[1][0]"]
    assert words(cfg={"w": a, 3: b, (1, 2): a}) == ["cfg['w']", "cfg[3]", "cfg[(1, 2)]"]
    assert words(made=Config(a)) == ["made.weight"]
    assert words(pair=Pair(a, [b])) == ["pair.left", "pair.right[0]"]
    assert words(keyed={Config: a}) == ["keyed[<type>]"]
    assert words(plain=[1, "text", None], own={a.tobytes}) == []


def test_modules_by_dotted_names() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    expected = [f"net.{name}" for name, _ in net.named_parameters()]
    buffers = [f"net.{name}" for name, _ in net.named_buffers()]
    assert sorted(words(net=net)) == sorted([*expected, *buffers])
    assert "net.0.weight" in expected


def test_modules_of_torch() -> None:
    torch = pytest.importorskip("torch")
    assert words(net=torch.nn.Sequential(torch.nn.Linear(2, 3))) == ["net.0.weight", "net.0.bias"]


def test_a_container_that_holds_itself_is_walked_once() -> None:
    loop: list[Any] = [np.zeros(1)]
    loop.append(loop)
    assert words(loop=loop) == ["loop[0]"]


def test_one_container_under_two_names_is_named_twice() -> None:
    inner = [tl.zeros(2)]
    assert words(a=inner, b={"k": inner}) == ["a[0]", "b['k'][0]"]


def test_what_is_too_deep_is_counted() -> None:
    deep: Any = [np.zeros(1), np.zeros(1)]
    for _ in range(walking.MOST_DEEP - 1):
        deep = [deep]
    assert len(contents({"d": deep}).holdings) == 2
    found = contents({"d": [deep]})
    assert (found.holdings, found.left_out) == ([], 2)


def test_what_is_too_many_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MOST_LOOKED_AT", 5)
    found = contents({"many": [np.zeros(1)] * 8, "more": [np.zeros(1)]})
    assert ([name for name, _ in found.holdings], found.left_out) == ([f"many[{i}]" for i in range(5)], 4)


def test_what_has_no_bytes_is_told() -> None:
    pandas = pytest.importorskip("pandas")
    found = contents({"cfg": {"rows": pandas.RangeIndex(3)}})
    assert [(name, unseen.kind) for name, unseen in found.unseen] == [("cfg['rows']", "pandas.RangeIndex")]
