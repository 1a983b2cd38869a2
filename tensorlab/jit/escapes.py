"""Values that leave a trace: what is said about them, once a place and trace, at the user's own line."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tensorlab.core.place import user_frame
from tensorlab.core.reading import first_element
from tensorlab.core.tensor import Tensor
from tensorlab.errors import TracerWarning
from tensorlab.jit.ir import Span
from tensorlab.jit.sizes import iterated
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
_CONVERT: dict[str, Callable[[Any], Any]] = {
    "bool": bool,
    "int": int,
    "float": float,
    "index": int,
    "item": lambda x: x,
}
_SHOWN = 8
_REASON = "a trace can't record the data flow of Python values, so the value is baked in as a constant"
CHANGING = (
    "a trace is only right for it if its structure does not change with the inputs; give {} instead, or pass "
    "strict=False"
)
_MESSAGES = {
    "tensor": "tl.tensor(...) of a traced tensor copies its present value: the copy is baked in as a constant",
    "iter": "Iterating over a tensor might make the trace wrong: its length is baked in, the loop is unrolled",
    "len": "Taking the len() of a tensor might make the trace wrong: the length is baked in as a constant",
    "inplace": (
        "There are other live references to the memory that an in-place operator modifies here, which are constants of "
        "the trace: views made outside of it will not reflect the change"
    ),
    "list result": f"The function gives a list: {CHANGING.format('a tuple')}",
    "length": "A compiled function gave a list: a trace bakes its length in",
    "result": f"A compiled function gave a value that is no tensor, which might make the trace wrong: {_REASON}",
}


@dataclass(frozen=True, slots=True)
class Escape:
    """A value that left the trace: what became of it, where, what was said, and the value as text.

    A place in a loop is one place: it has the different ``values`` in the order in which they came.
    """

    what: str
    span: Span | None
    message: str
    values: tuple[str, ...] = field(default=(), compare=False)

    def to_dict(self) -> dict[str, object]:
        span = self.span.to_dict() if self.span else None
        return {"what": self.what, "span": span, "message": self.message, "values": list(self.values)}


def read_value(tensor: Tensor, what: str) -> str:
    """What Python gets to see of a tensor when it is read as ``what``."""
    layout = tensor.layout
    if what in ("len", "iter"):
        return str(layout.shape[0]) if layout.shape else ""
    convert = _CONVERT.get(what)
    if convert is not None and layout.numel == 1:
        number = first_element(tensor)
        finite = isinstance(number, int) or math.isfinite(number)
        return repr(convert(number)) if finite or convert is not int else repr(number)
    return described(tensor)


def described(tensor: Tensor) -> str:
    """A small tensor's elements, the type of a larger one."""
    return repr(tensor.detached_numpy().tolist()) if tensor.layout.numel <= _SHOWN else str(tensor.type)


def _message(what: str) -> str:
    return (
        _MESSAGES.get(what) or f"Converting a tensor to {_WHAT.get(what, what)} might make the trace wrong: {_REASON}"
    )


class Escapes:
    """The escapes of one trace."""

    def __init__(self) -> None:
        self.found: list[Escape] = []

    def add(self, what: str, value: str = "") -> None:
        """Note an escape and warn of it; again at the same place, as a loop does, it is no news.

        Python's own once-a-line rule is not asked: a function that is traced again is warned of again.
        """
        message = _message(what)
        span = user_span()
        if what == "iter" and span is not None:
            span = iterated(span)
        escape = Escape(what, span, message, (value,) if value else ())
        if escape in self.found:
            at = self.found.index(escape)
            before = self.found[at].values
            if value and value not in before and len(before) < _SHOWN:
                self.found[at] = replace(escape, values=(*before, value))
            return
        self.found.append(escape)
        frame = user_frame()
        if frame is None:
            warnings.warn(TracerWarning(message), stacklevel=2)
            return
        module = frame.f_globals.get("__name__", "<unknown>")
        warnings.warn_explicit(TracerWarning(message), None, frame.f_code.co_filename, frame.f_lineno, module=module)
