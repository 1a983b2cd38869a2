"""What the allocator holds, where it went and by which lines: a view of a `MemoryReport`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tensorlab.memory.report import MemoryReport
from tensorlab.memory.segments import Block
from tensorlab.memory.timeline import Timeline
from tensorlab.view import allocator_words as words
from tensorlab.view import html, memory_svg
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import QUIET
from tensorlab.view.memory_plots import timeline_figure
from tensorlab.view.mime import View
from tensorlab.view.plots import figure_html
from tensorlab.view.svg import HEIGHT
from tensorlab.view.text import Column, counted, grouped, line_width, listed, nbytes, table, visible, wrapped

MOST_ROWS = 12
_COLUMNS = 56
_SPARK = 16


class AllocatorView(View):
    """An allocator at one moment.

    ``title`` is the first line where it is not to be the answer to what is held; ``largest`` is how many of the largest
    blocks are listed, and ``holders`` the names that reach a block, by its address; ``times``: whether the curve runs
    over seconds, which differ from run to run, and not over events; ``addresses``: whether blocks tell theirs.
    """

    __slots__ = ("addresses", "holders", "largest", "report", "times", "title")

    def __init__(
        self,
        report: MemoryReport,
        *,
        title: str = "",
        largest: int = 0,
        holders: Mapping[int, Sequence[str]] | None = None,
        times: bool = False,
        addresses: bool = False,
    ) -> None:
        self.report = report
        self.title = title or words.answer(report)
        self.largest = largest
        self.holders = dict(holders or {})
        self.times = times
        self.addresses = addresses

    def to_dict(self) -> dict[str, object]:
        return self.report.to_dict(addresses=self.addresses, times=self.times)

    def text(self) -> str:
        report = self.report
        lines = [
            *wrapped(visible(self.title), line_width()),
            *wrapped(" · ".join(words.counts(report)), line_width()),
            "",
        ]
        lines += _parts_text(report)
        if report.history is not None:
            lines += ["", *_history_text(report.history)]
        if self.largest:
            lines += ["", *self._largest_text()]
        lines += ["", *_segments_text(report)]
        return "\n".join(
            [*lines, "", *(line for note in self._notes() for line in wrapped(visible(note), line_width()))]
        )

    def html(self) -> str:
        report = self.report
        body = [html.paragraph(html.strong(self.title)), html.paragraph(html.quiet(" · ".join(words.counts(report))))]
        body.append(_parts_html(report))
        if report.history is not None:
            body.append(_history_html(report.history, times=self.times))
        if self.largest:
            body.append(self._largest_html())
        body += [_segments_html(report), html.footer(*self._notes())]
        return html.card(*body)

    def _notes(self) -> list[str]:
        notes = [f"The allocator in use: {self.report.allocator}."]
        if self.report.history is None:
            notes.append("Nobody records who asks for memory: %allocator --record does from now on.")
        return notes

    def _largest_rows(self) -> list[list[str]]:
        return [self._block_row(block) for block in self.report.live_blocks()[: self.largest]]

    def _block_row(self, block: Block) -> list[str]:
        names = self.holders.get(block.address, ())
        where = words.line_name(block.frames[0]) if block.frames else "not recorded"
        row = [nbytes(block.nbytes), nbytes(block.requested_nbytes), where, listed(list(names)) or "no name of yours"]
        return [*row, f"{block.address:#x}"] if self.addresses else row

    def _largest_heads(self) -> list[Column]:
        heads = [
            Column("block", "right"),
            Column("asked for", "right"),
            Column("by", most=30),
            Column("held by", most=36),
        ]
        return [*heads, Column("address")] if self.addresses else heads

    def _largest_text(self) -> list[str]:
        return ["the largest blocks", *table(self._largest_heads(), self._largest_rows())]

    def _largest_html(self) -> Html:
        heads = [_head(column.title, right=column.align == "right") for column in self._largest_heads()]
        rows = [
            [Cell(html.esc(c), "right" if i < 2 else "left") for i, c in enumerate(r)] for r in self._largest_rows()
        ]
        return html.table([heads, *rows], "The largest blocks in use")


def _wrapped(sentence: str) -> list[str]:
    return wrapped(visible(sentence), line_width())


def _parts_text(report: MemoryReport) -> list[str]:
    parts = words.parts(report)
    total = max(report.reserved_nbytes, 1)
    bar, done = "", 0
    for part in parts:
        done += part.nbytes
        bar += part.sign * max(round(_COLUMNS * done / total) - len(bar), 1 if part.nbytes else 0)
    rows = [[part.sign, part.name, nbytes(part.nbytes), part.why] for part in parts]
    heads = (Column(""), Column("held"), Column("bytes", "right"), Column("what they are", wraps=True))
    return [f"[{bar}]", "", *table(heads, rows)] if report.reserved_nbytes else []


def _parts_html(report: MemoryReport) -> Html:
    if not report.reserved_nbytes:
        return html.EMPTY
    parts = words.parts(report)
    drawing = memory_svg.parts_strip([(part.nbytes, part.fill) for part in parts])
    alt = ", ".join(f"{part.name} {nbytes(part.nbytes)}" for part in parts)
    rows: list[list[Cell]] = [[_head(""), _head("held"), _head("bytes", right=True), _head("what they are")]]
    for part in parts:
        sample = memory_svg.sample(part.fill)
        rows.append(
            [
                Cell(html.picture(sample, part.name, width=24, height=HEIGHT)),
                Cell(html.strong(part.name), scope="row"),
                Cell(html.esc(nbytes(part.nbytes)), "right"),
                Cell(html.esc(part.why), ink=QUIET),
            ]
        )
    picture = html.picture(drawing, alt, width=memory_svg.WIDTH, height=HEIGHT)
    return html.join((html.spaced(picture), html.table(rows, "What the bytes held are, in the order of the strip")))


def _history_text(history: Timeline) -> list[str]:
    if not history.live:
        return _wrapped(words.happened(history))
    heads = (
        Column("live bytes of", most=18, wraps=True),
        Column("peak", "right"),
        Column("end", "right"),
        Column("asked for", "right", most=20, wraps=True),
        Column("over time"),
        Column("line", most=30, wraps=True),
    )
    rows = [
        [
            words.curve_name(curve),
            nbytes(curve.peak),
            nbytes(curve.last),
            f"{nbytes(curve.allocated)} in {grouped(curve.blocks)}",
            words.spark(curve.live, curve.peak, _SPARK),
            words.curve_source(curve),
        ]
        for curve in history.curves
    ]
    rows.append(["all", nbytes(history.peak), "", "", words.spark(history.live, history.peak, _SPARK), ""])
    lines = [*_wrapped(words.happened(history)), "", *table(heads, rows)]
    return [*lines, "Over time: each line to its own peak."]


def _history_html(history: Timeline, *, times: bool) -> Html:
    title = html.paragraph(html.esc(words.happened(history)), above=6)
    if not history.live:
        return title
    heads = [_head("live bytes of"), *(_head(t, right=True) for t in ("peak", "at the end", "asked for", "blocks"))]
    rows: list[list[Cell]] = [[*heads, _head("line")]]
    for curve in history.curves:
        amounts = (nbytes(curve.peak), nbytes(curve.last), nbytes(curve.allocated), grouped(curve.blocks))
        rows.append(
            [
                Cell(html.esc(words.curve_name(curve)), scope="row", wraps=False),
                *(Cell(html.esc(amount), "right") for amount in amounts),
                Cell(html.esc(words.curve_source(curve)), mono=True),
            ]
        )
    table = html.table(rows, "Live bytes by the line that asked for them")
    if len(history.marks) < 2:  # a moment has no area
        return html.join((title, table))
    alt = f"Live bytes over time: at most {nbytes(history.peak)}; the table below has each line's part"
    chart = figure_html(timeline_figure(history, times=times), alt)
    return html.join((title, html.spaced(chart), table))


def _segments_text(report: MemoryReport) -> list[str]:
    rows = words.kin(report.segments)
    if not rows:
        return []
    heads = (Column("segments"), Column("bytes", "right"), Column("in them", most=30, wraps=True), Column("to scale"))
    widest = rows[0].nbytes
    cells = [[row.name(), nbytes(row.nbytes), row.holds(), _bar(row, widest)] for row in rows[:MOST_ROWS]]
    lines = table(heads, cells)
    return [*lines, *_left_out(rows), "█ in use, ▒ pending, · free"]


def _bar(row: words.Kin, widest: int) -> str:
    """Blocks in a row of characters, as many as its share of the widest row's bytes."""
    width = max(round(28 * row.nbytes / widest), 1)
    segment = row.as_one()
    marks = ""
    for i in range(width):
        at = segment.address + segment.nbytes * (2 * i + 1) // (2 * width)
        block = next((b for b in segment.blocks if b.address <= at < b.address + b.nbytes), None)
        state = "inactive" if block is None else block.state
        marks += {"active_allocated": "█", "active_awaiting_free": "▒"}.get(state, "·")
    return marks


def _segments_html(report: MemoryReport) -> Html:
    rows = words.kin(report.segments)
    if not rows:
        return html.EMPTY
    heads = [_head("segments"), _head("bytes", right=True), _head("in them"), _head("blocks, to scale")]
    body: list[list[Cell]] = [heads]
    for row in rows[:MOST_ROWS]:
        drawing = memory_svg.segment_strip(row.as_one(), rows[0].nbytes)
        picture = html.picture(drawing, f"{row.name()}: {row.holds()}", width=memory_svg.WIDTH, height=HEIGHT)
        body.append(
            [
                Cell(html.esc(row.name()), scope="row", wraps=False),
                Cell(html.esc(nbytes(row.nbytes)), "right"),
                Cell(html.esc(row.holds()), ink=QUIET),
                Cell(picture, extra=f"min-width:{memory_svg.WIDTH}px;"),
            ]
        )
    title = "Segments got from below, those of one size together: filled in use, striped pending, empty free"
    return html.join((html.table(body, title), html.footer(*_left_out(rows))))


def _left_out(rows: Sequence[words.Kin]) -> list[str]:
    rest = rows[MOST_ROWS:]
    if not rest:
        return []
    held = nbytes(sum(row.nbytes for row in rest))
    return [f"{counted(sum(len(row.segments) for row in rest), 'smaller segment')} of {held} not shown."]


def _head(title: str, *, right: bool = False) -> Cell:
    return Cell(html.esc(title), "right" if right else "left", QUIET, size=11.5, scope="col", wraps=False)
