"""One line of the user's code: every node that it made, what the passes did to each, and what runs for it."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlab.jit.lives_lines import LineLife, LinePart
from tensorlab.view.listing import Line, brief
from tensorlab.view.mime import View
from tensorlab.view.text import counted, grouped, listed
from tensorlab.view.value_life import WORDS, Section, excerpt_section, sections_html, sections_text, source_lines

_MOST_NODES = 60
_MOST_PLACES = 30
_SIGNS = {"merged": ">", "folded": ">", "dissolved": ">", "removed": "-", "several": ">"}
_LEGEND = "= part of what runs · > something else stands for it · - removed."


class LineLifeView(View):
    """What one line of a function became."""

    __slots__ = ("line", "name")

    def __init__(self, name: str, line: LineLife) -> None:
        self.name = name
        self.line = line

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, "line": self.line.to_dict()}

    def text(self) -> str:
        return sections_text(self._title(), self._facts(), self._sections(), [_LEGEND])

    def html(self) -> str:
        return sections_html(self._title(), self._facts(), self._sections(), [_LEGEND])

    def _title(self) -> str:
        return f"{self.name} · line {self.line.number}"

    def _facts(self) -> list[str]:
        operations = [part for part in self.line.parts if not part.constant]
        return [
            counted(len(operations), "operation"),
            *(f"{grouped(n)} {WORDS[kind]}" for kind, n in self.line.kinds.items()),
        ]

    def _sections(self) -> list[Section]:
        source = self.line.source
        sections: list[Section] = []
        if source is not None:
            sections.append(("The line", [line for line in source_lines(source) if line.place]))
        shown = [line for part in self.line.parts if not part.constant for line in _part(part)]
        constants = [part for part in self.line.parts if part.constant]
        lines = brief(shown, _MOST_NODES)
        if constants:
            lines.append(Line(f"… and {counted(len(constants), 'constant')}", sign="…"))
        sections.append(("What it made, and what became of it", lines))
        runs = list(_runs(self.line))
        if runs:
            sections.append(("What runs for it", brief(runs, _MOST_PLACES)))
        sections += map(excerpt_section, self.line.excerpts)
        return sections


def _part(part: LinePart) -> Iterator[Line]:
    deeds = [f"{step.kind} by {step.passes[0]}" for step in part.steps]
    words = [told.words for told in part.ends]
    end = (
        words[0]
        if len(words) == 1
        else f"{counted(len(words), 'copy', 'copies')}: {listed(list(dict.fromkeys(words)))}"
    )
    called = "called from here" if part.called else ""
    # How it ended tells the last deed again, where that was the end.
    told = [deed for deed in deeds if not (part.kind in _SIGNS and deed == deeds[-1])]
    yield Line(part.text, _SIGNS.get(part.kind, "="), " · ".join(filter(None, (called, *told, end))))


def _runs(life: LineLife) -> Iterator[Line]:
    """The lines of the program that the line is in, each with its steps."""
    found: dict[int, tuple[str, str, int, set[int]]] = {}
    for part in life.parts:
        for told in () if part.constant else part.ends:
            where = told.place
            if where is not None:
                _, _, _, steps = found.setdefault(where.line, (where.text, where.loop, where.steps, set()))
                steps.update(() if where.step is None else (where.step + 1,))
    for number, (text, loop, count, steps) in sorted(found.items()):
        which = listed(list(map(str, sorted(steps))))
        note = f"{'step' if len(steps) == 1 else 'steps'} {which} of {count}" if loop and steps else ""
        yield Line(text, "", note, f"program:{number}")
