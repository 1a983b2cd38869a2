"""A progress bar in one line of text: written over in terminals and notebooks, one line an epoch in a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import TextIO

_WIDTH = 24
_SECONDS_BETWEEN = 0.1  # redrawing faster than the eye costs time, and a notebook's front end its patience


class ProgressBar:
    """One line: a label, a bar, a count and numbers; ``total`` is None where it is not known.

    Units: ``seconds`` between two drawings.
    """

    def __init__(
        self,
        label: str,
        total: int | None,
        stream: TextIO | None = None,
        *,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.label, self.total = label, total
        self._stream = sys.stderr if stream is None else stream
        self._live = is_live(self._stream)
        self._clock = clock
        self._drawn_at = float("-inf")
        self._drawn = 0
        self._started = clock()

    def show(self, count: int, numbers: str = "") -> None:
        """Draw the bar at ``count``, unless it was drawn a moment ago or the stream keeps what is written."""
        now = self._clock()
        if self._live and now - self._drawn_at >= _SECONDS_BETWEEN:
            self._drawn_at = now
            self._write(self.text(count, numbers))

    def finish(self, count: int, numbers: str = "") -> None:
        """Draw the bar for the last time, and end the line."""
        self._write(self.text(count, numbers), end="\n")

    def text(self, count: int, numbers: str = "") -> str:
        """The line as it is drawn."""
        seconds = f"{self._clock() - self._started:.1f} s"
        if self.total is None:
            parts = [self.label, str(count), numbers, seconds]
        else:
            filled = _WIDTH if not self.total else min(_WIDTH, _WIDTH * count // self.total)
            bar = f"[{'=' * filled}{' ' * (_WIDTH - filled)}]"
            parts = [self.label, bar, f"{count}/{self.total}", numbers, seconds]
        return "  ".join(part for part in parts if part)

    def _write(self, text: str, end: str = "") -> None:
        if self._live:  # spaces cover what is left of a longer line
            self._stream.write("\r" + text + " " * (self._drawn - len(text)) + end)
        else:
            self._stream.write(text + end)
        self._drawn = len(text)
        self._stream.flush()


def is_live(stream: TextIO) -> bool:
    """Whether a carriage return lets the next line be written over this one: in terminals and in notebooks."""
    return stream.isatty() or type(stream).__module__.startswith("ipykernel.")
