"""Which names share bytes, drawn to scale: a view of a `SharingReport`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tensorlab.core.sharing import NameRecord, SharingReport, StorageRecord
from tensorlab.view import html, svg
from tensorlab.view import storage_words as words
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import QUIET, RULE, storage_colour
from tensorlab.view.mime import View
from tensorlab.view.text import Column, Row, line_width, nbytes, strip, table, visible, wrapped

MOST_NAMES = 30
_STRIP_COLUMNS = 16
# A storage that would be narrower than this at the common scale is drawn at this width in a dashed frame.
_NARROWEST = 72


class StorageView(View):
    """Storages, the names that reach them, and which bytes each name reaches.

    ``others``, by a storage's letter: names that reach it too and are not drawn. ``addresses``: show them too; they
    differ from run to run.
    """

    __slots__ = ("addresses", "others", "report")

    def __init__(
        self,
        report: SharingReport,
        *,
        others: Mapping[str, Sequence[str]] | None = None,
        addresses: bool = False,
    ) -> None:
        self.report = report
        self.others = dict(others or {})
        self.addresses = addresses

    def to_dict(self) -> dict[str, object]:
        others = {letter: list(names) for letter, names in self.others.items()}
        return self.report.to_dict(addresses=self.addresses) | ({"others": others} if others else {})

    def text(self) -> str:
        lines = wrapped(visible(words.answer(self.report, self.others)), line_width())
        shown, left_out = _shown(self.report)
        notes = words.notes(self.report, left_out)
        if not shown:
            return "\n".join([*lines, *(line for note in notes for line in wrapped(visible(note), line_width()))])
        rows: list[Row] = []
        for storage, names in shown:
            rows.append(f"{storage.letter}  {self._facts(storage)}")
            rows += [_text_row(name, storage, self._what(name)) for name in names]
        notes.append(_STRIP_LEGEND)
        lines += ["", *table(_HEADS, rows), ""]
        return "\n".join([*lines, *(line for note in notes for line in wrapped(visible(note), line_width()))])

    def html(self) -> str:
        shown, left_out = _shown(self.report)
        first, _, rest = words.answer(self.report, self.others).partition(" (")
        answer = html.paragraph(html.strong(first), html.quiet(f" ({rest}") if rest else html.EMPTY)
        if not shown:
            return html.card(answer, html.footer(*words.notes(self.report, left_out)))
        widest = max(storage.nbytes for storage, _ in shown)
        rows: list[list[Cell]] = [[*map(_head, ("name", "what", "its bytes in the storage", "reaches", "version"))]]
        scales = {storage.letter: _Scale.of(storage, widest) for storage, _ in shown}
        for storage, names in shown:
            scale = scales[storage.letter]
            rows.append([_storage_cell(storage, scale, self._facts(storage))])
            rows += [_name_row(name, storage, scale, self._what(name)) for name in names]
        notes = [*words.notes(self.report, left_out), f"Bars are to scale: the full width is {nbytes(widest)}."]
        if any(scale.enlarged for scale in scales.values()):
            notes.append("A dashed frame is a small storage, drawn wider than its scale.")
        if any(name.footprint.runs for _, names in shown for name in names):
            notes.append("Even stripes stand for pieces too fine to draw: their ink is their share of the bytes.")
        caption = "Each name with the bytes that it reaches, storage by storage"
        return html.card(answer, html.table(rows, caption), html.footer(*notes))

    def _facts(self, storage: StorageRecord) -> str:
        at = f"at {storage.address:#x} · " if self.addresses else ""
        return at + words.facts(storage, self.others.get(storage.letter, ()))

    def _what(self, name: NameRecord) -> list[str]:
        return [*words.what(name), *([f"at {name.address:#x}"] if self.addresses else [])]


class _Scale(NamedTuple):
    """How wide a storage is drawn, and whether that is wider than its share of the widest one."""

    width: float
    enlarged: bool

    @classmethod
    def of(cls, storage: StorageRecord, widest: int) -> _Scale:
        width = svg.WIDTH * storage.nbytes / widest if widest else svg.WIDTH
        return cls(max(width, _NARROWEST), width < _NARROWEST)


_HEADS = (
    Column("name", most=14),
    Column("what", most=35, wraps=True),
    Column("its bytes"),
    Column("reaches", most=20, wraps=True),
    Column("version", "right"),
)
_STRIP_LEGEND = "Of its storage a name reaches, in each place: █ every byte, ▒ some, · none."


def _head(title: str) -> Cell:
    if title == "version":
        return Cell(html.esc(title), "right", QUIET, size=11.5, pad="3px 0", scope="col", wraps=False)
    return Cell(html.esc(title), ink=QUIET, size=11.5, scope="col", wraps=False)


def _storage_cell(storage: StorageRecord, scale: _Scale, told: str) -> Cell:
    mark = html.glyph("■", storage_colour(storage.letter))
    facts = f" · {told}{' · not to scale' if scale.enlarged else ''}"
    body = html.join((mark, Html(" "), html.strong(storage.letter), html.quiet(facts)))
    return Cell(body, scope="rowgroup", span=5, pad="8px 0 2px", extra=RULE.css("border-top", "1px solid"))


def _name_row(name: NameRecord, storage: StorageRecord, scale: _Scale, what: Sequence[str]) -> list[Cell]:
    reach = words.reach(name, storage)
    drawing = svg.footprint_strip(
        name.footprint,
        storage.nbytes,
        storage_colour(storage.letter),
        width=scale.width,
        enlarged=scale.enlarged,
    )
    picture = html.picture(drawing, f"{reach} of storage {storage.letter}", width=svg.WIDTH, height=svg.HEIGHT)
    return [
        Cell(html.strong(name.name), scope="row"),
        Cell(html.esc(" · ".join(what)), ink=QUIET),
        Cell(picture, extra=f"min-width:{svg.WIDTH}px;"),
        Cell(html.esc(reach), ink=QUIET, size=12),
        Cell(html.esc(words.version(name)), "right", pad="3px 0"),
    ]


def _text_row(name: NameRecord, storage: StorageRecord, told: Sequence[str]) -> list[str | tuple[str, ...]]:
    first, *rest = told
    what = (first, " · ".join(rest)) if rest else first
    reached = strip(name.footprint, storage.nbytes, _STRIP_COLUMNS)
    return [name.name, what, reached, words.reach(name, storage), words.version(name)]


def _shown(report: SharingReport) -> tuple[list[tuple[StorageRecord, tuple[NameRecord, ...]]], int]:
    """The first names up to the limit, and how many are left out."""
    shown: list[tuple[StorageRecord, tuple[NameRecord, ...]]] = []
    room = MOST_NAMES
    for storage in report.storages:
        names = storage.names[:room]
        if names:
            shown.append((storage, names))
        room -= len(names)
    return shown, len(report.names) - (MOST_NAMES - room)
