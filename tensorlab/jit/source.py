"""Where in the user's code something happens: the frame that is not ours, with its columns."""

from __future__ import annotations

import linecache
import re
from types import CodeType

from tensorlab.core.place import is_inside, user_frame
from tensorlab.jit.ir import Span
from tensorlab.nn.containers import Sequential

_WRITTEN = re.compile(r"<(?:einsum |\w+\.forward\b)")  # source that scripting wrote, for an einsum and for layers
_CONTAINERS = Sequential.forward.__code__.co_filename
_Positions = tuple[tuple[int | None, int | None, int | None, int | None], ...]
_MOST_KNOWN = 64
_known: dict[int, tuple[CodeType, _Positions]] = {}  # by identity: the code is kept, so that none other gets its own


def user_span() -> Span | None:
    """The expression that the user's innermost frame is evaluating."""
    frame = user_frame()
    return None if frame is None else span_of(frame.f_code, frame.f_lasti)


def own_span(span: Span | None) -> Span | None:
    """The user's place behind one: where he called what is put in place from a file of the package, `Linear.forward`.

    Of what the package has alone, as the models that come with it, the outermost place; of layers in containers alone,
    that of the layer, for the loops of containers are the same for all.
    """
    outermost = span
    while span is not None:
        if not is_inside[span.filename] and not _WRITTEN.match(span.filename):
            return span
        if span.filename != _CONTAINERS:
            outermost = span
        span = span.caller
    return outermost


def span_of(code: CodeType, instruction: int) -> Span:
    """The source range of one instruction; columns in characters."""
    positions = _positions(code)
    at = instruction // 2
    line, end_line, column, end_column = positions[at] if at < len(positions) else (None, None, None, None)
    start = line or code.co_firstlineno
    end = end_line or start
    first, last = _characters(code, start, column or 0), _characters(code, end, end_column or 0)
    return Span(code.co_filename, start, first, end, last, code.co_name)


def definition_span(function: object) -> Span | None:
    """The last line of a function of the user's, which lies in its definition and below the decorators."""
    code: object = getattr(getattr(function, "__func__", function), "__code__", None)
    if not isinstance(code, CodeType) or is_inside[code.co_filename]:
        return None
    last = max((line for _, _, line in code.co_lines() if line is not None), default=code.co_firstlineno)
    return Span(code.co_filename, last, 0, last, 0, code.co_name)


def _positions(code: CodeType) -> _Positions:
    """Kept, because reading on to a late instruction of a long function takes long; and so does hashing its code."""
    known = _known.get(id(code))
    if known is not None:
        return known[1]
    if len(_known) >= _MOST_KNOWN:
        del _known[next(iter(_known))]
    found = tuple(code.co_positions())
    _known[id(code)] = code, found
    return found


def _characters(code: CodeType, line: int, column: int) -> int:
    """The interpreter counts columns in bytes of UTF-8; people count characters."""
    text = linecache.getline(code.co_filename, line)
    return column if text.isascii() else len(text.encode()[:column].decode(errors="replace"))
