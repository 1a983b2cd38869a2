"""The pass that CONTRIBUTING shows: its text is run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.jit.equivalence import EquivalenceError
from tensorlab.jit.ir import Graph
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.rewrite import Pass, Rewriter

TEXT = """\
graph(%x : Float(2)):
  %1 : Float(2) = aten::abs(%x)
  %2 : Float(2) = aten::relu(%1)
  %3 : Float(2) = aten::neg(%2)
  %4 : Float(2) = aten::abs(%3)
  %5 : Float(2) = aten::relu(%4)
  return (%5)
"""


def section() -> str:
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.partition("## Adding a pass\n")[2].partition("\n## ")[0]


def blocks() -> list[str]:
    """The Python of the section on passes, block by block."""
    return re.findall(r"```python\n(.*?)```", section(), re.DOTALL)


def define(text: str, names: dict[str, Any]) -> None:
    """Run a block as if it stood in a file of its own."""
    exec(compile(text, "relu_abs.py", "exec"), names)


@pytest.fixture
def graph() -> Graph:
    return parse_graph(TEXT)


@pytest.fixture
def names(graph: Graph) -> dict[str, Any]:
    return {"Rewriter": Rewriter, "Pass": Pass, "Pipeline": Pipeline, "graph": graph, "tl": tl}


def test_a_pass_of_ten_lines(graph: Graph, names: dict[str, Any]) -> None:
    definition, pipeline = blocks()
    assert len(definition.partition('."""\n')[2].partition("\n\n\n")[0].splitlines()) <= 10
    define(definition, names)
    define(pipeline, names)
    assert names["mine"].line == "shapes,dce,cse,relu_abs,cse,relu_abs,fuse"
    found = [d for record in names["records"] for d in record.decisions if d.rule == "relu_abs"]
    assert [(d.kind, d.reason, d.location) for d in found] == [("replace", "nothing is negative", "relu_abs.py:10")] * 2
    assert not any(n.kind == "aten::relu" for n in graph.nodes())


def test_what_a_slip_in_it_says(names: dict[str, Any]) -> None:
    definition, pipeline = blocks()
    define(definition.replace("{node.output: inner.output}", "{node.output: inner.inputs[0]}"), names)
    once = TEXT.splitlines()[:3]
    names["graph"] = parse_graph("\n".join([*once, "  return (%2)"]))
    with pytest.raises(EquivalenceError) as error:
        define(pipeline, names)
    shown = section().partition("rule and the node:\n\n")[2].partition("\n\n")[0]
    assert str(error.value) == "\n".join(line[4:] for line in shown.splitlines())


def test_its_refusal_names_the_blocker(names: dict[str, Any]) -> None:
    define(blocks()[0], names)
    graph = parse_graph(TEXT.replace("(%5)", "(%5, %1)"))
    (record,) = Pipeline((names["relu_abs"],)).run(graph)
    (refused,) = record.refusals
    assert (refused.reason, refused.blocker) == ("abs(x) is needed elsewhere too", graph.outputs[1].serial)
