"""An explanation as text: the source with what became of each piece below its line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tensorlab.jit.explain_marks import Mark
from tensorlab.jit.ir import Span

if TYPE_CHECKING:
    from tensorlab.jit.explanation import ExplainedFunction, Explanation

WIDTH = 100
_GUTTER = 5
_SHOWN = 4  # nodes shown a place
_DECIDED = {"tensor": "a tensor's value decided", "size": "a size decided", "python": "Python decided"}


def explanation_text(explained: Explanation) -> str:
    """The whole, at most 100 columns but for long lines of the source."""
    lines = [f"{explained.name}({', '.join(explained.inputs)})", counts(explained)]
    lines += explained.note.splitlines()
    for function in explained.functions:
        lines += ["", *_function(function)]
    if explained.elsewhere:
        lines += ["", "recorded elsewhere", *(f"  {_cut(line, WIDTH - 2)}" for line in explained.elsewhere)]
    return "\n".join(lines)


def counts(explained: Explanation) -> str:
    """How many operations were recorded, values baked in, branches never seen, pieces never run."""
    nodes = {n for m in explained.of("recorded") for n in m.nodes}
    branches = explained.of("branch")
    found = [
        (len(nodes) + len(explained.elsewhere), "operation", "operations", "recorded"),
        (len(explained.of("baked")), "value", "values", "baked in"),
        (sum(bool(m.missing) for m in branches), "branch", "branches", "never seen"),
        (len(explained.of("never")), "piece", "pieces", "of the source never run"),
    ]
    return ", ".join(f"{n} {one if n == 1 else many} {what}" for n, one, many, what in found)


def _function(function: ExplainedFunction) -> Iterator[str]:
    yield f"{function.name}, {function.label}" + (f", {function.calls} calls" if function.calls > 1 else "")
    if not function.lines:
        yield "  the source is not to be had"
    by_line: dict[int, list[Mark]] = {}
    for mark in function.marks:
        by_line.setdefault(mark.span.line, []).append(mark)
    never = [m.span for m in function.marks if m.kind == "never" and m.what == "statement"]
    for number, text in enumerate(function.lines, start=function.first_line):
        whole = [s for s in never if _holds(s, number) and (s.line < number or s.column == _begins(text))]
        gutter = "-" if whole else " "
        yield f"{number:>{_GUTTER}} {gutter} {text}".rstrip()
        for mark in by_line.get(number, []):
            yield from _below(mark, text)


def _below(mark: Mark, text: str) -> Iterator[str]:
    """The piece underlined, and what became of it."""
    end = mark.span.end_column if mark.span.end_line == mark.span.line else len(text.rstrip())
    carets = f"{' ' * (_GUTTER + 3 + mark.span.column)}{'^' * max(1, end - mark.span.column)}"
    words = _words(mark)
    if len(carets) + 1 + max(map(len, words)) <= WIDTH:
        yield f"{carets} {words[0]}"
        yield from (f"{' ' * len(carets)} {line}" for line in words[1:])
    else:
        yield carets
        yield from (_cut(f"{' ' * (_GUTTER + 5)}{line}", WIDTH) for line in words)


def _words(mark: Mark) -> list[str]:
    match mark.kind:
        case "recorded":
            more = len(mark.lines) - _SHOWN
            shown = mark.lines[:_SHOWN] if more > 1 else mark.lines
            lines = [f"          {line}" for line in shown]
            return [f"recorded: {lines[0].strip()}", *lines[1:], *([f"          and {more} more"] if more > 1 else [])]
        case "baked":
            values = ", ".join(mark.values)
            return [f"baked in as {mark.what}" + (f": {values}" if values else "")]
        case "branch":
            return [_branch(mark)]
        case "loop":
            turns = mark.values[0]
            return [f"unrolled: {turns} turn{'' if turns == '1' else 's'}; {_DECIDED[mark.decided]}"]
        case "never":
            return ["never run"]


def _branch(mark: Mark) -> str:
    taken = " and ".join(mark.values)
    head = f"branch: {taken} taken, {_DECIDED[mark.decided]}"
    if not mark.missing:
        return head
    where = f" ({_lines(mark.unseen)})" if mark.unseen is not None else ""
    return f"{head}; {mark.missing} never seen{where}"


def _lines(span: Span) -> str:
    return f"line {span.line}" if span.end_line in (0, span.line) else f"lines {span.line}-{span.end_line}"


def _holds(span: Span, line: int) -> bool:
    return span.line <= line <= max(span.line, span.end_line)


def _begins(text: str) -> int:
    return len(text) - len(text.lstrip())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
