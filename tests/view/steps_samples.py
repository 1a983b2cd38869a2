"""Samples of the views of a walk: real walks through small graphs, of which one is spoilt by a hostile notebook."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import replace

import tensorlab.ops.methods  # noqa: F401 - declares the ops that the parser looks up
from tensorlab.core import dtype
from tensorlab.core.layout import layout
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.jit.ir import Span
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.walk import Walk
from tensorlab.jit.walk_records import WalkRecord
from tensorlab.view.mime import View
from tensorlab.view.steps import StepsView
from tensorlab.view.steps_code import InstructionsView

_HOSTILE = '<script>alert("x")</script>&\u202e\x00\n"\'`${}'
SOURCE = """\
for i in range(n):
    if i > 0:
        print(i)
        x = x + x
row = x[0]
row.add_(other)
return x
"""
GRAPH = """\
graph(%x : Tensor,
      %n : int,
      %other : Tensor):
  %3 : bool = prim::Constant[value=1]() # steps.py:1:0
  %4 : int = prim::Constant[value=0]() # steps.py:2:11
  %5 : int = prim::Constant[value=1]() # steps.py:4:12
  %y : Tensor = prim::Loop(%n, %3, %x) # steps.py:1:0
    block0(%i : int, %y.1 : Tensor):
      %9 : bool = aten::gt(%i, %4) # steps.py:2:7
      %y.2 : Tensor = prim::If(%9) # steps.py:2:4
        block0():
           = prim::Print(%i) # steps.py:3:8
          %y.3 : Tensor = aten::add(%y.1, %y.1, %5) # steps.py:4:12
          -> (%y.3)
        block1():
          -> (%y.1)
      -> (%3, %y.2)
  %row : Tensor = aten::select(%y, %4, %4) # steps.py:5:6
  %14 : Tensor = aten::add_(%row, %other, %5) # steps.py:6:0
  return (%y)
"""


def zeros(*shape: int) -> Tensor:
    """A tensor of zeros, without a loop that fills it."""
    count = 1
    strides: list[int] = []
    for extent in reversed(shape):
        strides.insert(0, count)
        count *= extent
    storage = Storage.empty(4 * count)
    made = Tensor(storage, layout(dtype.float32, shape, tuple(strides)), 0)
    made.numpy()[...] = 0
    return made


def walk(*, turns: int = 3, other: int = 3) -> Walk:
    """A walk that doubles a tensor so many times and adds another to its first row."""
    linecache.cache["steps.py"] = (len(SOURCE), None, SOURCE.splitlines(keepends=True), "steps.py")
    graph = parse_graph(GRAPH)
    graph.name = "grow"
    for node in graph.nodes():
        if node.span is not None and node.kind == "aten::add_":
            node.span = replace(node.span, end_line=6, end_column=15, function="grow")
    return Walk(graph, [zeros(2, 3), turns, zeros(other)])


def at(index: int, **facts: int) -> WalkRecord:
    made = walk(**facts)
    made.at(index)
    return made.record()


def back() -> WalkRecord:
    """Half of the way back from the end."""
    made = walk()
    made.end()
    made.back(made.index // 2)
    return made.record()


def ended() -> WalkRecord:
    made = walk()
    made.at(10_000)
    return made.record()


def failed() -> WalkRecord:
    made = walk(other=5)
    made.end()
    return made.record()


def crowded(count: int = 60) -> Walk:
    """More registers than are shown, and a long run."""
    lines = ["graph(%n : int):", "  %on : bool = prim::Constant[value=1]()"]
    lines += [f"  %c{i} : int = prim::Constant[value={i}]()" for i in range(count)]
    lines += ["   = prim::Loop(%n, %on)", "    block0(%i : int):", "       = prim::Print(%i)", "      -> (%on)"]
    lines += [f"  %all : int[] = prim::ListConstruct({', '.join(f'%c{i}' for i in range(count))})", "  return (%all)"]
    graph = parse_graph("\n".join(lines) + "\n")
    graph.name = "crowded"
    made = Walk(graph, [100])
    made.at(300)
    return made


def straight(count: int = 300) -> Walk:
    lines = [f"  %v{i} : bool = aten::__not__(%{f'v{i - 1}' if i else 'x'})" for i in range(count)]
    graph = parse_graph("\n".join(["graph(%x : bool):", *lines, f"  return (%v{count - 1})"]) + "\n")
    graph.name = "straight"
    made = Walk(graph, [True])
    made.at(200)
    return made


def hostile() -> WalkRecord:
    """A record in which every text is another's."""
    found = failed()
    assert found.failure is not None
    span = Span(_HOSTILE, 1, 2, 1, 5, _HOSTILE)
    code = replace(found.steps[0].code, text=_HOSTILE, node=_HOSTILE, source=_HOSTILE, span=span)
    register = replace(found.registers[0], name=_HOSTILE, type=_HOSTILE, value=_HOSTILE)
    steps = tuple(
        replace(s, code=code, gave=(register,), freed=(register,), let_go=(register,), written=(register,))
        for s in found.steps
    )
    failure = replace(found.failure, message=_HOSTILE, span=replace(span, caller=span), source=_HOSTILE)
    return replace(
        found, name=_HOSTILE, steps=steps, registers=(register,) * 30, printed=_HOSTILE * 20, failure=failure
    )


def _instructions(made: Walk) -> View:
    return InstructionsView(made.name, made.code, made.pc)


def _hostile_code() -> View:
    record = hostile()
    return InstructionsView(record.name, [step.code for step in record.steps], 0)


STEPS_SAMPLES: dict[str, Callable[[], View]] = {
    "steps": lambda: StepsView(at(19)),
    "steps_begin": lambda: StepsView(at(0)),
    "steps_back": lambda: StepsView(back()),
    "steps_end": lambda: StepsView(ended()),
    "steps_failed": lambda: StepsView(failed()),
    "steps_crowded": lambda: StepsView(crowded().record()),
    "steps_hostile": lambda: StepsView(hostile()),
    "steps_code": lambda: _instructions(walk()),
    "steps_code_long": lambda: _instructions(straight()),
    "steps_code_hostile": _hostile_code,
}
