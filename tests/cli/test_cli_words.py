"""Every option of every magic is a keyword of its function and an option of its command, and says the same there."""

from __future__ import annotations

import argparse
from contextlib import suppress
from inspect import signature

import pytest

import tensorlab as tl
from tensorlab.cli.commands import parser_of as command_parser
from tensorlab.lab.words import keyword_of, words_for
from tensorlab.magics.options import parser_of, read
from tensorlab.magics.table import Form, forms

# Options that are not the same word everywhere, and why.
APART = {
    "-h": "in Python it is help(function)",
    "-o": "in Python a view is assigned; on the command line there are no names to bind, and it names a file",
}
CASES = [form for kinds in forms().values() for form in kinds.values()]
TEXTS = ("3", "x", "1:5", "1,2")


def text_for(action: argparse.Action) -> str:
    """A text that an option takes."""
    if action.choices:
        return str(next(iter(action.choices)))
    for text in TEXTS:
        with suppress(argparse.ArgumentTypeError):
            if action.type is not None:
                action.type(text)
            return text
    raise AssertionError(f"give TEXTS one that {action.option_strings} takes")


def required(form: Form, besides: argparse.Action) -> list[str]:
    """Words without which a form takes nothing."""
    options = [a for a in form.options if a.required and a is not besides]
    words = [a for a in form.words if a.required and a.nargs != "*" and a is not besides]
    return [*(f"{a.option_strings[-1]}={text_for(a)}" for a in options), *map(text_for, words)]


@pytest.mark.parametrize("form", CASES, ids=lambda form: form.spelled)
def test_every_option_is_the_same_word_in_python_and_on_the_command_line(form: Form) -> None:
    its_own, command = parser_of(form.method), command_parser(form.name)
    keywords = signature(getattr(tl.lab, form.name)).parameters
    for action in its_own._actions:
        if set(APART) & {*action.option_strings}:
            assert keyword_of(action) not in keywords
            continue
        keyword = keyword_of(action)
        assert keyword in keywords
        texts = [text_for(action)] * (action.nargs if isinstance(action.nargs, int) else 1)
        value: object = True if action.nargs == 0 else texts[0] if len(texts) == 1 else tuple(texts)
        typed = [*action.option_strings[-1:], *texts]
        rest = required(form, action)
        expected = getattr(read(its_own, [*rest, *typed], "magic"), action.dest)
        words = words_for({keyword: action}, {keyword: value}, lambda *_: "unnamed")
        assert getattr(read(its_own, [*rest, *words], "python"), action.dest) == expected
        assert getattr(read(command, [*rest, *typed], "command"), action.dest) == expected
        assert expected not in (action.default, None, [])
        for spelling in action.option_strings:
            assert f"{spelling} " in command.format_help() or f"{spelling}," in command.format_help()


@pytest.mark.parametrize("name", forms())
def test_the_documentation_of_a_function_tells_of_each_keyword(name: str) -> None:
    function = getattr(tl.lab, name)
    assert function.__name__ == name
    for keyword in signature(function).parameters:
        assert f"\n    {keyword}: " in function.__doc__


def test_options_apart_are_those_of_every_magic() -> None:
    for form in CASES:
        taken = {spelling for action in parser_of(form.method)._actions for spelling in action.option_strings}
        assert set(APART) <= taken
