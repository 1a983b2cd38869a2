"""Values that leave a trace: what is said about them, once a place and trace, at the user's own line."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from tensorlab.core.place import user_frame
from tensorlab.errors import TracerWarning
from tensorlab.jit.ir import Span
from tensorlab.jit.source import user_span

_WHAT = {
    "bool": "a Python boolean",
    "int": "a Python integer",
    "float": "a Python float",
    "index": "a Python index",
    "item": "a Python number",
    "tolist": "a Python list",
    "numpy": "a NumPy array",
}
_REASON = "a trace can't record the data flow of Python values, so the value is baked in as a constant"
_MESSAGES = {
    "tensor": "tl.tensor(...) of a traced tensor copies its present value: the copy is baked in as a constant",
    "iter": "Iterating over a tensor might make the trace wrong: its length is baked in, the loop is unrolled",
    "len": "Taking the len() of a tensor might make the trace wrong: the length is baked in as a constant",
    "length": "A compiled function gave a list: a trace bakes its length in",
    "result": f"A compiled function gave a value that is no tensor, which might make the trace wrong: {_REASON}",
}


@dataclass(frozen=True, slots=True)
class Escape:
    """A value that left the trace: what became of it, where, and what was said."""

    what: str
    span: Span | None
    message: str

    def to_dict(self) -> dict[str, object]:
        return {"what": self.what, "span": self.span.to_dict() if self.span else None, "message": self.message}


def _message(what: str) -> str:
    return (
        _MESSAGES.get(what) or f"Converting a tensor to {_WHAT.get(what, what)} might make the trace wrong: {_REASON}"
    )


class Escapes:
    """The escapes of one trace."""

    def __init__(self) -> None:
        self.found: list[Escape] = []

    def add(self, what: str) -> None:
        """Note an escape and warn of it; again at the same place, as a loop does, it is no news.

        Python's own once-a-line rule is not asked: a function that is traced again is warned of again.
        """
        message = _message(what)
        escape = Escape(what, user_span(), message)
        if escape in self.found:
            return
        self.found.append(escape)
        frame = user_frame()
        if frame is None:
            warnings.warn(TracerWarning(message), stacklevel=2)
            return
        module = frame.f_globals.get("__name__", "<unknown>")
        warnings.warn_explicit(TracerWarning(message), None, frame.f_code.co_filename, frame.f_lineno, module=module)
