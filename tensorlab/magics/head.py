"""A cell that brings its magic's line along, as ``%ir f --edit`` writes one: outside of a notebook it is read here."""

from __future__ import annotations

import argparse
import re
import shlex

from tensorlab.magics.errors import MagicError
from tensorlab.magics.options import parser_of, read
from tensorlab.magics.table import forms, given

_HEAD = re.compile(r"%%(\w+)([^\n]*)")


def read_head(name: str, args: argparse.Namespace, cell: str) -> tuple[argparse.Namespace, str]:
    """Options and the cell of a magic: those on the cell's own line count where nothing else is said.

    The line stays as an empty one, so that lines keep their numbers.

    Raises: `MagicError` for another magic's line, and for one that cannot be read.
    """
    found = _HEAD.match(cell)
    form = forms()[name].get("cell")
    if found is None or form is None:
        return args, cell
    if found[1] != name:
        raise MagicError(form.spelled, f"the cell is one for %%{found[1]}")
    try:
        said = read(parser_of(form.method), shlex.split(found[2]), form.spelled)
    except ValueError as error:  # a quotation that is not closed
        raise MagicError(form.spelled, f"cannot read the line: {str(error).lower()}") from None
    new = {a.dest: getattr(said, a.dest) for a in given(form.options + form.words, said)}
    mine = {a.dest: getattr(args, a.dest) for a in given(form.options + form.words, args)}
    return argparse.Namespace(**{**vars(args), **new, **mine}), cell[found.end() :]
