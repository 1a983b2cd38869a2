"""One value from its line of source to where it ended: a step a pass, then the loop and its machine code."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.autograd.graph import source_name
from tensorlab.jit.lives_places import Excerpt, Place
from tensorlab.jit.lives_values import Source, Step, Told, ValueLife
from tensorlab.view import html
from tensorlab.view.graph import place
from tensorlab.view.html import Html
from tensorlab.view.listing import Line, cap, listing_html, listing_text
from tensorlab.view.mime import View
from tensorlab.view.text import counted, line_width, listed, shortened, visible, wrapped

Section = tuple[str, list[Line]]

SIGNS = {
    "kept": "=",
    "retyped": "~",
    "changed": "~",
    "moved": "↕",
    "replaced": ">",
    "copied": ">",
    "merged": ">",
    "folded": ">",
    "fused": "↕",
    "dissolved": ">",
    "removed": "-",
}
WORDS = {
    "loop": "in loops",
    "call": "called",
    "view": "only looks at memory",
    "structure": "puts values together",
    "control": "control flow",
    "merged": "merged",
    "folded": "folded",
    "dissolved": "dissolved",
    "removed": "removed",
    "several": "in several ways",
    "constant": "constant",
}
_MOST_STEPS = 60
_MOST_CODE = 84  # columns of a line of an excerpt
_LEGEND = "= kept · ~ retyped or changed · ↕ moved or fused · > became something else · - removed."


class ValueLifeView(View):
    """The life of a value of a function; ``also`` are other values of the same name."""

    __slots__ = ("also", "life", "name")

    def __init__(self, name: str, life: ValueLife, *, also: Sequence[str] = ()) -> None:
        self.name = name
        self.life = life
        self.also = tuple(also)

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, "also": list(self.also), "life": self.life.to_dict()}

    def text(self) -> str:
        return sections_text(self._title(), self._facts(), self._sections(), self._notes())

    def html(self) -> str:
        return sections_html(self._title(), self._facts(), self._sections(), self._notes())

    def _title(self) -> str:
        return f"{self.name} · {self.life.name}"

    def _facts(self) -> list[str]:
        life = self.life
        if len(life.ends) == 1:
            return [life.ends[0].words]
        return [f"{counted(len(life.ends) + life.copies, 'copy', 'copies')}: {WORDS[life.kind]}"]

    def _sections(self) -> list[Section]:
        life = self.life
        sections: list[Section] = []
        if life.source is not None and life.source.lines:
            sections.append(("The line of source", source_lines(life.source)))
        begin = f"As it was {life.born or 'recorded'}"
        sections.append((begin, [Line(life.text)]))
        if life.steps:
            sections.append(("What each pass did to it", cap([step_line(s) for s in life.steps], _MOST_STEPS)))
        sections += end_sections(life.ends)
        if life.copies:
            sections.append((f"{counted(life.copies, 'more copy', 'more copies')} left out", []))
        return sections

    def _notes(self) -> list[str]:
        notes = [_LEGEND] if self.life.steps else []
        if self.also:
            notes.append(f"Others of this name: {listed(self.also)}.")
        return notes


def source_lines(source: Source) -> list[Line]:
    """The user's lines, and below each the marks under the expression."""
    lines: list[Line] = []
    where = source_name(source.span.filename)
    for number, text, first, end in source.lines:
        lines.append(Line(text, place=f"{where}:{number}"))
        if 0 <= first < end:
            lines.append(Line(" " * first + "^" * (end - first)))
    if source.span.caller is not None:
        lines.append(Line(f"… called at {place(source.span.caller)}", sign="…"))
    return lines


def step_line(step: Step) -> Line:
    """One step: the node before the pass, or what it is now, and what was done by which rule."""
    sign = SIGNS.get(step.kind, "=")
    indent = "  " * step.depth
    if step.kind == "kept":
        return Line(indent + step.text, sign, f"kept by {listed(list(dict.fromkeys(step.passes)))}")
    by = f"{step.kind} by {step.passes[0]}"
    stays = step.kind in ("retyped", "moved", "changed")
    stands = f"→ {step.after}" if step.after and not stays else ""
    code = step.after if step.after and stays else step.text
    return Line(indent + code, sign, " · ".join(filter(None, (by, stands, step.reason, step.location))))


def end_sections(ends: Sequence[Told]) -> list[Section]:
    """Where lives ended: the words, the line of the program, and excerpts of the loop; copies that share it once."""
    sections: list[Section] = []
    together: dict[tuple[str, int], list[Told]] = {}
    for told in ends:
        together.setdefault((told.words, 0 if told.place is None else told.place.line), []).append(told)
    for (words, _), same in together.items():
        where = same[0].place
        of = f" ({counted(len(same), 'copy', 'copies')})" if len(ends) > 1 else ""
        if where is None:
            sections.append((f"Where it ended{of}", [Line(words)]))
            continue
        lines = [Line(where.text, place=f"program:{where.line}"), *_facts_of([t.place for t in same if t.place])]
        sections.append((f"Where it ended{of}: {words}", lines))
        sections += [excerpt_section(excerpt) for excerpt in where.excerpts]
    return sections


def _facts_of(places: Sequence[Place]) -> list[Line]:
    where = places[0]
    steps = sorted({p.step + 1 for p in places if p.step is not None})
    facts: list[str] = []
    if where.loop and steps:
        which = f"{'step' if len(steps) == 1 else 'steps'} {listed(list(map(str, steps)))}"
        facts.append(f"{which} of {where.steps} of {where.loop}")
    elif where.loop:
        facts.append(f"part of {where.loop}, of {counted(where.steps, 'step')}")
    if where.native:
        facts.append(f"later calls run the whole graph as one native function, {where.native}")
    return [Line(fact, sign="…") for fact in facts]


def excerpt_section(excerpt: Excerpt) -> Section:
    """Numbered lines, and how many there are besides."""
    width = len(str(excerpt.lines[-1][0])) if excerpt.lines else 1
    lines = [Line(f"{number:>{width}}  {shortened(text, _MOST_CODE)}") for number, text in excerpt.lines]
    if excerpt.left_out:
        lines.append(Line(f"… {counted(excerpt.left_out, 'other line')}", sign="…"))
    return excerpt.title, lines


def sections_text(title: str, facts: Sequence[str], sections: Sequence[Section], notes: Sequence[str]) -> str:
    """A view of sections for a terminal."""
    lines = wrapped(visible(" · ".join((title, *facts))), line_width())
    for name, body in sections:
        lines += ["", *wrapped(visible(name), line_width()), *listing_text(body, indent="  ")]
    for note in ("", *notes) if notes else ():
        lines += wrapped(visible(note), line_width()) or [""]
    return "\n".join(lines)


def sections_html(title: str, facts: Sequence[str], sections: Sequence[Section], notes: Sequence[str]) -> Html:
    """The same for a notebook."""
    parts = [html.header(title, *facts)]
    for name, body in sections:
        parts.append(listing_html(body, name) if body else html.paragraph(html.quiet(name), above=10))
    return html.card(*parts, html.footer(*notes))
