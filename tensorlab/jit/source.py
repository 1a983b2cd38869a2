"""Where in the user's code something happens: the frame that is not ours, with its columns."""

from __future__ import annotations

import linecache
import sys
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType

from tensorlab.jit.ir import Span

_PACKAGE = str(Path(__file__).resolve().parent.parent) + "/"
_INSIDE = ("<frozen ", "<__array_function__")  # frames that are between the user and us, but nobody's


def user_frame() -> FrameType | None:
    """The innermost frame that runs code from outside the package."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - the documented way to a caller's frame
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith(_PACKAGE) and not filename.startswith(_INSIDE):
            return frame
        frame = frame.f_back
    return None


def user_span() -> Span | None:
    """The expression that the user's innermost frame is evaluating."""
    frame = user_frame()
    return None if frame is None else span_of(frame.f_code, frame.f_lasti)


def span_of(code: CodeType, instruction: int) -> Span:
    """The source range of one instruction; columns in characters."""
    positions = _positions(code)
    at = instruction // 2
    line, end_line, column, end_column = positions[at] if at < len(positions) else (None, None, None, None)
    start = line or code.co_firstlineno
    end = end_line or start
    first, last = _characters(code, start, column or 0), _characters(code, end, end_column or 0)
    return Span(code.co_filename, start, first, end, last, code.co_name)


@lru_cache(maxsize=64)
def _positions(code: CodeType) -> tuple[tuple[int | None, int | None, int | None, int | None], ...]:
    """Kept, because reading on to a late instruction of a long function takes long."""
    return tuple(code.co_positions())


def _characters(code: CodeType, line: int, column: int) -> int:
    """The interpreter counts columns in bytes of UTF-8; people count characters."""
    text = linecache.getline(code.co_filename, line)
    return column if text.isascii() else len(text.encode()[:column].decode(errors="replace"))
