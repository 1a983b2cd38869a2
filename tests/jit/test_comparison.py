"""Two functions side by side: the pass where they part or meet; trace against script, another dtype."""

from __future__ import annotations

import json

import tensorlab as tl
from tensorlab.jit.comparison import compare_functions

X = tl.ones(2, 3)


def plain(x, y):
    return (x + y * 2).tanh()


def wordy(x, y):
    a = x + y * 2
    b = x + y * 2
    return ((a + b) / 2 * 1).tanh() if False else (b * 1).tanh()


def traced(function):
    return tl.jit.trace(function, (X, X))


def test_they_meet_after_the_pass_that_takes_the_rest_away() -> None:
    found = compare_functions(traced(plain), traced(wordy))
    assert found.turns == (("(as recorded)", "part"), ("peephole", "meet"))
    assert found.last.same
    assert found.results.verdict == "equal"
    assert json.loads(json.dumps(found.to_dict()))["turns"][1] == ["peephole", "meet"]


def test_a_trace_and_a_script_of_one_function() -> None:
    script = tl.jit.CompilationUnit("def plain(x, y):\n    return (x + y * 2).tanh()\n").plain
    found = compare_functions(traced(plain), script)
    assert found.last.same
    assert found.results.verdict == "equal"
    assert found.types[0] == found.types[1]


def test_the_same_function_is_the_same_throughout() -> None:
    function = traced(plain)
    assert compare_functions(function, function).turns == ()


def test_another_dtype() -> None:
    function = traced(plain)
    double = tl.ones(2, 3, dtype=tl.float64)
    found = compare_functions(function, function, other_inputs=(double, double))
    assert (found.turns, found.results) == ((("(as recorded)", "part"),), None)
    assert found.types == (("Float(2, 3)",) * 2, ("Double(2, 3)",) * 2)
    assert all(line.mark in "=~" for line in found.last.lines)


def test_they_part_where_one_fuses_and_the_other_does_not() -> None:
    one, other = traced(plain), traced(plain)
    other.pipeline = other.pipeline.without("fuse")
    found = compare_functions(one, other)
    assert found.turns == (("dce", "part"),)  # the last one, which is the first that both have after fuse
    assert not found.last.same
