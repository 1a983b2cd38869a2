"""Native functions: whole graphs as one compiled function, beside the interpreter and the program."""

from __future__ import annotations

import threading
from typing import Any, List, Tuple  # noqa: UP035

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import RunError
from tensorlab.jit.function import ScriptFunction
from tensorlab.jit.native_function import NativeFunction
from tensorlab.jit.native_tier import WAIT
from tensorlab.jit.native_values import NativeRefusal

Pair = Tuple[tl.Tensor, tl.Tensor]  # noqa: UP006


def native_of(scripted: ScriptFunction, *args: Any) -> NativeFunction:
    """The native function for these arguments, compiled now."""
    tier = scripted.specialisation_for(*args).program.native
    assert tier is not None
    tier.compiled()
    assert tier.refusal is None, str(tier.refusal)
    assert tier.function is not None
    return tier.function


def refusal_of(function: Any, *args: Any) -> NativeRefusal:
    tier = tl.jit.script(function).specialisation_for(*args).program.native
    assert tier is not None
    tier.compiled()
    assert tier.refusal is not None
    return tier.refusal


def check(function: Any, *args: Any, ulp: int = 0) -> NativeFunction:
    """The native function gives what the interpreter gives."""
    scripted = tl.jit.script(function)
    native = native_of(scripted, *args)
    assert_same(native.run(*args), scripted.interpret(*args), ulp)
    return native


def assert_same(got: Any, expected: Any, ulp: int = 0) -> None:
    """The same values of the same types; tensors lie alike, and agree to the bit or to ``ulp``."""
    assert type(got) is type(expected)
    if isinstance(expected, (tuple, list)):
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            assert_same(a, b, ulp)
    elif isinstance(expected, tl.Tensor):
        assert got.layout is expected.layout
        if expected.dtype.is_half:
            got, expected = got.to(tl.float32), expected.to(tl.float32)
        if expected.dtype.is_floating_point:
            np.testing.assert_array_max_ulp(got.numpy(), expected.numpy(), ulp)
        else:
            np.testing.assert_array_equal(got.numpy(), expected.numpy())
    else:
        assert got == expected or (got != got and expected != expected)


# Numbers --------------------------------------------------------------------------------------------------------------


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
    return a, x / 3, flag


def test_numbers() -> None:
    native = check(numbers, 100, 1.5, True)
    for n in (-1, 0, 1, 7):
        assert native.run(n, 0.25, False) == numbers(n, 0.25, False)
    assert native.run(-(2**70), 0.5, True) == (0, 0.5 / 3, True)  # the program's answer: no int of 64 bits


def signs(a: int, b: int, x: float) -> Tuple[int, int, float, float, int, float]:  # noqa: UP006
    return a // b, a % b, x % float(b), x // 2.5, int(x), float(max(a, b)) ** 0.5


@pytest.mark.parametrize(("a", "b", "x"), [(7, 2, 7.5), (-7, 2, -7.5), (7, -2, -0.0), (2**62, 3, 1e15), (0, -5, 5.0)])
def test_arithmetic_is_pythons(a: int, b: int, x: float) -> None:
    native = native_of(tl.jit.script(signs), 1, 1, 1.0)
    if max(a, b) >= 0:
        assert repr(native.run(a, b, x)) == repr(signs(a, b, x))


def grows(n: int) -> int:
    a = 3
    for _ in range(n):
        a = a * a + 1
    return a


def test_what_64_bits_do_not_hold_is_the_programs_to_give() -> None:
    native = check(grows, 4)
    assert native.run(9) == grows(9) > 2**64
    assert [e.reason for e in native.plan.exits] == ["an integer of more than 64 bits"] * 2


def divides(x: tl.Tensor, n: int) -> float:
    total = 0.0
    for i in range(3):
        total += float(x[i]) / (i - n)
    return total


def test_errors_are_told_as_the_interpreter_does() -> None:
    scripted = tl.jit.script(divides)
    x = tl.tensor([1.0, 2.0, 3.0])
    native = native_of(scripted, x, 5)
    assert native.run(x, 4) == divides(x, 4)
    with pytest.raises(RunError) as expected:
        scripted.interpret(x, 1)
    with pytest.raises(RunError) as raised:
        for _ in range(WAIT + 1):
            scripted(x, 1)
    assert str(raised.value) == str(expected.value)
    assert "total += float(x[i]) / (i - n)" in str(raised.value)


# Loops over tensors ---------------------------------------------------------------------------------------------------


def carried(x: tl.Tensor, w: tl.Tensor, n: int) -> tl.Tensor:
    h = x
    for _ in range(n):
        h = tl.tanh(h @ w + x) * 0.5
    return h


def test_a_loop_over_tensors_hands_them_on_by_their_addresses() -> None:
    x, w = tl.ones(2, 8), tl.full((8, 8), 0.1)
    native = check(carried, x, w, 10)
    for n in (1, 2, 3):
        assert_same(native.run(x, w, n), carried(x, w, n))
    assert native.run(x, w, 0) is x  # as the interpreter: no copy


def test_nothing_is_allocated_while_it_runs() -> None:
    from tensorlab.memory import HostAllocator, StatisticsAllocator, use_allocator

    x, w = tl.ones(2, 8), tl.full((8, 8), 0.1)
    native = native_of(tl.jit.script(carried), x, w, 10)
    for n in (3, 300):
        with use_allocator(StatisticsAllocator(HostAllocator())) as allocator:
            result = native.run(x, w, n)
            stats = allocator.stats()
        # One storage for the result, one for all temporaries, however many turns there are.
        assert stats["allocation.all.allocated"] == 2
        assert stats.peak_bytes == result.nbytes + native.plan.arena_nbytes == 64 + 192


def some_turns(x: tl.Tensor, n: int) -> tl.Tensor:
    h = x
    for i in range(n):
        if i % 3 == 1:
            h = h * 2.0 + 1.0
        elif i % 3 == 2:
            h = h.t()
            h = h.t() - x
    return h


def shifts(x: tl.Tensor, n: int) -> Pair:
    a = x
    b = x + 1.0
    for _ in range(n):
        a, b = b, a + b * 0.5
    return a, b


def nested(x: tl.Tensor, n: int) -> tl.Tensor:
    h = x
    for i in range(n):
        g = h * 0.5
        for _ in range(i):
            g = g + h
        h = g - x
    return h


def written_over(x: tl.Tensor, n: int) -> tl.Tensor:
    s = tl.zeros(3, 3)
    for i in range(n):
        s += x
        s[i % 3] = s[0] * 2
        if bool(s.sum() > 40.0):
            s.mul_(0.5)
    return s


@pytest.mark.parametrize("function", [some_turns, shifts, nested, written_over], ids=lambda f: f.__name__)
def test_values_change_places_from_turn_to_turn(function: Any) -> None:
    scripted = tl.jit.script(function)
    x = tl.arange(9.0).reshape(3, 3) * 0.25 - 1
    native = native_of(scripted, x, 1)
    for n in (0, 1, 2, 5, 8):
        assert_same(native.run(x, n), scripted.interpret(x, n), ulp=2)


def steps(x: tl.Tensor, h: tl.Tensor, w: tl.Tensor) -> Pair:
    outs: List[tl.Tensor] = []  # noqa: UP006
    for t in range(x.size(0)):
        h = tl.tanh(x[t] @ w + h @ w)
        outs.append(h)
    return tl.stack(outs), h


def test_a_list_that_grows_is_worked_out_beforehand() -> None:
    native = check(steps, tl.ones(5, 2, 3), tl.ones(2, 3), tl.full((3, 3), 0.1), ulp=4)
    assert native.plan.arena_nbytes <= 1.1 * native.plan.lower_bound_nbytes


def index(x: tl.Tensor, n: int, k: int) -> tl.Tensor:
    for _ in range(n):
        x = x + x[k, -1]
    return x


def test_indices_are_checked() -> None:
    scripted = tl.jit.script(index)
    x = tl.arange(6.0).reshape(2, 3)
    native = native_of(scripted, x, 1, 1)
    for k in (-2, -1, 0, 1):
        assert_same(native.run(x, 3, k), scripted.interpret(x, 3, k))
    with pytest.raises(Exception, match="select: index 2 is out of bounds for dimension 0 with size 2"):
        native.run(x, 3, 2)


# Straight lines -------------------------------------------------------------------------------------------------------


def attention(q: tl.Tensor, k: tl.Tensor, v: tl.Tensor) -> Tuple[tl.Tensor, tl.Tensor, tl.Tensor]:  # noqa: UP006
    y = tl.softmax(q @ k.transpose(-2, -1) * 0.5, -1) @ v
    joined = y.transpose(1, 2).reshape(2, 3, 8)
    best, at = joined.max(-1)
    return tl.cat([joined.mean(-1), best], 1), at, joined.view(6, 8)[:, ::2]


def test_products_folds_copies_and_views() -> None:
    tl.manual_seed(0)
    native = check(attention, tl.randn(2, 2, 3, 4), tl.randn(2, 2, 3, 4), tl.randn(2, 2, 3, 4), ulp=2)
    plan = native.plan
    assert plan.lower_bound_nbytes <= plan.arena_nbytes <= 1.1 * plan.lower_bound_nbytes
    assert plan.to_dict()["routines"] == ["sgemm"]


def layers(x: tl.Tensor, w: tl.Tensor, b: tl.Tensor, u: tl.Tensor) -> tl.Tensor:
    h = tl.relu(tl.nn.functional.linear(x, w, b))
    return tl.nn.functional.linear(h, u).sum(0, keepdim=True) + tl.ones(3)


def test_an_mlp() -> None:
    tl.manual_seed(0)
    check(layers, tl.randn(4, 5), tl.randn(6, 5), tl.randn(6), tl.randn(3, 6), ulp=2)


def made_of_others(x: tl.Tensor, w: tl.Tensor, b: tl.Tensor) -> Pair:
    y = tl.nn.functional.layer_norm(x, (8,), w, b)
    return tl.hstack([y, tl.zeros_like(x)]), tl.nn.functional.mse_loss(y, x)


def test_ops_that_are_made_of_others() -> None:
    tl.manual_seed(0)
    check(made_of_others, tl.randn(4, 8), tl.randn(8), tl.randn(8), ulp=4)


def writes(x: tl.Tensor, y: tl.Tensor) -> Pair:
    x.add_(y)
    x[0] = x[1]
    return x, x * 2


def test_an_argument_is_written_over() -> None:
    scripted = tl.jit.script(writes)
    x, again, y = tl.ones(2, 2), tl.ones(2, 2), tl.tensor([[1.0, 2.0], [3.0, 4.0]])
    native = native_of(scripted, x, y)
    result = native.run(x, y)
    assert_same(result, scripted.interpret(again, y))
    assert_same(x, again)
    assert result[0] is x
    assert x._version > 0
    assert_same(native.run(x, x), scripted.interpret(again, again))  # one tensor twice: the program's to do
    readonly = tl.from_numpy(np.frombuffer(bytes(16), np.float32).reshape(2, 2))
    with pytest.raises(Exception, match="read-only"):
        native.run(readonly, y)


def names(abs: tl.Tensor, out0: tl.Tensor, room: tl.Tensor, float: tl.Tensor) -> tl.Tensor:
    range = abs.tanh() @ out0  # noqa: A001
    return range.abs() @ room + float


def test_names_of_the_user_do_not_clash_with_a_functions_own() -> None:
    check(names, *[tl.ones(2, 2)] * 4)


# When, and what is shown ----------------------------------------------------------------------------------------------


def test_the_first_calls_run_the_program_and_the_later_ones_what_is_shown() -> None:
    scripted = tl.jit.script(carried)
    x, w = tl.ones(2, 8), tl.full((8, 8), 0.1)
    for _ in range(WAIT):
        scripted(x, w, 3)
        assert scripted.stages("python").startswith("def program(x, w, n):")
    assert scripted.latest is not None
    tier = scripted.latest.program.native
    assert tier is not None
    assert tier.to_dict() == {"calls": WAIT, "function": None, "refusal": None}
    scripted(x, w, 3)
    text = scripted.stages("python")
    assert text.startswith("def native(x, w, n):")
    assert "call_at(sgemm" in text
    assert "def loop(x_at, w_at, out0, room, cells_at, sgemm, n):" in text
    assert "define" in scripted.stages("llvm")
    assert tier.function is not None
    assert tier.to_dict()["function"] == tier.function.to_dict()
    assert len(scripted.latest.program.compiled_loops()) == 1


def prints(x: tl.Tensor, n: int) -> tl.Tensor:
    for i in range(n):
        print(i)
        x = x + 1
    return x


def reshapes(x: tl.Tensor, n: int) -> tl.Tensor:
    for _ in range(n):
        x = tl.cat([x, x])
    return x


def one(x: tl.Tensor) -> tl.Tensor:
    return x @ x


def test_a_refusal_names_the_node() -> None:
    x = tl.ones(2, 2)
    found = refusal_of(prints, x, 2)
    assert str(found) == "prim::Print: is Python's to do"
    assert found.span is not None
    assert found.to_dict()["kind"] == "prim::Print"
    assert str(refusal_of(reshapes, x, 2)) == "prim::Loop: a loop that changes the form of a tensor"
    assert str(refusal_of(one, x)) == "one operation: there is nothing between operations to save"
    large = refusal_of(carried, tl.ones(512, 1024), tl.ones(1024, 1024), 2)
    assert str(large) == "loops over up to 524288 elements, which may run in threads"


def test_threads_share_a_function() -> None:
    scripted = tl.jit.script(carried)
    x, w = tl.ones(2, 8), tl.full((8, 8), 0.1)
    expected = scripted.interpret(x, w, 20).tolist()
    wrong: list[object] = []

    def work() -> None:
        for _ in range(20):
            found = scripted(x, w, 20).tolist()
            if found != expected:
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
