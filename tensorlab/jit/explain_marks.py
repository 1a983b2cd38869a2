"""What became of each piece of a function's source in a trace: read off the instructions that ran, and the nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any, Literal, cast

from tensorlab.jit.escapes import Escape
from tensorlab.jit.ir import Span
from tensorlab.jit.scripting.source import Source
from tensorlab.jit.sizes import place_of
from tensorlab.jit.syntax_places import Places, contains, end_of, inside, start_of, within
from tensorlab.jit.watch import Move, Run, known

MarkKind = Literal["recorded", "baked", "branch", "loop", "never"]
Decider = Literal["tensor", "size", "python"]
_DECISIONS = (ast.If, ast.IfExp, ast.While, ast.For)
_LENGTHS = ("len", "iter")  # what leaves a trace and is a size, though no shape was asked for


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of an expression, or of statements.

    ``recorded`` became ``nodes`` (serials; ``lines`` their texts). ``baked`` was read into Python as ``what`` (bool,
    index, size, constant ...) and had ``values``. ``branch`` is a test: ``values`` are the outcomes that were seen,
    ``missing`` the one that never was, ``unseen`` the code that waits for it. ``loop`` took ``values`` turns. ``never``
    did not run. ``decided`` says what a branch or loop hangs on: a tensor's value, a size, or Python alone.
    """

    kind: MarkKind
    span: Span
    source: str
    what: str = ""
    values: tuple[str, ...] = ()
    nodes: tuple[int, ...] = ()
    lines: tuple[str, ...] = ()
    missing: str = ""
    unseen: Span | None = None
    decided: Decider = "python"

    def to_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "span": span_dict(self.span),
            "source": self.source,
            "what": self.what,
            "values": list(self.values),
            "nodes": list(self.nodes),
            "lines": list(self.lines),
            "missing": self.missing,
            "unseen": None if self.unseen is None else span_dict(self.unseen),
            "decided": self.decided,
        }


def span_dict(span: Span) -> dict[str, object]:
    """A span whole, with its end."""
    return {**span.to_dict(), "end_line": span.end_line, "end_column": span.end_column}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a trace wrote down at a place: serials of nodes, and their texts."""

    nodes: tuple[int, ...]
    lines: tuple[str, ...]


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """A code object and all inside it: nested functions, comprehensions, lambdas."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


class Reading:
    """One function of the user's: its syntax, what there was to run, and what ran."""

    def __init__(self, source: Source, body: Sequence[ast.AST], roots: Sequence[CodeType], runs: Sequence[Run]) -> None:
        self.source = source
        self.body = body
        self.runs = runs
        there = known({p for root in roots for code in codes_in(root) for p in code.co_positions()})
        ran = {p for run in runs for p in run.ran()}
        self.there = Places(there)
        self.ran = self.there if ran == there else Places(ran)
        self.idle = Places(there - ran)
        self.sizes: dict[Any, list[str]] = {k: v for run in runs for k, v in run.sizes.items()}

    def marks(
        self, recorded: Mapping[Span, Recorded], made: Mapping[Span, str], escapes: Sequence[Escape]
    ) -> list[Mark]:
        """Every mark, in the order of the source."""
        first, last = self.body[0], self.body[-1]
        start, end = start_of(first), end_of(last)
        mine = Span(self.source.filename, start[0], 0, end[0] + 1, 0)
        found = [
            Mark("recorded", span, self.text(span), nodes=r.nodes, lines=r.lines)
            for span, r in recorded.items()
            if within(span, mine)
        ]
        baked = [e for e in escapes if e.span is not None and within(e.span, mine)]
        found += [Mark("baked", e.span, self.text(e.span), e.what, e.values) for e in baked if e.span]
        found += [Mark("baked", s, self.text(s), "constant", (v,)) for s, v in made.items() if within(s, mine)]
        found += self._sizes()
        hangs = _Hangs(baked, self.sizes, self.body, self.source)
        found += self._control(self.body, hangs)
        order = {"recorded": 0, "baked": 1, "branch": 2, "loop": 2, "never": 3}
        return sorted(
            found, key=lambda m: (m.span.line, m.span.column, m.span.end_line, m.span.end_column, order[m.kind])
        )

    def text(self, span: Span) -> str:
        """The source of a span; of several lines, the first."""
        line = self.source.line(span.line)
        return line[span.column : span.end_column] if span.end_line == span.line else line[span.column :]

    # What ran

    @cached_property
    def moves(self) -> list[Move]:
        """What came after what: only decisions ask."""
        return [move for run in self.runs for move in run.moves()]

    def _has_code(self, *nodes: ast.AST) -> bool:
        return self.there.any_in(start_of(nodes[0]), end_of(nodes[-1]))

    def _did_run(self, *nodes: ast.AST) -> bool:
        return self.ran.any_in(start_of(nodes[0]), end_of(nodes[-1]))

    def _span(self, *nodes: ast.AST) -> Span:
        start, end = start_of(nodes[0]), end_of(nodes[-1])
        column, end_column = self.source.column(*start), self.source.column(*end)
        return Span(self.source.filename, start[0], column, end[0], end_column, self.source.function)

    # Sizes

    def _sizes(self) -> Iterator[Mark]:
        """The outermost expressions of sizes."""
        if not self.sizes:
            return
        for node in self._walk(self.body):
            place = place_of(node) if isinstance(node, ast.expr) else None
            if place not in self.sizes:
                continue
            span = self._span(node)
            if not any(contains(other, place) for other in self.sizes if other != place):
                yield Mark("baked", span, self.text(span), "size", tuple(self.sizes[place]))

    def _walk(self, nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
        for node in nodes:
            yield from ast.walk(node)

    # Control flow

    def _control(self, nodes: Sequence[ast.AST], hangs: _Hangs) -> Iterator[Mark]:
        """Branches, loops, and what never ran, from the outside in; what never ran is not looked into.

        Statements in a row are one piece.
        """
        waiting: list[ast.AST] = []
        for node in nodes:
            if self._has_code(node) and not self._did_run(node):
                if waiting and not isinstance(node, ast.stmt):
                    yield self._never(waiting)
                    waiting = []
                waiting.append(node)
                continue
            if waiting and self._has_code(node):
                yield self._never(waiting)
                waiting = []
            yield from self._decision(node, hangs)
            if self._is_done(node):
                continue
            for name, value in ast.iter_fields(node):
                if name not in ("decorator_list", "returns", "annotation", "target"):
                    yield from self._control(_placed(value), hangs)
        if waiting:
            yield self._never(waiting)

    def _is_done(self, node: ast.AST) -> bool:
        """Whether there is nothing to tell inside: all of it ran, and nothing in it decides."""
        return not self.idle.any_in(start_of(node), end_of(node)) and not any(
            isinstance(part, _DECISIONS) for part in ast.walk(node) if part is not node
        )

    def _never(self, nodes: Sequence[ast.AST]) -> Mark:
        span = self._span(*nodes)
        return Mark("never", span, self.text(span), "expression" if isinstance(nodes[0], ast.expr) else "statement")

    def _decision(self, node: ast.AST, hangs: _Hangs) -> Iterator[Mark]:
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                yield from self._branch("if", test, body, orelse, hangs)
            case ast.IfExp(test=test, body=one, orelse=other):
                yield from self._branch("conditional", test, [one], [other], hangs)
            case ast.While(test=test, body=body):
                yield from self._branch("while", test, body, [], hangs)
            case ast.For(target=target, iter=over):
                turns = sum(m.times for m in self.moves if m.turns and m.end is not None and inside(m.end, target))
                span = self._span(over)
                yield Mark("loop", span, self.text(span), "for", (str(turns),), decided=hangs.of(over))
            case _:
                return

    def _branch(
        self, what: str, test: ast.expr, body: Sequence[ast.AST], orelse: Sequence[ast.AST], hangs: _Hangs
    ) -> Iterator[Mark]:
        if not self._did_run(test):
            return  # a constant, which Python has decided before
        seen = {True: self._did_run(*body), False: bool(orelse) and self._did_run(*orelse)}
        for start, end, _, _ in self.moves:
            if start is not None and inside(start, test) and (end is None or not inside(end, test)):
                seen[False] = seen[False] or end is None or not (inside(end, *body))
        span = self._span(test)
        missing = [outcome for outcome, was in seen.items() if not was]
        arm: Sequence[ast.AST] = {True: body, False: orelse}[missing[0]] if missing else ()
        yield Mark(
            "branch",
            span,
            self.text(span),
            what,
            tuple(str(outcome) for outcome, was in seen.items() if was),
            missing=str(missing[0]) if len(missing) == 1 else "",
            unseen=self._span(*arm) if arm and len(missing) == 1 else None,
            decided=hangs.of(test),
        )


class _Hangs:
    """What a test or a loop hangs on, directly or by names: values of tensors, or sizes."""

    def __init__(
        self, read: Sequence[Escape], sizes: Mapping[Any, object], body: Sequence[ast.AST], source: Source
    ) -> None:
        self._read: list[tuple[Span, Decider]] = [
            (e.span, "size" if e.what in _LENGTHS else "tensor") for e in read if e.span is not None
        ]
        self._sizes = sizes
        self._source = source
        self._names: dict[str, Decider] = {}
        if not self._read and not self._sizes:
            return  # nothing hangs on anything
        for node in (n for part in body for n in ast.walk(part)):
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
                decider = self.of(node.value)
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
                self._names.update(dict.fromkeys(names, decider) if decider != "python" else {})

    def of(self, node: ast.expr) -> Decider:
        """What the value of an expression hangs on; a tensor's value comes before a size."""
        if not self._read and not self._sizes:
            return "python"
        found: set[Decider] = set()
        span = Span("", *self._at(*start_of(node)), *self._at(*end_of(node)))
        found.update(decider for read, decider in self._read if within(read, span))
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id in self._names:
                found.add(self._names[part.id])
            if isinstance(part, ast.expr) and place_of(part) in self._sizes:
                found.add("size")
        return "tensor" if "tensor" in found else "size" if found else "python"

    def _at(self, line: int, offset: int) -> tuple[int, int]:
        return line, self._source.column(line, offset)


def _placed(field: Any) -> list[ast.AST]:
    """The pieces of syntax in a field that have a place."""
    parts = cast("list[Any]", field) if isinstance(field, list) else [field]
    kinds = (ast.expr, ast.stmt, ast.ExceptHandler, ast.match_case, ast.comprehension, ast.keyword)
    return [part for part in parts if isinstance(part, kinds)]
