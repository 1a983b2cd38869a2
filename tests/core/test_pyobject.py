"""Structs as they lie in memory: every kind decodes to what Python says, and nothing else is drawn."""

from __future__ import annotations

import struct
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tensorlab as tl
from tensorlab.core import pyobject_layouts as layouts
from tensorlab.core import pyobject_structs
from tensorlab.core.pyobject import ObjectRecord, examine
from tensorlab.core.pyobject_fields import Disagreement, Field, Reader
from tensorlab.errors import ArgumentError


class Pair:
    __slots__ = ("first", "second")


class Plain:
    pass


class Watched:
    __slots__ = ("__weakref__", "first")


class WithDict:
    __slots__ = ("__dict__", "first")


class Several(list):
    pass


class Wrong(Exception):
    pass


class Own(int):
    pass


def fields(record: ObjectRecord, piece: int = 0) -> dict[str, Field]:
    assert record.problem == ""
    return {field.name: field for field in record.structs[piece].fields}


def test_a_float_is_a_head_and_a_double() -> None:
    x = 1.5 * len("ab")
    record = examine(x)
    assert [s.name for s in record.structs] == ["PyFloatObject"]
    assert [(f.part, f.ctype, f.name, f.offset, f.nbytes) for f in record.structs[0].fields] == [
        ("PyObject_HEAD", "Py_ssize_t", "ob_refcnt", 0, 8),
        ("PyObject_HEAD", "PyTypeObject *", "ob_type", 8, 8),
        ("PyFloatObject", "double", "ob_fval", 16, 8),
    ]
    found = fields(record)
    assert found["ob_fval"].raw == struct.pack("<d", 3.0)
    assert int.from_bytes(found["ob_type"].raw, "little") == id(float)
    assert record.what == "the double 3.0"


values = st.one_of(
    st.integers(),
    st.integers(-(2**400), 2**400),
    st.floats(),
    st.text(),
    st.binary(),
    st.booleans(),
    st.complex_numbers(),
    st.none(),
    st.lists(st.integers()),
    st.tuples(st.text(), st.floats()),
    st.dictionaries(st.integers(), st.text()),
)


@settings(max_examples=60, deadline=None)
@given(values)
def test_whatever_is_read_agrees_with_python(value: Any) -> None:
    record = examine(value)
    assert record.problem == ""
    piece = record.structs[0]
    assert piece.nbytes <= record.sizeof
    assert sum(f.nbytes for f in piece.fields) == piece.nbytes or piece.left_out
    for before, after in zip(piece.fields, piece.fields[1:], strict=False):
        assert before.offset + before.nbytes == after.offset


def test_digits_of_an_int() -> None:
    record = examine(2**60 + 7 * 2**30 + 5)
    found = fields(record)
    assert [found[f"ob_digit[{i}]"].raw for i in range(3)] == [struct.pack("<I", d) for d in (5, 7, 1)]
    assert found["ob_digit[1]"].value == "7 x 2**30"
    assert record.what == f"the number {2**60 + 7 * 2**30 + 5} in 3 digits of 30 bits"
    assert examine(-(2**70)).what == f"the number {-(2**70)} in 3 digits of 30 bits"
    assert examine(0).what == "the number 0 in no digit"
    assert examine(2**900).structs[0].left_out == "23 more digits"


@pytest.mark.parametrize(
    ("text", "name", "width"),
    [
        ("plain words", "PyASCIIObject", 1),
        ("gr\xfcn", "PyCompactUnicodeObject", 1),
        ("\u65e5\u672c", "PyCompactUnicodeObject", 2),
        ("\U0001f600", "PyCompactUnicodeObject", 4),
    ],
    ids=["ascii", "latin", "two", "four"],
)
def test_text(text: str, name: str, width: int) -> None:
    record = examine(text)
    assert record.structs[0].name == name
    assert fields(record)["text"].nbytes == len(text) * width
    assert fields(record)["end"].raw == bytes(width)


def test_a_list_points_to_its_items() -> None:
    first = 2.5
    items = [first, "two"]
    items.append(None)
    record = examine(items)
    array = fields(record, 1)
    assert int.from_bytes(array["ob_item[0]"].raw, "little") == id(first)
    assert [f.value for f in array.values()] == ["-> 2.5", "-> 'two'", "-> None"]
    room = (sys.getsizeof(items) - sys.getsizeof([])) // 8
    assert fields(record)["allocated"].raw == struct.pack("<q", room)
    assert len(examine([]).structs) == 1
    assert examine(list(range(1000))).structs[1].left_out == "992 more pointers"


def test_a_tuple_holds_its_pointers() -> None:
    pair = (1.5, [])
    record = examine(pair)
    found = fields(record)
    assert int.from_bytes(found["ob_item[1]"].raw, "little") == id(pair[1])
    assert record.structs[0].nbytes == tuple.__basicsize__ + 16


def test_an_array() -> None:
    base = np.arange(12.0).reshape(3, 4)
    window = base[1:, ::2]
    record = examine(window, namespace={"base": base, "window": window})
    found = fields(record)
    assert int.from_bytes(found["data"].raw, "little") == window.ctypes.data
    assert struct.unpack("<i", found["nd"].raw) == (2,)
    assert struct.unpack("<i", found["flags"].raw) == (window.flags.num,)
    assert [f.raw for f in fields(record, 2).values()] == [struct.pack("<q", s) for s in (32, 16)]
    assert fields(examine(np.ones(())))["dimensions"].value == "nothing to point to: no dimensions"


def test_a_tensor_beside_torch() -> None:
    torch = pytest.importorskip("torch")
    x = tl.ones(2, 3)
    record = examine(x)
    found = fields(record)
    assert {"_storage", "address", "base", "layout", "offset", "tape"} <= set(found)
    assert int.from_bytes(found["_storage"].raw, "little") == id(x.storage())
    assert record.beside is not None
    assert fields(record.beside)["cdata"].offset >= 16
    mine = torch.ones(3)
    cdata = fields(examine(mine))["cdata"]
    assert int.from_bytes(cdata.raw, "little") == mine._cdata


def test_where_torch_is_not_loaded_nothing_stands_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert examine(tl.ones(2)).beside is None


def test_slots_are_found_by_their_descriptors() -> None:
    pair = Pair()
    pair.second = 2.5
    record = examine(pair)
    found = fields(record)
    assert found["first"].value == "NULL: not set"
    assert int.from_bytes(found["second"].raw, "little") == id(pair.second)
    assert record.what == "2 slots, each a pointer to an object"


def test_attributes_are_not_made_by_looking() -> None:
    plain = Plain()
    plain.value = 3  # type: ignore[attr-defined]
    before = sys.getsizeof(plain)
    record = examine(plain)
    assert sys.getsizeof(plain) == before
    assert "attributes" in record.kept_before
    assert record.problem == ""


@pytest.mark.parametrize("kind", [Plain, Pair, Watched, WithDict, Several, Wrong])
def test_what_lies_before_a_struct_adds_up(kind: type) -> None:
    x = kind()
    record = examine(x)
    assert record.collector_nbytes + record.pointers_nbytes + record.nbytes == sys.getsizeof(x)
    assert bool(record.pointers_nbytes) == bool(record.kept_before)
    # Up to 3.11 the list of weak references is a member; a Python class without slots has it in either place.
    inside = {"weakreflist"} & set(fields(record))
    before = {"weak references"} & set(record.kept_before)
    assert len(inside) + len(before) == (kind in (Plain, Watched, Several, Wrong))
    assert len(before) == (sys.version_info >= (3, 12) and kind in (Plain, Watched, Several, Wrong))


@pytest.mark.parametrize(
    "value",
    [slice(1, 2), len, Pair, int, type, Own(3), np.float64(2), range(3), object(), sys, ...],
    ids=lambda value: f"{type(value).__name__}-{getattr(value, '__name__', '')}",
)
def test_any_other_object_has_a_head_at_least(value: object) -> None:
    record = examine(value)
    assert list(fields(record))[:2] == ["ob_refcnt", "ob_type"]
    assert record.structs[0].nbytes == type(value).__basicsize__


def test_references_are_told_from_those_of_the_look() -> None:
    value = 2.5 * len("abc")
    names: dict[str, Any] = {"value": value, "again": value, "_hidden": value}
    items = [value, value]
    names["items"] = items
    record = examine(value, namespace=names)
    assert record.count.read == record.count.outside + record.count.ours
    assert record.count.getrefcount == record.count.read + 1
    # this function's name, three of the namespace and two of the list
    assert record.count.outside == 6
    assert record.referrers.names == ("value", "again")
    assert record.referrers.kept == 1
    (container,) = record.referrers.containers
    assert container.to_dict() == {"where": "items[0]", "kind": "a list of 2 items", "count": 2}
    assert fields(record)["ob_refcnt"].raw == struct.pack("<q", record.count.read)


def test_a_value_without_a_name_is_temporary() -> None:
    record = examine(float("2.5"))
    assert record.is_temporary
    kept = float("2.5")
    assert not examine(kept).is_temporary
    assert not examine(None).is_temporary


@pytest.mark.parametrize("value", [None, True, 7, "", "a", (), b"", int, len, sys], ids=str)
def test_objects_of_the_whole_process_are_told(value: object) -> None:
    record = examine(value)
    assert record.count.shared
    assert "read" not in record.count.to_dict()
    assert record.count.to_dict(addresses=True)["read"] == record.count.read


def test_what_does_not_agree_is_reported_and_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = layouts.Member("PyFloatObject", "double", "ob_fval", 8)
    monkeypatch.setattr(layouts, "FLOAT", (wrong,))
    record = examine(3.5)
    assert record.structs == ()
    assert record.problem.startswith("ob_fval at offset 8 reads ")
    assert record.problem.endswith(", where Python says 3.5")


def test_nothing_outside_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(id(3.5), 24, {})
    for offset in (-8, 17, 24, 1000):
        with pytest.raises(Disagreement, match=f"x: bytes {offset} to {offset + 7} of 24"):
            reader.number(layouts.Member("", "double", "x", offset))
    with pytest.raises(Disagreement, match="x: bytes 20 to 27 of 24"):
        reader.stretch("", "char[]", "x", 20, 8, "")
    monkeypatch.setattr(layouts, "FLOAT", (layouts.Member("PyFloatObject", "double", "ob_fval", 24),))
    assert examine(3.5).problem == "ob_fval: bytes 24 to 31 of 24"


def test_what_a_class_says_of_its_size_is_not_believed() -> None:
    class Boasting(type):
        __basicsize__ = 10**9  # type: ignore[assignment]
        __weakrefoffset__ = 10**9
        __mro__ = (int,)  # type: ignore[assignment]

    class Small(metaclass=Boasting):
        __slots__ = ("x",)

    class Borrowing:
        __slots__ = ()
        first = Pair.first  # type: ignore[attr-defined]

    small = Small()
    small.x = 5
    assert Small.__basicsize__ == 10**9
    record = examine(small)
    assert record.structs[0].nbytes == 24
    assert fields(record)["x"].value == "-> 5"
    assert list(fields(examine(Borrowing()))) == ["ob_refcnt", "ob_type"]


def test_other_interpreters_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.python_implementation", lambda: "PyPy")
    with pytest.raises(ArgumentError) as raised:
        examine(1)
    assert str(raised.value) == "examine: got PyPy; takes CPython, whose objects are structs"


def test_data_is_stable_without_addresses() -> None:
    def fresh() -> dict[str, object]:
        return examine([1.5, float("7.25")]).to_dict()

    assert fresh() == fresh()
    assert "address" not in fresh()
    record = examine([1.5])
    assert record.to_dict(addresses=True)["address"] == record.address


def test_the_threads_switch_as_before() -> None:
    before = sys.getswitchinterval()
    examine([1])
    assert sys.getswitchinterval() == before


def test_layouts_of_later_versions() -> None:
    later = (3, 12)
    assert layouts.long_size(later).name == "lv_tag"
    assert layouts.long_digits(later, 3 << 3 | 2) == (-1, 3)
    assert layouts.long_digits(later, 1) == (0, 0)
    assert layouts.long_digits((3, 11), -2) == (-1, 2)
    assert layouts.long_value(-1, [1, 2]) == -(1 + 2 * 2**30)
    assert [m.name for m in layouts.ascii_members(later)] == ["length", "hash", "state"]
    assert layouts.text_at(later, ascii=True) == 40
    assert layouts.text_at((3, 11), ascii=False) == 72
    assert layouts.is_immortal(later, 0xFFFFFFFF)
    assert layouts.is_immortal((3, 14), 3 << 30)
    assert not layouts.is_immortal((3, 11), 0xFFFFFFFF)
    assert layouts.counted(later, 7 | 1 << 40) == 7


def test_kinds_have_the_sizes_that_layouts_say() -> None:
    for kind, members in (
        (float, layouts.FLOAT),
        (complex, layouts.COMPLEX),
        (list, layouts.LIST),
        (dict, layouts.DICT),
    ):
        last = members[-1]
        assert last.offset + last.nbytes == kind.__basicsize__
    assert bytes.__basicsize__ == layouts.BYTES_AT + 1
    assert sys.version_info[:2] == pyobject_structs.VERSION
