"""What some ops ask of graphs: lists of tensors, checks of values, generators, numbers where floats are taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.types import OptionalType, TensorType
from tensorlab.errors import DivisionError, RangeError, RunError, TraceError
from tensorlab.jit.ir import LIST_CONSTRUCT, Graph
from tensorlab.jit.lower import lower
from tensorlab.jit.parse import parse_graph

F = tl.nn.functional


def typed(graph: Graph, kind: str) -> list[str]:
    return [str(n.output.type) for n in graph.nodes() if n.kind == kind]


# Random numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "draw",
    [lambda x, g: x + tl.rand(2, generator=g), lambda x, g: x.clone().normal_(generator=g)],
    ids=["rand", "normal_"],
)
def test_a_generator_of_ones_own_is_refused(draw) -> None:
    generator = tl.Generator()
    before = generator.get_state().tolist()
    with pytest.raises(TraceError) as caught:
        tl.jit.trace(lambda x: draw(x, generator), (tl.ones(2),))
    assert str(caught.value).endswith(
        "in traced draws from a generator that is passed to it, and a graph draws from the default one alone: leave "
        "out generator=, and use manual_seed"
    )
    assert generator.get_state().tolist() == before


# What no operation does -----------------------------------------------------------------------------------------------


def becomes_its_transpose(x: tl.Tensor) -> tl.Tensor:
    return x.clone().t_()


def takes_other_memory(x: tl.Tensor) -> tl.Tensor:
    y = x.clone()
    y.data = x * 2
    return y


def grows(x: tl.Tensor) -> tl.Tensor:
    return tl.add(x, x, out=tl.empty(0))


@pytest.mark.parametrize(
    ("function", "name"), [(becomes_its_transpose, "t_"), (takes_other_memory, "data"), (grows, "out=")]
)
def test_a_tensor_stays_where_it_is_in_a_trace(function, name: str) -> None:
    with pytest.raises(TraceError) as caught:
        tl.jit.trace(function, (tl.ones(2, 3),))
    assert str(caught.value) == (
        f"trace: {name} cannot be recorded in {function.__name__}: it changes the shape or the memory of a tensor, "
        "which has one of each in a trace"
    )
    assert function(tl.ones(2, 3)).numel() == 6


# Integers to divide by ------------------------------------------------------------------------------------------------


def quotients(a: tl.Tensor, b: tl.Tensor) -> tl.Tensor:
    return (a + 1) // b + a % b * 2


def test_a_program_looks_for_zeros_before_it_divides_integers() -> None:
    a, b, zeros = tl.tensor([4, 5]), tl.tensor([1, 2]), tl.tensor([1, 0])
    traced = tl.jit.trace(quotients, (a, b))
    assert traced(a, b).tolist() == quotients(a, b).tolist()
    for run in (traced, traced.interpret):
        with pytest.raises(RunError, match="floor_divide: ZeroDivisionError") as caught:
            run(a, zeros)
        assert type(caught.value.__cause__) is DivisionError
    reasons = [d.reason for r in traced.records for d in r.decisions if r.name == "fuse"]
    assert "aten::floor_divide of integers looks for zeros to divide by first" in reasons


def test_floats_and_known_divisors_are_divided_in_one_loop() -> None:
    x, n = tl.tensor([4.5, -5.0]), tl.tensor([7, -7])
    floats = tl.jit.trace(quotients, (x, x))
    assert len(floats.specialisation_for(x, x).program.loops) == 1
    whole = tl.jit.trace(lambda n: (n + 1) // 2 + n % 3, (n,))
    assert whole(n).tolist() == [5, -1]
    assert len(whole.specialisation_for(n).program.loops) == 1


def test_a_group_that_divides_integers_runs_one_operation_at_a_time() -> None:
    graph = parse_graph(
        "graph(%a : Long(2), %b : Long(2)):\n"
        "  %c : Long(2) = prim::FusionGroup_0(%a, %b)\n"
        "  return (%c)\n"
        "with prim::FusionGroup_0 = graph(%a : Long(2), %b : Long(2)):\n"
        "  %d : Long(2) = aten::floor_divide(%a, %b)\n"
        "  %e : Long(2) = aten::mul(%d, %d)\n"
        "  return (%e)\n"
    )
    program = lower(graph)
    assert program.loops == ()
    assert program.run(tl.tensor([7, 5]), tl.tensor([2, 1])).tolist() == [9, 25]
    with pytest.raises(RunError, match="ZeroDivisionError"):
        program.run(tl.tensor([7, 5]), tl.tensor([2, 0]))


# How results lie in memory --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x[:, 1:3] + 0).view(-1) * 2,
        lambda x: (x[:, 1:3] * 1).as_strided((2,), (2,)) + 1,
        lambda x: x[:, 1:3].neg().neg().flatten() / 2,
        lambda x: (x[:, 1:3].exp() * 1).view(-1) * 2,
    ],
)
def test_a_slice_does_not_stand_for_a_dense_copy(function) -> None:
    x = tl.arange(12.0).reshape(3, 4)
    traced = tl.jit.trace(function, (x,))
    assert traced(x).tolist() == function(x).tolist()


# Values that are refused ----------------------------------------------------------------------------------------------


def test_values_that_a_loss_refuses_are_refused_when_a_trace_of_it_runs(tmp_path: Path) -> None:
    p, target = tl.tensor([0.25, 0.5]), tl.tensor([0.0, 1.0])
    traced = tl.jit.trace(F.binary_cross_entropy, (p, target))
    traced.save(tmp_path / "loss.pt")
    for run in (traced, traced.interpret, tl.jit.load(tmp_path / "loss.pt")):
        np.testing.assert_allclose(run(p, target).item(), F.binary_cross_entropy(p, target).item(), rtol=1e-6)
        with pytest.raises(RunError, match="all elements of input should be between 0 and 1") as caught:
            run(p + 1, target)
        assert type(caught.value.__cause__) is RangeError
    with pytest.raises(RangeError, match=r"^gaussian_nll_loss: var has negative entry/entries$"):
        F.gaussian_nll_loss(p, target, -p)


# Numbers and lists ----------------------------------------------------------------------------------------------------


def test_an_integer_where_a_float_is_taken_is_a_float_in_the_graph() -> None:
    traced = tl.jit.trace(lambda x: F.pad(x, (1, 1), value=3), (tl.ones(2),))
    (pad,) = [n for n in traced.graph.nodes() if n.kind == "aten::pad"]
    assert pad.inputs[3].constant == 3.0
    assert isinstance(pad.inputs[3].constant, float)
    assert traced(tl.ones(2)).tolist() == [3.0, 1.0, 1.0, 3.0]


def test_the_tensors_of_a_list_have_types_that_follow_from_the_inputs() -> None:
    def gated(x: tl.Tensor) -> tl.Tensor:
        a, b, c = x.chunk(3)
        left, right = tl.meshgrid(c[0], c[0], indexing="ij")
        return tl.sigmoid(a) * b + (left + right).sum()

    traced = tl.jit.trace(gated, (tl.ones(6, 4),))
    x = tl.rand(9, 2)
    graph = traced.graph_for(x)
    assert typed(graph, "aten::__getitem__") == ["Float(3, 2)"] * 3 + ["Float(2, 2)"] * 2
    np.testing.assert_allclose(traced(x).numpy(), gated(x).numpy(), rtol=1e-6)


def test_a_list_whose_length_only_the_call_knows_has_elements_of_no_known_type() -> None:
    def first(x: tl.Tensor, n: int) -> tl.Tensor:
        return x.chunk(n)[0] * 2

    scripted = tl.jit.script(first)
    assert scripted(tl.ones(6), 3).shape == (2,)
    assert typed(scripted.graph_for(tl.ones(6), 3), "aten::__getitem__") == ["Tensor"]


def test_indices_among_whole_dimensions_are_a_list_with_none_in_it(tmp_path: Path) -> None:
    x, i = tl.arange(12.0).reshape(3, 4), tl.tensor([0, 2])
    traced = tl.jit.trace(lambda x, i: x[:, i] * 2, (x, i))
    wider = tl.tensor([3, 1, 0])
    graph = traced.graph_for(x, wider)
    (made,) = [n.output.type for n in graph.nodes() if n.kind == LIST_CONSTRUCT]
    assert made.element == OptionalType(TensorType())
    assert typed(graph, "aten::index") == ["Float(3, 3)"]
    traced.save(tmp_path / "index.pt")
    assert tl.jit.load(tmp_path / "index.pt")(x, wider).tolist() == (x[:, wider] * 2).tolist()


def test_several_results_that_may_be_the_inputs_memory_have_names_of_their_own() -> None:
    def both(x: tl.Tensor) -> tuple[tl.Tensor, tl.Tensor]:
        values, indices = x.sort()
        values.mul_(2)
        return values, indices

    x = tl.tensor([2.0, 1.0])
    traced = tl.jit.trace(both, (x,))
    assert [t.tolist() for t in traced(x)] == [[2.0, 4.0], [1, 0]]
    assert x.tolist() == [2.0, 1.0]


def test_numbers_are_sizes_before_they_are_dtypes_in_a_script() -> None:
    def turned(x: tl.Tensor) -> tl.Tensor:
        return x.view(6) + x.view(-1)

    scripted = tl.jit.script(turned)
    assert scripted(tl.ones(2, 3)).tolist() == [2.0] * 6
    overloads = {n.op.name for n in scripted.graph.nodes() if n.kind == "aten::view" and n.op is not None}
    assert overloads == {"view"}
