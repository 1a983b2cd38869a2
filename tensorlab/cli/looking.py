"""The commands of the magics: the program is run, the magic looks, the view goes out."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from IPython.core.magic_arguments import MagicArgumentParser

import tensorlab
from tensorlab.cli import commands
from tensorlab.cli.output import check_output, give
from tensorlab.cli.program import Source, is_file_word, of_option, program, read_file, run, told
from tensorlab.cli.status import FAILED, OK, USAGE, CommandError, ProgramError
from tensorlab.errors import TensorlabError
from tensorlab.lab.words import assigned
from tensorlab.magics.errors import CellError, MagicError, nearest
from tensorlab.magics.frames import from_users
from tensorlab.magics.head import split_head
from tensorlab.magics.options import read
from tensorlab.magics.plain import PlainSession, joined
from tensorlab.magics.table import form_for, forms, given
from tensorlab.view.mime import View

_FILES = ("-o", "--output", "--cell", "--snapshot")  # options behind which another file may stand
_EXPRESSIONS = {
    "nothing takes": "an expression is one word, in quotes",
    "no option": "an expression that begins with a minus stands behind --",
}


def main(words: Sequence[str]) -> int:
    """Run the command of a magic; options alone are those of `tensorlab`, which shows what is here."""
    name, *rest = words if words and not words[0].startswith("-") else ("tensorlab", *words)
    if name not in forms():
        close = nearest(name, [*forms(), "doctor", "tour"])
        if is_file_word(name):
            close = f"a command comes first: tensorlab storage {name}"
        raise CommandError(f"no such command{f'; {close}' if close else ''}")
    try:
        return _look(name, rest)
    except MagicError as error:
        raise _spoken(name, error, rest) from None


def _look(name: str, rest: Sequence[str]) -> int:
    parser = commands.parser_of(name)
    file_word, options = (rest[0], rest[1:]) if rest and is_file_word(rest[0]) else (None, rest)
    if {"-h", "--help"} & {*options}:
        print(parser.format_help().rstrip("\n"))
        return OK
    args = read(parser, options, f"tensorlab {name}")
    check_output(args.output)
    if args.output is not None:
        args.output = args.output.absolute()  # the program may go to another folder
    file = None if file_word is None else read_file(file_word)
    code = None if args.code is None else of_option(args.code)
    with program(file or code) as module:
        view = _view(name, parser, options, module.__dict__, [source for source in (file, code) if source is not None])
    return give(view, args, shlex.join(["tensorlab", name, *rest]))


def _view(
    name: str, parser: MagicArgumentParser, words: Sequence[str], names: dict[str, Any], sources: list[Source]
) -> View:
    """Run what is to be run, and look."""
    args = read(parser, words, f"tensorlab {name}")
    cell: Source | None = None
    if getattr(args, "cell_file", None) is not None:
        cell = read_file(args.cell_file, kind="--cell")
    elif _takes_a_cell(name, args, has_program=bool(sources)):
        python = forms()[name]["cell"].owner.python
        if not sources or (sources[-1].is_file and not python):
            hint = "FILE.py, -c CODE or --cell FILE gives it" if python else "--cell FILE or -c CODE gives it"
            raise MagicError(f"%{name}", "the cell is missing", hint)
        cell = sources.pop()
    text = ""
    if cell is not None:
        head, text = split_head(name, cell.text)
        args = read(parser, [*head, *words], f"tensorlab {name}")
    form = form_for(name, args, cell=cell is not None)
    for source in sources:
        if not source.is_file:
            names.setdefault("tl", tensorlab)
        run(source, names)
    names.setdefault("tl", tensorlab)
    session = PlainSession(names)
    if cell is None:
        return _shown(lambda: session.run(form, args))
    return _shown(lambda: session.run(form, args, text, filename=cell.filename, label=cell.label))


def _takes_a_cell(name: str, args: argparse.Namespace, *, has_program: bool) -> bool:
    """Whether the last text of Python is a cell under the magic, and not a program that runs before it."""
    kinds = forms()[name]
    if len(kinds) == 1:
        return "cell" in kinds
    line, cell = kinds["line"], kinds["cell"]
    if line.method is not cell.method:
        of_line = {action.dest for action in (*line.options, *line.words)}
        return any(action.dest not in of_line for action in given(cell.options, args))
    alone = [action for action in given(line.options, args) if action.dest in line.owner.alone]
    return has_program and not alone and not given(line.words, args)


def _shown(look: Callable[[], list[View]]) -> View:
    try:
        return joined(look())
    except (MagicError, CommandError):
        raise
    except SystemExit as leaving:
        message = f"the cell left with status {leaving.code or 0} before there was anything to show"
        raise CommandError(message, FAILED) from None
    except Exception as error:
        frames = from_users(error)
        if frames is not None:
            raise ProgramError(told(error, frames)) from None
        if isinstance(error, TensorlabError):
            raise CommandError(str(error), FAILED) from None
        raise


def _spoken(name: str, error: MagicError, words: Sequence[str]) -> CommandError:
    """An error of the magic, in words of the command line."""
    if isinstance(error, CellError):
        return ProgramError("\n".join(error.shown))
    hint = _misplaced(name, words) or error.hint
    if not hint and _takes_an_expression(name):
        hint = next((told for sign, told in _EXPRESSIONS.items() if error.message.startswith(sign)), "")
    between = "" if not hint else "\n" if "\n" in hint else "; "
    text = commands.in_commands(f"{error.message}{between}{assigned(hint)}")
    return CommandError(text, FAILED if error.failed else USAGE)


def _misplaced(name: str, words: Sequence[str]) -> str:
    """What to say of a program that does not stand first."""
    if words and is_file_word(words[0]):
        return ""
    for before, word in pairwise(["", *words]):
        if before in _FILES:
            continue
        if word.endswith(".py"):
            return f"FILE.py stands first: tensorlab {name} {word}"
        if word.endswith(".ipynb"):
            return f"jupyter nbconvert --to script {word} makes a FILE.py"
    return ""


def _takes_an_expression(name: str) -> bool:
    return any(action.dest in ("expression", "tensor") for form in forms()[name].values() for action in form.words)
