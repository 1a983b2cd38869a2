"""The user's place: the innermost frame that runs code from outside the package, and what its file is called."""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from types import CodeType, FrameType
from typing import NamedTuple

from tensorlab.memory.place import is_inside as is_inside

# What IPython calls the file of a cell: a name that changes with every process.
_CELL = re.compile(r"<ipython-input-|[/\\]ipykernel_\d+[/\\]")


class CodePlace(NamedTuple):
    """An instruction of the user's; the line is looked up when somebody asks."""

    code: CodeType
    instruction: int

    @property
    def line(self) -> int:
        """Line number, from 1."""
        for start, end, line in self.code.co_lines():
            if start <= self.instruction < end and line is not None:
                return line
        return self.code.co_firstlineno

    def __str__(self) -> str:
        return f"{self.code.co_filename}, line {self.line}"


def user_frame() -> FrameType | None:
    """The innermost frame that runs code from outside the package."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - the documented way to a caller's frame
    while frame is not None and is_inside[frame.f_code.co_filename]:
        frame = frame.f_back
    return frame


def user_place() -> CodePlace | None:
    """Where the user's innermost frame is."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - as `user_frame`, without a call: it is asked often
    while frame is not None:
        code = frame.f_code
        if not is_inside[code.co_filename]:
            return CodePlace._make((code, frame.f_lasti))
        frame = frame.f_back
    return None


@lru_cache(maxsize=256)
def source_name(filename: str) -> str:
    """A cell is a cell, whatever file IPython gives it; a file is its last part."""
    return "cell" if _CELL.search(filename) else re.split(r"[/\\]", filename)[-1]
