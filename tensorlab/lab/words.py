"""Keywords of Python and the options of a magic: which is which, and values as the words that a parser reads."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from keyword import iskeyword
from typing import Any

from tensorlab.magics.errors import MagicError, a_kind
from tensorlab.magics.table import forms

# What may be given as the thing itself, because the magic takes its name.
_NAMED = {"function", "tensor", "names", "expression", "inputs", "compare", "grid", "why", "diff", "edit_of"}
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*(?:/--[A-Za-z][\w-]*)?")
_MAGIC = re.compile(r"(?<![\w%])%{1,2}(\w+)")
_VALUE = r"(?: [%\w.,]*[%\w.])?"
_COMMAND = re.compile(rf"(?<![\w%])%(\w+)(?: ([A-Za-z_][\w.]*(?:\([^()]*\))?))?((?: --?[a-z][\w-]*{_VALUE})*)")
_GIVEN = re.compile(rf" (--?[a-z][\w-]*)({_VALUE})")
_BINDS = re.compile(r"%{1,2}(\w+) -o (\w+) binds one")


def keyword_of(action: argparse.Action) -> str:
    """What an option or a word of a magic is called in Python: ``why_not``, ``pass_``."""
    if not action.option_strings:
        return action.dest
    word = action.option_strings[-1].lstrip("-").replace("-", "_")
    return f"{word}_" if iskeyword(word) else word


def in_python(text: str, actions: Sequence[argparse.Action]) -> str:
    """A text of a magic about its options, with keywords in place of them: ``--why-not`` is ``why_not``; and a call in
    place of a line, ``lab.ir(f, value="%7")`` for ``%ir f --value %7``.
    """
    by_spelling = {spelling: action for action in actions for spelling in action.option_strings}
    known = {spelling: keyword_of(action) for spelling, action in by_spelling.items()}
    plain = {spelling for spelling, action in by_spelling.items() if action.nargs in (None, 0, "?")}

    def keyword(found: re.Match[str]) -> str:
        return known.get(found[0].rpartition("/")[2], found[0])

    def function(found: re.Match[str]) -> str:
        return f"lab.{found[1]}" if found[1] in forms() else found[0]

    def call(found: re.Match[str]) -> str:
        given = _GIVEN.findall(found[3])
        word = found[2] or ""
        if found[1] not in forms() or not (given or "(" in word) or any(o not in plain for o, _ in given):
            return found[0]
        parts = [] if not word else [f'"{word}"' if "(" in word else word]
        rest = ""  # what stands behind an option that takes nothing is no value
        for option, value in given:
            flag = by_spelling[option].nargs == 0
            rest = value if flag else ""
            told = value[1:] if value[1:].isdigit() else f'"{value[1:]}"'
            parts.append(f"{known[option]}={'True' if flag else told}")
        return f"lab.{found[1]}({', '.join(parts)}){rest}"

    return _MAGIC.sub(function, _OPTION.sub(keyword, _COMMAND.sub(call, text)))


def assigned(text: str) -> str:
    """A text of the magics, with an assignment in place of the option that binds a view to a name."""
    return _BINDS.sub(r"\2 = tl.lab.\1() makes one", text)


def words_for(
    actions: Mapping[str, argparse.Action], values: Mapping[str, object], name: Callable[[object, str], str]
) -> list[str]:
    """Values as words for the parser of the actions, by keyword; ``name`` names a thing that is given itself.

    Raises: `MagicError` for a value of a kind that the option does not take.
    """
    words: list[str] = []
    places: list[str] = []
    for keyword, value in values.items():
        action = actions[keyword]
        if value is None:
            continue
        if action.option_strings:
            words += _option(action, keyword, value, name)
        else:
            several = value if action.nargs == "*" and isinstance(value, tuple) else (value,)
            places += [_text(action, keyword, each, name) for each in several]
    return [*words, "--", *places] if places else words


def _option(action: argparse.Action, keyword: str, value: Any, name: Callable[[object, str], str]) -> list[str]:
    spelling = action.option_strings[-1]
    if action.nargs == 0 or (action.nargs == "?" and isinstance(value, bool)):
        if not isinstance(value, bool):
            raise MagicError("", f"{keyword} takes True or False, got {value!r}")
        return [spelling] if value else []
    if action.nargs in ("+", "*") or isinstance(action.nargs, int):
        several = value if isinstance(value, (list, tuple)) else (value,)
        return [spelling, *(_text(action, keyword, each, name) for each in several)]
    between = ":" if ":" in str(action.metavar) else ","
    if isinstance(value, slice):
        value = ("" if value.start is None else value.start, "" if value.stop is None else value.stop)
    if isinstance(value, (list, tuple)):
        return [f"{spelling}={between.join(_text(action, keyword, each, name) for each in value)}"]
    return [f"{spelling}={_text(action, keyword, value, name)}"]


def _text(action: argparse.Action, keyword: str, value: object, name: Callable[[object, str], str]) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if action.dest in _NAMED:
        return name(value, action.dest)
    raise MagicError("", f"{keyword} takes a text or a number, got {a_kind(value)}")
