"""The picture of a grid over its bytes: boxes with values, and an arrow for one step along each dimension.

It has words in it, so it stands on a ground of its own, light in every theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import product

from tensorlab.core.grid import GridRecord, Index
from tensorlab.view import html
from tensorlab.view.html import Html
from tensorlab.view.ink import LINE, STORAGES, tint
from tensorlab.view.text import shortened, visible

_GROUND, _INK, _QUIET = "#ffffff", "#1b1f24", "#59636e"
_HIGH, _AIR, _LEFT, _TOP = 24, 34, 44, 34
_MOST_WIDE = 900
_DIMS = "ijklmnpq"


def grid_picture(record: GridRecord) -> Html:
    """The grid above, the places of the storage below, rows of them where they are many."""
    canvas = _Canvas(record)
    canvas.grid()
    canvas.memory()
    return html.picture(canvas.svg(), _alt(record), width=canvas.width, height=canvas.height)


def _alt(record: GridRecord) -> str:
    rows = "; ".join(f"{list(cell.index)} is {visible(cell.value)} at {cell.slot}" for cell in record.cells[:12])
    more = f"; and {len(record.cells) - 12} more" if len(record.cells) > 12 else ""
    return f"the elements of {record.name} and their places in the storage: {rows}{more}"


class _Canvas:
    def __init__(self, record: GridRecord) -> None:
        self.record = record
        texts = [*(cell.value for cell in record.cells), *(slot.value for slot in record.slots), "0,0"]
        indices = [len(",".join(map(str, slot.holds[-1]))) for slot in record.slots if slot.holds]
        widest = max(6.7 * max(len(visible(text)) for text in texts), 6.1 * max(indices, default=0))
        self.wide = min(max(30, 9 + round(widest)), 72)
        self.parts: list[str] = []
        self.boxes: dict[bool, list[str]] = {True: [], False: []}
        self.width, self.height = 0, 0
        self.places: dict[int, tuple[float, float]] = {}  # where a slot is drawn
        self.colours = {d: STORAGES[d % len(STORAGES)] for d in range(len(record.shape))}

    def svg(self) -> str:
        self.width, self.height = max(self.width + 12, 120), self.height + 12
        box = f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        ground = f'<rect width="{self.width}" height="{self.height}" rx="6" fill="{_GROUND}" stroke="{LINE}"/>'
        font = 'font-family="Menlo,Consolas,monospace" font-size="11.5" text-anchor="middle"'
        dashes = ' stroke-dasharray="2 3"'
        kinds = ((True, tint(STORAGES[0]), ""), (False, "none", dashes))
        boxes = [f'<path d="{"".join(self.boxes[r])}" fill="{f}" stroke="{LINE}"{d}/>' for r, f, d in kinds]
        body = "".join([*boxes, *self.parts])
        return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{ground}<g {font}>{body}</g></svg>'

    def box(self, x: float, y: float, text: str, *, reached: bool = True) -> None:
        self.boxes[reached].append(f"M{x:g} {y:g}h{self.wide}v{_HIGH}h-{self.wide}z")
        self.word(x + self.wide / 2, y + 16, shortened(text, 9), _INK if reached else _QUIET)
        self.reach(x + self.wide, y + _HIGH)

    def word(self, x: float, y: float, text: str, ink: str = _QUIET, anchor: str = "", size: float = 0) -> None:
        extra = (f' text-anchor="{anchor}"' if anchor else "") + (f' font-size="{size:g}"' if size else "")
        self.parts.append(f'<text x="{x:g}" y="{y:g}" fill="{ink}"{extra}>{escape(visible(text))}</text>')

    def reach(self, x: float, y: float) -> None:
        self.width, self.height = max(self.width, round(x)), max(self.height, round(y))

    def grid(self) -> None:
        """The grid as the program sees it; of more than two dimensions, one beside the other."""
        record = self.record
        values = {cell.index: cell.value for cell in record.cells}
        top = _TOP + (16 if len(record.shape) > 2 else 0)
        x, y, tallest = _LEFT, top, 0.0
        for outer in product(*record.shown[:-2]):
            rows: Sequence[int | None] = record.shown[-2] if len(record.shape) > 1 else (None,)
            across: Sequence[int | None] = record.shown[-1] if record.shape else (None,)
            extent = self.wide * len(across) + (_AIR if _has_gap(across) else 0)
            if x > _LEFT and x + extent > _MOST_WIDE:
                x, y, tallest = _LEFT, y + tallest + _AIR + 16, 0.0
            tall = self.slice(x, y, outer, rows, across, values)
            tallest = max(tallest, tall)
            x += extent + _LEFT + 10

    def slice(
        self,
        x: float,
        y: float,
        outer: Index,
        rows: Sequence[int | None],
        across: Sequence[int | None],
        values: dict[Index, str],
    ) -> float:
        """One grid of rows and columns; gives its height."""
        last = len(self.record.shape) - 1
        if outer:
            self.word(x, y - 22, ", ".join(f"{_DIMS[d]} = {i}" for d, i in enumerate(outer)), _INK, "start")
        top = y
        for at, i in enumerate(rows):
            left = x
            if i is not None:
                self.word(x - 8, y + 16, str(i), anchor="end")
            for place, j in enumerate(across):
                index = (*outer, *(() if i is None else (i,)), *(() if j is None else (j,)))
                self.box(left, y, values[index])
                if at == 0 and j is not None:
                    self.word(left + self.wide / 2, top - 6, str(j))
                left += self.wide
                if _gap_at(across, place):
                    self.word(left + 14, y + 16, "…")
                    left += 28
            y += _HIGH
            if _gap_at(rows, at):
                self.word(x + self.wide / 2, y + 12, "⋮")
                y += 18
        if last >= 0:
            self.word(x - 8, top - 6, f"{_DIMS[last]} →", self.ink(last), "end", 10.5)
        if last >= 1:
            self.word(x - 8, top + _HIGH * 0.1 - 18, f"{_DIMS[last - 1]} ↓", self.ink(last - 1), "end", 10.5)
        return y - top

    def ink(self, dim: int) -> str:
        return _DARK[dim % len(_DARK)]

    def memory(self) -> None:
        """The places of the storage in their order, and one step along each dimension as an arrow over them."""
        record = self.record
        if not record.slots:
            return
        moving = [d for d, count in enumerate(record.shape) if count > 1 and record.strides[d]]
        arrows = sorted(moving, key=lambda d: abs(record.strides[d]))  # the longest step arches over the others
        y = self.height + 34 + 16 * len(arrows)
        title = f"in the storage: value, position, index in {shortened(record.name, 40)}"
        self.word(8, y - 14 - 16 * len(arrows), title, _INK, "start")
        self.reach(8 + 7 * len(title), y)
        fits = max((_MOST_WIDE - 16) // self.wide, 1)
        for at, slot in enumerate(record.slots):
            row, place = divmod(at, fits)
            x, top = 8 + place * self.wide, y + row * (_HIGH + 42)
            self.box(x, top, slot.value, reached=bool(slot.holds))
            self.word(x + self.wide / 2, top + _HIGH + 12, str(slot.position), size=10)
            if slot.holds and record.shape:
                one = ",".join(map(str, next(iter(slot.holds))))
                owner = f"{len(slot.holds)}×" if len(slot.holds) > 1 else one
                self.word(x + self.wide / 2, top + _HIGH + 24, shortened(owner, 10), _DARK[0], size=9.5)
            self.places[slot.position] = (x + self.wide / 2, top)
            self.reach(x, top + _HIGH + 24)
        first = record.cells[0].slot
        for level, d in enumerate(arrows):
            self.arrow(d, first, first + record.strides[d], level)

    def arrow(self, dim: int, start: int, stop: int, level: int) -> None:
        """A step from one place to another, above the boxes; none where they are in different rows."""
        (x0, y0), (x1, y1) = self.places[start], self.places[stop]
        if y0 != y1:
            return
        colour, high = self.colours[dim], y0 - 12 - 16 * level
        way = 1 if x1 > x0 else -1
        x0 += 3 * way * (level + 1)
        self.parts.append(
            f'<path d="M{x0:g} {y0:g}V{high:g}H{x1:g}V{y1 - 5:g}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
            f'<path d="M{x1 - 4:g} {y1 - 6:g}h8l-4 6z" fill="{colour}"/>'
        )
        step = self.record.strides[dim]
        self.word(max(x0, x1) + 5, high + 4, f"{_DIMS[dim]}: {step:+d}", self.ink(dim), "start", 10.5)
        self.reach(max(x0, x1) + 50, y0)


# Words over arrows: each arrow's colour, dark enough to be read on the white ground.
_DARK = ("#2b5f99", "#94491d", "#22694f", "#83437c", "#6b5b15", "#a03345")


def _has_gap(indices: Sequence[int | None]) -> bool:
    return any(_gap_at(indices, at) for at in range(len(indices)))


def _gap_at(indices: Sequence[int | None], at: int) -> bool:
    """Whether some are left out after this one."""
    if at + 1 >= len(indices):
        return False
    here, after = indices[at], indices[at + 1]
    return here is not None and after is not None and after != here + 1
