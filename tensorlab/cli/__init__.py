"""The ``tensorlab`` command: ``tensorlab ir FILE.py f`` and its like, one for each magic; the tour; the doctor."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from tensorlab.cli.status import INTERRUPTED, OK, CommandError, ProgramError
from tensorlab.version import __version__

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 for a check or a program that failed, 2 for wrong use."""
    _tolerate_narrow_encodings()
    words = list(sys.argv[1:] if arguments is None else arguments)
    first = words[0] if words else ""
    try:
        match first:
            case "--version":
                print(f"tensorlab {__version__}")
                return OK
            case "-h" | "--help":
                from tensorlab.cli.commands import overview

                print(overview())
                return OK
            case "tour":
                from tensorlab.cli.tour import main as tour

                return tour(words[1:])
            case "doctor":
                from tensorlab.cli.doctor import main as doctor

                return doctor(words[1:])
            case _:
                from tensorlab.cli.looking import main as look

                return look(words)
    except ProgramError as error:
        print(error, file=sys.stderr)
        return error.status
    except CommandError as error:
        print(f"{_named(first)}: {error}", file=sys.stderr)
        return error.status
    except BrokenPipeError:  # whoever reads has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        print(f"\n{_named(first)}: interrupted", file=sys.stderr)
        return INTERRUPTED


def _named(first: str) -> str:
    return f"tensorlab {first}" if first and not first.startswith("-") else "tensorlab"


def _tolerate_narrow_encodings() -> None:
    """A bar that the terminal's encoding lacks prints as `?` and is no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
