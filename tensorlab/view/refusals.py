"""Why not: what the passes left as it was, what stood in the way, and where; and what LLVM says of the loops."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.jit.lives_refusals import Refused, WhyNot
from tensorlab.jit.lives_vectors import LoopVectors
from tensorlab.view.graph import own_place
from tensorlab.view.listing import Line, brief, cap
from tensorlab.view.mime import View
from tensorlab.view.text import counted, listed
from tensorlab.view.value_life import Section, sections_html, sections_text

_MOST_LINES, _MOST_LOOPS, _MOST_OPS = 60, 40, 24
_FROM_TEXT = "LLVM could not be asked in another process; shown is what stands in its optimised text."
_REMARKS = "Remarks are LLVM's own (loop-vectorize), one for each loop in the compiled function."


class WhyNotView(View):
    """The refusals behind one word, or those about one value."""

    __slots__ = ("name", "why")

    def __init__(self, name: str, why: WhyNot) -> None:
        self.name = name
        self.why = why

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, "why_not": self.why.to_dict()}

    def text(self) -> str:
        return sections_text(self._title(), self._facts(), self._sections(), self._notes())

    def html(self) -> str:
        return sections_html(self._title(), self._facts(), self._sections(), self._notes())

    def _title(self) -> str:
        return " · ".join(filter(None, (self.name, f"why not {self.why.subject}", self.why.value)))

    def _facts(self) -> list[str]:
        if not self.why.ran:
            return [f"{self.why.subject} is not among the passes that ran: {listed(self.why.passes)}"]
        return [counted(len(self.why.refused), "refusal"), f"by {listed(self.why.ran)}"]

    def _sections(self) -> list[Section]:
        why = self.why
        sections: list[Section] = []
        if why.did:
            sections.append(("It was done", [Line(deed, "=") for deed in why.did]))
        if why.instead:
            sections.append(("No pass refused it", [Line(why.instead)]))
        own = [line for r in why.refused if not r.in_the_way for line in _refusal(r)]
        others = [line for r in why.refused if r.in_the_way for line in _refusal(r)]
        if own:
            sections.append(("Left as it was, and why", brief(own, _MOST_LINES)))
        if others:
            sections.append((f"What {why.value} stood in the way of", brief(others, _MOST_LINES)))
        return sections

    def _notes(self) -> list[str]:
        return ["x refused; below it what stood in the way."] if self.why.refused else []


def _refusal(refused: Refused) -> list[Line]:
    note = " · ".join(filter(None, (refused.reason, f"{refused.pass_name}, {refused.location}")))
    lines = [Line(refused.text, "x", note, own_place(refused.span))]
    if refused.blocker and not refused.in_the_way and refused.blocker != refused.text:
        lines.append(Line(f"  {refused.blocker}", "", "stood in the way", own_place(refused.blocker_span)))
    return lines


class VectorsView(View):
    """What LLVM made vector code of, a loop each; ``value`` is the one asked for, ``about`` how it ended."""

    __slots__ = ("about", "loops", "name", "value")

    def __init__(self, name: str, loops: Sequence[LoopVectors], *, value: str = "", about: str = "") -> None:
        self.name = name
        self.loops = tuple(loops)
        self.value = value
        self.about = about

    def to_dict(self) -> dict[str, object]:
        loops = [loop.to_dict() for loop in self.loops]
        return {"name": self.name, "value": self.value, "about": self.about, "loops": loops}

    def text(self) -> str:
        return sections_text(self._title(), self._facts(), self._sections(), self._notes())

    def html(self) -> str:
        return sections_html(self._title(), self._facts(), self._sections(), self._notes())

    def _title(self) -> str:
        return " · ".join(filter(None, (self.name, "why not vectorize", self.value)))

    def _facts(self) -> list[str]:
        vector = sum(loop.vectorized for loop in self.loops)
        count = f"{vector} of {counted(len(self.loops), 'loop')} {'is' if vector == 1 else 'are'} vector code"
        return [*([self.about] if self.about else []), count if self.loops else "no loop"]

    def _sections(self) -> list[Section]:
        alike: dict[tuple[object, ...], list[LoopVectors]] = {}
        for loop in self.loops:
            alike.setdefault((loop.ops, loop.remarks, loop.widths, loop.vectorized), []).append(loop)
        sections: list[Section] = []
        for loop, *others in list(alike.values())[:_MOST_LOOPS]:
            lines = cap(_loop(loop), _MOST_LINES)
            if others:
                lines.append(Line(f"… {counted(len(others), 'more loop')} alike", sign="…", hidden=len(others)))
            sections.append((f"{loop.name}: {listed(loop.ops, _MOST_OPS)}", lines))
        left_out = sum(map(len, list(alike.values())[_MOST_LOOPS:]))
        if left_out:
            sections.append((f"{counted(left_out, 'more loop')} of other kinds left out", []))
        return sections

    def _notes(self) -> list[str]:
        if not self.loops:
            return []
        return [_FROM_TEXT if any(loop.remarks is None for loop in self.loops) else _REMARKS]


def _loop(loop: LoopVectors) -> list[Line]:
    places = list(dict.fromkeys(own_place(span) for span in loop.spans if span is not None))
    lines = [Line(f"{'vector code' if loop.vectorized else 'no vector code'}", place=listed(places) if places else "")]
    for remark in dict.fromkeys(loop.remarks or ()):
        times = (loop.remarks or ()).count(remark)
        sign = "=" if remark.startswith("vectorized") else "x"
        lines.append(Line(remark, sign, f"{times} times" if times > 1 else ""))
    forms = [f"{count} of {form}" for form, count in loop.widths[:4]]
    if forms:
        lines.append(Line(f"… lines of LLVM's text with vectors: {listed(forms)}", sign="…"))
    return lines
