"""Lets our cell magics see an empty cell.

IPython turns a cell magic without a body down before the magic is called, with an error that test tools do not see and
without a chance for ``%%trace --help``. A blank line under it is a body.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tensorlab.magics.session import Tensorlab

_ALONE = re.compile(r"%%(\w+)(?:\s+(\S+).*)?\s*")


def filler(session: Tensorlab) -> Callable[[list[str]], list[str]]:
    """An input transformer that gives our magics a blank line where their cell has none."""

    def fill_empty_cell(lines: list[str]) -> list[str]:
        found = _ALONE.fullmatch(lines[0]) if len(lines) == 1 else None
        if found is None or not any(found[1] in magics.magics["cell"] for magics in session.magics):
            return lines
        if found[2] is not None and not found[2].startswith("-"):  # %%script bash: a program, not ours
            return lines
        return [lines[0].rstrip() + "\n", "\n"]

    # IPython asks its transformers whether a cell is complete too: at a prompt, %%trace still waits for its body.
    fill_empty_cell.has_side_effects = True  # type: ignore[attr-defined]
    return fill_empty_cell
