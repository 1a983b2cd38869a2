"""Views of what would be otherwise, over records that need nothing compiled: parsed graphs, made-up times."""

from __future__ import annotations

from collections.abc import Callable

import tensorlab.ops.methods  # noqa: F401 - declares the ops that the parser looks up
from tensorlab.jit.build import snapshot
from tensorlab.jit.closeness import Closeness
from tensorlab.jit.code_parts import CodeLine, CodePart, CodeStage
from tensorlab.jit.compare_graphs import compare_graphs
from tensorlab.jit.comparison import Comparison, StagePair
from tensorlab.jit.costs import GraphCost, NodeCost, Total, graph_cost
from tensorlab.jit.equivalence import Culprit, Difference
from tensorlab.jit.ir import Graph, Node, Span
from tensorlab.jit.ledger import BEFORE, Ledger, LedgerRow
from tensorlab.jit.loop_lines import Origin, Origins
from tensorlab.jit.otherwise import WhatIf, paired
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pass_checks import PassCheck, PassChecks
from tensorlab.jit.pipeline import DEFAULT, Pipeline
from tensorlab.jit.records import Decision
from tensorlab.jit.reducing import Reproduction
from tensorlab.jit.sample_inputs import SampleInputs
from tensorlab.jit.specialisations import CompileSeconds
from tensorlab.jit.stage_code import StageCode, UserLine
from tensorlab.jit.timing import Timing
from tensorlab.view.check_lights import CheckView
from tensorlab.view.comparison import ComparisonView
from tensorlab.view.ledger import LedgerView
from tensorlab.view.mime import View
from tensorlab.view.stage_code import StageCodeView
from tensorlab.view.what_if import WhatIfView

HOSTILE = '<script>alert("x")</script>&\u202e\x00\n"\'`${}'

TEXT = """\
graph(%x : Float(4, 6), %gain : Float(6)):
  %2 : Float(4, 6) = aten::mul(%x, %gain) # cell.py:1:4
  %3 : int = prim::Constant[value=1]()
  %4 : Float(4, 6) = aten::mul(%2, %3) # cell.py:1:4
  %5 : Float(4, 6) = aten::mul(%x, %gain) # cell.py:2:4
  %z : Float(4, 6) = aten::add(%4, %5, %3) # cell.py:2:4
  %unused : Float(4, 6) = aten::exp(%z) # cell.py:3:9
  %8 : Float(4, 6) = aten::tanh(%z) # cell.py:4:0
  return (%8)
"""
EQUAL = Closeness("equal", 0, "", 1)
INPUTS = SampleInputs((), (), "trace")
_TIMES = Timing(1.2e-5, 1.1e-5, 1.3e-5, 15), Timing(2.4e-5, 2.2e-5, 2.7e-5, 15)


def graph_of(name: str = "tone") -> Graph:
    graph = parse_graph(TEXT)
    graph.name = name
    return graph


def otherwise(pipeline: Pipeline, *, results: Closeness = EQUAL, graph: Graph | None = None) -> WhatIf:
    """What `what_if` would say of the parsed graph."""
    first = graph or graph_of()
    usual, other = snapshot(first), snapshot(first)
    passes = paired(DEFAULT.run(usual), pipeline.run(other))
    compared = compare_graphs(usual, other)
    return WhatIf(first.name, DEFAULT.line, pipeline.line, passes, compared, results, INPUTS, _TIMES, (usual, other))


def _hostile() -> View:
    graph = graph_of(HOSTILE)
    for node in graph.nodes():
        node.span = Span(HOSTILE, 1)
    wrong = Closeness("different", 0, HOSTILE, 1, Difference(HOSTILE, HOSTILE, HOSTILE))
    return WhatIfView(otherwise(DEFAULT.without("fuse"), results=wrong, graph=graph), HOSTILE, HOSTILE)


def checks(name: str = "tone") -> PassChecks:
    """Lights of every kind, those that say something made up."""
    graph = graph_of(name)
    wrong = Difference("result 0", "nan", "element 3 is 0.5 instead of nan")
    decision = Decision("turned", "mine.py:4", "replace", "a - b is b - a", (1,), (2,))
    blamed = Culprit("mine", 2, decision, ("%3 : Float(2) = aten::sub(%x, %1, %2)",), wrong)
    apart = Closeness("different", 0, "nan", 9, wrong)
    passes = (
        PassCheck("dce", "unchanged", 0),
        PassCheck("cse", "equal", 3, EQUAL),
        PassCheck("fuse_rows", "ulp", 1, Closeness("ulp", 2, "special", 9)),
        PassCheck(name, "different", 4, apart, blamed, Reproduction(graph, (), "m")),
        PassCheck("fuse", "skipped", 0),
    )
    cases = ("sample", "zeros", "nan")
    return PassChecks(name, f"dce,cse,fuse_rows,{name},fuse", passes, Closeness("ulp", 2, "nan", 2), cases, INPUTS)


def code(name: str = "tone", stage: CodeStage = "llvm", count: int = 3, line: int | None = None) -> StageCode:
    """Machine code that nobody compiled: a product, its sum, what LLVM made up."""
    file = "cell.py" if name == "tone" else name
    product, total = (Node(kind, span=Span(file, at)) for kind, at in (("aten::mul", 2), ("aten::add", 3)))
    origins = [
        Origins((Origin("reads", product),)),
        Origins((Origin("computes", total), Origin("computes", product))),
        Origins(),
        Origins((Origin("loop"),)),
    ]
    origins[1].chains = 2
    lines = tuple(
        CodeLine(f"  %{i} = fmul <8 x float> %wide.load, {name}", origins[i % 4], i % 4 < 2 and line == 2)
        for i in range(count)
    )
    spans = Span(file, 2), Span(file, 3)
    below = stage in ("llvm", "asm")
    compared, reason = ("object", f"what runs is not in the cache: {name}") if below else ("", "")
    bits = (256, 0) if below else (None, None)
    first = CodePart(f"mul_{name}", lines, 295, bits[0], 8, spans, lines, compared)
    parts = (first, CodePart("add", (), 20, bits[1], 0, spans, (), "", reason))
    told = (
        UserLine(Span(file, 2), f"a = x * {name}", ("mul",), 3, 2, line == 2),
        UserLine(Span(file, 3), f"a + {name}", ("add",), 1, 1, marked=False),
    )
    return StageCode(name, stage, parts, True, line, told)


def book(name: str = "tone") -> Ledger:
    """A ledger with made-up times."""
    graph = graph_of(name)
    costs = graph_cost(graph), GraphCost((NodeCost(1, "aten::sort", None, None, 96, 96),), Total(96, 1))
    times = [Timing(median, median * 0.9, median * 1.1, 15) for median in (2e-5, 1e-5, 1.02e-5, 3e-5)]
    rows = [LedgerRow(BEFORE, 0.0, {"aten::mul": 3, name: 4}, costs[0], times[0])]
    names = (name, "cse", "fuse", "dce")
    rows += [LedgerRow(n, 4e-4, {"aten::mul": 2}, costs[1], t) for n, t in zip(names, (*times[1:], None), strict=True)]
    return Ledger(name, tuple(rows), (("shapes", 1e-4),), CompileSeconds(1e-4, 2e-3, 1e-4, 1e-4, 5e-2), INPUTS)


def compared(name: str = "tone") -> Comparison:
    """A graph, itself again, and one with another operation and another type."""
    graphs = graph_of(name), parse_graph(TEXT)
    changed = parse_graph(TEXT.replace("aten::exp", "aten::sin").replace("Float(6)", "Float(4, 6)"))
    stages = (
        StagePair("(as recorded)", (False, False), compare_graphs(graphs[0], changed)),
        StagePair(name, (True, False), compare_graphs(*graphs)),
        StagePair("fuse", (True, True), compare_graphs(graphs[0], changed)),
    )
    types = ("Float(4, 6)", "Float(6)"), ("Float(4, 6)", name)
    return Comparison((name, "other"), types, stages, compare_graphs(graphs[0], changed), EQUAL)


QUESTION_SAMPLES: dict[str, Callable[[], View]] = {
    "what_if": lambda: WhatIfView(otherwise(DEFAULT.without("dce")), "", "without dce"),
    "what_if_first": lambda: WhatIfView(otherwise(DEFAULT.first(1)), "", "with 1 rewrite"),
    "what_if_same": lambda: WhatIfView(otherwise(DEFAULT.without("fuse_rows")), "", "without fuse_rows"),
    "what_if_hostile": _hostile,
    "stage_hot": lambda: StageCodeView(code()),
    "stage_hot_python": lambda: StageCodeView(code(stage="python")),
    "stage_hot_line": lambda: StageCodeView(code(stage="asm", count=4, line=2)),
    "stage_hot_long": lambda: StageCodeView(code(stage="asm", count=5000)),
    "stage_hot_hostile": lambda: StageCodeView(code(HOSTILE)),
    "ledger": lambda: LedgerView(book()),
    "ledger_hostile": lambda: LedgerView(book(HOSTILE)),
    "comparison": lambda: ComparisonView(compared()),
    "comparison_hostile": lambda: ComparisonView(compared(HOSTILE), (HOSTILE, HOSTILE)),
    "check": lambda: CheckView(checks()),
    "check_hostile": lambda: CheckView(checks(HOSTILE)),
}
