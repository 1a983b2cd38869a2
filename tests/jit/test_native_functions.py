"""Native functions: whole graphs as one compiled function, beside the interpreter and the program."""

from __future__ import annotations

from typing import Any, Tuple  # noqa: UP035

import numpy as np

import tensorlab as tl
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.native_function import NativeFunction
from tensorlab.jit.native_tier import WAIT
from tensorlab.jit.native_values import NativeRefusal


def native_of(scripted: ScriptFunction, *args: Any) -> NativeFunction:
    """The native function for these arguments, compiled now."""
    tier = scripted.specialisation_for(*args).program.native
    assert tier is not None
    tier.compiled()
    assert tier.refusal is None, str(tier.refusal)
    assert tier.function is not None
    return tier.function


def check(scripted: ScriptFunction, *args: Any, ulp: int = 0) -> NativeFunction:
    """The native function gives what the interpreter gives."""
    function = native_of(scripted, *args)
    assert_same(function.run(*args), scripted.interpret(*args), ulp)
    return function


def assert_same(got: Any, expected: Any, ulp: int = 0) -> None:
    assert type(got) is type(expected)
    if isinstance(expected, (tuple, list)):
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            assert_same(a, b, ulp)
    elif isinstance(expected, tl.Tensor):
        assert got.layout is expected.layout
        if ulp:
            np.testing.assert_array_max_ulp(got.numpy(), expected.numpy(), ulp)
        else:
            np.testing.assert_array_equal(got.numpy(), expected.numpy())
    else:
        assert got == expected or (got != got and expected != expected)


def numbers(n: int, x: float, flag: bool) -> Tuple[int, float, bool]:  # noqa: UP006
    a = 0
    for i in range(n):
        if i % 3 == 0:
            a += i // 2
        else:
            x = x * 0.5 + float(i)
        if flag and a > 100:
            flag = False
    while a > 7:
        a = a - 5
    return a, x, flag


def test_numbers() -> None:
    scripted = tl.jit.script(numbers)
    function = check(scripted, 100, 1.5, True)
    for n in (-1, 0, 1, 7):
        assert function.run(n, 0.25, False) == numbers(n, 0.25, False)


def carried(x: tl.Tensor, w: tl.Tensor, n: int) -> tl.Tensor:
    h = x
    for _ in range(n):
        h = tl.tanh(h @ w + x) * 0.5
    return h


def test_a_loop_over_tensors_hands_them_on_by_their_addresses() -> None:
    scripted = tl.jit.script(carried)
    x, w = tl.ones(2, 8), tl.full((8, 8), 0.1)
    function = check(scripted, x, w, 10)
    for n in (1, 2, 3):
        assert_same(function.run(x, w, n), scripted.interpret(x, w, n))
    assert function.run(x, w, 0) is x  # as the interpreter: no copy


def test_the_first_calls_run_the_program_and_the_later_ones_what_is_shown() -> None:
    scripted = tl.jit.script(carried)
    x, w = tl.ones(2, 8), tl.full((8, 8), 0.1)
    for _ in range(WAIT):
        scripted(x, w, 3)
        assert scripted.stages("python").startswith("def program(x, w, n):")
    scripted(x, w, 3)
    assert scripted.stages("python").startswith("def native(x, w, n):")
    assert "call_at(sgemm" in scripted.stages("python")
    assert "define" in scripted.stages("llvm")


def test_a_refusal_names_the_node() -> None:
    def prints(x: tl.Tensor, n: int) -> tl.Tensor:
        for i in range(n):
            print(i)
            x = x + 1
        return x

    x = tl.ones(2)
    tier = tl.jit.script(prints).specialisation_for(x, 2).program.native
    assert tier is not None
    tier.compiled()
    assert isinstance(tier.refusal, NativeRefusal)
    assert str(tier.refusal) == "prim::Print: is Python's to do"
    assert tier.refusal.span is not None
    assert tier.refusal.to_dict()["kind"] == "prim::Print"
