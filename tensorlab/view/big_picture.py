"""The talk's one drawing of a tensor, as text and as boxes: a view of a `BigPicture`."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.big_picture import BigPicture, Element
from tensorlab.view import boxes, html, svg
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import QUIET, storage_colour
from tensorlab.view.mime import View
from tensorlab.view.text import Column, counted, grouped, line_width, listed, nbytes, strip, table, visible, wrapped

_COLOUR = storage_colour("A")
_STRIP_COLUMNS = 32


class BigPictureView(View):
    """From the Python object to the bytes, one box after the other.

    ``addresses``: whether the storage's place in memory is told, which is another one in each run.
    """

    __slots__ = ("addresses", "picture")

    def __init__(self, picture: BigPicture, *, addresses: bool = False) -> None:
        self.picture = picture
        self.addresses = addresses

    def to_dict(self) -> dict[str, object]:
        return self.picture.to_dict(addresses=self.addresses)

    def text(self) -> str:
        p = self.picture
        lines = [*wrapped(visible(_answer(p)), line_width()), ""]
        for title, facts, leads in (
            ("Python object", _object(p), "is"),
            ("Tensor", _tensor(p), "storage"),
            ("Storage", _storage(p, self.addresses), "data pointer"),
            ("Memory", _memory(p), ""),
        ):
            lines += _text_box(title, facts)
            if title == "Memory":
                lines += ["", *(f"    {line}".rstrip() for line in self._bytes_as_text()), ""]
            elif leads:
                lines.append(f"  ↓ {leads}")
        lines += ["Storage", "  ↓ allocator", *_text_box("Allocator", _allocator(p))]
        return "\n".join(lines)

    def html(self) -> str:
        p = self.picture
        top = boxes.row(
            [
                boxes.box("Python object", _escaped(_object(p))),
                boxes.arrow("is"),
                boxes.box("Tensor", _escaped(_tensor(p))),
                boxes.arrow("storage"),
                boxes.box("Storage", _escaped(_storage(p, self.addresses)), _COLOUR),
            ]
        )
        reached = svg.footprint_strip(p.footprint, p.storage_nbytes, _COLOUR)
        alt = f"{nbytes(p.footprint.nbytes)} of {nbytes(p.storage_nbytes)} reached"
        drawing = html.picture(reached, alt, width=svg.WIDTH, height=svg.HEIGHT)
        bottom = boxes.row(
            [
                boxes.arrow("its data pointer"),
                boxes.box("Memory", [*_escaped(_memory(p)), drawing, self._bytes_as_html()], _COLOUR),
                boxes.arrow("its allocator"),
                boxes.box("Allocator", _escaped(_allocator(p))),
            ]
        )
        first, _, rest = _answer(p).partition(": ")
        return html.card(html.paragraph(html.strong(f"{first}:"), html.esc(f" {rest}")), top, bottom)

    def _bytes_as_text(self) -> list[str]:
        p = self.picture
        reached = strip(p.footprint, p.storage_nbytes, _STRIP_COLUMNS)
        lines = [f"[{reached}]  █ reached, ▒ in part, · not"]
        if p.elements:
            heads = (Column("element"), Column("value", "right"), Column("at byte", "right"), Column("bytes"))
            rows = [[_index(p.name, e), str(e.value), grouped(e.place), e.content] for e in p.elements]
            lines += ["", *table(heads, rows)]
        return [*lines, *_left_out(p)]

    def _bytes_as_html(self) -> Html:
        p = self.picture
        if not p.elements:
            return html.EMPTY
        rows = [[_head("element"), _right_head("value"), _right_head("at byte"), _head("bytes")]]
        rows += map(self._element_row, p.elements)
        return html.join((html.table(rows, "The first elements as they lie"), html.footer(*_left_out(p))))

    def _element_row(self, element: Element) -> list[Cell]:
        return [
            Cell(html.esc(_index(self.picture.name, element)), scope="row", wraps=False),
            Cell(html.esc(element.value), "right"),
            Cell(html.esc(grouped(element.place)), "right"),
            Cell(html.esc(element.content), mono=True),
        ]


def _head(title: str) -> Cell:
    return Cell(html.esc(title), ink=QUIET, size=11.5, scope="col", wraps=False)


def _right_head(title: str) -> Cell:
    return Cell(html.esc(title), "right", QUIET, size=11.5, scope="col", wraps=False)


def _answer(p: BigPicture) -> str:
    source = _lent(p) if p.lender else "memory that the allocator gave"
    reached = p.footprint.nbytes
    whole = nbytes(p.storage_nbytes)
    part = f"all {whole}" if reached == p.storage_nbytes else f"{nbytes(reached)} of the {whole}"
    return f"{p.name} → tensor → storage → memory: it reads {part} of its storage, in {source}."


def _object(p: BigPicture) -> list[str]:
    return [
        f"{p.name} = <Tensor>",
        f"{counted(p.references, 'reference')} to it",
        f"{grouped(p.object_nbytes)} bytes: a head and slots, no elements",
    ]


def _tensor(p: BigPicture) -> list[str]:
    facts = [
        f"dtype {p.dtype}: {counted(p.itemsize, 'byte')} an element",
        f"shape {_tuple(p.shape)}",
        f"stride {_tuple(p.strides)}",
        f"offset {grouped(p.offset)}",
        f"device {p.device}",
    ]
    if p.requires_grad:
        facts.append(f"requires grad, made by {p.grad_fn}" if p.grad_fn else "requires grad, a leaf")
    return facts


def _storage(p: BigPicture, addresses: bool) -> list[str]:  # noqa: FBT001 - a view's own setting, passed on
    return [
        f"{nbytes(p.storage_nbytes)}, without a type",
        f"version {p.version}: in-place writes so far",
        *(["read-only"] if p.readonly else []),
        *([f"also of {listed(p.sharers)}"] if p.sharers else []),
        *([f"data_ptr {p.address:#x}"] if addresses else []),
    ]


def _memory(p: BigPicture) -> list[str]:
    if p.block_nbytes is None:
        return [f"{_lent(p)}, used where it lies", "kept alive by a reference to it"]
    lost = p.block_nbytes - p.storage_nbytes
    rounding = f": {nbytes(p.storage_nbytes)} asked for, {nbytes(lost)} lost to rounding" if lost else ""
    return [
        f"a block of {nbytes(p.block_nbytes)}{rounding}",
        *(["in huge pages of 2 MiB where the system has them"] if p.huge_pages else []),
    ]


def _allocator(p: BigPicture) -> list[str]:
    if not p.allocators:
        return [f"none: the bytes are not ours, the {p.lender} frees them"]
    facts = [f"{layer.class_name}: {_lowered(layer.does)}" for layer in p.allocators]
    after = "the cache keeps the block for the next tensor" if p.cached else "the block is given back"
    return [*facts, f"When the last tensor over the storage dies, {after}."]


def _lent(p: BigPicture) -> str:
    kind = p.lender or ""
    return f"the memory of {'an' if kind.startswith((*'aeiouAEIOU', 'nd')) else 'a'} {kind}"


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _left_out(p: BigPicture) -> list[str]:
    more = p.numel - len(p.elements)
    return [f"{counted(more, 'more element')} not shown."] if more else []


def _index(name: str, element: Element) -> str:
    return f"{name}[{', '.join(map(str, element.index))}]" if element.index else name


def _tuple(sizes: Sequence[int]) -> str:
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def _escaped(lines: Sequence[str]) -> list[Html]:
    return [html.esc(line) for line in lines]


def _text_box(title: str, facts: Sequence[str]) -> list[str]:
    width = line_width() - 16
    lines = [line for fact in facts for line in wrapped(visible(fact), width, "  ")]
    return [f"{title if i == 0 else '':<15} {line}" for i, line in enumerate(lines)]
