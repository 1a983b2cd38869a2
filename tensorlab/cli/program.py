"""The user's program: a file, standard input or code from the command line, run once for the names that it leaves."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib.util import decode_source
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from tensorlab.cli.status import FAILED, CommandError, ProgramError

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """A text of Python: the file that its frames are in, and what a reader calls that."""

    text: str
    filename: str
    label: str

    @property
    def is_file(self) -> bool:
        """Whether it stands in a file on disk."""
        return not self.filename.startswith("<")


def is_file_word(word: str) -> bool:
    """Whether a command's first word is a program, and no word of the magic's."""
    return word == STANDARD_INPUT or word.endswith(".py")


def read_file(word: str, *, kind: str = "FILE.py") -> Source:
    """The source in a file, or in standard input for ``-``.

    Raises: `CommandError`.
    """
    path = Path(word)
    try:
        if word == STANDARD_INPUT:
            return Source(decode_source(sys.stdin.buffer.read()), "<stdin>", "standard input")
        return Source(decode_source(path.read_bytes()), str(path.resolve()), word)
    except OSError as error:
        raise CommandError(f"{kind} {word}: {(error.strerror or str(error)).lower()}") from None
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:  # an encoding that it is not in, or that is none
        raise CommandError(f"{kind} {word}: cannot be decoded: {error}", FAILED) from None


def of_option(text: str) -> Source:
    """The source that an option holds."""
    return Source(text, "<-c>", "-c")


@contextmanager
def program(first: Source | None) -> Iterator[ModuleType]:
    """The module in which the user's code runs; ``sys`` is as Python sets it for a script, and put back afterwards.

    It is named after its file, and not ``__main__``, as for an import: what a file guards by that name does not run.
    What the code prints goes to standard error: standard output is the view's alone.
    """
    path = Path(first.filename) if first is not None and first.is_file else None
    name = path.stem if path is not None and path.stem not in sys.modules else "program"
    module = ModuleType(name)
    module.__dict__["__file__"] = None if first is None else first.filename
    arguments, folders, before = sys.argv, list(sys.path), sys.modules.get(name)
    sys.argv = ["-c" if first is None or path is None else first.label]
    sys.path[:1] = ["" if path is None else str(path.parent)]
    sys.modules[name] = module
    try:
        with redirect_stdout(sys.stderr):
            yield module
    finally:
        sys.argv, sys.path[:] = arguments, folders
        sys.modules.pop(name, None)
        if before is not None:
            sys.modules[name] = before


def run(source: Source, names: dict[str, Any]) -> None:
    """Run a text in some names.

    Raises: `CommandError` with the traceback of the user's own frames, where it raises or is no Python.
    """
    from tensorlab.jit.scripting.source import LABELS
    from tensorlab.magics.frames import from_users
    from tensorlab.magics.plain import remember

    LABELS[source.filename] = source.label
    remember(source.filename, source.text)
    try:
        exec(compile(source.text, source.filename, "exec", dont_inherit=True), names)  # noqa: S102 - what is asked for
    except SystemExit as leaving:
        if leaving.code not in (None, 0):
            raise ProgramError(f"{source.label} left with status {leaving.code}") from None
    except Exception as error:  # noqa: BLE001 - whatever a program raises
        raise ProgramError(told(error, from_users(error))) from None


def told(error: BaseException, frames: TracebackType | None) -> str:
    """An error as Python prints it, with these of its frames alone."""
    return "".join(traceback.format_exception(type(error), error, frames)).rstrip("\n")
