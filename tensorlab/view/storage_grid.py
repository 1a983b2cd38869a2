"""The logical grid of a tensor over its bytes: a view of a `GridRecord`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from tensorlab.core.grid import GridRecord, Index
from tensorlab.view import html
from tensorlab.view.grid_picture import grid_picture
from tensorlab.view.html import Cell
from tensorlab.view.ink import ACCENT, QUIET
from tensorlab.view.mime import View
from tensorlab.view.svg import HEIGHT, WIDTH, footprint_strip
from tensorlab.view.text import columns, counted, grouped, line_width, nbytes, padded, strip, visible, wrapped

DIMS = "ijklmnpq"


class GridView(View):
    """Where each element lies: the grid as the program sees it, and the places of the storage in their order."""

    __slots__ = ("addresses", "record")

    def __init__(self, record: GridRecord, *, addresses: bool = False) -> None:
        self.record = record
        self.addresses = addresses

    def to_dict(self) -> dict[str, object]:
        return self.record.to_dict(addresses=self.addresses)

    def text(self) -> str:
        record = self.record
        lines = [*wrapped(visible(answer(record)), line_width()), ""]
        for outer in _outer(record):
            lines += [*_slice_lines(record, outer), ""]
        if record.cells:
            lines += [*_memory_lines(record), ""]
        sentences = [*steps(record), *notes(record, addresses=self.addresses)]
        return "\n".join([*lines, *(part for s in sentences for part in wrapped(visible(s), line_width()))]).rstrip()

    def html(self) -> str:
        record = self.record
        said = html.paragraph(html.strong(answer(record)))
        parts = [said, html.spaced(grid_picture(record))] if record.cells else [said]
        if record.cells and not record.slots:
            drawing = footprint_strip(record.footprint, record.storage_nbytes, ACCENT)
            words = f"its bytes in a storage of {nbytes(record.storage_nbytes)}"
            parts.append(html.paragraph(html.picture(drawing, words, width=WIDTH, height=HEIGHT)))
            parts.append(html.paragraph(html.quiet(words)))
        if record.shape:
            parts.append(html.table(_stride_rows(record), "What one step along each dimension is in memory"))
        return html.card(*parts, html.footer(*notes(record, addresses=self.addresses)))


def answer(record: GridRecord) -> str:
    """The first line: the rule that takes an index to its place."""
    unit = "byte" if record.in_bytes else "element"
    name = f"{record.name}[{', '.join(_letters(record))}]" if record.shape else record.name
    terms = [_term(stride, letter) for stride, letter in zip(record.strides, _letters(record), strict=True)]
    place = " + ".join([*([str(record.offset)] if record.offset or not any(terms) else []), *filter(None, terms)])
    place = place.replace("+ -", "- ")
    if not record.shape:
        return f"{name} is one {record.dtype}: {unit} {place} of its storage."
    if 0 in record.shape:
        return f"{record.name} has the shape {_tuple(record.shape)}: no element, and no byte."
    return f"{name} is {unit} {place} of its storage."


def _term(stride: int, letter: str) -> str:
    if abs(stride) <= 1:
        return {0: "", 1: letter, -1: f"-{letter}"}[stride]
    return f"{grouped(stride)}·{letter}"


def steps(record: GridRecord) -> list[str]:
    """One sentence a dimension."""
    found: list[str] = []
    for letter, count, stride in zip(_letters(record), record.shape, record.strides, strict=True):
        found.append(f"One step along {letter} ({counted(count, 'index', 'indices')}): {_step(record, stride)}.")
    return found


def _step(record: GridRecord, stride: int) -> str:
    if stride == 0:
        return "stays where it is, so all of them are one element"
    size = counted(abs(stride) * record.step, "byte")
    way = "on" if stride > 0 else "back"
    return f"{size} {way}" if record.in_bytes else f"{counted(abs(stride), 'element')} {way}, {size}"


def notes(record: GridRecord, *, addresses: bool) -> list[str]:
    """How to read the marks, and what was left out."""
    found = [f"{record.kind} {_tuple(record.shape)} {record.dtype}, {counted(record.itemsize, 'byte')} an element."]
    if not record.is_whole:
        found.append(f"{grouped(len(record.cells))} elements drawn; the others go on in the same steps.")
    if any(not slot.holds for slot in record.slots):
        found.append("Places in grey are of the storage and not of this tensor.")
    if any(len(slot.holds) > 1 for slot in record.slots):
        found.append("A place with a number and × holds so many elements: they are one value.")
    if any(cell.value == "?" for cell in record.cells):
        found.append("? is a value of a type that cannot be read from its bytes.")
    if addresses:
        found.append(f"The first element is at {record.address:#x}.")
    return found


def _letters(record: GridRecord) -> list[str]:
    return [DIMS[d] if d < len(DIMS) else f"d{d}" for d in range(len(record.shape))]


def _tuple(sizes: Sequence[int]) -> str:
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def _outer(record: GridRecord) -> Iterator[Index]:
    """Indices of the dimensions before the last two, of which a grid of rows and columns is drawn each."""
    return product(*record.shown[:-2]) if record.cells else iter(())


def _slice_lines(record: GridRecord, outer: Index) -> list[str]:
    """One grid of rows and columns; a gap in the indices is a column or row of dots."""
    values = {cell.index: cell.value for cell in record.cells}
    letters = _letters(record)
    if not record.shape:
        return [f"value  {values[()]}"]
    row_indices: Sequence[int | None] = record.shown[-2] if len(record.shape) > 1 else (None,)
    column_indices = record.shown[-1]
    width = max(columns(visible(v)) for v in (*values.values(), *map(str, column_indices)))
    gap_after = _gap(column_indices)
    head = _joined([str(j) for j in column_indices], width, gap_after, " ")
    label = f"{letters[-2]}↓ " if len(record.shape) > 1 else ""
    row_width = max([len(str(i)) for i in row_indices if i is not None], default=0)
    lead = " " * (len(label) + row_width + 1)
    title = [f"{letters[d]} = {i}" for d, i in enumerate(outer)]
    lines = [", ".join(title)] if title else []
    lines.append(f"{label}{' ' * (len(lead) - len(label))}{letters[-1]}→ {head}".rstrip())
    for at, i in enumerate(row_indices):
        index = (*outer, *(() if i is None else (i,)))
        body = _joined([visible(values[(*index, j)]) for j in column_indices], width, gap_after, "…")
        number = "" if i is None else padded(str(i), row_width, "right")
        lines.append(f"{' ' * len(label)}{number}    {body}".rstrip())
        if i is not None and at == _gap([k for k in row_indices if k is not None]):
            lines.append(f"{' ' * len(label)}{padded('…', row_width, 'right')}")
    return lines


def _gap(indices: Sequence[int]) -> int:
    """After which of the indices some are left out, -1 for none."""
    return next((at for at in range(len(indices) - 1) if indices[at + 1] != indices[at] + 1), -1)


def _joined(cells: Sequence[str], width: int, gap_after: int, dots: str) -> str:
    padded_cells: list[str] = []
    for at, cell in enumerate(cells):
        padded_cells.append(padded(cell, width, "right"))
        if at == gap_after:
            padded_cells.append(dots)
    return "  ".join(padded_cells)


def _memory_lines(record: GridRecord) -> list[str]:
    if not record.slots:
        reached = strip(record.footprint, record.storage_nbytes, 56)
        return [f"storage of {nbytes(record.storage_nbytes)}  {reached}"]
    holds = [place_words(record, slot.holds) for slot in record.slots]
    rows = [[str(s.position) for s in record.slots], [visible(s.value) for s in record.slots], holds]
    width = max(columns(cell) for row in rows for cell in row)
    fits = max((line_width() - 10) // (width + 2), 1)
    lines: list[str] = []
    for first in range(0, len(record.slots), fits):
        for title, row in zip(("position", "value", "holds"), rows, strict=True):
            cells = "  ".join(padded(cell, width, "right") for cell in row[first : first + fits])
            lines.append(f"{title:<8}  {cells}".rstrip())
        lines.append("")
    return lines[:-1]


def place_words(record: GridRecord, holds: Sequence[Index]) -> str:
    """Which element lies in a place: its index, how many they are, or a dot."""
    if len(holds) > 1:
        return f"{len(holds)}×"
    return ",".join(map(str, holds[0])) or record.name if holds else "·"


def _stride_rows(record: GridRecord) -> list[list[Cell]]:
    heads = ("dimension", "size", "stride", "one step is")
    rows = [[Cell(html.esc(head), ink=QUIET, size=11.5, scope="col", wraps=False) for head in heads]]
    for letter, count, stride in zip(_letters(record), record.shape, record.strides, strict=True):
        rows.append(
            [
                Cell(html.strong(letter), scope="row"),
                Cell(html.esc(grouped(count)), "right"),
                Cell(html.esc(grouped(stride)), "right"),
                Cell(html.esc(_step(record, stride)), ink=QUIET),
            ]
        )
    return rows
