"""The state of the allocator in use as a table of text."""

from __future__ import annotations

from tensorlab.memory.allocator import layers
from tensorlab.memory.counts import MemoryStats
from tensorlab.memory.default import current
from tensorlab.memory.recording import recorded
from tensorlab.memory.shortage import bytes_lines, fact, held_by
from tensorlab.memory.usage import stats

_ROWS = (
    ("bytes in use", "allocated_bytes"),
    ("bytes asked for", "requested_bytes"),
    ("bytes held, in use and cached", "reserved_bytes"),
    ("bytes free beside blocks in use", "inactive_split_bytes"),
    ("blocks in use", "allocation"),
    ("segments held", "segment"),
)
_COUNTS = (("now", "current"), ("peak", "peak"), ("given so far", "allocated"), ("freed so far", "freed"))
_LABEL = max(len(label) for label, _ in _ROWS)
_WIDTH = 17  # of a column: sixteen digits with their commas would be four petabytes


def summary() -> str:
    """The counts as a table, and where they are recorded the lines with the most live bytes.

    Counts that nobody keeps are left blank.

    Raises: `RangeError` if no layer of the allocator in use counts.
    """
    counts = stats()
    lines = [f"memory of {current.allocator.name}", "", _row("", [label for label, _ in _COUNTS])]
    for label, quantity in _ROWS:
        values = [counts.get(f"{quantity}.all.{count}") for _, count in _COUNTS]
        if any(value is not None for value in values):
            lines.append(_row(label, ["" if value is None else f"{value:,}" for value in values]))
    stack = tuple(layers(current.allocator))
    lines += ["", *bytes_lines(stack), _shortage(counts), *held_by(stack), *_history()]
    return "\n".join(lines)


def _row(label: str, cells: list[str]) -> str:
    return f"{label:<{_LABEL}}{''.join(f'{cell:>{_WIDTH}}' for cell in cells)}".rstrip()


def _shortage(counts: MemoryStats) -> str:
    retries, failed = counts["num_alloc_retries"], counts["num_ooms"]
    return fact("shortage", f"{retries:,} requests had the cache emptied, {failed:,} found no memory")


def _history() -> list[str]:
    history = recorded()
    if history is None:
        return []
    kept = f"{len(history):,} event{'' if len(history) == 1 else 's'} kept"
    return [fact("history", f"{kept}{'; ' if history.notice else ''}{history.notice}")]
