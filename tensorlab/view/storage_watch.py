"""What a cell did to memory and to values: a view of a `WatchRecord`."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.core.watching import WatchedName, WatchRecord
from tensorlab.view import html
from tensorlab.view.html import Cell
from tensorlab.view.ink import ACCENT, ADDED, LINE, QUIET, REMOVED, REPLACED
from tensorlab.view.mime import View
from tensorlab.view.text import Column, counted, line_width, listed, nbytes, shortened, table, visible, wrapped

MOST_ROWS = 30
# The mark, the words and the colour of each change.
_CHANGES = {
    "changed": ("~", "values changed", ACCENT),
    "rewritten": ("=", "written, values as before", LINE),
    "new": ("+", "new", ADDED),
    "rebound": (">", "another object now", REPLACED),
    "deleted": ("-", "deleted", REMOVED),
    "unread": ("○", "too large to compare", LINE),
}
_ORDER = list(_CHANGES)


class WatchView(View):
    """Whose values a cell changed, whose version rose, what it allocated and freed."""

    __slots__ = ("record",)

    def __init__(self, record: WatchRecord) -> None:
        self.record = record

    def to_dict(self) -> dict[str, object]:
        return self.record.to_dict()

    def text(self) -> str:
        lines = wrapped(visible(answer(self.record)), line_width())
        rows = [[f"{_CHANGES[n.change][0]} {n.name}", _what(n), _said(n), _version(n)] for n in _rows(self.record)]
        if rows:
            narrow = zip(_HEADS, _MOST, strict=True)
            lines += ["", *table([Column(head, most=most, wraps=head in _HEADS[1:3]) for head, most in narrow], rows)]
        said = [memory(self.record), *notes(self.record)]
        return "\n".join([*lines, "", *(part for note in said for part in wrapped(visible(note), line_width()))])

    def html(self) -> str:
        parts = [html.paragraph(html.strong(answer(self.record)))]
        rows = [[Cell(html.esc(head), ink=QUIET, size=11.5, scope="col", wraps=False) for head in _HEADS]]
        for name in _rows(self.record):
            mark, _, colour = _CHANGES[name.change]
            rows.append(
                [
                    Cell(html.join((html.glyph(mark, colour), html.strong(f" {name.name}"))), scope="row"),
                    Cell(html.esc(_what(name)), ink=QUIET),
                    Cell(html.esc(_said(name))),
                    Cell(html.esc(_version(name)), wraps=False),
                ]
            )
        if len(rows) > 1:
            parts.append(html.table(rows, "Names that are not as they were before the cell"))
        parts.append(html.paragraph(html.esc(memory(self.record)), above=6))
        return html.card(*parts, html.footer(*notes(self.record)))


_HEADS = ("name", "what", "the cell", "version")
_MOST = (24, 34, 44, 12)


def answer(record: WatchRecord) -> str:
    """The first line: whose values changed, and whose of those the cell does not even name."""
    lead = f"The cell ended with {record.error}; until then it" if record.error else "The cell"
    others = [name for name in record.changed if not name.named]
    own = [name.name for name in record.changed if name.named]
    if others:
        names = listed([name.name for name in others])
        through = list(dict.fromkeys(n for name in others for n in name.through))
        why = f": {'it shares' if len(others) == 1 else 'they share'} bytes with {listed(through)}" if through else ""
        also = f"changed {listed(own)}, and also {names}" if own else f"changed {names}"
        return f"{lead} {also}, which it does not name{why}."
    if own:
        return f"{lead} changed the values of {listed(own)} and of no other name."
    written = [name.name for name in record.names if name.change == "rewritten"]
    if written:
        return f"{lead} wrote to {listed(written)}, and the values are as before."
    return f"{lead} changed no values that had a name before."


def memory(record: WatchRecord) -> str:
    """What was allocated and freed."""
    if not record.allocated and not record.released:
        return "Nothing was allocated or freed."
    parts: list[str] = []
    if record.allocated:
        kept = record.allocated_nbytes - record.freed_nbytes
        parts.append(
            f"{counted(record.allocated, 'block')} allocated ({nbytes(record.allocated_nbytes)}), {record.freed} of "
            f"them freed again; {nbytes(kept)} still in use, at most {nbytes(record.peak_nbytes)} at once"
        )
    if record.released:
        parts.append(f"{counted(record.released, 'earlier storage')} freed ({nbytes(record.released_nbytes)})")
    return f"{'; '.join(parts)}."


def notes(record: WatchRecord) -> list[str]:
    """What was watched, what was not compared, and what is not shown."""
    same = sum(name.change == "same" for name in record.names)
    unread = [name for name in record.names if name.change == "unread"]
    said = [f"{counted(same, 'other name')} as before."] if same else []
    if unread:
        size = nbytes(sum(name.nbytes for name in unread))
        said.append(f"Not compared, for want of room: {listed([name.name for name in unread])} ({size}).")
    if len(_told(record)) > MOST_ROWS:
        said.append(f"{counted(len(_told(record)) - MOST_ROWS, 'more name')} not shown.")
    if record.dropped:
        said.append(f"{counted(record.dropped, 'earlier event')} of the allocator not counted.")
    return said


def _told(record: WatchRecord) -> Sequence[WatchedName]:
    """Names that are not as before: changes that the cell does not name first."""
    told = [name for name in record.names if name.change != "same" or _rose(name)]
    return sorted(told, key=lambda name: (_ORDER.index(name.change), name.named))


def _rows(record: WatchRecord) -> Sequence[WatchedName]:
    return _told(record)[:MOST_ROWS]


def _rose(name: WatchedName) -> bool:
    return name.version_before is not None and name.version_after not in (None, name.version_before)


def _what(name: WatchedName) -> str:
    shape = f"({', '.join(map(str, name.shape))}{',' if len(name.shape) == 1 else ''})"
    return f"{name.kind} {shape} {shortened(name.dtype, 40)}"


def _said(name: WatchedName) -> str:
    words = _CHANGES[name.change][1]
    if name.change == "changed" and not name.named:
        return f"{words} through {listed(name.through)}" if name.through else f"{words}, not named in the cell"
    return words


def _version(name: WatchedName) -> str:
    if _rose(name):
        return f"{name.version_before} → {name.version_after}"
    version = name.version_before if name.version_after is None else name.version_after
    return "–" if version is None else str(version)
