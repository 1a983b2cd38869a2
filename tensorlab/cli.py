"""The ``tensorlab`` command: ``tensorlab tour``, ``tensorlab doctor`` and ``tensorlab --version``."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from tensorlab.errors import TensorlabError
from tensorlab.tour.errors import TourInputError

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
REPORT = "tensorlab-tour.html"
_LAB = ("nbclient", "nbconvert", "nbformat")
_SERVE = ("grpc", "google.protobuf")
_SMALLEST = 16  # pixels: the tour's network looks at patches of 16 x 16


class _Parser(argparse.ArgumentParser):
    """argparse prints the usage above each error; here an error is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 for a tour or a check that failed, 2 for wrong use."""
    _tolerate_narrow_encodings()
    options = _parser().parse_args(arguments)
    if options.command == "doctor":
        return doctor(as_json=options.json, paths=options.paths)
    try:
        tour(image=options.image, output=options.output, notebook=options.notebook)
    except TensorlabError as error:
        print(f"tensorlab tour: {error}", file=sys.stderr)
        return USAGE if isinstance(error, TourInputError) else FAILED
    except KeyboardInterrupt:
        print("\ntensorlab tour: interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    return OK


def tour(*, image: Path | None, output: Path, notebook: Path | None) -> None:
    """Check what was asked for, execute the notebook, write the report, print the summary.

    Raises: `TourInputError` before anything runs; `TourError` if a cell fails or the report cannot be written.
    """
    _check_installed(_LAB, "lab")
    if notebook is None:
        _check_installed(_SERVE, "serve")
    from tensorlab.tour import image_path, load_image
    from tensorlab.tour.report import check_writable, write_report
    from tensorlab.tour.run import execute, find_summary, notebook_path, read_notebook, report_html
    from tensorlab.tour.text import format_summary

    image = image if image is not None else image_path()
    pixels = load_image(image)
    check_writable(output)
    if notebook is None:
        _check_size(image, *pixels.shape[:2])
    nodes = read_notebook(notebook if notebook is not None else notebook_path())
    execute(nodes, image=image, report=_progress)
    summary = find_summary(nodes)
    write_report(output, report_html(nodes, title="tensorlab tour"))
    print(format_summary(summary))
    print(f"\nreport: {output}")


def doctor(*, as_json: bool, paths: bool) -> int:
    """Run the doctor's checks and print them; 1 where one failed."""
    from tensorlab.doctor.examine import examine
    from tensorlab.view.doctor import DoctorView

    seen = examine(page=_page, paths=paths)
    print(json.dumps(seen.to_dict(), indent=2) if as_json else DoctorView(seen).text())
    return FAILED if seen.failed else OK


def _page() -> str:
    """What a magic gives a notebook: words, a table, a picture."""
    from tensorlab.jit.syntax_tree import syntax_of_text
    from tensorlab.view.syntax_tree import SyntaxTreeView

    return SyntaxTreeView(syntax_of_text("print(1 + 2)", "print(1 + 2)", "")).html()


def _check_installed(modules: Sequence[str], extra: str) -> None:
    missing = [name for name in modules if not _is_installed(name)]
    if missing:
        raise TourInputError(f"needs {', '.join(missing)}: install the extra, 'tensorlab[{extra}]'")


def _check_size(image: Path, height: int, width: int) -> None:
    if min(height, width) < _SMALLEST:
        least = f"{_SMALLEST} x {_SMALLEST}"
        raise TourInputError(f"{image}: {width} x {height} pixels; the tour takes images of {least} or more")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it
        return False


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tensorlab", description="Open up a PyTorch-like system and look at every part of it at work."
    )
    parser.add_argument("--version", action="version", version=f"tensorlab {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    command = commands.add_parser(
        "tour",
        help="run the tour's notebook, write a report, print a summary",
        description="Run the tour's notebook on the tensorlab kernel, write an HTML report and print a summary.",
    )
    command.add_argument("--image", type=Path, metavar="FILE", help="the photograph (default: matplotlib's sample)")
    command.add_argument(
        "--output", type=Path, metavar="FILE", default=Path(REPORT), help="the report (default: %(default)s)"
    )
    command.add_argument("--notebook", type=Path, metavar="FILE", help="another notebook that leaves a summary")
    checks = commands.add_parser(
        "doctor",
        help="check that all of it works, and say what to do",
        description="Run real checks: memory, loops and their cache, BLAS, the kernel, serving. Status 1 if one fails.",
    )
    checks.add_argument("--json", action="store_true", help="the checks as JSON")
    checks.add_argument("--paths", action="store_true", help="also where things are on this machine")
    return parser


def _version() -> str:
    from tensorlab.version import __version__

    return __version__


def _progress(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


def _tolerate_narrow_encodings() -> None:
    """A bar that the terminal's encoding lacks prints as `?` and is no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
