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


def user_frame() -> FrameType | None:
    """The innermost frame that runs code from outside the package."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - the documented way to a caller's frame
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith(_PACKAGE) and not filename.startswith(_INSIDE):
            return frame
        frame = frame.f_back
    return None


def user_place() -> CodePlace | None:
    """Where the user's innermost frame is."""
    frame = user_frame()
    return None if frame is None else CodePlace(frame.f_code, frame.f_lasti)
