"""The loops that are generated, as text: what a reader of the cache folder sees."""

import math
import re

import pytest

import tensorlab as tl
from tensorlab.core.compile import compile_loop
from tensorlab.core.dtype import Category
from tensorlab.core.inline import Inliner
from tensorlab.core.loops import Walk, pointwise_loop
from tensorlab.core.primitives import power
from tensorlab.core.reduction_loops import Fold, reduction_loop
from tensorlab.core.region import Ref, Region, Source, Step, type_region
from tensorlab.core.softmax_loops import softmax_loop
from tensorlab.core.types import TensorType
from tensorlab.errors import CompileError
from tensorlab.ops import arithmetic, elementary, extremes, reduce

ONE = Ref(Source.LITERAL, literal=1)
# tanh(a0 * a1 + p0), clamped from below at 0.
REGION = Region(
    2,
    1,
    (
        Step(arithmetic.mul, (Ref(Source.INPUT, 0), Ref(Source.INPUT, 1))),
        Step(arithmetic.add_number, (Ref(Source.STEP, 0), Ref(Source.PARAM, 0), ONE)),
        Step(elementary.tanh, (Ref(Source.STEP, 1),)),
        Step(elementary.clamp, (Ref(Source.STEP, 2), Ref(Source.LITERAL, literal=0), Ref(Source.LITERAL))),
    ),
    (1, 3),
)
FLAT = Walk(1, ("u", "u", "u", "z"))
STRIDED = Walk(2, ("u", "u", "s", "z"))


def text_of(walk, first=tl.float32, second=tl.int64):
    types = [TensorType(first, (4, 5)), TensorType(second, (5,))]
    steps = type_region(REGION, types, [Category.FLOAT])
    outputs = [steps[k].result.dtype for k in REGION.outputs]
    return pointwise_loop(REGION, steps, [first, second], outputs, [Category.FLOAT], walk)


@pytest.mark.parametrize(("name", "walk"), [("flat", FLAT), ("strided", STRIDED)])
def test_pointwise_loops(golden, name, walk):
    text = text_of(walk)
    assert text.label == "mul_add_tanh_clamp"
    assert text.signature == "void(int64, int64, int64, int64, int64, float64)"
    golden.check(f"pointwise_{name}.py.txt", text.source)


@pytest.mark.parametrize("name", ["rows", "columns"])
@pytest.mark.parametrize("fold", [reduce.SUM, reduce.MEAN, extremes.MAX, extremes.ARGMIN], ids=lambda f: f.name)
def test_reduction_loops(golden, fold, name):
    text = reduction_loop(fold, tl.float32, tl.float32, columns=name == "columns")
    assert text.label == f"{fold.name}_{name}"
    golden.check(f"{text.label}.py.txt", text.source)


@pytest.mark.parametrize("name", ["rows", "columns"])
def test_softmax_loops(golden, name):
    golden.check(f"softmax_{name}.py.txt", softmax_loop(tl.float64, columns=name == "columns").source)


def test_a_loop_reads_and_writes_bools_as_bytes():
    types = [TensorType(tl.bool, (3,)), TensorType(tl.bool, (3,))]
    region = Region(2, 0, (Step(arithmetic.mul, (Ref(Source.INPUT, 0), Ref(Source.INPUT, 1))),), (0,))
    text = pointwise_loop(region, type_region(region, types, []), [tl.bool] * 2, [tl.bool], [], Walk(1, ("u",) * 3))
    assert text.source.endswith(
        "    for i0 in range(n):\n"
        "        x0 = a0[i0] != 0\n"
        "        x1 = a1[i0] != 0\n"
        "        v0 = (x0 * x1) != 0\n"
        "        o0[i0] = np.uint8(v0)\n"
    )


VECTORS = {
    "pointwise": lambda: text_of(FLAT, tl.float32, tl.float32),
    "sum": lambda: reduction_loop(reduce.SUM, tl.float32, tl.float32, columns=False),
    "max": lambda: reduction_loop(extremes.MAX, tl.float32, tl.float32, columns=False),
    "argmin": lambda: reduction_loop(extremes.ARGMIN, tl.float32, tl.float32, columns=False),
    "mean of columns": lambda: reduction_loop(reduce.MEAN, tl.float32, tl.float32, columns=True),
}


@pytest.mark.parametrize("name", VECTORS)
def test_llvm_makes_vector_code_of_it(name):
    text = VECTORS[name]()
    assert re.search(r"<\d+ x float>", compile_loop(text.source, text.signature, label=text.label).llvm())


def branching(a):
    if a > 0:
        return a
    return -a


def looping(a):
    for _ in range(3):
        a = a * a
    return a


def nothing(a):
    b = a  # noqa: F841 - what it lacks is a return


def calls_too_few(a):
    return straight(a, a, a)


def straight(a, b):
    c = a + b
    return c * c


def uses_straight(a, b):
    return straight(a * b, 2.5) + math.pi


@pytest.mark.parametrize("rule", [branching, looping, nothing])
def test_rules_that_are_not_straight_line_are_refused(rule):
    with pytest.raises(CompileError, match=rf"^{rule.__name__}, line \d+: a scalar rule is assignments and one return"):
        Inliner().call(rule, ["x"], "float32")


def test_a_rule_called_with_too_many_arguments():
    with pytest.raises(CompileError, match=r"^straight: takes 2 arguments, got 3$"):
        Inliner().call(calls_too_few, ["x"], "float32")


def test_a_lambda_is_no_rule():
    with pytest.raises(CompileError, match=r"a scalar rule is a function definition$"):
        Inliner().call(lambda a: a, ["x"], "float32")


def test_calls_are_inlined_with_arguments_computed_once():
    inliner = Inliner()
    result = inliner.call(uses_straight, ["x", "y"], "float32")
    assert inliner.statements == ["straight_of = x * y", "straight_c = straight_of + np.float32(2.5)"]
    assert result == "straight_c * straight_c + math.pi"


def with_none(a, low):
    return a if low is None else (low if a < low else a)


def with_power(a, b):
    return power(a, b) * float("inf")


def test_what_is_none_is_decided_in_the_text():
    assert Inliner().call(with_none, ["x", "None"], "float32") == "x"
    assert Inliner().call(with_none, ["x", "y"], "float32") == "y if x < y else x"


def test_primitives_stay_calls_and_are_imported():
    inliner = Inliner()
    assert inliner.call(with_power, ["x", "y"], "int64").startswith("power(x, y)")
    assert inliner.primitives == {"power"}


def two_statements(acc, x):
    total = acc + x
    return total


def test_a_part_of_a_fold_is_one_expression():
    fold = Fold("bad", two_statements, identity=0, wide=True)
    with pytest.raises(CompileError, match=r"^two_statements: a part of a fold is one return$"):
        reduction_loop(fold, tl.float32, tl.float32, columns=False)


def test_literals_that_are_equal_are_written_as_they_are():
    x = TensorType(tl.float32, (4,))
    literals = [1, 1.0, True, 0.0, -0.0, 0]
    texts = []
    for literal in literals:
        args = (Ref(Source.INPUT, 0), Ref(Source.LITERAL, literal=literal), Ref(Source.LITERAL))
        region = Region(1, 0, (Step(elementary.clamp, args),), (0,))
        steps = type_region(region, [x], [])
        again = [pointwise_loop(region, steps, [tl.float32], [tl.float32], [], Walk(1, ("u", "u"))) for _ in range(2)]
        assert again[0] is again[1]
        texts.append(again[0].source)
    assert [f"np.float32({literal!r})" in text for literal, text in zip(literals, texts, strict=True)] == [True] * 6
