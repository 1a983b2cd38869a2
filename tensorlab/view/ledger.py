"""What each pass cost and brought, as a ledger: nodes, operations, bytes, memory, measured time with its spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tensorlab.view import html
from tensorlab.view.html import Cell, Html
from tensorlab.view.ink import ADDED, LINE, QUIET, REMOVED
from tensorlab.view.mime import View
from tensorlab.view.text import Column, counted, grouped, line_width, listed, nbytes, seconds, table, visible, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tensorlab.jit.costs import NodeCost, Total
    from tensorlab.jit.ledger import Ledger, LedgerRow

_HEADS = ("pass", "took", "nodes", "operations", "moved", "peak", "a call", "quartiles", "did it pay")
_MOST_ROWS, _MOST_KINDS = 40, 12


class LedgerView(View):
    """The ledger of a function: times are those of this machine, and differ from run to run."""

    __slots__ = ("ledger", "name")

    def __init__(self, ledger: Ledger, name: str = "") -> None:
        self.ledger = ledger
        self.name = name or ledger.name

    def to_dict(self) -> dict[str, object]:
        return {**self.ledger.to_dict(), "name": self.name}

    def text(self) -> str:
        head = wrapped(visible(" · ".join((self.name, *self._facts()))), line_width())
        columns = (
            *(Column("pass", most=14, wraps=True), Column("took", "right"), Column("graph", "right", wraps=True)),
            *(
                Column("memory", "right", wraps=True),
                Column("a call", "right"),
                Column("did it pay", most=16, wraps=True),
            ),
        )
        rows = [_narrow(row) for row, _ in self._rows()]
        notes = [line for note in self._notes() for line in wrapped(visible(note), line_width())]
        return "\n".join([*head, "", *table(columns, rows), "", *notes])

    def html(self) -> str:
        heads = [Cell(html.esc(t), _align(i), QUIET, scope="col", size=11.5) for i, t in enumerate(_HEADS)]
        rows = [heads]
        for texts, sign in self._rows():
            cells = [Cell(html.esc(t) or Html(" "), _align(i), wraps=i > 6) for i, t in enumerate(texts)]
            mark = html.glyph(sign.replace("?", "–"), ADDED if sign == "+" else REMOVED if sign == "-" else LINE)
            cells[-1] = Cell(html.join((mark, Html(" "), html.esc(texts[-1]))))
            rows.append(cells)
        body = html.table(rows, "The graph before any pass, and after each that changed it")
        return html.card(html.header(self.name, *self._facts()), body, html.footer(*self._notes()))

    # -- what is shown

    def _facts(self) -> list[str]:
        rows = self.ledger.rows
        facts = [f"{counted(rows[0].nodes, 'node')} became {grouped(rows[-1].nodes)}"]
        first, last = rows[0].time, rows[-1].time
        if first is not None and last is not None:
            sure = "" if first.apart(last) else ", which may be chance"
            facts.append(f"{seconds(first.median)} became {seconds(last.median)} a call{sure}")
        return [*facts, f"passes took {seconds(self.ledger.pass_seconds)}"]

    def _rows(self) -> list[tuple[list[str], str]]:
        rows: list[tuple[list[str], str]] = []
        for index, row in enumerate(self.ledger.rows[:_MOST_ROWS]):
            cost, time = row.cost, row.time
            spread = "" if time is None else f"{seconds(time.lower)} – {seconds(time.upper)}"
            call = "unknown" if time is None else seconds(time.median)
            took = seconds(row.seconds) if index else ""
            counts = [_count(cost.total("operations")), _bytes(cost.moved), _bytes(cost.peak)]
            paid, sign = self._paid(index, row)
            rows.append(([row.name, took, grouped(row.nodes), *counts, call, spread, paid], sign))
        return rows

    def _paid(self, index: int, row: LedgerRow) -> tuple[str, str]:
        saved = self.ledger.saved(index)
        if not index:
            return "", " "
        if row.time is None or self.ledger.rows[index - 1].time is None:
            return "unknown", "?"
        if saved is None:
            return "no difference seen", "="
        if saved < 0:
            return f"no: {seconds(-saved)} more a call", "-"
        calls = max(1, round(row.seconds / saved))
        return f"yes, after {counted(calls, 'call')}", "+"

    def _notes(self) -> list[str]:
        ledger, rows = self.ledger, self.ledger.rows
        notes: list[str] = []
        if len(rows) > _MOST_ROWS:
            notes.append(f"{counted(len(rows) - _MOST_ROWS, 'more pass', 'more passes')} left out.")
        apart = rows[-1].cost.total("transcendentals")
        if apart.known or apart.unknown:
            notes.append(f"Operations are without transcendental ones: {_count(apart)} at the end.")
        if any(node.parts for row in rows for node in row.cost.nodes):
            notes.append("Loops and branches are counted as often as they ran for these inputs.")
        unknown = [n.kind for row in rows for n in _leaves(row.cost.nodes) if n.operations is None]
        if unknown:
            kinds = listed(list(dict.fromkeys(unknown)))
            notes.append(f"+ ?: what it leaves out, as nothing tells how much they cost: {kinds}.")
        if ledger.idle:
            took = seconds(sum(s for _, s in ledger.idle))
            notes.append(f"{counted(len(ledger.idle), 'pass', 'passes')} changed nothing, in {took}.")
        kinds = sorted(rows[-1].kinds.items(), key=lambda pair: (-pair[1], pair[0]))
        shown = listed([f"{n} {kind}" for kind, n in kinds], _MOST_KINDS)
        notes.append(f"Nodes at the end, those in loops too: {shown or 'none'}.")
        if ledger.compiling is not None:
            phases = {k: v for k, v in ledger.compiling.to_dict().items() if k in _PHASES}
            told = listed([f"{name.replace('_', ' ')} {seconds(took)}" for name, took in phases.items()])
            notes.append(f"Compiling for the latest call took {seconds(ledger.compiling.total)}: {told}.")
        runs = next((row.time.runs for row in rows if row.time is not None), 0)
        fewer = f", not {ledger.runs} as calls are long," if 0 < runs < ledger.runs else ""
        notes.append(f"Medians and quartiles of {runs} measurements{fewer} of programs that call loops, in turns.")
        if ledger.native is not None:
            native, last = ledger.native, rows[-1].time
            spread = f"{seconds(native.lower)} to {seconds(native.upper)}"
            sure = ", which may be no difference" if last is not None and not native.apart(last) else ""
            notes.append(f"The last graph as one native function: {seconds(native.median)} a call, {spread}{sure}.")
        elif ledger.no_native:
            notes.append(f"The last graph has no native function: {ledger.no_native}.")
        return [*notes, f"Run on {ledger.inputs.about}."]


def _leaves(nodes: Sequence[NodeCost]) -> Iterator[NodeCost]:
    """Nodes, those in ifs and loops in their place where they were counted."""
    for node in nodes:
        if node.parts:
            yield from _leaves(node.parts)
        else:
            yield node


def _narrow(row: list[str]) -> tuple[str | tuple[str, ...], ...]:
    """A row of the wide table in fewer columns, which have several lines."""
    name, took, nodes, operations, moved, peak, call, spread, paid = row
    graph = (f"{nodes} node{'' if nodes == '1' else 's'}", f"{operations} operations")
    times = (call, *(f"{part}{end}" for part, end in zip(spread.split(" – "), (" –", ""), strict=False) if part))
    return name, took, graph, (f"{moved} moved", f"{peak} peak"), times, paid


_PHASES = ("copying", "passes", "records", "lowering", "first_call")


def _align(index: int) -> Literal["left", "right"]:
    return "right" if 0 < index < 7 else "left"


def _count(total: Total) -> str:
    return f"{grouped(total.known)}{' + ?' if total.unknown else ''}"


def _bytes(total: Total) -> str:
    return f"{nbytes(total.known)}{' + ?' if total.unknown else ''}"
