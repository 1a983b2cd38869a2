"""A cell that brings its magic's line along, as ``%ir f --edit`` writes one: outside of a notebook it is read here."""

from __future__ import annotations

import re
import shlex

from tensorlab.magics.errors import MagicError

_HEAD = re.compile(r"%%(\w+)([^\n]*)")


def split_head(name: str, cell: str) -> tuple[list[str], str]:
    """The words on a cell's own line, and the cell with an empty line in its place: lines keep their numbers.

    Raises: `MagicError` for another magic's line, and for one that cannot be read.
    """
    found = _HEAD.match(cell)
    if found is None:
        return [], cell
    if found[1] != name:
        raise MagicError(f"%%{name}", f"the cell is one for %%{found[1]}")
    try:
        return shlex.split(found[2]), cell[found.end() :]
    except ValueError as error:  # a quotation that is not closed
        raise MagicError(f"%%{name}", f"cannot read the line: {str(error).lower()}") from None
