"""What the passes did: a strip of all of them, and below it each change with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tensorlab.errors import RangeError
from tensorlab.jit.ir import Graph
from tensorlab.jit.records import PassRecord
from tensorlab.jit.text import Names, Style
from tensorlab.view import html
from tensorlab.view.decisions import changes, refusals
from tensorlab.view.graph import became, count_operations, graph_lines, inventory, name_values
from tensorlab.view.html import Html
from tensorlab.view.ink import ACCENT, LINE, PASS_CHANGED, PASS_SKIPPED, PASS_UNCHANGED, QUIET
from tensorlab.view.listing import Line, brief, cap, listing_html, listing_text
from tensorlab.view.mime import View
from tensorlab.view.text import Column, bar, counted, line_width, listed, seconds, table, visible, wrapped

_DEEDS = Column("what it did", most=40, wraps=True)
# Lines of all passes together; each later one still gets a few.
_MOST_LINES, _LEAST_LINES = 120, 6
_MOST_LAST = 40
_BAR_PIXELS, _BAR_COLUMNS = 46, 20
_LEGEND = "+ added · - removed · = kept · > replaced, n:m · ~ retyped · ↕ moved · x refused."


class PassesView(View):
    """Passes in order. ``selected`` shows one of them, ``show_all`` also those that changed nothing.

    ``how`` is the verb of the first line, ``note`` a last one of its own; ``times`` adds the measured time of each
    pass, which differs from run to run. ``style`` is that of the last graph; differences are in torch 2's.

    Raises: `RangeError` for a ``selected`` that no record has.
    """

    __slots__ = ("_found", "how", "name", "note", "records", "selected", "show_all", "style", "times")

    def __init__(
        self,
        name: str,
        records: Sequence[PassRecord],
        *,
        how: str = "traced",
        selected: str | None = None,
        show_all: bool = False,
        style: Style = "2",
        times: bool = False,
        note: str = "",
    ) -> None:
        have = tuple(dict.fromkeys(record.name for record in records))
        if selected is not None and selected not in have:
            raise RangeError(f"no pass {selected!r}; the pipeline has {', '.join(have) or 'none'}")
        self.name = name
        self.records = tuple(records)
        self.how = how
        self.selected = selected
        self.show_all = show_all
        self.style: Style = style
        self.times = times
        self._found: tuple[list[tuple[PassRecord, list[Line], list[Line]]], list[Line]] | None = None
        self.note = note

    def to_dict(self) -> dict[str, object]:
        return {"name": self.name, "how": self.how, "passes": [record.to_dict() for record in self.records]}

    def text(self) -> str:
        lines = wrapped(visible(" · ".join((self.name, *self._facts()))), line_width())
        if not self.records:
            return "\n".join(lines)
        sizes = self._sizes()
        shown, last = self._shown()
        lines += ["", *self._strip_text(sizes)]
        for record, changed, refused in shown:
            deeds = " · ".join(self._deeds(record, sizes))
            lines += ["", *wrapped(f"{_glyph(record)} {record.name} · {deeds}", line_width())]
            lines += [*listing_text(changed, indent="  "), *listing_text(refused, indent="  ")]
        lines += ["", self._last_title(), *listing_text(last, indent="  ")]
        return "\n".join(
            [*lines, "", *(part for note in (_LEGEND, *self._notes()) for part in wrapped(note, line_width()))]
        )

    def html(self) -> str:
        head = html.header(self.name, *self._facts())
        if not self.records:
            return html.card(head)
        sizes = self._sizes()
        shown, last = self._shown()
        parts = [head, self._strip_html(sizes)]
        for record, changed, refused in shown:
            mark = html.glyph(_glyph(record), _colour(record))
            deeds = html.quiet(" · " + " · ".join(self._deeds(record, sizes)))
            title = html.join((mark, Html(" "), html.strong(record.name), deeds))
            if changed:
                parts.append(listing_html(changed, "", heading=title))
            else:
                parts.append(html.paragraph(title, above=12))
            if refused:
                count = counted(len(record.refusals), "refusal")
                reasons = listing_html(refused, f"What {record.name} left as it was, and why")
                parts.append(html.details(f"{count} by {record.name}", reasons))
        parts.append(listing_html(last, self._last_title()))
        return html.card(*parts, html.footer(_LEGEND, *self._notes()))

    # -- what is shown

    def _facts(self) -> list[str]:
        if not self.records:
            return [self.how, "no passes"]
        changed = [record.name for record in self.records if record.changed]
        return [
            f"{self.how} · {became(self.records[0].before, self.records[-1].after)}",
            counted(len(self.records), "pass", "passes"),
            f"changed by {listed(list(dict.fromkeys(changed)))}" if changed else "no pass changed it",
        ]

    def _shown(self) -> tuple[list[tuple[PassRecord, list[Line], list[Line]]], list[Line]]:
        """Every pass that is shown, with its lines; then the last graph. Text and HTML show the same, found once."""
        if self._found is None:
            self._found = self._find()
        return self._found

    def _find(self) -> tuple[list[tuple[PassRecord, list[Line], list[Line]]], list[Line]]:
        """All values get their names here, in the order of the passes, so that each keeps its own."""
        names = Names()
        shown: list[tuple[PassRecord, list[Line], list[Line]]] = []
        room = _MOST_LINES
        named: Graph | None = None
        in_place: set[int] = set()
        for record in self.records:
            for graph in (record.before, record.after):
                if graph is not named:
                    in_place |= name_values(graph, names)
                named = graph
            if not (record.name == self.selected if self.selected else self.show_all or record.changed):
                continue
            most = max(room, _LEAST_LINES)
            changed = cap(changes(record, names, in_place, most), most) if record.changed else []
            refused = cap(refusals(record, names), max(room - len(changed), _LEAST_LINES))
            room -= len(changed) + len(refused)
            shown.append((record, changed, refused))
        last = graph_lines(self.records[-1].after, names, self.style, inline=True)
        return shown, brief(list(last), _MOST_LAST)

    def _sizes(self) -> dict[int, int]:
        """How many operations each graph has, by its identity."""
        graphs = {id(graph): graph for record in self.records for graph in (record.before, record.after)}
        return {key: count_operations(graph) for key, graph in graphs.items()}

    def _deeds(self, record: PassRecord, sizes: Mapping[int, int]) -> list[str]:
        if record.skipped:
            return [f"skipped: {record.skipped}"]
        before, after = sizes[id(record.before)], sizes[id(record.after)]
        size = f"{before} → {after} operations" if before != after else counted(after, "operation")
        deeds = [counted(record.count, "rewrite") if record.changed else "no change", size]
        return [*deeds, *([seconds(record.seconds)] if self.times else [])]

    def _last_title(self) -> str:
        return f"The graph after the last pass: {inventory(self.records[-1].after)}"

    def _notes(self) -> list[str]:
        notes = [*([self.note] if self.note else []), "Short constants are written where they are used."]
        if self.show_all or self.selected:
            return notes
        busy = {record.name for record in self.records if record.changed}
        idle = [record for record in self.records if record.name not in busy]
        if idle:
            refused = sum(len(record.refusals) for record in idle)
            aside = f" ({counted(refused, 'refusal')})" if refused else ""
            names = listed(list(dict.fromkeys(record.name for record in idle)))
            notes.append(f"{names} changed nothing here{aside}: %ir {self.name} --all shows all.")
        return notes

    # -- the strip

    def _strip_text(self, sizes: Mapping[int, int]) -> list[str]:
        most = max(sizes[id(record.before)] for record in self.records)
        left = [(f"◆ {self.how}", sizes[id(self.records[0].before)], "")]
        left += [(f"{_glyph(r)} {r.name}", sizes[id(r.after)], self._brief(r)) for r in self.records]
        rows = [(name, str(n), bar(n / most if most else 0, _BAR_COLUMNS), brief) for name, n, brief in left]
        return table((Column("pass", most=24, wraps=True), Column("operations", "right"), Column(""), _DEEDS), rows)

    def _brief(self, record: PassRecord) -> str:
        return f"{_deed(record)}, {seconds(record.seconds)}" if self.times and not record.skipped else _deed(record)

    def _strip_html(self, sizes: Mapping[int, int]) -> Html:
        most = max(sizes[id(record.before)] for record in self.records) or 1
        first = sizes[id(self.records[0].before)]
        parts = [(_chip("◆", LINE, self.how, first, most, counted(first, "op"), "as written"), "")]
        for record in self.records:
            left = sizes[id(record.after)]
            took = f" · {seconds(record.seconds)}" if self.times and not record.skipped else ""
            facts = (counted(left, "op") + took, _deed(record))
            chip = _chip(_glyph(record), _colour(record), record.name, left, most, *facts)
            parts.append((chip, ACCENT if record.name == self.selected else ""))
        return html.chips(parts)


def _glyph(record: PassRecord) -> str:
    return PASS_SKIPPED if record.skipped else PASS_CHANGED if record.changed else PASS_UNCHANGED


def _colour(record: PassRecord) -> str:
    return ACCENT if record.changed else LINE


def _deed(record: PassRecord) -> str:
    if record.skipped:
        return "skipped"
    deed = counted(record.count, "rewrite") if record.changed else "no change"
    return f"{deed}, {counted(len(record.refusals), 'refusal')}" if record.refusals else deed


def _chip(glyph: str, colour: str, name: str, left: int, most: int, *facts: str) -> Html:
    """One pass: glyph and name, a bar for the operations that it left, what it did."""
    mark = html.join((html.glyph(glyph, colour), Html(" "), html.strong(name) if colour == ACCENT else html.esc(name)))
    pixels = max(2, round(_BAR_PIXELS * left / most)) if left else 0
    meter = f'<div style="height:4px;width:{pixels}px;background:{colour};margin:3px 0"></div>'
    lines = "".join(f"<div>{html.esc(fact)}</div>" for fact in facts)
    small = f"font-size:11px;line-height:1.4;{QUIET.css('color')}"
    return Html(f'<div>{mark}</div>{meter}<div style="{small}">{lines}</div>')
