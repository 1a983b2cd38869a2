"""Errors while a program runs: the message first, then the user's own line, as the interpreter tells them."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

import tensorlab as tl
from tensorlab.errors import RangeError, RunError, ShapeError


def place(function: Callable[..., Any], line: int, text: str, part: str) -> str:
    """What an error shows under its message."""
    at = function.__code__.co_firstlineno + line
    column = text.index(part)
    indent = len(text) - len(text.lstrip())
    carets = f"{' ' * (column - indent)}{'^' * len(part)}"
    return f"\n  {__file__}, line {at}, column {column + 1}\n      {text.lstrip()}\n      {carets}"


def steps(x: tl.Tensor, n: int) -> tl.Tensor:
    if n > 10:
        raise ValueError("n is too large")
    assert n >= 0, "n is negative"
    y = x * (6 // n)
    for i in range(n):
        y = y + i
    return y.view(n, -1)


@pytest.mark.parametrize(
    ("n", "message", "line", "text", "part", "cause"),
    [
        (11, "ValueError: n is too large", 2, '        raise ValueError("n is too large")', "", type(None)),
        (-1, "AssertionError: n is negative", 3, '    assert n >= 0, "n is negative"', "assert n >= 0", type(None)),
        (0, "integer division or modulo by zero", 4, "    y = x * (6 // n)", "6 // n", ZeroDivisionError),
        (
            3,
            "view: shape (3, -1) is invalid for input of size 4",
            7,
            "    return y.view(n, -1)",
            "y.view(n, -1)",
            ShapeError,
        ),
    ],
    ids=["raise", "assert", "number", "view"],
)
def test_a_script_shows_its_line(n: int, message: str, line: int, text: str, part: str, cause: type) -> None:
    scripted = tl.jit.script(steps)
    expected = message + place(steps, line, text, part or text.strip())
    for call in (scripted, scripted, scripted.interpret):
        with pytest.raises(RunError) as caught:
            call(tl.ones(4), n)
        assert str(caught.value) == expected
        assert type(caught.value.__cause__) is cause
    assert scripted(tl.ones(4), 2).tolist() == [[4.0, 4.0], [4.0, 4.0]]


def fused(x: tl.Tensor, y: tl.Tensor) -> tl.Tensor:
    return tl.tanh((x + 1) * y) + 3


def test_inside_of_one_loop_the_operation_that_failed_is_shown() -> None:
    scripted = tl.jit.script(fused)
    expected = (
        "mul: the size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 0: "
        f"got shapes (3,) and (4,){place(fused, 1, '    return tl.tanh((x + 1) * y) + 3', '(x + 1) * y')}"
    )
    for call in (scripted, scripted.interpret):
        with pytest.raises(RunError) as caught:
            call(tl.ones(3), tl.ones(4))
        assert str(caught.value) == expected
        assert type(caught.value.__cause__) is ShapeError
    assert len(scripted.specialisation_for(tl.ones(3), tl.ones(3)).program.loops) == 1


def fused_late(x: tl.Tensor, y: tl.Tensor, flag: bool) -> tl.Tensor:
    if flag:
        z = x
    else:
        z = y
    return tl.tanh((z + 1) * y)


def test_the_operation_may_be_a_later_one_of_its_loop() -> None:
    scripted = tl.jit.script(fused_late)
    x, y = tl.ones(3), tl.ones(4)
    assert scripted(x, y, False).shape == (4,)
    (loop,) = scripted.specialisation_for(x, y, True).program.loops
    assert [step.op.schema.name for step in loop.region.steps] == ["add", "mul", "tanh"]
    with pytest.raises(RunError) as caught:
        scripted(x, y, True)
    assert str(caught.value).endswith(place(fused_late, 5, "    return tl.tanh((z + 1) * y)", "(z + 1) * y"))


def power(x: tl.Tensor, n: int) -> tl.Tensor:
    return (x + 1) ** n + 2


def test_numbers_are_looked_at_at_every_call() -> None:
    scripted = tl.jit.script(power)
    assert scripted(tl.tensor([1, 2]), 2).tolist() == [6, 11]
    with pytest.raises(RunError) as caught:
        scripted(tl.tensor([1, 2]), -1)
    assert str(caught.value) == (
        "pow: integers to negative integer powers are not allowed, got int64 to -1"
        f"{place(power, 1, '    return (x + 1) ** n + 2', '(x + 1) ** n')}"
    )
    assert type(caught.value.__cause__) is RangeError
    assert scripted(tl.tensor([0.0, 1.0]), -1).tolist() == [3.0, 2.5]


def shift(x: tl.Tensor, n: int) -> tl.Tensor:
    return x + n


def test_a_number_of_too_many_bits_is_refused() -> None:
    scripted = tl.jit.script(shift)
    scripted(tl.tensor([1, 2]), 3)
    with pytest.raises(RunError) as caught:
        scripted(tl.tensor([1, 2]), 2**70)
    assert str(caught.value) == (
        "add: got the integer 1180591620717411303424; takes integers from -2**63 to 2**63 - 1"
        f"{place(shift, 1, '    return x + n', 'x + n')}"
    )


def flat(x: tl.Tensor) -> tl.Tensor:
    return x.view(4) * 2


def test_a_trace_says_what_it_has_baked_in() -> None:
    traced = tl.jit.trace(flat, (tl.ones(2, 2),))
    with pytest.raises(RunError) as caught:
        traced(tl.ones(2, 3))
    assert str(caught.value) == (
        f"view: shape (4,) is invalid for input of size 6{place(flat, 1, '    return x.view(4) * 2', 'x.view(4)')}\n"
        "  traced with x: Float(2, 2), called with x: Float(2, 3); the trace has baked in size=[4]"
    )


def test_a_captured_tensor_of_another_shape_is_no_number_that_was_baked_in() -> None:
    weight = tl.ones(3, 3)
    traced = tl.jit.trace(lambda x: x @ weight, (tl.ones(2, 3),))
    with pytest.raises(RunError) as caught:
        traced(tl.ones(2, 4))
    assert str(caught.value).splitlines()[-1] == "  traced with x: Float(2, 3), called with x: Float(2, 4)"


def nested(x: tl.Tensor, n: int) -> tl.Tensor:
    y = x
    for i in range(n):
        if i > 1:
            y = y.view(5)
        else:
            y = y * 2
    return y


def test_an_error_inside_of_blocks() -> None:
    scripted = tl.jit.script(nested)
    assert scripted(tl.ones(4), 2).tolist() == [4.0] * 4
    with pytest.raises(RunError) as caught:
        scripted(tl.ones(4), 3)
    assert str(caught.value) == (
        f"view: shape (5,) is invalid for input of size 4{place(nested, 4, '            y = y.view(5)', 'y.view(5)')}"
    )


def test_the_traceback_shows_the_programs_text_and_no_failed_look_up() -> None:
    scripted = tl.jit.script(nested)
    with pytest.raises(RunError) as caught:
        scripted(tl.ones(4), 3)
    text = "".join(traceback.format_exception(caught.value))
    assert "y_2 = view((y, [5]))" in text
    assert text.count("Traceback") == 2  # the cause and the error
    assert "KeyError" not in text
