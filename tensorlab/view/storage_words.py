"""What a `SharingReport` says, in words: for both the HTML and the text of the view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tensorlab.core.blocks import SegmentRecord
from tensorlab.core.footprint import Footprint
from tensorlab.core.sharing import NameRecord, SharingReport, StorageRecord
from tensorlab.view.text import counted, grouped, listed, nbytes, shortened


def answer(report: SharingReport, others: Mapping[str, Sequence[str]]) -> str:
    """The first line: who shares, and who has bytes of its own. ``others`` share and are not drawn."""
    if not report.storages:
        if report.unseen:
            return f"{listed([u.name for u in report.unseen])}: no bytes of their own to show."
        return "No tensor and no NumPy array among these names."
    alone = [storage for storage in report.storages if len(storage.names) == 1 and storage.letter not in others]
    sharing = [storage for storage in report.storages if len(storage.names) > 1 or storage.letter in others]
    shared = [_sharers(storage, others.get(storage.letter, ())) for storage in sharing]
    parts = [*shared[:4], *([f"{len(shared) - 4} more storages are shared"] if len(shared) > 4 else [])]
    if len(alone) == 1:
        (storage,) = alone
        parts.append(f"{storage.names[0].name} has its own {nbytes(storage.nbytes)} (storage {storage.letter})")
    elif alone:
        names = listed([storage.names[0].name for storage in alone])
        sizes = nbytes(sum(storage.nbytes for storage in alone))
        parts.append(f"{names} have storages of their own ({sizes} together)")
    return f"{'; '.join(parts)}."


def _sharers(storage: StorageRecord, others: Sequence[str]) -> str:
    names = listed([name.name for name in storage.names])
    if others:
        both = f"{nbytes(storage.nbytes)} (storage {storage.letter}) with {listed(others)}"
        return f"{names} share{'s' if len(storage.names) == 1 else ''} {both}, not drawn here"
    if all(name.same_as for name in storage.names[1:]):
        return f"{names} are one {storage.names[0].kind} of {nbytes(storage.nbytes)} (storage {storage.letter})"
    return f"{names} share {nbytes(storage.nbytes)} (storage {storage.letter})"


def facts(storage: StorageRecord, others: Sequence[str] = ()) -> str:
    """Size, where the bytes come from, what keeps them."""
    if storage.block_nbytes is None:
        of_owner = storage.origin.startswith(("buffer", "memory"))
        article = "the" if of_owner else "an" if storage.origin.startswith("A") else "a"
        source = f"in {article} {storage.origin}"
    else:
        source = f"from the {storage.origin}: {_block(storage.block_nbytes, storage.segment)}"
    if storage.place != "cpu":
        source += f" on {storage.place}"
    keepers = listed([*(name.name for name in storage.names), *others, *storage.kept_by])
    return f"{nbytes(storage.nbytes)} · {source} · kept alive by {keepers}"


def _block(size: int, segment: SegmentRecord | None) -> str:
    if segment is None:
        return f"a block of {nbytes(size)}"
    if segment.blocks == 1:
        return f"a block and segment of {nbytes(size)}"
    return f"a block of {nbytes(size)}, one of {segment.blocks} in a {segment.pool} segment of {nbytes(segment.nbytes)}"


def what(name: NameRecord) -> list[str]:
    """Kind, shape and dtype; then how the elements lie."""
    if name.same_as is not None:
        return [f"the same object as {name.same_as}"]
    unit = " bytes" if name.in_bytes else ""
    parts = [f"{name.kind} {_tuple(name.shape)} {shortened(name.dtype, 40)}"]
    if name.shape:
        parts.append(f"stride {_tuple(name.strides)}{unit}")
    if name.offset:
        parts.append(f"offset {counted(name.offset, 'byte') if name.in_bytes else grouped(name.offset)}")
    if name.readonly:
        parts.append("read-only")
    return parts


def _tuple(sizes: Sequence[int]) -> str:
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def version(name: NameRecord) -> str:
    return "–" if name.version is None else str(name.version)


def reach(name: NameRecord, storage: StorageRecord) -> str:
    """The footprint in words."""
    footprint = name.footprint
    if footprint.width == 0:
        return "no byte"
    if not footprint.runs:
        if footprint.width == storage.nbytes:
            return f"all {nbytes(storage.nbytes)}"
        return f"{_span(footprint)}"
    if not footprint.is_nested:
        return f"{_span(footprint)}, with gaps"
    inner = footprint.runs[-1]
    pieces = f"{grouped(footprint.width)} of every {grouped(inner.stride)} bytes"
    if len(footprint.runs) == 1:
        return f"{pieces}, {_times(inner.repeats)}"
    return f"{pieces}, {_times(inner.repeats)}, in {counted(footprint.pieces // inner.repeats, 'place')}"


def _times(count: int) -> str:
    return f"{grouped(count)} times"


def _span(footprint: Footprint) -> str:
    return f"bytes {grouped(footprint.start)} to {grouped(footprint.stop - 1)}"


def notes(report: SharingReport, left_out: int) -> list[str]:
    """What follows from the picture, in words: whom a write reaches, who shares a storage but no byte."""
    sentences = [sentence for storage in report.storages for sentence in _consequences(storage)][:4]
    if any(name.version is not None for name in report.names):
        sentences.append("A version counts the in-place writes that a storage has seen.")
    if left_out:
        sentences.append(f"{counted(left_out, 'more name')} not shown.")
    uncompared = sum(storage.uncompared for storage in report.storages)
    if uncompared:
        sentences.append(f"{counted(uncompared, 'pair')} of names not compared byte by byte.")
    sentences += [f"{u.name} ({u.kind}) has no bytes of its own to show: {u.reason}." for u in report.unseen[:6]]
    if len(report.unseen) > 6:
        sentences.append(f"So have {len(report.unseen) - 6} more.")
    if report.left_out:
        sentences.append(f"{counted(report.left_out, 'item')} too deep or too many were not looked at.")
    return sentences


def _consequences(storage: StorageRecord) -> list[str]:
    by_name = {name.name: name for name in storage.names}
    sentences: list[str] = []
    writer = next((n for n in storage.names if n.overlaps and not n.readonly), None)
    if writer is not None:
        others = [other for other in writer.overlaps if by_name[other].same_as != writer.name]
        if others:
            sentences.append(f"A write to {writer.name} changes {listed(others)}.")
    apart = next(
        (
            (a.name, b.name)
            for i, a in enumerate(storage.names)
            for b in storage.names[i + 1 :]
            if b.name not in a.overlaps and b.name not in a.undecided and a.footprint.width and b.footprint.width
        ),
        None,
    )
    if apart is not None:
        sentences.append(f"{apart[0]} and {apart[1]} share the storage but no byte.")
    unsure = next(((n.name, n.undecided[0]) for n in storage.names if n.undecided), None)
    if unsure is not None:
        sentences.append(f"Whether {unsure[0]} and {unsure[1]} share a byte took too long to decide.")
    return sentences
