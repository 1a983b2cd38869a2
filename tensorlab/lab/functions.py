"""A function for each magic, made of its parsers: signature, documentation, and the call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature
from itertools import count
from textwrap import fill
from typing import Any

from tensorlab.errors import ArgumentError, MismatchError, ScriptError
from tensorlab.lab.names import Names
from tensorlab.lab.session import going_on
from tensorlab.lab.words import assigned, in_python, keyword_of, words_for
from tensorlab.magics.errors import CellError, MagicError, a_kind, nearest
from tensorlab.magics.head import split_head
from tensorlab.magics.options import parser_of, read
from tensorlab.magics.plain import joined
from tensorlab.magics.table import Form, forms, option_actions, word_actions
from tensorlab.view.mime import View

_CELL = "the cell under the magic, as text"
_numbers = count(1)


def function_of(name: str) -> Callable[..., View]:
    """The function of a magic, with a signature and a documentation that tell of each option."""
    several = list(forms()[name].values())

    def look(*words: object, **options: object) -> View:
        with Names(sys._getframe(1)) as names:
            given = _bound(name, words, options)
            del words, options  # whoever counts references to them counts none of ours
            return _called(name, given, names)

    look.__name__ = look.__qualname__ = name
    look.__module__ = "tensorlab.lab"
    look.__doc__ = _documentation(name, several)
    look.__signature__ = _signature(several)  # type: ignore[attr-defined]
    return look


def _called(name: str, given: dict[str, Any], names: Names) -> View:
    actions = _actions(list(forms()[name].values()))
    cell = given.pop("cell", None)
    try:
        form = _form(name, given, cell)
        head, text = split_head(name, cell or "")
        takes = {keyword_of(action): action for action in (*form.options, *form.words)}
        words = words_for(takes, given, names.of)
        given.clear()
        args = read(parser_of(form.method), [*head, *words], form.spelled)
        number = next(_numbers) if cell is not None else 0
        with going_on(names.all) as session:
            views = session.run(form, args, text, filename=f"<cell {number}>", label=f"cell {number}")
        return joined(views)
    except CellError as error:
        cause = error.__context__
        raise cause if isinstance(cause, (SyntaxError, ScriptError)) else error from None
    except MagicError as error:
        hint = f"; {error.hint}" if error.hint else ""
        message = f"lab.{name}: {in_python(f'{error.message}{assigned(hint)}', list(actions.values()))}"
        raise (MismatchError if error.failed else ArgumentError)(message) from error.__cause__


def _actions(several: Sequence[Form]) -> dict[str, argparse.Action]:
    """By keyword, all that the forms of a magic take."""
    return {keyword_of(action): action for action in (*word_actions(several), *option_actions(several))}


def _form(name: str, given: Mapping[str, object], cell: object) -> Form:
    """The form of a magic that a call is for."""
    kinds = forms()[name]
    form = kinds.get("line" if cell is None else "cell")
    if form is None:
        raise MagicError(f"%{name}", "cell is missing")
    if cell is not None and not isinstance(cell, str):
        raise MagicError(form.spelled, f"cell takes a text, got {a_kind(cell)}")
    takes = {keyword_of(action) for action in (*form.options, *form.words)}
    other = next((keyword for keyword in given if keyword not in takes), None)
    if other is not None:
        raise MagicError(form.spelled, f"{other} goes {'with' if cell is None else 'without'} a cell")
    return form


def _bound(name: str, words: tuple[object, ...], options: dict[str, object]) -> dict[str, Any]:
    """What a call gives, by keyword.

    Raises: `ArgumentError` for an unknown keyword, with the nearest, and for too many words.
    """
    several = list(forms()[name].values())
    known = [p.name for p in _parameters(several)]
    for keyword in options:
        if keyword == "output":
            raise ArgumentError(
                f"lab.{name}: output is for notebooks; assign what the function gives: v = lab.{name}()"
            )
        if keyword not in known:
            close = nearest(keyword, known)
            raise ArgumentError(f"lab.{name}: no option {keyword}{f'; {close}' if close else ''}")
    places = [p for p in _parameters(several) if p.kind is not Parameter.KEYWORD_ONLY]
    if places and places[0].kind is Parameter.VAR_POSITIONAL:
        return {**({places[0].name: words} if words else {}), **options}
    if len(words) > len(places):
        takes = ", ".join(p.name for p in places) or "options alone"
        raise ArgumentError(f"lab.{name}: got {len(words)} words, takes {takes}")
    found = {place.name: word for place, word in zip(places, words, strict=False)}
    twice = next((keyword for keyword in found if keyword in options), None)
    if twice is not None:
        raise ArgumentError(f"lab.{name}: {twice} is there twice")
    return {**found, **options}


def _parameters(several: Sequence[Form]) -> list[Parameter]:
    """Words by place, then options by keyword; a cell by place where there is nothing but it."""
    kinds = {form.kind for form in several}
    found: list[Parameter] = []
    for action in word_actions(several):
        if action.nargs == "*":
            found.append(Parameter(action.dest, Parameter.VAR_POSITIONAL))
        else:
            default = Parameter.empty if action.nargs is None else None
            found.append(Parameter(action.dest, Parameter.POSITIONAL_OR_KEYWORD, default=default))
    if kinds == {"cell"}:
        found.append(Parameter("cell", Parameter.POSITIONAL_OR_KEYWORD, annotation=str))
    elif "cell" in kinds:
        found.append(Parameter("cell", Parameter.KEYWORD_ONLY, default=None))
    for keyword, action in _actions(several).items():
        if action.option_strings:
            required = action.required and len(several) == 1
            default = Parameter.empty if required else action.default
            found.append(Parameter(keyword, Parameter.KEYWORD_ONLY, default=default))
    return found


def _signature(several: Sequence[Form]) -> Signature:
    return Signature(_parameters(several), return_annotation=View)


def _documentation(name: str, several: Sequence[Form]) -> str:
    """What the magic does, and what each of its words and options says."""
    lines = ["\n\n".join(dict.fromkeys(form.about for form in several)), ""]
    lines += [f"%{name} word --option value is lab.{name}(word, option=value).", "", "Takes:"]
    if any(form.kind == "cell" for form in several):
        lines.append(f"    cell: {_CELL}")
    for keyword, action in _actions(several).items():
        choices = f"one of {', '.join(map(str, action.choices))}: " if action.choices else ""
        said = (action.help or "").replace("%%", "%")
        lines.append(fill(f"{keyword}: {choices}{said}", 100, initial_indent="    ", subsequent_indent="        "))
    return "\n".join(lines)
