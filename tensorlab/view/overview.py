"""What is here, on one page: versions, memory, the cache, compiled functions, magics."""

from __future__ import annotations

from tensorlab.doctor.inventory import Inventory
from tensorlab.view import html
from tensorlab.view.html import Cell
from tensorlab.view.ink import QUIET, RULE
from tensorlab.view.mime import View
from tensorlab.view.text import Column, Row, counted, line_width, nbytes, shortened, table, visible, wrapped

_MOST_FUNCTIONS, _LONGEST = 20, 120
_RULE = RULE.css("border-top", "1px solid")
_CALLS = "calls without gradients"
_NOTE = "%tensorlab doctor checks that all of it works."


class OverviewView(View):
    """The inventory. With ``paths``, where the cache of loops is."""

    __slots__ = ("inventory", "paths")

    def __init__(self, inventory: Inventory, *, paths: bool = False) -> None:
        self.inventory = inventory
        self.paths = paths

    def to_dict(self) -> dict[str, object]:
        return self.inventory.to_dict(paths=self.paths)

    def text(self) -> str:
        lines = wrapped(visible(" · ".join((self._title(), *self._facts()))), line_width())
        lines += ["", *table((Column(""), Column("", wraps=True)), self._rows())[2:]]
        if self.inventory.functions:
            heads = (
                Column("function", most=24),
                Column("how"),
                Column("schema", wraps=True),
                Column("programs", "right"),
                Column(_CALLS, "right", most=10),
            )
            lines += ["", *table(heads, self._functions())]
        if self.inventory.magics:
            magics: list[Row] = [(magic.name, magic.about) for magic in self.inventory.magics]
            lines += ["", *table((Column("magic"), Column("what it does", wraps=True)), magics)]
        return "\n".join([*lines, "", _NOTE, *self._left_out()])

    def html(self) -> str:
        def rows(heads: tuple[str, ...], body: list[Row]) -> list[list[Cell]]:
            counts = ("programs", _CALLS)
            first = [
                Cell(html.esc(h), "right" if h in counts else "left", QUIET, size=11.5, scope="col") for h in heads
            ]
            return [*([first] if any(heads) else []), *([_cell(str(part)) for part in row] for row in body)]

        parts = [html.header(self._title(), *self._facts())]
        parts.append(html.table(rows(("", ""), self._rows()), "What is here now", wide=True))
        if self.inventory.functions:
            heads = ("function", "how", "schema", "programs", _CALLS)
            parts.append(html.table(rows(heads, self._functions()), "Compiled functions of this notebook", wide=True))
        if self.inventory.magics:
            magics: list[Row] = [(magic.name, magic.about) for magic in self.inventory.magics]
            listed = html.table(rows(("magic", "what it does"), magics), "Each with --help and ?", wide=True)
            parts.append(html.details(counted(len(magics), "magic"), listed, opened=True))
        return html.card(*parts, html.footer(_NOTE, *self._left_out()))

    def _title(self) -> str:
        name, version = self.inventory.versions[0]
        return f"{name} {version}"

    def _facts(self) -> list[str]:
        seen = self.inventory
        return [*(f"{name} {version}" for name, version in seen.versions[1:]), seen.machine]

    def _rows(self) -> list[Row]:
        seen, cache = self.inventory, self.inventory.cache
        held = seen.allocator_name
        if seen.allocator is not None:
            report = seen.allocator
            held += f": {nbytes(report.allocated_nbytes)} in {counted(report.blocks, 'block')}"
            held += f", {nbytes(report.reserved_nbytes)} held from the system"
        loops = f"{counted(cache.files, 'file')}, {nbytes(cache.nbytes)} of at most {nbytes(cache.limit_nbytes)}"
        loops += f"; here {counted(cache.hits, 'loop')} found and {cache.misses:,} missed"
        rows: list[Row] = [
            ("devices", f"{', '.join(seen.devices)}; {counted(seen.threads, 'thread')}"),
            ("compiler", "on" if seen.jit else "off, by TENSORLAB_JIT=0"),
            ("allocator", held),
            ("loops on disk", loops),
        ]
        return [*rows, *([("in", cache.path)] if self.paths else [])]

    def _functions(self) -> list[Row]:
        return [
            (f.name, f.kind, shortened(visible(f.schema), _LONGEST), f"{f.programs:,}", f"{f.calls:,}")
            for f in self.inventory.functions[:_MOST_FUNCTIONS]
        ]

    def _left_out(self) -> list[str]:
        more = len(self.inventory.functions) - _MOST_FUNCTIONS
        return [f"{counted(more, 'more compiled function')} left out."] if more > 0 else []


def _cell(text: str) -> Cell:
    """A cell with its words, or with a number to the right."""
    is_number = text.replace(",", "").isdecimal()
    return Cell(html.esc(text), "right" if is_number else "left", extra=_RULE)
