"""A view goes out: as text, as JSON or as a page, to standard output or into a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tensorlab.cli.status import FAILED, OK, CommandError
from tensorlab.errors import TensorlabError

if TYPE_CHECKING:
    from tensorlab.view.mime import View

_SOURCES = (".py", ".ipynb")


def check_output(output: Path | None) -> None:
    """See, before anything runs, that a file can be written.

    Raises: `CommandError`.
    """
    if output is None:
        return
    from tensorlab.tour.report import check_writable

    if output.suffix in _SOURCES:
        raise CommandError(f"-o {output}: what would stand there is no program")
    try:
        check_writable(output)
    except TensorlabError as error:
        raise CommandError(f"-o {error}") from None


def give(view: View, options: argparse.Namespace, title: str) -> int:
    """Print or write a view as `add_output_options` says; gives the exit status.

    Raises: `CommandError` where the file cannot be written.
    """
    output: Path | None = options.output
    if options.json or (_is(output, ".json") and not options.html):
        text = f"{view.to_json(indent=2)}\n"
    elif options.html or _is(output, ".html", ".htm"):
        text = view.to_html(title=title)
    else:
        text = f"{view.printed() if output is None else view.text()}\n"
    if output is None:
        print(text, end="", flush=True)
    else:
        _write(output, text)
    return FAILED if view.failed else OK


def _is(output: Path | None, *suffixes: str) -> bool:
    return output is not None and output.suffix.lower() in suffixes


def _write(output: Path, text: str) -> None:
    from tensorlab.tour.report import write_report

    try:
        write_report(output, text)
    except TensorlabError as error:
        raise CommandError(f"-o {error}", FAILED) from None
