"""The passes on small graphs: input, output and every decision stand in one file each, under tests/golden/jit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tensorlab.jit.ir import Graph, Node, Value, walk
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import DEFAULT, NAMES, Pipeline
from tensorlab.jit.records import Decision, PassRecord
from tensorlab.jit.text import Names, format_graph
from tensorlab.jit.verify import verify

GOLDEN = Path(__file__).parents[1] / "golden" / "jit"
CASES = sorted(p for p in GOLDEN.glob("*/*.txt"))
PIPELINES = {"default": DEFAULT, **{name: Pipeline((p,)) for name, p in NAMES.items()}}


@pytest.mark.parametrize("case", CASES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_pass(case: Path, golden) -> None:
    lines = case.read_text(encoding="utf-8").splitlines()
    title = "\n".join(line for line in lines if line.startswith("#"))
    before, _, _ = "\n".join(line for line in lines if not line.startswith("#")).partition("\nafter:\n")
    graph = parse_graph(before)
    names = Names()
    first = format_graph(graph, names=names)
    records = PIPELINES[case.parent.name].run(graph)
    verify(graph)
    text = f"{title}\n{first}after:\n{format_graph(graph, names=names)}{decisions(records, names)}"
    golden.check(f"{case.parent.name}/{case.name}", text)


def decisions(records: tuple[PassRecord, ...], names: Names) -> str:
    """Every decision in a line: which rule did what to what, and why."""
    lines: list[str] = []
    for record in records:
        known = {**entities(record.before), **entities(record.after)}
        rewrites = f"{len(record.rewrites)} rewrites, {len(record.refusals)} refusals"
        lines += [f"{record.name}: {rewrites}"] if len(records) > 1 else ["decisions:"]
        lines += [f"  {describe(d, known, names)}" for d in record.decisions]
    return "\n".join(lines) + "\n"


def describe(decision: Decision, known: dict[int, Node | Value], names: Names) -> str:
    done, made = ([entity(known.get(s), names) for s in serials] for serials in (decision.nodes_in, decision.nodes_out))
    what = f"{', '.join(done)} -> {', '.join(made)}" if made else ", ".join(done)
    blocker = "" if decision.blocker is None else f" [{entity(known.get(decision.blocker), names)}]"
    return f"{decision.rule} {decision.kind} {what}: {decision.reason}{blocker}"


def entities(graph: Graph) -> dict[int, Node | Value]:
    found: dict[int, Node | Value] = {v.serial: v for v in graph.inputs}
    for node in walk(graph.block):
        found[node.serial] = node
        found |= {v.serial: v for v in node.outputs}
        found |= {v.serial: v for block in node.blocks for v in block.params}
        subgraph = node.attributes.get("subgraph")
        if isinstance(subgraph, Graph):
            found = {**entities(subgraph), **found}
    return found


def entity(what: Node | Value | None, names: Names) -> str:
    match what:
        case None:
            return "(gone)"
        case Node():
            return f"{what.kind.partition('::')[2]}({', '.join(map(names.of, what.outputs))})"
        case Value():
            return names.of(what)
