"""Which frames of an error's traceback are the user's, so that the rest is not shown."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from tensorlab.errors import TensorlabError

_PACKAGE = str(Path(__file__).resolve().parent.parent) + "/"
_PROGRAM = "<tensorlab"  # what frames of generated code are called


def from_file(error: BaseException, filename: str) -> TracebackType | None:
    """An error's traceback from a file's first frame on; all of it where the file has none.

    An error that the library raises on purpose says all in its message: there the frames below the user's go too.
    """
    first = error.__traceback__
    while first is not None and first.tb_frame.f_code.co_filename != filename:
        first = first.tb_next
    if first is None:
        return error.__traceback__
    return _to_users(error, first)


def from_users(error: BaseException) -> TracebackType | None:
    """An error's traceback from the first frame on that is not the library's; `None` where all are."""
    first = error.__traceback__
    while first is not None and _is_ours(first):
        first = first.tb_next
    return None if first is None else _to_users(error, first)


def _to_users(error: BaseException, first: TracebackType) -> TracebackType:
    if not isinstance(error, TensorlabError):
        return first
    last, frame = first, first.tb_next
    while frame is not None:
        if not _is_ours(frame):
            last = frame
        frame = frame.tb_next
    last.tb_next = None
    return first


def _is_ours(frame: TracebackType) -> bool:
    return frame.tb_frame.f_code.co_filename.startswith((_PACKAGE, _PROGRAM))
