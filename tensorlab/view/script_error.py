"""An error of scripting shown in its cell: the line with carets, and the lines that types come from."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.errors import Place, ScriptError
from tensorlab.view import html
from tensorlab.view.listing import Line, listing_html
from tensorlab.view.mime import View
from tensorlab.view.text import columns, line_width, shortened, visible, wrapped

_NEAR = 2  # lines shown around each place
_GUTTER = 6


class ScriptErrorView(View):
    """Why a function does not compile, for a notebook that goes on; ``shown`` is what `error_text` gives of it."""

    __slots__ = ("error", "name", "shown")

    def __init__(self, name: str, error: ScriptError, shown: str) -> None:
        self.name = name
        self.error = error
        self.shown = shown

    def to_dict(self) -> dict[str, object]:
        error = self.error
        derivations = [{"said": said, "line": at.line, "column": at.column} for said, at in error.derivations]
        place = {"line": error.line, "column": error.column, "end_column": error.end_column}
        return {
            "name": self.name,
            "message": error.message,
            **place,
            "derivations": derivations,
            "hint": error.hint,
        }

    def text(self) -> str:
        head, *lines = (visible(line) for line in self.shown.splitlines())
        cut = [shortened(line, line_width()) for line in lines]
        return "\n".join([visible(f"{self.name} · does not compile"), "", *wrapped(head, line_width(), "  "), *cut])

    def html(self) -> str:
        lines = [Line(line) for line in self.shown.splitlines()]
        return html.card(
            html.header(self.name, "does not compile"),
            listing_html(lines, "The error, and the lines of the source that it is about"),
        )


def error_text(error: ScriptError, lines: Sequence[str], first: int, filename: str) -> str:
    """The error with its cell, whose lines count from ``first``; as it says itself where it lies in no line of it.

    Lines far from every place are left out, and counted.
    """
    kind = type(error).__name__
    place = error.place
    if place is None or place.filename != filename or not first <= place.line < first + len(lines):
        return f"{kind}: {error}"
    head = f"{error.message.splitlines()[0]}"
    told = [(place, "here"), *((at, said) for said, at in error.derivations if at.filename == filename)]
    shown = [f"{kind}: {head}", *(f"  {more}" for more in error.message.splitlines()[1:])]
    shown.append(f"  {place.label or place.filename}, line {place.line}, column {place.column + 1}")
    shown += _listing(lines, first, told if error.derivations else [(place, "")])
    for said, at in error.derivations:
        if at.filename != filename:
            shown += [f"  {said}:", str(at)]
    rest = str(error).split(str(place), 1)[1].splitlines()
    shown += [line for line in rest if line.startswith(("  hint: ", "  try: "))]
    for name, caller, at in error.calls:
        shown += [f"  {name!r} is being compiled since it was called from {caller!r}:", str(at)]
    return "\n".join(shown)


def _listing(lines: Sequence[str], first: int, told: Sequence[tuple[Place, str]]) -> list[str]:
    """The lines near the places, each place with carets below its line."""
    last = first + len(lines) - 1
    near = {n for at, _ in told for n in range(at.line - _NEAR, at.line + _NEAR + 1) if first <= n <= last}
    shown: list[str] = []
    skipped = False
    for number in range(first, last + 1):
        if number not in near:
            skipped = True
            continue
        if skipped and shown:
            shown.append(f"{'…':>{_GUTTER}}")
        skipped = False
        text = lines[number - first]
        shown.append(f"{number:>{_GUTTER}}  {visible(text.expandtabs(1))}".rstrip())
        for at, said in sorted((t for t in told if t[0].line == number), key=lambda t: t[0].column):
            before = " " * columns(visible(text[: at.column].expandtabs(1)))
            carets = "^" * max(1, columns(text[at.column : at.end_column]))
            shown.append(f"{' ' * (_GUTTER + 2)}{before}{carets} {said}".rstrip())
    return shown
