"""What errors of scripts suggest, and the way of calls that errors of a run show."""

import pytest

import tensorlab as tl
from tensorlab.errors import RunError, ScriptError
from tensorlab.jit.scripting import compile_source
from tests.jit.scripting.test_script_errors import CASES, NAMESPACE


def edited(source: str, error: ScriptError) -> str:
    place, text = error.edit
    lines = source.splitlines(keepends=True)
    line = lines[place.line - 1]
    lines[place.line - 1] = line[: place.column] + text + line[place.end_column :]
    return "".join(lines)


SUGGESTED = [
    *("undefined near", "other type in if", "other type in loop", "method", "method not called", "module attribute"),
    *("list method", "dict method"),
]


def test_every_suggested_edit_compiles():
    found = []
    for name, source in CASES.items():
        with pytest.raises(ScriptError) as caught:
            compile_source(source, "f", NAMESPACE)
        if caught.value.edit is not None:
            compile_source(edited(source, caught.value), "f", NAMESPACE)
            found.append(name)
    assert found == SUGGESTED


def test_an_edit_that_does_not_help_is_not_suggested():
    source = "def f(value):\n    return valeu + undefined\n"
    with pytest.raises(ScriptError) as caught:
        compile_source(source, "f", {})
    assert caught.value.hint == "did you mean 'value'?"
    assert caught.value.edit is None


def divides(n: int) -> int:
    return 10 // n


def sums(n: int) -> int:
    total = 0
    for i in range(n):
        total += divides(i - 1)
    return total


def starts(n: int) -> int:
    return sums(n) + 1


def test_an_error_of_a_run_shows_the_scripts_stack():
    scripted = tl.jit.script(starts)
    first = divides.__code__.co_firstlineno
    for run in (scripted, scripted.interpret):
        with pytest.raises(RunError) as caught:
            run(3)
        assert str(caught.value) == (
            "integer division or modulo by zero\n"
            f"  {__file__}, line {first + 1}, column 12\n"
            "      return 10 // n\n"
            "             ^^^^^^^\n"
            "  'divides' was called from 'sums':\n"
            f"  {__file__}, line {first + 7}, column 18\n"
            "      total += divides(i - 1)\n"
            "               ^^^^^^^^^^^^^^\n"
            "  'sums' was called from 'starts':\n"
            f"  {__file__}, line {first + 12}, column 12\n"
            "      return sums(n) + 1\n"
            "             ^^^^^^^"
        )
