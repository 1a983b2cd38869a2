"""``%step`` in a real shell."""

from __future__ import annotations

import json

import pytest

from tensorlab.view.steps import StepsView
from tensorlab.view.steps_code import InstructionsView

CELL = """%%script
def my_function(x):
    if bool(x.mean() > 1.0):
        r = 1
    else:
        r = 2
    return r
"""
GROW = """%%script
def grow(x, n: int):
    for i in range(n):
        x.mul_(2.0)
    return x
"""


@pytest.fixture
def talk(lab):
    """The talk's function, another that writes to what it is given, and tensors."""
    lab.value(CELL)
    lab.value(GROW)
    lab.value("a = tl.ones(3)\nb = tl.ones(5)\nplus = lambda x, y: x + y")
    return lab


def test_a_walk(talk) -> None:
    view = talk.value("%step my_function(a * 2)")
    assert isinstance(view, StepsView)
    assert repr(view).startswith("my_function stands before its first step; its arguments are in register 0.\n")
    assert view.record.index == 0
    assert talk.value("%step").record.index == 1
    assert talk.value("%step 3").record.index == 4
    view = talk.value("%step --until %r")
    assert view.record.now.gave[0].value == "1"
    assert talk.value("%step --back").record.index == view.record.index - 1
    assert talk.value("%step --back 2").record.index == view.record.index - 3
    assert talk.value("%step --at 2").record.index == 2
    view = talk.value("%step --end -o last")
    assert talk.names["last"] is view
    assert repr(view).startswith("my_function came to its end after 12 steps and gave 1.\n")
    assert json.loads(view.to_json())["results"][0]["value"] == "1"
    view = talk.value("%step")
    assert "There is no step 13: the run has 12 steps." in repr(view)


def test_lines_of_the_cell(talk) -> None:
    talk.value("%step my_function(a)")
    view = talk.value("%step --until line 3")
    assert view.record.steps[-1].code.source == "if bool(x.mean() > 1.0):"
    assert next(s for s in view.record.steps if s.state == "next").code.text == "5 = mean move(0), move(1)"
    for form in ("line:3", "'line 3'", '"line 3"'):
        talk.value("%step --at 0")
        assert talk.value(f"%step --until {form}").record.index == view.record.index
    assert talk.value("%step my_function(a) --until=line 3").record.index == view.record.index


def test_arguments_are_the_notebooks_and_stay_as_they_are(talk) -> None:
    view = talk.value("%step grow(a, n=len([1, 2])) --end")
    assert view.record.results[0].value == "[4, 4, 4]"
    assert talk.names["a"].tolist() == [1, 1, 1]
    talk.value("given = (a, 3)")
    assert talk.value("%step grow(*given) --end").record.results[0].value == "[8, 8, 8]"


def test_modules_and_methods(talk) -> None:
    talk.value("net = tl.jit.script(tl.nn.Sequential(tl.nn.Linear(3, 2), tl.nn.ReLU()))")
    for call in ("net(a)", "net.forward(a)"):
        view = talk.value(f"%step {call} --end")
        assert view.record.name == call.removesuffix("(a)") and view.record.done
    talk.value("traced = tl.jit.trace(tl.nn.Linear(3, 2), a)")
    assert talk.value("%step traced(a) --end").record.results[0].type == "Float(2)"


def test_a_failure_is_shown_and_not_raised(talk) -> None:
    talk.value("%%script\ndef broken(x, y):\n    return x + y\n")
    view = talk.value("%step broken(a, b) --end")
    text = view.text()
    assert text.startswith("broken fails in step 2: add: the size of tensor a (3)")
    assert "return x + y\n           ^^^^^" in text
    assert talk.value("%step --back").record.index == 0


def test_all_instructions(talk) -> None:
    view = talk.value("%step my_function(a) --graph")
    assert isinstance(view, InstructionsView)
    assert view.pc == 0 and repr(view).startswith("my_function is 14 instructions; the one at 0 comes next.")
    assert talk.value("%step --graph").pc == 0
    assert talk.value("%step --end --graph").pc is None


def test_another_walk_begins_anew_and_a_wrong_line_leaves_the_walk(talk) -> None:
    talk.value("%step my_function(a) --at 4")
    talk.error("%step grow(a)")
    talk.error("%step --until %99")
    assert talk.value("%step").record.index == 5
    assert talk.value("%step grow(a, 1)").record.name == "grow"


def error(message: str, hint: str = "") -> str:
    return f"MagicError: %step: {message}\n" + (f"  {hint}\n" if hint else "") + "  see %step?"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--at 2 --back", error("--at and --back: one at a time", "%step --back 3")),
        ("--at x", error("--at: takes a number of steps, 0 or more, got 'x'")),
        ("--back 0", error("--back: takes a positive whole number, got '0'")),
        ("0", error("got 0; takes a number of steps alone, from 1", "%step 5")),
        ("5 --end", error("got 5 --end; takes a number of steps alone, from 1", "%step 5")),
        ("--unitl %7", error("no option --unitl", "nearest: --until")),
        ("a", error("a is no call", "%step f(x)")),
        ("grow", error("grow is no call", "%step grow(x)")),
        ("grow(a", error("'grow(a' is not an expression: '(' was never closed")),
        ("grow(missing)", error("nothing is named 'missing'")),
        ("grow(a)", error("grow: argument 'n' is missing; takes (Tensor x, int n)")),
        (
            "plus(a, b)",
            error(
                "plus is a function, not a compiled function, and has no graph to walk through",
                "plus = tl.jit.script(plus) compiles it; so does %%script above its cell",
            ),
        ),
        (
            "a(3)",
            error(
                "a is a Tensor, not a compiled function, and has no graph to walk through; compiled functions here: "
                "my_function, grow"
            ),
        ),
        (
            "my_function(a) --until %s",
            error(
                "--until: my_function has no value %s; values: %x, %1, %2, %3, %4, %5, %6, %7, ... (3 more)",
                "nearest: %x",
            ),
        ),
        (
            "my_function(a) --until line 9",
            error("--until: my_function has no instruction from line 9; lines: 3, 4, 6", "nearest: line 6"),
        ),
    ],
)
def test_errors(talk, line: str, expected: str) -> None:
    assert talk.error(f"%step {line}") == expected


def test_no_walk(lab) -> None:
    assert lab.error("%step") == error("no walk has begun; compiled functions here: none", "%step f(x) begins one")


def test_help(talk, capsys: pytest.CaptureFixture[str]) -> None:
    assert talk.value("%step --help") is None
    assert capsys.readouterr().out.startswith("%step [-h] [-o NAME] [--at N] [--back [N]]")


def test_completion(talk) -> None:
    assert {"--at", "--back", "--until", "--end", "--graph"} <= set(talk.completions("%step --"))
    assert "my_function" in talk.completions("%step my_")
    assert "%r" not in talk.completions("%step --until ")
    talk.value("%step my_function(a)")
    assert {"%r", "r"} <= set(talk.completions("%step --until "))
