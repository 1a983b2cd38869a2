"""Samples of the view of a graph of the tape, over records made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tensorlab.autograd.graph_folding import folded
from tensorlab.autograd.graph_records import (
    GraphReport,
    HeldRecord,
    LeafRecord,
    LineRecord,
    NodeRecord,
    PlaceRecord,
    SavedRecord,
)
from tensorlab.view.autograd import GraphReportView
from tensorlab.view.mime import View

_HOSTILE = '<script>alert("x")</script>&\u202e\x00\n"\'`${}'

TANH, ADD, SUM = (PlaceRecord("cell", i, t) for i, t in enumerate(("y = x.tanh()", "y.add_(1)", "z = y.sum()"), 2))


def saved(letter: str = "A", name: str = "result", *, nbytes: int = 12, **facts: object) -> SavedRecord:
    return replace(SavedRecord(name, letter, (3,), "float32", nbytes, 0, 0), **facts)


def node(number: int, name: str = "TanhBackward0", **facts: object) -> NodeRecord:
    base = NodeRecord(number, name, (), ((3,),), TANH, (), released=False, next=(number + 1,), leaves=())
    made = replace(base, **facts)
    return made if made.inputs or len(made.next) + len(made.leaves) > 1 else replace(made, inputs=("self",))


def held(letter: str = "A", nbytes: int = 12, *, freed: bool = True, **facts: object) -> HeldRecord:
    return replace(HeldRecord(letter, nbytes, max(64, nbytes), freed, (), 0x7F00_0000_1000), **facts)


def report(rows: object, **facts: object) -> GraphReport:
    base = GraphReport("z", (), "float32", True, 0, (), (LEAF,), (held(),), 1, (), 0)
    return replace(base, rows=rows, count=sum(row.count for row in rows), **facts)


LEAF = LeafRecord(("x",), (3,), "float32", 12, 0)


def talk() -> GraphReport:
    """The talk's example: what tanh saved is written over."""
    over = saved(now=1, written=ADD)
    rows = (
        node(1, "SumBackward0", names=("z",), shapes=((),), place=SUM),
        node(2, "AddBackward0", names=("y",), place=ADD),
        node(3, saved=(over,), next=(), leaves=(0,)),
    )
    return report(rows, moved=(3,), storages=(held(freed=False, kept_by=("y",)),))


def good() -> GraphReport:
    """The same without the write."""
    rows = (
        node(1, "SumBackward0", names=("z",), shapes=((),), place=SUM),
        node(2, saved=(saved(),), next=(), leaves=(0,)),
    )
    return report(rows)


def chain(count: int = 10_000) -> GraphReport:
    """Nodes that repeat, and the storages that they keep."""
    letters = [f"S{i}" for i in range(count)]
    nodes = [node(i + 1, saved=(saved(letters[i]),)) for i in range(count)]
    nodes[-1] = replace(nodes[-1], next=(), leaves=(0,))
    storages = tuple(held(letter, freed=i > 0, kept_by=() if i else ("z",)) for i, letter in enumerate(letters))
    return report(folded(nodes), storages=storages, saved_count=count)


def network(lines: int = 60) -> GraphReport:
    """Lines that made many nodes each, more than are shown."""
    names = (
        ("AddmmBackward0", 12),
        ("ReluBackward0", 12),
        ("TBackward0", 12),
        ("CatBackward0", 2),
        ("MulBackward0", 9),
    )
    rows = tuple(
        LineRecord(
            47 * i + 1,
            PlaceRecord("net.py", i + 1, f"x = block{i}(x)"),
            names,
            1 << 20,
            (47 * i + 48,),
            (i,) if 0 < i < 30 else (),
        )
        for i in range(lines)
    )
    last = node(47 * lines + 1, saved=(saved(now=3, names=("x",)),), next=(), leaves=(0,))
    leaves = tuple(replace(LEAF, names=(f"net.{i}.weight",), grad_nbytes=12 * (i % 2)) for i in range(30))
    storages = (held("A", 3 << 20), held("B", 1 << 20, freed=False), held("C", 100, block_nbytes=0))
    return report((*rows, last), leaves=leaves, storages=storages, moved=(last.number,), saved_count=900)


def hostile() -> GraphReport:
    place = PlaceRecord(_HOSTILE, 1, _HOSTILE)
    over = saved(name=_HOSTILE, now=1, names=(_HOSTILE,), written=place)
    rows = (node(1, _HOSTILE, names=(_HOSTILE,), place=place, saved=(over,), next=(), leaves=(0,)),)
    return report(rows, name=_HOSTILE, moved=(1,), leaves=(replace(LEAF, names=(_HOSTILE,)),))


def wide() -> GraphReport:
    """Long names and lines, no place, several results, what a backward pass has let go."""
    long = "a_tensor_with_a_very_long_name_indeed"
    place = PlaceRecord("a_module_with_a_long_name.py", 12_345, "y = torch.function(" + "argument, " * 9 + ")")
    rows = (
        node(
            1,
            "LinalgVectorNormBackwardOfManyThings0",
            names=(long,),
            place=place,
            next=(2,) * 10,
            leaves=(0,),
            inputs=(*(f"tensors[{i}]" for i in range(10)), "other"),
        ),
        node(
            2,
            "SplitBackward0",
            shapes=((1024, 1024, 1024),) * 5,
            place=None,
            released=True,
            next=(),
            leaves=(0, 0),
            inputs=("self", "other"),
        ),
    )
    return report(rows, leaves=(replace(LEAF, names=(long, "b", "c")),), released=1)


def thrice() -> GraphReport:
    """One tensor used three times, twice by one node."""
    rows = (
        node(1, "AddBackward0", names=("z",), place=SUM, next=(2, 3), inputs=("self", "other")),
        node(2, "ExpBackward0", next=(), leaves=(0,), saved=(saved("B"),)),
        node(3, "MulBackward0", place=ADD, next=(), leaves=(0, 0), inputs=("self", "other")),
    )
    return report(rows)


AUTOGRAD_SAMPLES: dict[str, Callable[[], View]] = {
    "autograd": lambda: GraphReportView(good()),
    "autograd_talk": lambda: GraphReportView(talk()),
    "autograd_chain": lambda: GraphReportView(chain(), addresses=True),
    "autograd_network": lambda: GraphReportView(network()),
    "autograd_hostile": lambda: GraphReportView(hostile()),
    "autograd_thrice": lambda: GraphReportView(thrice()),
    "autograd_wide": lambda: GraphReportView(wide()),
    "autograd_leaf": lambda: GraphReportView(report((), leaves=(), storages=(), saved_count=0)),
}
