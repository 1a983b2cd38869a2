"""A light for each pass: those of tensorlab are equal, a wrong one is named with its rewrite and a small program."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import tensorlab as tl
from tensorlab.jit import edit
from tensorlab.jit.equivalence import EquivalenceError
from tensorlab.jit.pass_checks import check_passes
from tensorlab.jit.pipeline import NAMES, Pipeline


def tone(x, y):
    a = (x + y * 2) * 1
    b = a.tanh() + (x - y * 2).tanh()
    return b @ y.t(), b.exp()


def turn(rewriter, **options) -> None:
    """Turns the second difference round, and the first sum too, which nobody sees."""
    for node in list(rewriter.graph.nodes()):
        if node.kind in ("aten::add", "aten::sub"):
            x, y, alpha = node.inputs
            if node.kind == "aten::sub" or (alpha.constant == 1 and y.producer.kind == "aten::tanh"):
                new = rewriter.builder_before(node).op(node.kind, [y, x, alpha])
                rewriter.replace([node], {node.output: new}, rule="turned", reason="a - b is b - a")


WRONG = replace(NAMES["cse"], name="wrong", run=turn)


@pytest.fixture(scope="module")
def traced():
    return tl.jit.trace(tone, (tl.ones(2, 3), tl.ones(2, 3)))


def test_every_pass_is_equal(traced) -> None:
    found = check_passes(traced)
    assert {p.light for p in found.passes} == {"equal", "unchanged"}
    assert [p.name for p in found.passes if p.light == "equal"] == ["cse", "peephole", "fuse", "dce"]
    assert (found.whole.verdict, found.whole.compared, found.wrong) == ("equal", 11, ())
    assert found.cases[:5] == ("sample", "zeros", "ones", "minus ones", "nan")


def test_a_wrong_pass_is_named_with_its_rewrite_and_a_small_program(traced) -> None:
    found = check_passes(traced, pipeline=Pipeline((NAMES["shapes"], WRONG, NAMES["dce"])))
    (wrong,) = found.wrong
    assert (wrong.name, wrong.culprit.number, wrong.culprit.decision.rule) == ("wrong", 1, "turned")
    assert "aten::sub" in wrong.culprit.nodes[0]
    assert [n.kind for n in wrong.program.graph.nodes()] == ["prim::Constant", "aten::sub"]
    assert json.loads(json.dumps(found.to_dict()))["passes"][1]["light"] == "different"


def test_the_small_program_shows_it(traced) -> None:
    (wrong,) = check_passes(traced, pipeline=Pipeline((WRONG,))).wrong
    with pytest.raises(EquivalenceError) as error:
        exec(wrong.program.python, {"wrong": WRONG})
    assert error.value.culprit.pass_name == "wrong"


def test_a_pass_that_breaks_the_graph_itself(traced) -> None:
    def run(rewriter, **options) -> None:
        turn(rewriter)
        edit.detach(next(n for n in rewriter.graph.nodes() if n.kind == "aten::exp"))

    broken = replace(WRONG, name="broken", run=run)
    (wrong,) = check_passes(traced, pipeline=Pipeline((broken,))).wrong
    assert wrong.closeness.difference.how.startswith("is no graph any more: ")
    assert wrong.program is None


def test_what_a_pass_declares_is_told_in_ulps() -> None:
    def run(rewriter, **options) -> None:
        (node,) = [n for n in rewriter.graph.nodes() if n.kind == "aten::div"]
        builder = rewriter.builder_before(node)
        one = builder.constant(1.0)
        inverse = builder.op("aten::div", [one, node.inputs[1]])
        new = builder.op("aten::mul", [node.inputs[0], inverse])
        rewriter.replace([node], {node.output: new}, rule="inverse", reason="x / y is x * (1 / y)")

    near = replace(WRONG, name="near", run=run, tolerance=1e-5)
    traced = tl.jit.trace(lambda x: x / 3.1, (tl.linspace(1, 2, 50),))
    (found,) = check_passes(traced, pipeline=Pipeline((near,)), inputs=(tl.linspace(1, 2, 50),)).passes
    assert found.light == "ulp"
    assert 1 <= found.closeness.ulps <= 2
