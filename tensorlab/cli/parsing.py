"""Parsers whose errors are one line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from tensorlab.cli.status import USAGE


class Parser(argparse.ArgumentParser):
    """argparse prints the usage above each error; here an error is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}\n")


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """What becomes of a view: its form, and where it goes."""
    group = parser.add_argument_group("output")
    forms = group.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="the records as JSON")
    forms.add_argument("--html", action="store_true", help="a whole page, light or dark as its reader is")
    group.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write into this file; one that ends in .html is a page and one in .json is JSON, unless told otherwise",
    )
