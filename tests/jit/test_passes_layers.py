"""Decomposition of composite ops, batch-norm folding and dropout removal, on what layers leave in a trace."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.op import all_ops
from tensorlab.jit import interpret
from tensorlab.jit.build import snapshot
from tensorlab.jit.ir import Graph
from tensorlab.jit.passes.decompose import BY_LAYOUT, is_composite
from tensorlab.jit.pipeline import Pipeline
from tensorlab.jit.records import PassRecord

F = tl.nn.functional


def x(*shape: int) -> tl.Tensor:
    return tl.tensor(np.sin(np.arange(1, np.prod(shape, dtype=int) + 1), dtype=np.float32).reshape(shape))


def traced(function: Callable[..., Any], *args: tl.Tensor) -> Graph:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return snapshot(tl.jit.trace(function, args, check_trace=False).graph)


def run(line: str, graph: Graph, *args: tl.Tensor) -> tuple[PassRecord, ...]:
    return Pipeline.parse(line).run(graph, verify=True, check=args)


def kinds(graph: Graph) -> list[str]:
    return [n.kind.partition("::")[2] for n in graph.nodes() if n.op is not None]


CALLS: dict[str, tuple[Callable[..., Any], tuple[tl.Tensor, ...]]] = {
    "linear": (lambda a, w, b: F.linear(a, w, b), (x(2, 3), x(4, 3), x(4))),
    "layer_norm": (lambda a: F.layer_norm(a, (3,)), (x(2, 3),)),
    "group_norm": (lambda a: F.group_norm(a, 2), (x(2, 4, 3),)),
    "cross_entropy": (lambda a, t: F.cross_entropy(a, t), (x(2, 3), tl.tensor([0, 2]))),
    "conv1d": (lambda a, w: F.conv1d(a, w), (x(1, 2, 5), x(3, 2, 2))),
    "conv2d": (lambda a, w, b: F.conv2d(a, w, b, padding=1), (x(1, 2, 4, 4), x(3, 2, 3, 3), x(3))),
    "conv2d_same": (lambda a, w: F.conv2d(a, w, padding="same"), (x(1, 2, 4, 4), x(3, 2, 3, 3))),
    "max_pool2d": (lambda a: F.max_pool2d(a, 2), (x(1, 2, 4, 4),)),
    "adaptive": (lambda a: F.adaptive_avg_pool2d(a, (2, 2)), (x(1, 2, 4, 4),)),
    "attention": (lambda q, k: F.scaled_dot_product_attention(q, k, k), (x(1, 2, 3, 4), x(1, 2, 3, 4))),
    "pad": (lambda a: F.pad(a, (1, 2)), (x(2, 3),)),
    "prelu": (lambda a, w: F.prelu(a, w), (x(2, 3), x(3))),
    "glu": (lambda a: F.glu(a), (x(2, 4),)),
    "square": (lambda a: a.square(), (x(2, 3),)),
    "isclose": (lambda a, b: tl.isclose(a, b), (x(2, 3), x(2, 3))),
    "rounded": (lambda a: tl.div(a, 0.3, rounding_mode="floor"), (x(2, 3),)),
    "hstack": (lambda a, b: tl.hstack((a, b)), (x(2, 3), x(2, 1))),
    "diff": (lambda a: tl.diff(a), (x(2, 4),)),
    "rot90": (lambda a: tl.rot90(a), (x(2, 3),)),
    "kron": (lambda a, b: tl.kron(a, b), (x(2, 2), x(2, 3))),
    "narrow": (lambda a: a.narrow(1, 1, 2), (x(2, 4),)),
    "tile": (lambda a: a.tile(2, 2), (x(2, 3),)),
    "cov": (lambda a: tl.cov(a), (x(3, 4),)),
    "hsplit": (lambda a: tl.hsplit(a, 2)[1], (x(2, 4),)),
    "meshgrid": (lambda a, b: tl.meshgrid(a, b, indexing="ij")[0], (x(2), x(3))),
    "movedim": (lambda a: a.movedim(0, 2), (x(2, 3, 4),)),
    "view_as": (lambda a, b: a.view_as(b) + 1, (x(2, 3), x(3, 2))),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_composite_op_gives_way_to_its_body(name: str) -> None:
    function, args = CALLS[name]
    graph = traced(function, *args)
    assert any(map(is_composite, graph.nodes()))
    (record,) = run("decompose", graph, *args)
    assert not any(map(is_composite, graph.nodes()))
    assert not record.refusals
    assert {d.rule for d in record.rewrites} == {"composite"}
    found = interpret.run(graph, list(args))[0]
    np.testing.assert_array_equal(found.numpy(), function(*args).numpy())


def test_bodies_stand_at_the_place_of_the_call() -> None:
    graph = traced(lambda a, w, b: F.linear(a, w, b), x(2, 3), x(4, 3), x(4))
    (linear,) = (n for n in graph.nodes() if n.kind == "aten::linear")
    run("decompose", graph, x(2, 3), x(4, 3), x(4))
    assert {n.span for n in graph.nodes() if n.op is not None} == {linear.span}


def refusals(line: str, graph: Graph) -> list[str]:
    return [d.reason for r in Pipeline.parse(line).run(graph) for d in r.refusals]


def test_bodies_that_decide_by_what_is_not_known_are_left() -> None:
    graph = traced(lambda a: a.square(), x(2, 3))
    graph.inputs[0].type = type(graph.inputs[0].type)()
    assert refusals("decompose", graph) == ["its body may decide by a shape or dtype that is not known"]
    graph = traced(lambda a: tl.as_strided(a, (2, 2), (1, 2)), x(2, 3))
    assert refusals("decompose", graph) == ["its body looks at strides, which types do not tell"]
    assert {op.kind for op in all_ops() if "composite" in op.rules} >= BY_LAYOUT


# -- freezing


def module() -> tl.nn.Module:
    tl.manual_seed(3)
    layers = tl.nn.Sequential(
        tl.nn.Conv2d(2, 3, 3, bias=False), tl.nn.BatchNorm2d(3), tl.nn.ReLU(), tl.nn.Flatten(),
        tl.nn.Linear(12, 4), tl.nn.BatchNorm1d(4, affine=False), tl.nn.Dropout(0.5),
    )  # fmt: skip
    for _ in range(3):
        layers(tl.randn(5, 2, 4, 4) * 2 + 1)
    return layers


def test_batch_norms_are_folded_into_convolutions_and_linear_layers() -> None:
    frozen = module().eval()
    given = x(2, 2, 4, 4)
    graph = traced(frozen, given)
    (folded, _) = run("fold_norm,dce", graph, given)
    assert kinds(graph) == ["conv2d", "relu", "flatten", "linear"]
    assert [d.reason for d in folded.rewrites] == [
        "scale and shift of the batch norm are in the weights of aten::conv2d",
        "scale and shift of the batch norm are in the weights of aten::linear",
    ]
    expected = frozen(given).detach().numpy()
    np.testing.assert_allclose(interpret.run(graph, [given])[0].numpy(), expected, rtol=1e-5, atol=1e-5)


def test_the_modules_own_weights_are_not_touched() -> None:
    frozen = module().eval()
    before = [p.detach().numpy().copy() for p in frozen.parameters()]
    run("fold_norm", traced(frozen, x(2, 2, 4, 4)), x(2, 2, 4, 4))
    for a, b in zip(before, frozen.parameters(), strict=True):
        np.testing.assert_array_equal(a, b.detach().numpy())


def bare(a: tl.Tensor, norm: tl.nn.Module) -> tl.Tensor:
    return norm(tl.nn.functional.relu(a))


CONV, NORM = tl.nn.Conv2d(2, 3, 3), tl.nn.BatchNorm2d(3).eval()


def shared(a: tl.Tensor) -> tl.Tensor:
    y = CONV(a)
    return NORM(y) + y


def unbatched(a: tl.Tensor) -> tl.Tensor:
    return tl.nn.functional.batch_norm(CONV(a), tl.zeros(2), tl.ones(2))


@pytest.mark.parametrize(
    ("function", "shape", "reason"),
    [
        (shared, (1, 2, 4, 4), "something else takes what is normalised"),
        (unbatched, (2, 4, 4), "the channels are not known to be those of the weight"),
        (lambda a: NORM(a), (1, 3, 2, 2), "what it normalises comes from outside"),
        (lambda a: NORM(a.relu()), (1, 3, 2, 2), "what it normalises comes from aten::relu"),
        (
            lambda a: F.batch_norm(CONV(a), tl.zeros(3), tl.ones(3), training=True),
            (2, 2, 4, 4),
            "in training the statistics are those of the batch",
        ),
        (
            lambda a: NORM(F.conv2d(a, a[:, :, :3, :3].expand(3, 2, 3, 3))),
            (1, 2, 4, 4),
            "it is no constant: it may be another in the next call",
        ),
    ],
    ids=["shared", "unbatched", "outside", "relu", "training", "weight"],
)
def test_batch_norms_that_stay(function: Callable[..., Any], shape: tuple[int, ...], reason: str) -> None:
    graph = traced(function, x(*shape))
    assert refusals("fold_norm", graph) == [reason]
    assert "native_batch_norm" in kinds(graph)


def test_dropout_of_a_trace_in_training_mode_is_left_out() -> None:
    layers = tl.nn.Sequential(tl.nn.ReLU(), tl.nn.Dropout(0.5))
    given = x(2, 3)
    graph = traced(layers.train(), given)
    assert kinds(graph) == ["relu", "rand", "_kept"]
    run("drop_dropout,dce", graph, given)
    assert kinds(graph) == kinds(traced(layers.eval(), given)) == ["relu"]


def test_dropout_inside_attention_is_refused_until_it_is_decomposed() -> None:
    query = x(1, 2, 3, 4)
    graph = traced(lambda q: F.scaled_dot_product_attention(q, q, q, dropout_p=0.5), query)
    assert refusals("drop_dropout", graph) == ["its dropout is inside it: decompose first"]
    run("decompose,drop_dropout", graph, query)
    assert not any(n.op is not None and n.op.random for n in graph.nodes())
