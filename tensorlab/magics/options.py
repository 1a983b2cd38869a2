"""A magic's line, read with IPython's ``magic_arguments``: help that only helps, errors that say what would do."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Sequence
from keyword import iskeyword
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser, argument

from tensorlab.magics.errors import MagicError, nearest


class _HelpAsked(Exception):  # noqa: N818 - a way out of the parser, not an error
    pass


class _ShowHelp(argparse.Action):
    """Leaves the parser at once, so that ``--help`` works without the required arguments."""

    def __call__(self, *_: Any) -> None:
        raise _HelpAsked


help_option = argument("-h", "--help", action=_ShowHelp, nargs=0, help="show this and do nothing else")


class Given(str):
    """The line of a magic whose options have been read already: from a call in Python, or from a command's words.

    ``args`` is what they say. A cell that goes with it stands in the file ``filename``, from its first line on, and
    readers call that file ``label``.
    """

    args: argparse.Namespace
    filename: str
    label: str

    def __new__(cls, args: argparse.Namespace, *, filename: str = "", label: str = "") -> Given:
        line = super().__new__(cls)
        line.args, line.filename, line.label = args, filename, label
        return line


def parser_of(magic: Callable[..., Any]) -> MagicArgumentParser:
    """The parser that ``@magic_arguments`` left on a magic."""
    return magic.parser  # type: ignore[attr-defined]


def spelled(magic: Callable[..., Any]) -> str:
    """A magic as the user writes it, ``%ir`` or ``%%trace``."""
    return f"%{parser_of(magic).prog}"


def parse(magic: Callable[..., Any], line: str, *, name: str = "") -> argparse.Namespace | None:
    """The options in a magic's line, or `None` where the user asked for help, which is then printed.

    ``name`` is what errors call a magic that is spelled in several ways.

    Raises: `MagicError` with the nearest option or choice.
    """
    if isinstance(line, Given):
        return line.args
    name = name or spelled(magic)
    try:
        return read(parser_of(magic), _joined(shlex.split(line)), name)
    except _HelpAsked:
        print(help_text(magic))  # noqa: T201 - what the user asked for
        return None
    except ValueError as error:  # a quotation that is not closed
        raise MagicError(name, f"cannot read the line: {str(error).lower()}") from None


def read(parser: MagicArgumentParser, words: Sequence[str], name: str) -> argparse.Namespace:
    """The options in some words, for a magic of a name.

    Raises: `MagicError` with the nearest option or choice.
    """
    try:
        return parser.parse_args(words)
    except UsageError as error:
        raise _explain(name, parser, error) from None


def help_text(magic: Callable[..., Any]) -> str:
    """The help of a magic, as ``%ir?`` shows it but for the frame."""
    return parser_of(magic).format_help().replace("::\n\n  %", "%", 1).strip()


def identifier(text: str) -> str:
    """An option's value that is to become a name in the notebook."""
    if not text.isidentifier() or iskeyword(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name")
    return text


def names(text: str) -> tuple[str, ...]:
    """An option's value that is a list of names, ``x,y``."""
    return tuple(identifier(part.strip()) for part in text.split(",") if part.strip())


def counts(text: str) -> tuple[int, ...]:
    """An option's value that is a list of positive numbers, ``1,2,4``."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = next((part for part in parts if not part.isdecimal() or int(part) == 0), None)
    if wrong is not None or not parts:
        raise argparse.ArgumentTypeError(f"takes positive whole numbers, 1,2,4, got {wrong or text!r}")
    return tuple(map(int, parts))


def count(text: str) -> int:
    """An option's value that is one positive number."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"takes a positive whole number, got {text!r}")
    return int(text)


def option_strings(parser: argparse.ArgumentParser) -> list[str]:
    """Every option that a parser knows, long spellings after short ones."""
    return [spelling for action in parser._actions for spelling in action.option_strings]


def _explain(name: str, parser: argparse.ArgumentParser, error: UsageError) -> MagicError:
    text = str(error)
    unknown = re.match(r"unrecognized arguments: (.+)", text)
    if unknown:
        return _unknown(name, unknown[1].split(), parser)
    cause = error.__context__
    choice = re.search(r"invalid choice: (.+?) \(choose", text)
    if choice and isinstance(cause, argparse.ArgumentError):
        choices = _choices(parser, cause.argument_name)
        got = choice[1].strip("'")
        return MagicError(name, f"{cause.argument_name} takes {_either(choices)}, got {got!r}", nearest(got, choices))
    missing = re.match(r"the following arguments are required: (.+)", text)
    if missing:
        return MagicError(name, f"{missing[1]} is missing")
    return MagicError(name, text.removeprefix("argument "))


def _unknown(name: str, words: Sequence[str], parser: argparse.ArgumentParser) -> MagicError:
    option = next((word.partition("=")[0] for word in words if word.startswith("-")), None)
    if option is not None:
        return MagicError(name, f"no option {option}", nearest(option, option_strings(parser)))
    lists = [
        f"{a.option_strings[0]} {a.metavar}" for a in parser._actions if isinstance(a.metavar, str) and "," in a.metavar
    ]
    hint = f"an option's values are joined by commas: {_either(lists)}" if lists else ""
    return MagicError(name, f"nothing takes {' '.join(words)!r}", hint)


def _joined(words: Sequence[str]) -> list[str]:
    """Words with those in one that a comma stands between: ``x, y`` is ``x,y``."""
    joined: list[str] = []
    for word in words:
        before = joined[-1] if joined else ""
        open_list = before.endswith(",") or (word.startswith(",") and before[:1] not in ("", "-"))
        if open_list and not word.startswith("-"):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _choices(parser: argparse.ArgumentParser, argument_name: str | None) -> list[str]:
    for action in parser._actions:
        if argument_name in ("/".join(action.option_strings), action.metavar, action.dest):
            return [str(choice) for choice in action.choices or ()]
    return []


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""
