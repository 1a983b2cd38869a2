"""A light for each pass: equal, apart by so many ulps, or different, with the rewrite and a program that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ADDED, LINE, QUIET, REMOVED, REPLACED, tint
from tensorlab.view.listing import Line, cap, listing_html, listing_text
from tensorlab.view.mime import View
from tensorlab.view.text import Column, counted, line_width, listed, table, visible, wrapped

if TYPE_CHECKING:
    from tensorlab.jit.pass_checks import PassCheck, PassChecks

_LIGHTS = {
    "equal": ("=", ADDED, "equal"),
    "ulp": ("~", REPLACED, "close"),
    "different": ("x", REMOVED, "different"),
    "unchanged": ("○", LINE, "changed nothing"),
    "skipped": ("–", LINE, "skipped"),
}
_MOST_PASSES, _MOST_LINES = 60, 60


class CheckView(View):
    """The lights of a function's passes."""

    __slots__ = ("checks", "name")

    def __init__(self, checks: PassChecks, name: str = "") -> None:
        self.checks = checks
        self.name = name or checks.name

    @property
    def failed(self) -> bool:
        return bool(self._wrong())

    def to_dict(self) -> dict[str, object]:
        return {**self.checks.to_dict(), "name": self.name}

    def text(self) -> str:
        head = " · ".join((self.name, *self._facts()))
        columns = (
            Column("pass", most=24, wraps=True),
            Column("rewrites", "right"),
            Column("light"),
            Column("how", most=50, wraps=True),
        )
        rows = [(p.name, str(p.rewrites), " ".join(_light(p)[::2]), _how(p)) for p in self._shown()]
        parts = [*wrapped(visible(head), line_width()), "", *table(columns, rows)]
        for check in self._wrong():
            parts += ["", *wrapped(visible(_blame(check)), line_width())]
            parts += listing_text(_nodes(check), indent="  ")
            if check.program is not None:
                parts += ["", _TITLE, *listing_text(_program(check), indent="  ")]
        parts.append("")
        return "\n".join([*parts, *(p for note in self._notes() for p in wrapped(visible(note), line_width()))])

    def html(self) -> str:
        heads = [Cell(html.esc(t), ink=QUIET, scope="col", size=11.5) for t in ("pass", "rewrites", "light", "how")]
        rows = [heads, *(_row(check) for check in self._shown())]
        parts = [html.header(self.name, *self._facts()), html.table(rows, "Each pass, and whether results stayed")]
        for check in self._wrong():
            parts.append(html.paragraph(html.esc(_blame(check)), above=10))
            if _nodes(check):
                parts.append(listing_html(_nodes(check), "What that rewrite took"))
            if check.program is not None:
                parts.append(listing_html(_program(check), _TITLE))
        return html.card(*parts, html.footer(*self._notes()))

    # -- what is shown

    def _facts(self) -> list[str]:
        checks = self.checks
        changed = [p for p in checks.passes if p.closeness is not None]
        wrong = [p.name for p in checks.wrong]
        if wrong:
            answer = f"{listed(wrong)} changed what it does"
        elif checks.whole.verdict == "equal":
            answer = "equal after every pass"
        else:
            answer = f"after every pass {checks.whole}"
        ran = f"{counted(len(changed), 'pass', 'passes')} of {len(checks.passes)} changed the graph"
        return [answer, ran, f"each run on {counted(len(checks.cases), 'input')}"]

    def _shown(self) -> list[PassCheck]:
        return list(self.checks.passes[:_MOST_PASSES])

    def _wrong(self) -> list[PassCheck]:
        return list(self.checks.wrong[:3])

    def _notes(self) -> list[str]:
        checks = self.checks
        left_out = len(checks.passes) - _MOST_PASSES
        notes = [f"{counted(left_out, 'more pass', 'more passes')} left out."] if left_out > 0 else []
        first, *edges = checks.cases or ("",)
        notes.append(f"Run by the interpreter on {checks.inputs.about} ({first}), and on {listed(edges, 20)}.")
        if checks.left_out:
            many = len(checks.cases) + len(checks.left_out)
            left = listed(checks.left_out, 20)
            notes.append(f"The graph is long, and ran on {len(checks.cases)} of {many} inputs: not on {left}.")
        took = checks.whole.compared
        if took < len(checks.cases):
            notes.append(f"The graph itself refuses {len(checks.cases) - took} of them, which say nothing.")
        return [*notes, f"Pipeline: {checks.line or '(no passes)'}."]


_TITLE = "The smallest program found that shows it"


def _light(check: PassCheck) -> tuple[str, str, str]:
    return _LIGHTS[check.light]


def _how(check: PassCheck) -> str:
    if check.closeness is None or check.light == "equal":
        return ""
    return str(check.closeness).removeprefix("different: ")


def _blame(check: PassCheck) -> str:
    found = check.culprit
    if found is None:
        return f"{check.name}: no single rewrite of it is to blame"
    if found.decision is None:
        return f"{check.name}: since rewrite {found.number}"
    rule = f"{found.decision.rule} ({found.decision.location})"
    return f"{check.name}: since rewrite {found.number} of {check.rewrites}, by {rule}: {found.decision.reason}"


def _nodes(check: PassCheck) -> list[Line]:
    return [] if check.culprit is None else [Line(node, "x") for node in check.culprit.nodes]


def _program(check: PassCheck) -> list[Line]:
    lines = [] if check.program is None else check.program.python.splitlines()
    return cap([Line(line or " ") for line in lines], _MOST_LINES)


def _row(check: PassCheck) -> list[Cell]:
    sign, colour, word = _light(check)
    ground = tint(colour) if check.light == "different" else ""
    light = html.join((html.glyph(sign, colour), Html(" "), html.esc(word)))
    return [
        Cell(html.esc(check.name), scope="row", ground=ground),
        Cell(html.esc(check.rewrites), "right", ground=ground),
        Cell(light, ground=ground, wraps=False),
        Cell(html.esc(_how(check)) or Html(" "), ground=ground),
    ]
