"""The graph behind a tensor: its nodes, what they have saved, and what backward would free or refuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tensorlab.autograd.graph_records import (
    GraphReport,
    HeldRecord,
    LineRecord,
    NodeRecord,
    PlaceRecord,
    Row,
    RunRecord,
)
from tensorlab.view import autograd_words as words
from tensorlab.view import html
from tensorlab.view import text as plain
from tensorlab.view.autograd_picture import picture
from tensorlab.view.autograd_tree import tree
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import LINE, MARKS, QUIET, REMOVED, storage_colour, tint
from tensorlab.view.mime import View
from tensorlab.view.text import Column, line_width, nbytes, visible, wrapped

MOST_ROWS, MOST_STORAGES, MOST_LEAVES, MOST_MOVES = 32, 8, 12, 3
_REFUSED = MARKS["x"].sign
_IN_RUN = "│ "
_TITLES = ("", "node", "result", "goes to", "saved for backward", "made by")


class GraphReportView(View):
    """A `GraphReport`, drawn. ``addresses``: where storages lie too, which is new in each run."""

    __slots__ = ("addresses", "report")

    def __init__(self, report: GraphReport, *, addresses: bool = False) -> None:
        self.report = report
        self.addresses = addresses

    def to_dict(self) -> dict[str, object]:
        return self.report.to_dict(addresses=self.addresses)

    def text(self) -> str:
        report, width = self.report, line_width()
        lines = [line for part in words.answer(report) for line in wrapped(visible(part), width)]
        if report.is_leaf:
            return "\n".join(lines)
        for saved, where, since, written in words.moves(report, MOST_MOVES):
            lines += ["", *wrapped(visible(saved), width), *_shown_place(where)]
            lines += [*wrapped(since, width), *([] if written is None else _shown_place(written))]
        if report.moved:
            lines += ["", words.remedy()]
        shown, left = _shown(report)
        lines += ["", *tree(report, width)]
        lines += ["", *plain.table(_HEADS, _text_rows(shown, report)), ""]
        storages = [self._storage_text(s) for s in report.storages[:MOST_STORAGES]]
        if storages:
            lines += [*plain.table(_STORAGE_HEADS[: len(storages[0])], storages), ""]
        leaves = [words.leaf_facts(leaf) for leaf in report.leaves[:MOST_LEAVES]]
        if leaves:
            lines += [*plain.table(_LEAF_HEADS, leaves), ""]
        return "\n".join([*lines, *(line for note in self._notes(left) for line in wrapped(note, width))])

    def _storage_text(self, s: HeldRecord) -> list[str]:
        address = [f"{s.address:#x}"] if self.addresses else []
        return [s.letter, nbytes(s.nbytes), words.fate(s, fails=bool(self.report.moved)), *address]

    def html(self) -> str:
        report = self.report
        first, *others = words.answer(report)
        head = [html.paragraph(html.strong(first)), *(html.paragraph(html.esc(line)) for line in others)]
        if report.is_leaf:
            return html.card(*head)
        shown, left = _shown(report)
        titles = [Cell(html.esc(t), ink=QUIET, size=11.5, scope="col", wraps=False) for t in _TITLES]
        rows = [titles, *_html_rows(shown, report)]
        body = [html.table(rows, "The operations behind the tensor, the latest first", wide=True)]
        return html.card(
            *head,
            *self._moves(),
            picture(report),
            *body,
            *self._storages(),
            *self._leaves(),
            html.footer(*self._notes(left)),
        )

    def _moves(self) -> Iterator[Html]:
        for saved, where, since, written in words.moves(self.report, MOST_MOVES):
            rows = [
                [Cell(html.esc(saved)), *_place_cells(where)],
                [Cell(html.esc(since)), *([] if written is None else _place_cells(written))],
            ]
            yield html.table(rows, "The line that saved, and the line that wrote")
        if self.report.moved:
            yield html.paragraph(html.esc(words.remedy()))

    def _storages(self) -> Iterator[Html]:
        shown = self.report.storages[:MOST_STORAGES]
        if not shown:
            return
        rows = [
            [
                Cell(
                    html.join((html.glyph("■", storage_colour(s.letter)), Html(" "), html.strong(s.letter))),
                    scope="row",
                ),
                Cell(html.esc(nbytes(s.nbytes)), "right"),
                Cell(html.esc(words.fate(s, fails=bool(self.report.moved)))),
                *([Cell(html.esc(f"{s.address:#x}"), mono=True)] if self.addresses else []),
            ]
            for s in shown
        ]
        yield html.table(rows, "Storages that are kept for backward")

    def _leaves(self) -> Iterator[Html]:
        shown = self.report.leaves[:MOST_LEAVES]
        if shown:
            rows = [[Cell(html.esc(fact)) for fact in words.leaf_facts(leaf)] for leaf in shown]
            yield html.table(rows, "Leaves: gradients arrive here")

    def _notes(self, rows_left: Sequence[Row]) -> list[str]:
        report = self.report
        storages, leaves = len(report.storages) - MOST_STORAGES, len(report.leaves) - MOST_LEAVES
        return words.notes(report, rows_left, max(storages, 0), max(leaves, 0))


def _shown(report: GraphReport) -> tuple[list[Row], list[Row]]:
    """The first rows, and of the others those that backward would stop at; and what is left out."""
    first, rest = list(report.rows[:MOST_ROWS]), report.rows[MOST_ROWS:]
    stops = [row for row in rest if isinstance(row, NodeRecord) and row.moved][:MOST_MOVES]
    return [*first, *stops], [row for row in rest if row not in stops]


# Text -----------------------------------------------------------------------------------------------------------------

_HEADS = (
    Column(""),
    Column("node", most=26, wraps=True),
    Column("result", most=16, wraps=True),
    Column("goes to", most=24, wraps=True),
    Column("saved for backward", most=44, wraps=True),
)
_STORAGE_HEADS = (Column("storage"), Column("size", "right"), Column("in backward", most=60), Column("address"))
_LEAF_HEADS = (Column("leaf", most=30), Column("what"), Column("size", "right"), Column("its gradient"))


def _shown_place(place: PlaceRecord | None) -> list[str]:
    where, *code = words.place(place)
    lines = wrapped(visible(f"    {where}   {''.join(code)}"), line_width(), "    ")
    return [line.rstrip() for line in lines]


def _text_rows(rows: Sequence[Row], report: GraphReport) -> list[plain.Row]:
    """Rows of a table without a column for lines: each line stands over the nodes that it made."""
    found: list[plain.Row] = []
    before: PlaceRecord | str | None = ""
    for row in rows:
        if isinstance(row, LineRecord):
            saved = nbytes(row.saved_nbytes) if row.saved_nbytes else ""
            found += [*_text_line(row.place, before), [words.row_number(row), words.line_names(row), "", "", saved]]
            before = row.place
            continue
        mark = ""
        if isinstance(row, RunRecord):
            mark, before = _IN_RUN, ""
            found.append(f"{mark}{words.run_title(row)}")
        for node in (row,) if isinstance(row, NodeRecord) else row.nodes:
            found += [*_text_line(node.place, before, mark), _text_row(node, report, mark)]
            before = node.place
        before = "" if mark else before
    return found


def _text_line(place: PlaceRecord | None, before: PlaceRecord | str | None, mark: str = "") -> list[plain.Row]:
    where, *code = words.place(place) if place is not None else ["a line that is not known"]
    return [] if place == before else ["   ".join([f"{mark}{where}", *code])]


def _text_row(node: NodeRecord, report: GraphReport, mark: str) -> list[str | tuple[str, ...]]:
    saved = [f"{s.letter}: {words.saved(s)}" for s in node.saved]
    return [
        f"{mark}{node.number:,}",
        node.name,
        tuple(words.gives(node)) or "",
        tuple(words.goes_to(node, report.leaves)) or "",
        tuple(saved) or ("let go by a backward pass" if node.released else ""),
    ]


# HTML -----------------------------------------------------------------------------------------------------------------


def _html_rows(rows: Sequence[Row], report: GraphReport) -> Iterator[list[Cell]]:
    before: PlaceRecord | None = None
    for row in rows:
        if isinstance(row, LineRecord):
            saved = nbytes(row.saved_nbytes) if row.saved_nbytes else ""
            number = Cell(html.esc(words.row_number(row)), "right", QUIET, wraps=False)
            yield [
                number,
                Cell(html.esc(words.line_names(row)), span=3),
                Cell(html.esc(saved)),
                _place_cell(row, before),
            ]
            before = row.place
            continue
        border = ""
        if isinstance(row, RunRecord):
            border = f"border-left:3px solid {LINE};"
            title = html.esc(words.run_title(row))
            yield [Cell(title, ink=QUIET, size=12, span=len(_TITLES), pad="6px 0 2px 6px", extra=border)]
        for node in (row,) if isinstance(row, NodeRecord) else row.nodes:
            yield _html_row(node, report, before, border=border)
            before = node.place


def _html_row(node: NodeRecord, report: GraphReport, before: PlaceRecord | None, *, border: str) -> list[Cell]:
    ground = tint(REMOVED) if node.moved else ""
    sign = [html.glyph(_REFUSED, REMOVED), Html(" ")] if node.moved else []
    return [
        Cell(html.join([*sign, html.esc(f"{node.number:,}")]), "right", ground=ground, wraps=False, extra=border),
        Cell(html.strong(node.name), ground=ground, scope="row"),
        Cell(_lines(words.gives(node)), ground=ground),
        Cell(_lines(words.goes_to(node, report.leaves)), ground=ground),
        Cell(_saved(node), ground=ground),
        _place_cell(node, before, ground),
    ]


def _saved(node: NodeRecord) -> Html:
    if node.released:
        return html.esc("let go by a backward pass")
    parts = [
        html.join(
            (html.glyph("■", storage_colour(s.letter)), Html(f" {html.strong(s.letter)} "), html.esc(words.saved(s)))
        )
        for s in node.saved
    ]
    return Html("<br>".join(parts))


def _lines(parts: Sequence[str]) -> Html:
    return Html("<br>".join(map(html.esc, parts)))


def _place_cell(row: NodeRecord | LineRecord, before: PlaceRecord | None, ground: str = "") -> Cell:
    where, *code = words.row_place(row.place, before)
    shown = [html.esc(where), *(html.code(text) for text in code)]
    return Cell(Html("<br>".join(shown)), ground=ground, size=11.5)


def _place_cells(place: PlaceRecord | None) -> list[Cell]:
    where, *code = words.place(place)
    return [Cell(html.esc(where), ink=QUIET, wraps=False), Cell(html.esc("".join(code)), mono=True)]
