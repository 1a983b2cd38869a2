"""Programs as trees of statements: their text, and every smaller program that is one step away."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import tensorlab as tl

# The parameters of every program: the annotation, and the elements of a tensor.
PARAMETERS = {"a": "tl.Tensor", "b": "tl.Tensor", "c": "tl.Tensor", "d": "tl.Tensor", "n": "int", "s": "float"}
RESULTS = "RESULTS"  # in a line: what the program gives


@dataclass(frozen=True, slots=True)
class Statement:
    """A line; or a head with a body, where ``before`` and ``first`` are lines that belong to it (a loop's counter)."""

    text: str
    body: tuple[Statement, ...] | None = None
    orelse: tuple[Statement, ...] | None = None
    before: str = ""
    first: str = ""

    def lines(self, pad: str, results: str) -> Iterator[str]:
        if self.before:
            yield pad + self.before
        yield pad + self.text.replace(RESULTS, results)
        if self.body is None:
            return
        inner = pad + "    "
        if self.first:
            yield inner + self.first
        yield from block_lines(self.body, inner, results, empty=not self.first)
        if self.orelse is not None:
            yield f"{pad}else:"
            yield from block_lines(self.orelse, inner, results)


def block_lines(body: tuple[Statement, ...], pad: str, results: str, *, empty: bool = True) -> Iterator[str]:
    if not body and empty:
        yield f"{pad}pass"
    for statement in body:
        yield from statement.lines(pad, results)


@dataclass(frozen=True, slots=True)
class FuzzProgram:
    """A function ``f`` of `PARAMETERS`; ``dtype`` is that of its floating tensors.

    ``smooth`` programs have functions that round; they ask no question whose answer a rounding could change.
    """

    seed: int
    body: tuple[Statement, ...]
    results: tuple[str, ...]
    smooth: bool = False

    @property
    def source(self) -> str:
        head = ", ".join(f"{name}: {kind}" for name, kind in PARAMETERS.items())
        results = ", ".join(self.results)
        return "\n".join([f"def f({head}):", *block_lines(self.body, "    ", results), f"    return {results}"]) + "\n"

    def smaller(self) -> Iterator[FuzzProgram]:
        """Programs with one thing less, the largest steps first."""
        if len(self.results) > 1:
            for name in self.results:
                yield replace(self, results=(name,))
        for body in smaller_blocks(self.body):
            yield replace(self, body=body)


def smaller_blocks(body: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    """Blocks with a run of statements left out, or one of them smaller, or replaced by what is inside of it."""
    size = len(body)
    while size:
        for start in range(0, len(body), size):
            yield body[:start] + body[start + size :]
        size //= 2
    for i, statement in enumerate(body):
        if statement.body is None:
            continue
        head, tail = body[:i], body[i + 1 :]
        yield head + statement.body + tail
        if statement.orelse is not None:
            yield head + statement.orelse + tail
            yield (*head, replace(statement, orelse=None), *tail)
            for smaller in smaller_blocks(statement.orelse):
                yield (*head, replace(statement, orelse=smaller), *tail)
        for smaller in smaller_blocks(statement.body):
            yield (*head, replace(statement, body=smaller), *tail)


def shrunk(program: FuzzProgram, fails: Callable[[FuzzProgram], bool], *, seconds: float = 60.0) -> FuzzProgram:
    """The smallest program found in some time that still fails: steps are taken while one of them does."""
    end, found = monotonic() + seconds, True
    while found:
        found = False
        for candidate in program.smaller():
            if monotonic() > end:
                return program
            if fails(candidate):
                program, found = candidate, True
                break
    return program


def function_of(source: str, lib: Any = tl) -> Callable[..., Any]:
    """The function of a text, with ``lib`` under the name ``tl``; the text can be read back by scripting."""
    filename = f"<random program {abs(hash(source))}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"tl": lib}
    exec(compile(source, filename, "exec"), namespace)
    return namespace["f"]
