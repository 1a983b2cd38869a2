"""What a piece of Python calls, really run: a tree of the calls inside the package, of loops and of library calls.

The interpreter tells a profile function of every call and return. The time between two of its own turns belongs to the
call that is innermost then, so that what watching costs is left out as far as it can be.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from types import BuiltinFunctionType, CodeType, FrameType
from typing import Any

_PACKAGE = str(Path(__file__).resolve().parent.parent) + "/"
_LIBRARIES = (str(Path(sys.prefix).resolve()), str(Path(sys.base_prefix).resolve()), sys.prefix, sys.base_prefix)
_LIBRARY_ROOTS = ("numpy", "scipy")
# Work that is done once for each form of a call: what it calls is not looked into, only what it takes.
_CLOSED = frozenset({"compile_loop", "pointwise_loop", "reduction_loop", "write_source", "find_library"})


@dataclass(eq=False, slots=True)
class Call:
    """One call: ``kind`` is ``user``, ``ours``, ``loop`` or ``library``; ``file`` is relative to the package.

    ``at`` is where in the caller's code it was called; ``self_ns`` the time outside of the calls that are listed.
    """

    kind: str
    name: str
    file: str
    line: int
    code: CodeType | None = None
    entry: Any = None  # of a loop: the built-in function that it is
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    at: tuple[CodeType, int] | None = None
    result: Any = None
    self_ns: int = 0
    calls: list[Call] = field(default_factory=list["Call"])


def preorder(call: Call) -> Iterator[Call]:
    """A call and all below it, in the order in which they began."""
    yield call
    for inner in call.calls:
        yield from preorder(inner)


Look = Callable[[FrameType], dict[str, Any]]


class Watch:
    """Watches one run. ``look`` takes from a frame what is to be kept of it; ``is_loop`` knows native code.

    ``keep``: what each call gives is kept.
    """

    def __init__(self, look: Look, is_loop: Callable[[object], bool], *, keep: bool = False) -> None:
        self._look = look
        self._is_loop = is_loop
        self._keep = keep
        self._open: list[Call | None] = []  # None for a call that is not listed, and whose time is its caller's
        self.root = Call("user", "", "", 0)
        self._closed = 0  # depth of calls inside one that is not looked into
        self._last = 0

    def run(self, code: CodeType, names: Mapping[str, Any], local: Mapping[str, Any]) -> object:
        """Evaluate code under watch; gives its value, if that is kept. Whoever watched before watches again afterwards.

        Raises: whatever the code raises.
        """
        before = sys.getprofile()
        self._open = [self.root]
        try:
            self._last = perf_counter_ns()
            sys.setprofile(self._told)
            # Names are the notebook's own mappings: an assignment inside of the expression stays.
            value: object = eval(code, names, local)  # type: ignore[arg-type]
            if not self._keep:
                value = None  # so that memory is given back as it is without a watch
            return value
        finally:
            sys.setprofile(before)

    def _told(self, frame: FrameType, event: str, arg: Any) -> None:
        if self._closed and event != "return":
            self._closed += event == "call"
            return
        if self._closed > 1:
            self._closed -= 1
            return
        now = perf_counter_ns()
        self._innermost().self_ns += now - self._last
        if event == "call":
            self._called(frame)
        elif event == "return":
            self._returned(arg)
        elif event == "c_call":
            self._c_called(frame, arg)
        elif len(self._open) > 1:
            self._open.pop()
        self._last = perf_counter_ns()

    def _innermost(self) -> Call:
        return next(call for call in reversed(self._open) if call is not None)

    def _called(self, frame: FrameType) -> None:
        code, parent = frame.f_code, self._innermost()
        ours = code.co_filename.startswith(_PACKAGE)
        kind = "ours" if ours else "library" if is_library(code) else "user"
        back = frame.f_back
        at = (back.f_code, back.f_lasti) if back is not None else None
        name = code.co_qualname
        if kind == "library":
            module = str(frame.f_globals.get("__name__", ""))
            shown = module.partition(".")[0] in _LIBRARY_ROOTS and parent.kind == "ours"
            self._closed = 1
            self._push(parent, Call(kind, f"{module}.{name}", "", code.co_firstlineno, code) if shown else None)
            return
        if ours and code.co_name == "__del__":  # when that runs is up to who holds the result
            self._closed = 1
            self._push(parent, None)
            return
        file = code.co_filename.removeprefix(_PACKAGE) if ours else code.co_filename
        call = Call(kind, name, file, code.co_firstlineno, code, at=at)
        call.facts = self._look(frame)
        if ours and code.co_name in _CLOSED:
            self._closed = 1
        self._push(parent, call)

    def _push(self, parent: Call, call: Call | None) -> None:
        if call is not None:
            parent.calls.append(call)
        self._open.append(call)

    def _returned(self, value: Any) -> None:
        self._closed = 0
        if len(self._open) > 1:
            call = self._open.pop()
            if call is not None and self._keep:
                call.result = value

    def _c_called(self, frame: FrameType, function: Any) -> None:
        loop = isinstance(function, BuiltinFunctionType) and self._is_loop(function)
        back = (frame.f_code, frame.f_lasti)
        call = Call("loop", function.__name__, "", 0, entry=function, at=back) if loop else None
        self._push(self._innermost(), call)


def is_library(code: CodeType) -> bool:
    """Whether code belongs to Python or to an installed package, and not to the user."""
    name = code.co_filename
    if name.startswith("<frozen "):
        return True
    return name.startswith(_LIBRARIES) and ("/lib/python" in name or "/site-packages/" in name)
