"""Every pass on random graphs: the graph stays whole, the answers, the writes and the sharing stay the same."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_graphs import SHAPE, Sample, arguments, graphs, tensors

import tensorlab as tl
from tensorlab.core.types import TensorType
from tensorlab.jit import interpret
from tensorlab.jit.build import clone, snapshot
from tensorlab.jit.diff import diff
from tensorlab.jit.ir import CONSTANT, FUSION_GROUP, Graph
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.passes.fuse import why_not_fusable
from tensorlab.jit.passes.shapes import specialised
from tensorlab.jit.pipeline import DEFAULT, FULL, NAMES, Pipeline
from tensorlab.jit.regions import is_product
from tensorlab.jit.text import Names, format_graph
from tensorlab.jit.verify import verify

PIPELINES = {"default": DEFAULT, "full": FULL, **{name: Pipeline((p,)) for name, p in NAMES.items()}}
SETTINGS = settings(deadline=None, derandomize=True, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def run(graph: Graph, which: list[int], flag: bool, count: int) -> tuple[list[np.ndarray], set[tuple[int, int]]]:
    """Results and arguments after a run, and which of them share memory."""
    given_tensors = tensors(which)
    results = interpret.run(graph, [*given_tensors, flag, count])
    everything: list[tl.Tensor] = [*results, *given_tensors]
    owners = [t.storage().data_ptr() for t in everything]
    shared = {(i, j) for i, j in combinations(range(len(owners)), 2) if owners[i] == owners[j]}
    return [t.numpy().copy() for t in everything], shared


@pytest.mark.parametrize("name", PIPELINES)
@SETTINGS
@given(sample=graphs(), args=arguments())
def test_passes_keep_what_a_graph_does(name: str, sample: Sample, args: tuple[list[int], bool, int]) -> None:
    verify(sample.graph)
    expected, sharing = run(sample.graph, *args)
    optimised = clone(sample.graph)
    PIPELINES[name].run(optimised, verify=True)
    got, sharing_after = run(optimised, *args)
    for a, b in zip(expected, got, strict=True):
        np.testing.assert_array_equal(a, b)
    assert sharing_after <= sharing


@SETTINGS
@given(sample=graphs())
def test_print_parse_print_is_a_fixpoint(sample: Sample) -> None:
    DEFAULT.run(sample.graph)
    for style in ("2", "1.0"):
        text = format_graph(sample.graph, style=style)
        parsed = parse_graph(text)
        verify(parsed)
        assert format_graph(parsed, style=style) == text


@SETTINGS
@given(sample=graphs(), args=arguments(), limit=st.integers(0, 12))
def test_any_number_of_rewrites_gives_a_whole_graph(
    sample: Sample, args: tuple[list[int], bool, int], limit: int
) -> None:
    graph = sample.graph
    expected, _ = run(graph, *args)
    records = DEFAULT.run(graph, limit=limit)
    verify(graph)
    assert (limit == 0) <= (not any(r.changed for r in records))
    for a, b in zip(expected, run(graph, *args)[0], strict=True):
        np.testing.assert_array_equal(a, b)


@SETTINGS
@given(sample=graphs())
def test_diffs_show_every_node_once_and_every_change(sample: Sample) -> None:
    names = Names()
    for record in DEFAULT.run(sample.graph):
        lines = [x for x in diff(record.before, record.after, record.decisions, names) if x.role == "node"]
        before, after = ({n.serial for n in g.nodes()} for g in (record.before, record.after))
        assert {x.node for x in lines if x.mark in "=~+↕"} == after
        assert {x.node for x in lines if x.mark in "->"} == before - after
        assert {x.node for x in lines if x.mark == "+"} == after - before
        assert len(lines) == len({x.node for x in lines})
        assert all(x.reason for x in lines if x.mark in "-+>")


@SETTINGS
@given(sample=graphs())
def test_records_are_not_touched_by_later_passes(sample: Sample) -> None:
    texts = []
    state = snapshot(sample.graph)
    for pass_ in DEFAULT:
        (record,) = Pipeline((pass_,)).run(sample.graph)
        texts.append((record, format_graph(record.before), format_graph(record.after)))
    assert format_graph(state) == texts[0][1]
    for record, before, after in texts:
        assert (format_graph(record.before), format_graph(record.after)) == (before, after)


@SETTINGS
@given(sample=graphs())
def test_groups_hold_pointwise_nodes_whose_results_have_one_shape(sample: Sample) -> None:
    graph = sample.graph
    DEFAULT.without("fuse_rows").run(graph)
    own = [TensorType(tl.float32, SHAPE)] * 3
    Pipeline((specialised([*own, *(v.type for v in graph.inputs[3:])]),)).run(graph, verify=True)
    for node in graph.nodes():
        if node.kind != FUSION_GROUP:
            continue
        subgraph: Graph = node.attributes["subgraph"]
        inside = [n for n in subgraph.block.nodes if n.kind != CONSTANT]
        assert len(inside) > 1 or any(is_product(v, node) for v in node.inputs)
        assert not any(map(why_not_fusable, inside))
        known = all(v.type.is_complete for v in subgraph.inputs if isinstance(v.type, TensorType))
        if known:
            shapes = [v.type.shape for v in subgraph.inputs if isinstance(v.type, TensorType)]
            assert {v.type.shape for v in subgraph.outputs} == {np.broadcast_shapes(*shapes)}
