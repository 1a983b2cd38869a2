"""An expression on a magic's line: told from the options around it, and evaluated with the notebook's names."""

from __future__ import annotations

import argparse
import re
from codeop import PyCF_ALLOW_INCOMPLETE_INPUT  # pyright: ignore[reportAttributeAccessIssue] - in codeop.py itself
from collections.abc import Callable
from types import CodeType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from tensorlab.magics.errors import MagicError, nearest
from tensorlab.magics.options import Given, parse, parser_of, spelled

_OPTION = re.compile(r"--?[A-Za-z][\w-]*(=.*)?$")


def parse_expression(magic: Callable[..., Any], line: str, *, name: str = "") -> tuple[argparse.Namespace, str] | None:
    """The options before and after an expression, and the expression as it was written; None where help was asked for.

    Quotation marks, spaces and brackets in the expression stay as they are, which splitting the line into words would
    lose. A word is an option if it begins with a minus that no space follows, and stands at either end of the line.
    ``name`` is what errors call the magic, where it has several names.
    """
    if isinstance(line, Given):
        place = next(action.dest for action in parser_of(magic)._actions if not action.option_strings)
        return line.args, (getattr(line.args, place) or "").strip()
    words = re.findall(r"\S+", line)
    spans = [found.span() for found in re.finditer(r"\S+", line)]
    takes = _options_with_value(magic)
    first, last = 0, len(words)
    while first < last and _is_option(magic, words[first], leading=True):
        first += 2 if words[first] in takes else 1
    first = min(first, last)
    while last > first:
        if last - 2 >= first and words[last - 2] in takes:
            last -= 2
        elif _is_option(magic, words[last - 1], leading=False):
            last -= 1
        else:
            break
    args = parse(magic, " ".join([*words[:first], *words[last:]]), name=name)
    if args is None:
        return None
    return args, line[spans[first][0] : spans[last - 1][1]] if first < last else ""


def _options_with_value(magic: Callable[..., Any]) -> set[str]:
    return {text for action in parser_of(magic)._actions if action.nargs != 0 for text in action.option_strings}


def _is_option(magic: Callable[..., Any], word: str, *, leading: bool) -> bool:
    """Whether a word is an option, known or mistyped: ``-x`` alone may be an expression, ``--x`` hardly."""
    known = {text for action in parser_of(magic)._actions for text in action.option_strings}
    found = _OPTION.match(word)
    return word in known or (found is not None and word.startswith("--") and (leading or "(" not in word))


def compiled(shell: InteractiveShell, magic: Callable[..., Any], text: str) -> CodeType:
    """An expression as code.

    Raises: `MagicError` where there is none, or where it is none.
    """
    name = spelled(magic)
    if not text:
        raise MagicError(name, "an expression is missing", f"{name} x")
    try:
        flags = shell.compile.flags & ~PyCF_ALLOW_INCOMPLETE_INPUT  # under which errors are said to be missing lines
        return compile(text, f"<{name}>", "eval", flags, dont_inherit=True)
    except SyntaxError as error:
        raise MagicError(name, f"{text!r} is not an expression: {error.msg}") from None
    except ValueError as error:  # a character that source cannot hold
        raise MagicError(name, f"{text!r} is not an expression: {error}") from None


def run_expression(shell: InteractiveShell, magic: Callable[..., Any], text: str, code: CodeType) -> Any:
    """The value of an expression, with the notebook's names.

    Raises: `MagicError` that says what the expression raised, and the nearest name where one was not found.
    """
    try:
        return eval(code, shell.user_global_ns, shell.user_ns)
    except Exception as error:
        raise failed(shell, magic, text, error) from error


def failed(shell: InteractiveShell, magic: Callable[..., Any], text: str, error: Exception) -> MagicError:
    """The error of an expression that raised another one."""
    if isinstance(error, NameError) and error.name is not None:
        known = [name for name in shell.user_ns if not name.startswith("_")]
        return MagicError(spelled(magic), f"nothing is named {error.name!r}", nearest(error.name, known))
    message = str(error).split("\n")[0]
    what = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return MagicError(spelled(magic), f"{text} raised {what}")
