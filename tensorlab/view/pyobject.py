"""The C struct behind a Python object, member by member, and the cache of small ints."""

from __future__ import annotations

from tensorlab.core.footprint import Footprint
from tensorlab.core.pyobject import ObjectRecord
from tensorlab.core.pyobject_fields import Field, Struct
from tensorlab.core.small_ints import SmallInts
from tensorlab.view import html, svg
from tensorlab.view import pyobject_words as words
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import LINE, QUIET, RULE, STORAGES
from tensorlab.view.mime import View
from tensorlab.view.text import Column, Row, line_width, strip, table, visible, wrapped

_STRIP_COLUMNS, _STRIP_WIDTH, _STRIP_HEIGHT = 12, 160, 8
_HEADS = (
    Column("offset", "right"),
    Column("where"),
    Column("bytes, as they lie", most=23),
    Column("member", most=34, wraps=True),
    Column("means", wraps=True),
)


class PyObjectView(View):
    """An object's struct and the arrays that it owns; who refers to it; its size."""

    __slots__ = ("addresses", "record")

    def __init__(self, record: ObjectRecord, *, addresses: bool = False) -> None:
        self.record = record
        self.addresses = addresses

    def to_dict(self) -> dict[str, object]:
        return self.record.to_dict(addresses=self.addresses)

    def text(self) -> str:
        lines = self._object(self.record)
        if self.record.beside is not None:
            lines += ["", *self._object(self.record.beside)]
        for note in words.notes(self.record, addresses=self.addresses):
            lines += wrapped(visible(note), line_width())
        return "\n".join(lines)

    def html(self) -> str:
        body = self._body(self.record)
        if self.record.beside is not None:
            body += [Html(f'<div style="{RULE.css("border-top", "1px solid")}margin:14px 0 10px"></div>')]
            body += self._body(self.record.beside)
        return html.card(*body, html.footer(*words.notes(self.record, addresses=self.addresses)))

    def _object(self, record: ObjectRecord) -> list[str]:
        lines = wrapped(visible("".join(words.answer(record))), line_width())
        for struct in record.structs:
            lines += ["", *table(_HEADS, self._rows(struct))]
            if struct.left_out:
                lines += wrapped(visible(f"... and {struct.left_out}."), line_width())
        about = [*words.references(record, addresses=self.addresses), words.sizes(record)]
        return [*lines, "", *(line for sentence in about for line in wrapped(visible(sentence), line_width(), "  "))]

    def _rows(self, struct: Struct) -> list[Row]:
        rows: list[Row] = []
        for part, fields in words.parts(struct):
            rows.append(_heading(struct, part, fields))
            for field in fields:
                reached = strip(_footprint(field), struct.nbytes, _STRIP_COLUMNS)
                shown = words.in_hex(field, addresses=self.addresses)
                means = words.means(field, addresses=self.addresses)
                rows.append([str(field.offset), reached, shown, words.member(field), means])
        return rows

    def _body(self, record: ObjectRecord) -> list[Html]:
        first, rest = words.answer(record)
        body = [html.paragraph(html.strong(first), html.esc(rest))]
        for struct in record.structs:
            body.append(html.table(self._cells(struct), f"{words.title(struct)}: its members in the order of memory"))
            if struct.left_out:
                body.append(html.paragraph(html.quiet(f"... and {struct.left_out}.")))
        about = [*words.references(record, addresses=self.addresses), words.sizes(record)]
        return [*body, *(html.paragraph(html.esc(sentence), above=4) for sentence in about)]

    def _cells(self, struct: Struct) -> list[list[Cell]]:
        rows = [[_head(head) for head in _HEADS]]
        for index, (part, fields) in enumerate(words.parts(struct)):
            colour = STORAGES[index % len(STORAGES)]
            if not _is_array(struct):  # whose caption says it
                rows.append([_heading_cell(_heading(struct, part, fields), colour)])
            for field in fields:
                rows.append(self._row(struct, field, colour))
        return rows

    def _row(self, struct: Struct, field: Field, colour: str) -> list[Cell]:
        ink = colour if field.part else LINE
        drawing = svg.footprint_strip(_footprint(field), struct.nbytes, ink, width=svg.WIDTH)
        alt = f"bytes {field.offset} to {field.offset + max(field.nbytes, 1) - 1} of {struct.nbytes}"
        picture = html.picture(drawing, alt, width=_STRIP_WIDTH, height=_STRIP_HEIGHT)
        shown = words.in_hex(field, addresses=self.addresses)
        exact = field.stable or self.addresses
        hexed = html.join(map(html.esc, shown), "\n") if exact else html.quiet(shown[0])
        return [
            Cell(html.esc(field.offset), "right", QUIET, pad="3px 12px 3px 0"),
            Cell(picture, extra=f"min-width:{_STRIP_WIDTH}px;"),
            Cell(hexed, mono=exact, wraps=False),
            Cell(html.esc(words.member(field)), mono=True, scope="row"),
            Cell(html.esc(words.means(field, addresses=self.addresses)), pad="3px 0"),
        ]


class SmallIntsView(View):
    """The talk's ``a is b``, run again, and where the ints lie that are made once."""

    __slots__ = ("addresses", "record")

    def __init__(self, record: SmallInts, *, addresses: bool = False) -> None:
        self.record = record
        self.addresses = addresses

    def to_dict(self) -> dict[str, object]:
        return self.record.to_dict(addresses=self.addresses)

    def text(self) -> str:
        tried = [
            [
                words.tried(i),
                "in one piece" if i.together else "line by line",
                str(i.same),
                words.because(i, self.record),
            ]
            for i in self.record.identities
        ]
        places = [[str(v), self._strip(v), words.place(v, self.record)] for v in self._values()]
        lines = wrapped("".join(words.small_ints(self.record)), line_width())
        lines += [
            "",
            *table([*map(Column, _TRIED[:-1]), Column(_TRIED[-1], wraps=True)], tried),
            "",
            *table([Column(_PLACES[0], "right"), *map(Column, _PLACES[1:])], places),
        ]
        return "\n".join([*lines, "", *(line for note in self._notes() for line in wrapped(note, line_width()))])

    def html(self) -> str:
        first, rest = words.small_ints(self.record)
        tried = [[_head(Column(title)) for title in _TRIED]]
        for i in self.record.identities:
            how = "in one piece" if i.together else "line by line"
            answer = html.strong(i.same)
            because = html.esc(words.because(i, self.record))
            tried.append(
                [
                    Cell(html.esc(words.tried(i)), mono=True, scope="row"),
                    Cell(html.esc(how)),
                    Cell(answer),
                    Cell(because),
                ]
            )
        places = [[_head(Column(title)) for title in _PLACES]]
        for value in self._values():
            where = words.place(value, self.record)
            drawing = svg.footprint_strip(self._footprint(value), self._size(), STORAGES[0])
            picture = html.picture(drawing, f"{value}: {where}", width=svg.WIDTH, height=svg.HEIGHT)
            places.append([Cell(html.esc(value), "right", scope="row"), Cell(picture), Cell(html.esc(where))])
        return html.card(
            html.paragraph(html.strong(first), html.esc(rest)),
            html.table(tried, "Whether two ints of one value are one object: each was run just now"),
            html.table(places, "Where ints lie: the frame is the cache, the ink the struct of one int"),
            html.footer(*self._notes()),
        )

    def _values(self) -> list[int]:
        tried = [identity.value for identity in self.record.identities]
        return sorted({self.record.low, 0, *tried, self.record.high})

    def _footprint(self, value: int) -> Footprint:
        offset = self.record.offset(value)
        return Footprint(0, (), 0) if offset is None else Footprint(offset, (), self.record.step or 0)

    def _size(self) -> int:
        return self.record.nbytes or 1

    def _strip(self, value: int) -> str:
        return strip(self._footprint(value), self._size(), 32)

    def _notes(self) -> list[str]:
        notes = [
            "Lines typed one after the other are compiled one by one, and so are a cell's statements; a function's "
            "body, or a file, is one piece."
        ]
        if self.addresses:
            notes.append(f"The first int lies at 0x{self.record.address:x}.")
        return notes


_TRIED = ("code", "compiled", "a is b", "because")
_PLACES = ("int", "where in the cache", "place")


def _footprint(field: Field) -> Footprint:
    return Footprint(field.offset, (), field.nbytes)


def _heading(struct: Struct, part: str, fields: list[Field]) -> str:
    """What a group of members is; an array that the object owns is one group, and says so itself."""
    own = words.part_title(part, fields)
    return words.title(struct) if _is_array(struct) else own


def _is_array(struct: Struct) -> bool:
    """Whether it is no object of its own, but an array that one points to."""
    return struct.fields[0].part not in ("PyObject_HEAD", "")


def _head(column: Column) -> Cell:
    return Cell(html.esc(column.title), column.align, QUIET, size=11.5, scope="col", wraps=False, pad="3px 12px 3px 0")


def _heading_cell(title: str, colour: str) -> Cell:
    body = html.join((html.glyph("■", colour), Html(" "), html.strong(title)))
    return Cell(body, scope="rowgroup", span=5, pad="8px 0 2px", extra=RULE.css("border-top", "1px solid"))
