"""The user's place: the innermost frame that runs code from outside the package."""

from __future__ import annotations

import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

_PACKAGE = str(Path(__file__).resolve().parent.parent) + "/"
_INSIDE = ("<frozen ", "<__array_function__")  # frames that are between the user and us, but nobody's


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


class _Inside(dict[str, bool]):
    """Whether the frames of a file are passed over; worked out when it is met first."""

    def __missing__(self, filename: str) -> bool:
        if len(self) >= _FILES_KNOWN:  # each cell of a notebook is a file of its own
            self.clear()
        found = self[filename] = filename.startswith(_PACKAGE) or filename.startswith(_INSIDE)
        return found


_FILES_KNOWN = 4096
is_inside = _Inside()  # by a file's name


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
