"""What a `GraphReport` says, in words: for both the HTML and the text of the view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tensorlab.autograd.graph_records import (
    GraphReport,
    HeldRecord,
    LeafRecord,
    LineRecord,
    NodeRecord,
    PlaceRecord,
    Row,
    RunRecord,
    SavedRecord,
    Shape,
)
from tensorlab.view.text import counted, grouped, listed, nbytes, shortened

_MOST_NAMES = 4
_LONGEST_CODE = 48


def answer(report: GraphReport) -> list[str]:
    """The first lines: whether backward will do, what is kept for it, what it frees."""
    name = report.name or "The tensor"
    if report.is_leaf:
        if report.requires_grad:
            return [f"{name} is a leaf: backward passes add to {name}.grad, and no graph stands behind it."]
        return [f"{name} requires no gradient: no graph stands behind it."]
    stands = f"{counted(report.count, 'node')} behind {name}"
    if report.released and not report.saved_count:
        return [f"{stands}; a backward pass has let go what they saved, so there can be no second."]
    keeps = "keeps" if report.count == 1 else "keep"
    kept = f"{stands} {keeps} {nbytes(report.saved_nbytes)} for backward"
    if report.saved_count:
        kept += f": {counted(report.saved_count, 'saved tensor')} in {counted(len(report.storages), 'storage')}"
    if report.moved:
        return [_refusal(report, name), f"{kept}."]
    return [f"{kept}. {_freed(report, name)}"]


def _refusal(report: GraphReport, name: str) -> str:
    others = len(report.moved) - 1
    more = f", and {counted(others, 'other node')} too" if others else ""
    node = next(_moved(report))
    saved = next(s for s in node.saved if s.moved)
    needs = f"{node.name} needs {_called(saved)} as it was saved, and it was written over since"
    return f"{name}.backward() would fail: {needs}{more}."


def _freed(report: GraphReport, name: str) -> str:
    if not report.storages:
        return "Backward has nothing to free."
    kept = [s for s in report.storages if not s.freed]
    if not report.freed_nbytes:
        return f"{name}.backward() would free none of it: {_keepers(kept)}."
    if not kept:
        return f"{name}.backward() would free all of it."
    rest = sum(s.nbytes for s in kept)
    if rest * 10 < report.saved_nbytes:
        return f"{name}.backward() would free all of it but {nbytes(rest)}; {_keepers(kept)}."
    return f"{name}.backward() would free {nbytes(report.freed_nbytes)} of it; {_keepers(kept)}."


def _keepers(kept: Sequence[HeldRecord]) -> str:
    names = list(dict.fromkeys(name for s in kept for name in s.kept_by))
    what = f"storage {kept[0].letter} is" if len(kept) == 1 else "the others are" if names else "the rest is"
    return f"{what} kept by {listed(names) if names else 'something without a name here'} too"


def moves(report: GraphReport, most: int) -> Iterator[tuple[str, PlaceRecord | None, str, PlaceRecord | None]]:
    """Of each saved tensor that was written over: who saved it and where, what happened to it and where."""
    shown = 0
    for node in _moved(report):
        for saved in node.saved:
            if saved.moved and shown < most:
                shown += 1
                writes = saved.now - saved.version
                often = "" if writes == 1 else f" {grouped(writes)} times, first"
                first = f"{often} by this line:"
                was = f"storage {saved.letter} at version {saved.version}"
                first = f"{often} by a line that is not known any more." if saved.written is None else first
                yield (
                    f"{node.name} saved {_called(saved)}, {was}, in this line:",
                    node.place,
                    f"It is at version {saved.now} now: written to{first}",
                    saved.written,
                )


def _moved(report: GraphReport) -> Iterator[NodeRecord]:
    return (row for row in report.rows if isinstance(row, NodeRecord) and row.moved)


def _called(saved: SavedRecord) -> str:
    return f"its {saved.name}" + (f" ({listed(saved.names)})" if saved.names else "")


def remedy() -> str:
    """What to do about a write that backward refuses."""
    return "Use the form that is not in place for the write, or write to a clone()."


def gives(node: NodeRecord) -> list[str]:
    """The results of a node: names where there are any, and shapes."""
    shapes = [shape(s) for s in node.shapes[:3]]
    if len(node.shapes) > 3:
        shapes.append(f"and {len(node.shapes) - 3} more")
    return [*([listed(node.names, 3)] if node.names else []), *shapes]


def goes_to(node: NodeRecord, leaves: Sequence[LeafRecord]) -> list[str]:
    """Where a node's gradients go on to: nodes by their numbers, then leaves by their names."""
    names = [leaf_name(leaves[i]) for i in node.leaves]
    shown = names[:_MOST_NAMES] + ([f"and {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else [])
    return [*([listed(list(map(grouped, node.next)))] if node.next else []), *shown]


def leaf_name(leaf: LeafRecord) -> str:
    """A leaf by its name, or by what it is."""
    return listed(leaf.names, 2) if leaf.names else "a leaf without a name"


def leaf_title(leaf: LeafRecord) -> str:
    """A leaf among nodes."""
    return f"leaf {leaf_name(leaf)}" if leaf.names else leaf_name(leaf)


def saved(record: SavedRecord) -> str:
    """A saved tensor in one line, without the storage's letter."""
    names = f" = {listed(record.names, 2)}" if record.names else ""
    version = f"version {record.version}" + (f", now {record.now}: written over" if record.moved else "")
    return f"{record.name}{names}, {nbytes(record.nbytes)}, {version}"


def run_title(run: RunRecord) -> str:
    """What stands over the first nodes of a run."""
    first = first_number(run)
    these = "this node" if len(run.nodes) == 1 else f"these {len(run.nodes)} nodes"
    stretch = f"{grouped(first)} to {grouped(first + run.count - 1)}: {these} {grouped(run.repeats)} times"
    return f"{stretch}, {nbytes(run.saved_nbytes)} saved; the first time:"


def first_number(row: Row) -> int:
    """The number of a row's first node."""
    if isinstance(row, LineRecord):
        return row.first
    return row.nodes[0].number if isinstance(row, RunRecord) else row.number


def row_number(row: Row) -> str:
    """The numbers of the nodes that a row stands for."""
    first = first_number(row)
    return grouped(first) if isinstance(row, NodeRecord) else f"{grouped(first)}–{grouped(first + row.count - 1)}"


def ways(row: Row) -> list[tuple[str, int, bool]]:
    """Where gradients go on to: by which input, to the number of a node or of a leaf, and whether it is a leaf."""
    found = [*((number, False) for number in row.next), *((leaf, True) for leaf in row.leaves)]
    names = row.inputs if isinstance(row, NodeRecord) else ()
    return [(name, *way) for name, way in zip((*names, *[""] * (len(found) - len(names))), found, strict=True)]


def line_names(row: LineRecord) -> str:
    """What nodes there are, by name."""
    shown = [f"{grouped(count)} {name}" for name, count in row.names[:_MOST_NAMES]]
    rest = sum(count for _, count in row.names[_MOST_NAMES:])
    return listed([*shown, *([counted(rest, "other")] if rest else [])])


def place(record: PlaceRecord | None) -> list[str]:
    """``cell:3``, and the text of the line."""
    if record is None:
        return ["–"]
    return [f"{record.file}:{record.line}", *([record.text] if record.text else [])]


def row_place(record: PlaceRecord | None, before: PlaceRecord | None) -> list[str]:
    """The same, short; a row that follows one of the same line leaves its text out."""
    where, *code = place(record)
    return [where, *(shortened(text, _LONGEST_CODE) for text in code if record != before)]


def shape(sizes: Shape) -> str:
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def fate(record: HeldRecord, *, fails: bool) -> str:
    """What becomes of a storage in a backward pass, or would if that did not fail."""
    if record.freed:
        freed = "freed by backward" if record.block_nbytes else "let go by backward; its bytes are not an allocator's"
        return f"{freed}, once that works" if fails else freed
    return f"stays: kept by {listed(record.kept_by) if record.kept_by else 'something without a name here'} too"


def leaf_facts(leaf: LeafRecord) -> list[str]:
    grad = f"a gradient of {nbytes(leaf.grad_nbytes)} is there" if leaf.grad_nbytes else "no gradient yet"
    return [leaf_name(leaf), f"{shape(leaf.shape)} {leaf.dtype}", nbytes(leaf.nbytes), grad]


def notes(report: GraphReport, rows_left: Sequence[Row], storages_left: int, leaves_left: int) -> list[str]:
    """How to read the view, and what was left out."""
    found = ["Nodes are numbered from the tensor back: backward runs them in this order."]
    if report.saved_count:
        found.append("A storage that several nodes have saved is counted once. Its version counts the writes in place.")
    if rows_left:
        found.append(f"{counted(sum(row.count for row in rows_left), 'more node')} not shown.")
    if storages_left:
        found.append(f"{counted(storages_left, 'more storage')} not shown.")
    if leaves_left:
        found.append(f"{counted(leaves_left, 'more leaf', 'more leaves')} not shown.")
    return found
