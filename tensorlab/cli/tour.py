"""``tensorlab tour``: the tour's notebook is run, a report is written, a summary is printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tensorlab.cli.parsing import Parser
from tensorlab.cli.status import FAILED, INTERRUPTED, OK, USAGE
from tensorlab.errors import TensorlabError
from tensorlab.tour.errors import TourInputError

SUMMARY = "Run the tour's notebook, write a report, print a summary."
REPORT = "tensorlab-tour.html"
_LAB = ("nbclient", "nbconvert", "nbformat")
_SERVE = ("grpc", "google.protobuf")
_SMALLEST = 16  # pixels: the tour's network looks at patches of 16 x 16


def main(arguments: Sequence[str]) -> int:
    """Run the tour and return its exit status: 1 for one that failed, 2 for wrong use."""
    options = _parser().parse_args(arguments)
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


def _parser() -> Parser:
    parser = Parser(
        prog="tensorlab tour",
        description="Run the tour's notebook on the tensorlab kernel, write an HTML report and print a summary.",
    )
    parser.add_argument("--image", type=Path, metavar="FILE", help="the photograph (default: matplotlib's sample)")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", default=Path(REPORT), help="the report (default: %(default)s)"
    )
    parser.add_argument("--notebook", type=Path, metavar="FILE", help="another notebook that leaves a summary")
    return parser


def _progress(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)
