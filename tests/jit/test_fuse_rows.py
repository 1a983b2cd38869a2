"""Reductions with what goes before and after them, as one loop over rows: values, layouts, threads, gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import RunError
from tensorlab.jit import interpret
from tensorlab.jit.function import compile_graph
from tensorlab.jit.lower import lower
from tensorlab.jit.parse import parse_graph
from tensorlab.jit.pipeline import DEFAULT, Pipeline

torch = pytest.importorskip("torch")

# Of float32, relative to the largest element: a result goes through a dozen roundings, each of half an ulp, most of
# them not the same way; sums of 512 elements go by vectors, so that no more than 64 are added one after the other.
TOLERANCE = 4 * np.finfo(np.float32).eps


def softmax(x: Any) -> Any:
    e = (x - x.amax(-1, True)).exp()
    return e / e.sum(-1, True)


def log_softmax(x: Any) -> Any:
    s = x - x.amax(-1, True)
    return s - s.exp().sum(-1, True).log()


def layer_norm(x: Any, w: Any, b: Any) -> Any:
    d = x - x.mean(-1, True)
    return d * ((d * d).mean(-1, True) + 1e-5).rsqrt() * w + b


def layer_norm_of_variance(x: Any, w: Any, b: Any) -> Any:
    return (x - x.mean(-1, True)) / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt() * w + b


def rms_norm(x: Any, w: Any, b: Any) -> Any:
    return x * ((x * x).mean(-1, True) + 1e-5).rsqrt() * w + b


def entropy(x: Any) -> Any:
    p = softmax(x)
    return -(p * p.log()).sum(-1)


def squared_error(x: Any, y: Any) -> Any:
    return ((x - y) ** 2).mean().sqrt()


def products(x: Any, y: Any) -> Any:
    return (x * y).sum(-1), (x * y).sum(-1).abs() + 1


def planes(x: Any) -> Any:
    return (x - x.mean((-2, -1), True)) / x.std((-2, -1), keepdim=True), x.amin((-2, -1))


def inputs(*shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(7)
    return [rng.standard_normal(shape).astype("f") for shape in shapes]


ROWS, LAST = (12, 1030), (1030,)


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (softmax, [ROWS]),
        (log_softmax, [ROWS]),
        (layer_norm, [ROWS, LAST, LAST]),
        (layer_norm_of_variance, [ROWS, LAST, LAST]),
        (rms_norm, [ROWS, LAST, LAST]),
        (entropy, [ROWS]),
        (squared_error, [ROWS, ROWS]),
        (products, [ROWS, ROWS]),
        (planes, [(2, 3, 20, 30)]),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_one_loop_computes_what_torch_does_in_float64(function: Callable[..., Any], shapes: Any) -> None:
    arrays = inputs(*shapes)
    ours = [tl.tensor(a) for a in arrays]
    traced = tl.jit.trace(function, tuple(ours))
    got, wanted = traced(*ours), function(*(torch.from_numpy(a).double() for a in arrays))
    for g, w in zip(*((v,) if not isinstance(v, tuple) else v for v in (got, wanted)), strict=True):
        assert tuple(g.shape) == tuple(w.shape)
        scale = max(1.0, float(w.abs().max()))
        assert float(np.abs(g.numpy() - w.numpy()).max()) <= TOLERANCE * scale
    assert [len(traced.latest.program.loops), len(traced.latest.program.compiled_loops())] == [1, 1]
    assert not [n for n in traced.latest.graph.nodes() if n.op is not None]


def test_what_is_dear_waits_in_the_row_of_a_result_and_what_is_cheap_is_computed_again() -> None:
    (x,) = (tl.tensor(a) for a in inputs(ROWS))
    lines: dict[Any, list[str]] = {}
    for function in (softmax, log_softmax):
        traced = tl.jit.trace(function, (x,))
        traced(x)
        (loop,) = traced.latest.program.compiled_loops()
        lines[function] = [line.strip() for line in loop.source.partition("def loop")[2].splitlines()]
    assert [line for line in lines[softmax] if line.startswith(("v2 = ", "o0["))] == [
        "v2 = np.float32(exp_p * exp_first * exp_second)",
        "o0[o0_row + i] = v2",
        "v2 = o0[o0_row + i]",
        "o0[o0_row + i] = v4",
    ]
    difference = "v1 = np.float32(x0 - np.float32(1) * v0)"
    assert (lines[softmax].count(difference), lines[log_softmax].count(difference)) == (1, 2)


def alone(function: Callable[..., Any], *given: Any) -> tuple[Any, Any]:
    """What a function gives compiled, and op by op."""
    traced = tl.jit.trace(function, given, check_trace=False)
    found = traced(*given)
    assert any(d.rule == "fuse_rows" and not d.refused for r in traced.records for d in r.decisions)
    return found, function(*given)


def close(got: Any, wanted: Any) -> None:
    assert (got.dtype, tuple(got.shape), got.strides) == (wanted.dtype, tuple(wanted.shape), wanted.strides)
    np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=TOLERANCE, atol=TOLERANCE)


def test_layouts_of_any_kind_give_what_the_ops_give_one_by_one() -> None:
    x = tl.tensor(inputs((6, 8, 10))[0])
    for view in (x, x[:, ::2], x[1], x.transpose(1, 2), x[:, :, :1], x[:0], x[:, :1].expand(6, 4, 10)):
        close(*alone(softmax, view))
    assert alone(softmax, x[..., :0].sum(-1))[0].shape == (6, 8)


def test_inputs_are_broadcast_along_rows_and_from_row_to_row() -> None:
    x, column, row, plane, one = map(tl.tensor, inputs((5, 6, 7), (6, 1), (7,), (5, 1, 7), (1,)))

    def function(x: Any, column: Any, row: Any, plane: Any, one: Any, number: Any) -> Any:
        y = x * column + row - plane * one
        return y - y.mean(-1, True) * number, y.sum(-1) * column.t()

    for got, wanted in zip(*alone(function, x, column, row, plane, one, tl.tensor(2.0)), strict=True):
        close(got, wanted)


def test_whole_tensors_are_one_row_however_they_lie() -> None:
    x, y = map(tl.tensor, inputs((30, 50), (30, 50)))
    for a, b in ((x, y), (x.t(), y.t()), (x[::2], y[::2]), (x, y[:1])):
        close(*alone(squared_error, a, b))


def test_numbers_of_a_square_stand_along_its_columns() -> None:
    (x,) = (tl.tensor(a) for a in inputs((6, 6)))
    close(*alone(lambda x: x.exp() - x.exp().sum(-1), x))


def test_integers_and_floats_of_16_bits_are_folded_as_one_by_one() -> None:
    i = tl.arange(60).reshape(6, 10) % 7
    for function in (lambda x: (x * 3).sum(-1), lambda x: x - x.amax(-1, True), lambda x: (x > 3).sum(-1) + 1):
        got, wanted = alone(function, i)
        assert (got.dtype, got.tolist()) == (wanted.dtype, wanted.tolist())
    half = tl.tensor(inputs((6, 40))[0]).to(tl.bfloat16)
    got, wanted = alone(lambda x: x - x.mean(-1, True), half)
    assert (got.dtype, got.tolist()) == (tl.bfloat16, wanted.tolist())


def test_nan_and_infinities_go_as_one_by_one() -> None:
    x = tl.tensor([[1.0, float("nan"), 2.0], [float("inf"), 1.0, 0.0], [-float("inf")] * 3, [3.0, 2.0, 1.0]])
    got, wanted = alone(softmax, x)
    np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=TOLERANCE)


def test_shapes_that_are_not_known_share_one_program() -> None:
    text = str(tl.jit.trace(softmax, (tl.zeros(3, 4),)).graph).replace("Float(3, 4)", "Tensor")
    graph = parse_graph(text.replace("Float(3, 1)", "Tensor"))
    Pipeline.parse("dce,fuse_rows,dce").run(graph, verify=True)
    assert [n.kind for n in graph.nodes()] == ["prim::FusionGroup"]
    program = lower(graph)
    for shape in ((3, 4), (7,), (2, 3, 4)):
        x = tl.tensor(inputs(shape)[0])
        close(program.run(x), softmax(x))
        (found,) = interpret.run(graph, [x])
        assert found.tolist() == softmax(x).tolist()
    assert len(program.compiled_loops()) == 1


def test_an_error_in_a_group_is_told_with_its_line() -> None:
    @tl.jit.script
    def function(x, y):
        return (x * y).sum(-1)

    assert function(tl.ones(2, 3), tl.ones(3)).tolist() == [3.0, 3.0]
    with pytest.raises(RunError) as caught:
        function(tl.ones(2, 3), tl.ones(2))
    assert "must match the size of tensor b (2)" in str(caught.value) and "(x * y).sum(-1)" in str(caught.value)


def test_threads_take_rows_and_never_parts_of_one() -> None:
    (x,) = (tl.tensor(a) for a in inputs((3, 70_000)))
    traced = tl.jit.trace(softmax, (x,), check_trace=False)
    before = tl.get_num_threads()
    try:
        tl.set_num_threads(1)
        alone = traced(x).tolist()
        tl.set_num_threads(4)
        assert traced(x).tolist() == alone
    finally:
        tl.set_num_threads(before)


def test_gradients_are_folded_along_rows_too() -> None:
    x = tl.tensor(inputs((12, 40))[0].astype(np.float64), requires_grad=True)
    traced = tl.jit.trace(lambda x: (softmax(x) ** 2).sum(-1), (x.detach(),))
    program = traced.gradient_program(x)
    for direction in (program.forward, program.backward):
        assert any(d.rule == "fuse_rows" and not d.refused for r in direction.records for d in r.decisions)
    traced(x).sum().backward()
    y = torch.tensor(x.tolist(), dtype=torch.float64, requires_grad=True)
    (softmax(y) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-12, atol=1e-14)


def test_without_the_pass_each_reduction_is_a_call() -> None:
    (x,) = (tl.tensor(a) for a in inputs((6, 10)))
    graph = tl.jit.trace(softmax, (x,)).graph
    fused, unfused = (compile_graph(graph, [x.type], p) for p in (DEFAULT, DEFAULT.without("fuse_rows")))
    assert "aten::amax" in str(unfused.graph) and [n.kind for n in fused.graph.nodes()] == ["prim::FusionGroup"]
    close(fused.run(x), unfused.run(x))
