"""What each command takes: the words of its magic, the program in front of them, the output behind them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from copy import copy
from textwrap import fill

from IPython.core.magic_arguments import MagicArgumentParser

from tensorlab.cli import doctor, tour
from tensorlab.cli.parsing import add_output_options
from tensorlab.magics.session import Kind
from tensorlab.magics.table import Form, forms, option_actions, word_actions

_PROGRAM = (
    "FILE.py is run first, and the names that it leaves are those of the words: functions, tensors, expressions. It "
    'is run as an import runs it: what it guards by __name__ == "__main__" does not run; - is standard input. What '
    "the program prints goes to standard error. Without FILE.py or -c there are no names but tl, which is tensorlab."
)
_CELL = (
    "The cell is CODE or the file that --cell names, where one is given, and FILE.py is run before it; else FILE.py "
    "itself is the cell."
)
_NAMED = re.compile(r"(?<![\w%])%{1,2}(\w+)")


def parser_of(name: str) -> MagicArgumentParser:
    """The parser of a command: it takes the options of each form of its magic, none of them required so far."""
    kinds = forms()[name]
    several = list(kinds.values())
    parser = MagicArgumentParser(
        prog=f"tensorlab {name}",
        description=_description(several),
        epilog="Status 0; 1 where a check or the program failed; 2 for wrong use.",
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-h", "--help", action="help", help="show this and do nothing else")
    for action in (*word_actions(several), *option_actions(several)):
        mine = copy(action)
        mine.required = False
        if not mine.option_strings and mine.nargs is None:
            mine.nargs = "?"
        parser._add_action(mine)
    group = parser.add_argument_group("program")
    group.add_argument("-c", dest="code", metavar="CODE", help="run this code, behind FILE.py where there is one")
    if "cell" in kinds:
        group.add_argument("--cell", dest="cell_file", metavar="FILE", help="the cell is in this file")
    add_output_options(parser)
    parser.usage = _usage(parser)
    return parser


def in_commands(text: str) -> str:
    """A text of the magics, with commands in place of them: ``%ir f`` is ``tensorlab ir f``."""

    def command(found: re.Match[str]) -> str:
        if found[1] not in forms():
            return found[0]
        return "tensorlab" if found[1] == "tensorlab" else f"tensorlab {found[1]}"

    return _NAMED.sub(command, text)


def overview() -> str:
    """All commands, each with a line of what it does."""
    found = {name: _summary(kinds) for name, kinds in forms().items() if name != "tensorlab"}
    found |= {"doctor": doctor.SUMMARY, "tour": tour.SUMMARY}
    lines = [f"  {name:<12}{fill(found[name], 84, subsequent_indent=' ' * 14)}" for name in sorted(found)]
    return "\n".join(
        (
            "usage: tensorlab COMMAND [FILE.py] [-c CODE] [words and options of the magic %COMMAND]",
            "",
            "Open up a PyTorch-like system and look at every part of it at work.",
            "",
            *lines,
            "",
            "tensorlab COMMAND --help tells of the words of each; tensorlab alone shows what is here.",
            "tensorlab --version shows the version.",
        )
    )


def _summary(kinds: Mapping[Kind, Form]) -> str:
    return in_commands(next(iter(kinds.values())).summary)


def _description(several: list[Form]) -> str:
    texts = dict.fromkeys(form.about for form in several)
    parts = [*map(in_commands, texts), fill(_PROGRAM, 100)]
    if any(form.kind == "cell" for form in several):
        parts.append(fill(_CELL, 100))
    return "\n\n".join(parts)


def _usage(parser: argparse.ArgumentParser) -> str:
    """Argparse's own, with the program in its place: straight behind the command."""
    text = parser.format_usage().removeprefix("usage: ").rstrip("\n")
    return text.replace(parser.prog, f"{parser.prog} [FILE.py]", 1).replace("%", "%%")
