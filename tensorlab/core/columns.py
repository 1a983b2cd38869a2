"""The buffers behind columns of pandas and Arrow: values, masks, codes, offsets, each where it lies.

Both keep a column in several pieces of memory. Nothing here imports either: objects are asked for what they have.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

MOST_COLUMNS = 200


Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Values:
    """An ndarray that a column keeps."""

    array: Array
    kind: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """What of an Arrow buffer a column reaches.

    Units: addresses and ``steps`` in bytes.
    """

    owner: Any
    kind: str
    shape: tuple[int, ...]
    steps: tuple[int, ...]
    dtype: str
    itemsize: int
    address: int
    root_address: int
    root_nbytes: int
    typestr: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A column whose bytes cannot be pointed at, and why."""

    kind: str
    reason: str
    part: str = ""


Part = Values | Span | Hidden


def parts(value: Any) -> Iterator[Part]:
    """The pieces of memory behind a pandas or Arrow object; a table's column by column."""
    name = type(value).__name__
    if type(value).__module__.partition(".")[0] == "pyarrow":
        yield from _arrow(value)
    elif hasattr(value, "columns") and hasattr(value, "iloc"):
        yield from _frame(value)
    else:
        yield from _pandas(value, f"pandas.{name}")


def _under(prefix: str, found: Iterator[Part]) -> Iterator[Part]:
    for part in found:
        yield replace(part, part=prefix + part.part)


def _frame(frame: Any) -> Iterator[Part]:
    for i, label in enumerate(frame.columns[:MOST_COLUMNS]):
        # By position: two columns may have one label. A series is a view of its column, nothing is copied.
        yield from _under(f"[{label!r}]", _pandas(frame.iloc[:, i], "pandas column"))
    if len(frame.columns) > MOST_COLUMNS:
        yield Hidden("pandas.DataFrame", f"{len(frame.columns) - MOST_COLUMNS} more columns", "[...]")


def _pandas(column: Any, kind: str) -> Iterator[Part]:
    """A series or an index."""
    name = type(column).__name__
    if name == "RangeIndex":
        yield Hidden(kind, "a range: three numbers, and no bytes for its values")
    elif name == "MultiIndex":
        for i, (codes, level) in enumerate(zip(column.codes, column.levels, strict=True)):
            yield Values(np.asarray(codes), kind, f".codes[{i}]")
            yield from _under(f".levels[{i}]", _pandas(level, kind))
    else:
        yield from _extension(column.array, kind)


def _extension(array: Any, kind: str) -> Iterator[Part]:
    """One of pandas' arrays, by what it keeps its values in."""
    arrow = getattr(array, "_pa_array", None)
    if arrow is not None:
        yield from _arrow(arrow)
        return
    if hasattr(array, "categories"):
        yield Values(array.codes, kind, ".codes")
        yield from _under(".categories", _pandas(array.categories, kind))
        return
    if hasattr(array, "sp_values"):
        yield Values(array.sp_values, kind, ".sp_values")
        return
    if hasattr(array, "left") and hasattr(array, "right"):  # intervals
        yield from _under(".left", _pandas(array.left, kind))
        yield from _under(".right", _pandas(array.right, kind))
        return
    values, mask = _kept(array, "_data"), _kept(array, "_mask")
    if values is not None and mask is not None:
        yield Values(values, kind, ".values")
        yield Values(mask, kind, ".mask")
        return
    values = _kept(array, "_ndarray")
    if values is not None:
        yield Values(values, kind)
    else:
        yield Hidden(kind, f"pandas gives the values of a {type(array).__name__} only as a copy")


def _kept(array: Any, name: str) -> Array | None:
    found: Any = getattr(array, name, None)
    return cast(Array, found) if isinstance(found, np.ndarray) else None


def _arrow(value: Any) -> Iterator[Part]:
    """A table, a chunked array or an array."""
    if hasattr(value, "column_names"):
        for i, label in enumerate(value.column_names[:MOST_COLUMNS]):
            yield from _under(f"[{label!r}]", _arrow(value.column(i)))
        if len(value.column_names) > MOST_COLUMNS:
            yield Hidden("Arrow table", f"{len(value.column_names) - MOST_COLUMNS} more columns", "[...]")
    elif hasattr(value, "chunks"):
        for i, chunk in enumerate(value.chunks):
            where = f".chunk({i})" if value.num_chunks > 1 else ""
            yield from _under(where, _arrow(chunk))
    elif type(value).__name__ == "ExtensionArray":
        yield from _arrow(value.storage)
    else:
        yield from _arrow_array(value)


def _arrow_array(array: Any) -> Iterator[Part]:
    type_ = array.type
    text = str(type_)
    buffers = array.buffers()
    if text.startswith("dictionary"):
        yield from _under(".indices", _arrow_array(array.indices))
        yield from _under(".dictionary", _arrow_array(array.dictionary))
        return
    start, count = array.offset, len(array)
    if buffers and buffers[0] is not None and type_.num_fields == 0:
        yield _bits(buffers[0], "validity", start, count)
    if type_.num_fields == 0 and len(buffers) == 2 and buffers[1] is not None:
        yield (
            _bits(buffers[1], "values", start, count)
            if text == "bool"
            else _fixed(buffers[1], text, type_, start, count)
        )
    elif text in _TEXTS and len(buffers) == 3:
        yield from _texts(buffers[1], buffers[2], _TEXTS[text], start, count)
    else:  # lists, structs, unions, views: which bytes of each buffer they reach is told by other buffers
        known = 1 if type_.num_fields == 0 else 0
        for i, buffer in enumerate(buffers[known:], known):
            if buffer is not None:
                yield _span(buffer, f"buffer {i}", 0, (buffer.size,), 1, "uint8", "bytes")


_TEXTS = {"string": "i", "binary": "i", "large_string": "q", "large_binary": "q"}
_WORDS = {"double": "float64", "float": "float32", "halffloat": "float16"}


def _fixed(buffer: Any, text: str, type_: Any, start: int, count: int) -> Span:
    size = type_.bit_width // 8
    word = _WORDS.get(text, text)
    known = word if word.startswith(("int", "uint", "float")) else f"int{8 * size}" if size in (1, 2, 4, 8) else ""
    return _span(buffer, "values", start * size, (count,), size, known, text)


def _bits(buffer: Any, part: str, start: int, count: int) -> Span:
    """One bit an element: the bytes that hold any of them."""
    low, high = start // 8, (start + count + 7) // 8
    return _span(buffer, part, low, (high - low,), 1, "uint8", f"{count} bits")


def _texts(offsets: Any, data: Any, code: str, start: int, count: int) -> Iterator[Span]:
    size = struct.calcsize(code)
    yield _span(offsets, "offsets", start * size, (count + 1,), size, f"int{8 * size}", f"int{8 * size}")
    if data is not None and offsets is not None:
        first, last = (struct.unpack_from(f"={code}", offsets, (start + i) * size)[0] for i in (0, count))
        yield _span(data, "text", first, (last - first,), 1, "uint8", "bytes")


def _span(buffer: Any, part: str, low: int, shape: tuple[int, ...], size: int, typestr: str, dtype: str) -> Span:
    root = buffer
    while root.parent is not None:
        root = root.parent
    kind = "Arrow buffer"
    at = buffer.address + low
    return Span(buffer, kind, shape, (size,), dtype, size, at, root.address, root.size, typestr, f".{part}")
