"""``%allocator`` and ``%%allocator``: what memory is held, by which lines, and what a cell did to it."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.magic import line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from tensorlab.magics import frames, notebook
from tensorlab.magics.cell import read_cell, run_cell
from tensorlab.magics.errors import MagicError, a_kind, listed, nearest
from tensorlab.magics.options import count, help_option, identifier, parse
from tensorlab.magics.session import NotebookMagics

if TYPE_CHECKING:
    from tensorlab.memory.report import MemoryReport
    from tensorlab.view.allocator import AllocatorView
    from tensorlab.view.allocator_change import AllocatorChangeView


def event_range(text: str) -> tuple[int, int | None]:
    """An option's value that is a part of the history, ``100:2000``, ``100:`` or ``:2000``."""
    found = re.fullmatch(r"(\d*):(\d*)", text)
    first, stop = (found[1], found[2]) if found else ("", "")
    if not (first or stop) or (first and stop and int(first) >= int(stop)):
        raise argparse.ArgumentTypeError(f"takes events as first:stop, 100:2000 or 100:, got {text!r}")
    return int(first or 0), int(stop) if stop else None


@magics_class
class AllocatorMagic(NotebookMagics):
    """``%allocator`` and ``%%allocator``."""

    alone = ("diff", "record", "stop")

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @help_option
    @argument("-o", "--output", metavar="NAME", type=identifier, help="bind the view to this name, for --diff")
    @argument("--record", action="store_true", help="note down each block from now on, with the lines that ask for it")
    @argument("--stop", action="store_true", help="end the recording")
    @argument("--events", metavar="A:B", type=event_range, help="look at these of the recorded events alone")
    @argument("--largest", metavar="N", nargs="?", const=10, type=count, help="list the largest blocks (default: 10)")
    @argument("--diff", metavar=("A", "B"), nargs=2, help="compare two views that -o has bound")
    @argument("--snapshot", metavar="FILE", help="write a snapshot for PyTorch's viewer (torch.cuda._memory_viz)")
    @argument("--times", action="store_true", help="draw the curve over seconds, and not over events")
    @argument("--addresses", action="store_true", help="where the blocks lie, which is new in each run")
    def allocator(self, line: str, cell: str | None = None) -> Any:
        """Show what memory is held, what it is used for and by which lines; above a cell, what the cell did to it.

        Bytes held are told apart: asked for, lost to rounding, awaiting another stream, fragmented, cached. Lines and
        the curve over time need a recording: --record begins one, and a cell under %%allocator has one of its own.
        """
        __tracebackhide__ = True
        args = parse(self.allocator, line)
        if args is None:
            return None
        if cell is not None:
            return self._around(args, line, cell)
        if args.diff:
            return self._bound(args, self._change(*args.diff))
        if args.record and args.stop:
            raise MagicError("%allocator", "--record and --stop: one of them")
        from tensorlab import memory

        if args.record:
            memory.record_history()
        elif args.stop and memory.record_history(None) is None:
            raise MagicError("%allocator", "--stop: nobody records", "%allocator --record begins to")
        view = self._view(args, self._report(args))
        if args.snapshot:
            _write(args.snapshot)
        return self._bound(args, view)

    def _bound(self, args: argparse.Namespace, view: Any) -> Any:
        self.bind(args.output, view)
        return view

    def _report(self, args: argparse.Namespace, first: int = 0) -> MemoryReport:
        from tensorlab.errors import RangeError
        from tensorlab.memory.report import report

        start, stop = args.events or (0, None)
        try:
            found = report(first=first + start, stop=None if stop is None else first + stop)
        except RangeError as error:
            raise MagicError("%allocator", str(error)) from None
        if args.events and found.history is None:
            raise MagicError("%allocator", "--events: nobody records", "%allocator --record begins to")
        if args.events and found.history is not None and start >= found.history.total - first:
            raise MagicError("%allocator", f"--events: there are {found.history.total - first:,} events, got {start}:")
        return found

    def _view(self, args: argparse.Namespace, report: MemoryReport, title: str = "") -> AllocatorView:
        from tensorlab.view.allocator import AllocatorView

        return AllocatorView(
            report,
            title=title,
            largest=args.largest or 0,
            holders=_holders(self.names) if args.largest else None,
            times=args.times,
            addresses=args.addresses,
        )

    def _around(self, args: argparse.Namespace, line: str, cell: str) -> Any:
        __tracebackhide__ = True
        wrong = next((o for o in self.alone if getattr(args, o)), None)
        if wrong is not None:
            raise MagicError("%%allocator", f"--{wrong} goes with %allocator, on a line of its own")
        body = read_cell(self.session.shell, "%%allocator", line, cell)
        with _recording() as first:
            try:
                value = run_cell(self.session.shell, body)
            except BaseException as error:
                error.__traceback__ = frames.from_file(error, body.filename)
                raise
            report = self._report(args, first)
            if args.snapshot:
                _write(args.snapshot)
        history = report.history
        title = "" if history is None else _cell_title(history.allocations, history.frees, _kept(report), history.peak)
        self.show(self._bound(args, self._view(args, report, title)))
        return None if body.silent else value

    def _change(self, *names: str) -> AllocatorChangeView:
        from tensorlab.memory.report import compare
        from tensorlab.view.allocator import AllocatorView
        from tensorlab.view.allocator_change import AllocatorChangeView

        known = [n for n, value in self.names.items() if isinstance(value, AllocatorView) and not n.startswith("_")]
        for name in names:
            value = self.names.get(name)
            if isinstance(value, AllocatorView):
                continue
            there = f"{name} is {a_kind(value)}" if name in self.names else f"nothing is named {name!r}"
            hint = nearest(name, known) or "%allocator -o before binds one"
            raise MagicError("%allocator", f"--diff: {there}; views of the allocator here: {listed(known)}", hint)
        before, after = (self.names[name].report for name in names)
        return AllocatorChangeView(compare(before, after), (names[0], names[1]))


def _kept(report: MemoryReport) -> int:
    """Live bytes that the cell's lines have asked for."""
    assert report.history is not None
    return sum(curve.last for curve in report.history.curves if curve.frame is not None or curve.others > 1)


def _cell_title(allocations: int, frees: int, kept: int, peak: int) -> str:
    from tensorlab.view.text import counted, nbytes

    if not allocations and not frees:
        return "The cell allocated nothing and freed nothing."
    what = f"{counted(allocations, 'allocation')}, {counted(frees, 'free')}"
    return f"The cell made {what}; {nbytes(kept)} of it stay; at most {nbytes(peak)} were live at once."


@contextmanager
def _recording() -> Iterator[int]:
    """A recording for the length of a block; gives the number of the first event in it. One that runs goes on."""
    from tensorlab import memory
    from tensorlab.memory.recording import recorded

    running = recorded()
    if running is not None:
        yield len(running)
        return
    memory.record_history()
    try:
        yield 0
    finally:
        memory.record_history(None)


def _holders(names: dict[str, Any]) -> dict[int, list[str]]:
    """By a block's address, the names of the notebook that reach it."""
    found: dict[int, list[str]] = {}
    for name in notebook.tensors(names):
        found.setdefault(names[name].storage().pointer.address, []).append(name)
    return found


def _write(path: str) -> None:
    from tensorlab import memory

    try:
        memory.dump_snapshot(os.path.expanduser(path))
    except OSError as error:
        reason = error.strerror or str(error)
        raise MagicError("%allocator", f"--snapshot: cannot write {path}: {reason.lower()}") from None
