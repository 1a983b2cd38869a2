"""Every op as a graph of one node: those that the rows call, inside of other ops and in derivatives too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import tensorlab as tl
from oracle.case import Case, Maker
from oracle.compare import ours
from oracle.families import CASES
from oracle.in_graphs import Made, alike, reads_back, seen
from oracle.test_types import ASKED_BY_SCRIPTS, PASSED_ON, more, of_tensors, tensors_in
from tensorlab.core.dispatch import pushed
from tensorlab.core.op import Op, all_ops, infer
from tensorlab.core.types import FLOAT, NONE, TENSOR, ListType, OptionalType
from tensorlab.errors import TensorlabError
from tensorlab.jit import interpret
from tensorlab.jit.build import Builder, known
from tensorlab.jit.function import ScriptFunction, compile_graph
from tensorlab.jit.ir import LIST_CONSTRUCT, Graph, Value
from tensorlab.jit.pipeline import DEFAULT

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0"),
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides"),
    pytest.mark.filterwarnings("ignore:An output with one or more elements was resized"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
]
BY_LABEL = {c.label: c for c in CASES}
ENOUGH = 2  # calls that are tried of one op
TRIED: Counter[str] = Counter()


class Collector:
    """The mode that keeps the arguments of each op's first calls, as they are before they run."""

    def __init__(self) -> None:
        self.found: list[tuple[Op, list[Any]]] = []

    def call(self, op: Op, args: tuple[Any, ...]) -> Any:
        if TRIED[op.name] >= ENOUGH:
            return op.record(args)
        kept = [_copied(a) for a in args]
        result = op.record(args)
        if TRIED[op.name] < ENOUGH:
            TRIED[op.name] += 1
            self.found.append((op, kept))
        return result


def _copied(value: Any) -> Any:
    """Tensors over memory of their own, with the same strides; all else as it is."""
    if isinstance(value, (list, tuple)):
        return [_copied(v) for v in value]
    return ours(value.detached_numpy()) if isinstance(value, tl.Tensor) else value


def one_node(op: Op, args: Sequence[Any]) -> Graph:
    """A graph that calls the op once; tensors are its inputs, lists of them are made in it."""
    graph = Graph("one")
    builder = Builder(graph.block)

    def value(argument: Any) -> Value:
        if isinstance(argument, tl.Tensor):
            return builder.param(argument.type, f"x{len(graph.inputs)}")
        if isinstance(argument, list) and any(isinstance(a, tl.Tensor) for a in argument):
            element = OptionalType(TENSOR) if any(a is None for a in argument) else TENSOR
            return builder.node(LIST_CONSTRUCT, list(map(value, argument)), [ListType(element)]).output
        return builder.constant(argument)

    inputs = [value(_as_declared(p.type, a)) for p, a in zip(op.schema.params, args, strict=True)]
    node = builder.node(op.kind, inputs, infer(op, [known(v) for v in inputs]), op=op)
    builder.results(*(v for v in node.outputs if v.type != NONE))  # a gradient may not be asked for
    return graph


def _as_declared(type_: Any, argument: Any) -> Any:
    wanted = type_.element if isinstance(type_, OptionalType) else type_
    return float(argument) if wanted == FLOAT and type(argument) is int else argument


def check_op(op: Op, args: Sequence[Any], path: Path) -> None:
    graph = one_node(op, args)
    reads_back(graph)
    function = ScriptFunction(graph, kind="traced")
    function.save(path)
    loaded = tl.jit.load(path)

    def eager(*given: Any) -> Any:
        rest = iter(given)
        return op.run(tuple(_refilled(a, rest) for a in args))

    def compiled(*given: Any) -> Any:
        return compile_graph(graph, [t.type for t in given], DEFAULT).program.run(*given)

    def saved(*given: Any) -> Any:
        return interpret.run(loaded.graph, given)

    def interpreted(*given: Any) -> Any:
        return interpret.run(graph, given)

    outcomes = []
    for run in (eager, interpreted, compiled, saved):
        tl.manual_seed(3)
        given = [ours(t.detached_numpy()) for t in tensors_in(list(args))]
        outcomes.append(seen(run(*given), given))
    for outcome in outcomes[1:]:
        alike(outcome, outcomes[0])


def _refilled(value: Any, tensors: Iterator[tl.Tensor]) -> Any:
    if isinstance(value, list):
        return [_refilled(v, tensors) for v in value]
    return next(tensors) if isinstance(value, tl.Tensor) else value


def collect(collector: Collector, case: Case) -> None:
    dtype = "float32" if "float32" in case.dtypes else case.dtypes[0]
    for found in case.samples(Maker(dtype, special=case.special)):
        made = Made(found)
        for function in (case.function(tl), *([case.function(tl, "_")] if case.inplace else [])):
            tensors = made.tensors
            try:
                with pushed(collector):
                    made.call(function, tensors)
            except (TensorlabError, AttributeError):
                continue
        if case.grad:
            leaves = [t.requires_grad_() for t in made.tensors if t.dtype.is_floating_point]
            differentiate(collector, case, made, leaves)


def differentiate(collector: Collector, case: Case, made: Made, leaves: list[tl.Tensor]) -> None:
    floating = iter(leaves)
    tensors = [next(floating) if t.dtype.is_floating_point else t for t in made.tensors]
    try:
        results = [r for r in tensors_in(made.call(case.function(tl), tensors)) if r.requires_grad]
        if results:
            with pushed(collector):
                tl.autograd.grad([r.sum() for r in results], leaves, allow_unused=True)
    except TensorlabError:
        return


@pytest.mark.parametrize("label", BY_LABEL)
def test_the_ops_that_a_row_calls_are_nodes(label: str, tmp_path: Path) -> None:
    collector = Collector()
    collect(collector, BY_LABEL[label])
    for op, args in collector.found:
        check_op(op, args, tmp_path / "a.pt")


@pytest.mark.parametrize("name", more())
def test_so_are_those_that_no_row_calls(name: str, tmp_path: Path) -> None:
    collector = Collector()
    with pushed(collector):
        more()[name]()
    for op, args in collector.found:
        check_op(op, args, tmp_path / "a.pt")


def test_every_op_was_a_node() -> None:
    if len(TRIED) < len(CASES):
        pytest.skip("asked once all rows have run")
    assert {op.name for op in all_ops() if of_tensors(op)} - set(TRIED) - PASSED_ON - ASKED_BY_SCRIPTS == set()
