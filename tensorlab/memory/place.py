"""Lines of the user's program: the frames that run code from outside the package."""

from __future__ import annotations

import os
import sys
from types import CodeType, FrameType

from tensorlab.memory.segments import Frame

_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
_INSIDE = ("<frozen ", "<__array_function__", "<tensorlab ")  # between the user and us, but nobody's; code we wrote
_KNOWN = 4096  # each cell of a notebook is a file of its own, so what is remembered has a bound


class _Inside(dict[str, bool]):
    """Whether the frames of a file are passed over; worked out when it is met first."""

    def __missing__(self, filename: str) -> bool:
        if len(self) >= _KNOWN:
            self.clear()
        found = self[filename] = filename.startswith(_PACKAGE) or filename.startswith(_INSIDE)
        return found


is_inside = _Inside()  # by a file's name

# By the identity of a code object plus the instruction. Two codes may share such a number, so the code is kept with the
# frame and compared, which also keeps its identity its own. A code object as a key would cost more than the walk: its
# hash goes through all of its constants each time.
_frames: dict[int, tuple[tuple[Frame], CodeType]] = {}

_stacks: dict[tuple[Frame, ...], tuple[Frame, ...]] = {}  # several frames: one tuple for all that came the same way


def user_frames(depth: int = 1) -> tuple[Frame, ...]:
    """The innermost ``depth`` frames that run code from outside the package, innermost first.

    Who calls this is inside, and passed over without a look.

    There are none where the interpreter itself called us, as it does when it throws away what is left at its end.

    Cost: 0.2 us for one frame, and 0.05 us for each frame of the package that is passed over.
    """
    try:
        frame: FrameType | None = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] - the documented way there
    except ValueError:  # it was called by the interpreter
        return ()
    found: tuple[Frame, ...] = ()
    while frame is not None:
        code = frame.f_code
        if not is_inside[code.co_filename]:
            known = _frames.get(id(code) + frame.f_lasti)
            if known is None or known[1] is not code:
                known = _remember(frame)
            if depth == 1:
                return known[0]
            found += known[0]
            if len(found) >= depth:
                break
        frame = frame.f_back
    if len(found) < 2:
        return found
    if len(_stacks) >= _KNOWN:
        _stacks.clear()
    return _stacks.setdefault(found, found)


def _remember(frame: FrameType) -> tuple[tuple[Frame], CodeType]:
    code = frame.f_code
    made = ((Frame(code.co_filename, frame.f_lineno or code.co_firstlineno, code.co_name),), code)
    if len(_frames) >= _KNOWN:
        _frames.clear()
    _frames[id(code) + frame.f_lasti] = made
    return made
