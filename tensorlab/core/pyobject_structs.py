"""The structs of the kinds of objects whose layout is public: numbers, text, containers, instances, arrays, tensors.

Each reader takes an object and gives the pieces of memory behind it. The bytes at the object itself are as many as
its layout guarantees; a pointer is followed only into an array that the layout says the object owns.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Mapping
from types import MemberDescriptorType
from typing import Any, cast

from tensorlab.core import pyobject_layouts as layouts
from tensorlab.core.pyobject_fields import Disagreement, Reader, Struct, article, brief
from tensorlab.core.pyobject_layouts import Member

VERSION = sys.version_info[:2]
MOST_ITEMS = 8  # items, digits and sizes that are listed
Labels = Mapping[int, str]
Pieces = tuple[str, tuple[Struct, ...]]  # what the struct holds beyond the head, in words, and the pieces


def read(x: object, labels: Labels, counted: str, *, stable: bool) -> Pieces:
    """The pieces of memory behind an object; ``counted`` says what its reference count means.

    Raises: `Disagreement` where memory does not hold what Python says.
    """
    return _reader_of(x)(x, labels, (counted, stable))


def _reader_of(x: object) -> Callable[[Any, Labels, tuple[str, bool]], Pieces]:
    kind = type(x)
    # Only the types themselves: a subclass may put members of its own in between.
    exact = {
        bool: _int, int: _int, float: _float, complex: _complex, str: _str, bytes: _bytes, tuple: _tuple, list: _list,
        dict: _dict,
    }  # fmt: skip
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if kind in exact:
        return exact[kind]
    if numpy is not None and kind is getattr(numpy, "ndarray", None):
        return _ndarray
    if torch is not None and isinstance(x, getattr(torch, "Tensor", ())):
        return _torch_tensor
    return _instance


def _opened(x: object, nbytes: int, labels: Labels, count: tuple[str, bool]) -> Reader:
    """A reader over the object, with its head read."""
    reader = Reader(id(x), nbytes, labels)
    refcnt, ob_type = layouts.HEAD
    reader.note(refcnt, count[0], stable=count[1])
    reader.point(ob_type, type(x))
    return reader


def _int(x: int, labels: Labels, count: tuple[str, bool]) -> Pieces:
    nbytes = int.__sizeof__(x)
    reader = _opened(x, nbytes, labels, count)
    member = layouts.long_size(VERSION)
    sign, size = layouts.long_digits(VERSION, reader.number(member))
    room = (nbytes - layouts.DIGITS_AT) // 4  # an int of no digits has room for one
    where = [Member("PyLongObject", "digit", f"ob_digit[{i}]", layouts.DIGITS_AT + 4 * i) for i in range(room)]
    digits = [reader.number(digit) for digit in where[:size]]
    if layouts.long_value(sign, digits) != x:
        raise Disagreement(f"{size} digits make another number than {brief(x)}")
    words = "no digit: zero" if not size else f"{size} {'digit' if size == 1 else 'digits'}, {_SIGNS[sign]}"
    reader.note(member, words)
    for i, (digit, value) in enumerate(zip(where[:MOST_ITEMS], digits, strict=False)):
        reader.note(digit, f"{value:,}" if i == 0 else f"{value:,} x 2**{layouts.DIGIT_BITS * i}")
    for digit in where[size:MOST_ITEMS]:
        reader.note(digit, "room that is not used")
    left_out = _more(room - MOST_ITEMS, "digit")
    what = f"{'the truth value' if type(x) is bool else 'the number'} {brief(x)} in {words.split(':')[0]}"
    what = what.removesuffix(f", {_SIGNS[sign]}") + (" of 30 bits" if size else "")
    return what, (reader.struct("PyLongObject", nbytes, left_out),)


_SIGNS = {-1: "negative", 0: "zero", 1: "positive"}


def _float(x: float, labels: Labels, count: tuple[str, bool]) -> Pieces:
    reader = _opened(x, float.__basicsize__, labels, count)
    reader.add(layouts.FLOAT[0], x, repr(x))
    return f"the double {x!r}", (reader.struct("PyFloatObject", float.__basicsize__),)


def _complex(x: complex, labels: Labels, count: tuple[str, bool]) -> Pieces:
    reader = _opened(x, complex.__basicsize__, labels, count)
    for member, part in zip(layouts.COMPLEX, (x.real, x.imag), strict=True):
        reader.add(member, part, repr(part))
    return "two doubles", (reader.struct("PyComplexObject", complex.__basicsize__),)


def _str(x: str, labels: Labels, count: tuple[str, bool]) -> Pieces:
    ascii_only = x.isascii()
    width = (
        1 if ascii_only else next(w for w, end in ((1, 0x100), (2, 0x10000), (4, 0x110000)) if max(map(ord, x)) < end)
    )
    start = layouts.text_at(VERSION, ascii=ascii_only)
    nbytes = start + (len(x) + 1) * width
    if nbytes > str.__sizeof__(x):
        raise Disagreement(f"a compact str of this text takes {nbytes} bytes, this one has {str.__sizeof__(x)}")
    reader = _opened(x, nbytes, labels, count)
    length, hashed, state, *wide = layouts.ascii_members(VERSION)
    reader.add(length, len(x), _counted(len(x), "character"))
    _hash(reader, hashed)
    bits = layouts.TextState.of(reader.number(state))
    if (bits.kind, bits.ascii, bits.compact) != (width, ascii_only, True):
        raise Disagreement(f"state says {bits}, the text has {width} bytes a character")
    interned = "interned" if bits.interned else "not interned"
    form = "ASCII" if ascii_only else f"{_counted(width, 'byte')} a character"
    reader.note(state, f"compact, {form}, {interned}", stable=False)
    for member in wide:
        if reader.number(member) == id(x) + start:
            reader.note(member, "-> the characters below", stable=False)
        else:
            _unused(reader, member)
    if not ascii_only:
        for member in layouts.compact_members(VERSION):
            _unused(reader, member)
    encoding = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[width]
    if reader.raw[start : start + len(x) * width] != x.encode(encoding, "surrogatepass"):
        raise Disagreement("the characters in memory are not those of the text")
    reader.stretch("characters", "char[]", "text", start, len(x) * width, brief(x))
    reader.stretch("characters", "char[]", "end", start + len(x) * width, width, "a zero ends the text")
    name = "PyASCIIObject" if ascii_only else "PyCompactUnicodeObject"
    return f"{_counted(len(x), 'character')}, {form}", (reader.struct(name, nbytes),)


def _unused(reader: Reader, member: Member) -> None:
    found = reader.number(member)
    empty = "NULL: not made yet" if member.is_pointer else "0: not made yet"
    reader.note(member, "made when it was asked for" if found else empty, stable=not found)


def _hash(reader: Reader, member: Member) -> None:
    """A hash is kept where it was computed; that of text differs from run to run."""
    known = reader.number(member) != -1
    reader.note(member, "the hash, kept" if known else "-1: no hash yet", stable=not known)


def _bytes(x: bytes, labels: Labels, count: tuple[str, bool]) -> Pieces:
    nbytes = layouts.BYTES_AT + len(x) + 1
    reader = _opened(x, min(nbytes, bytes.__sizeof__(x)), labels, count)
    size, hashed = layouts.BYTES
    reader.add(size, len(x), _counted(len(x), "byte"))
    _hash(reader, hashed)
    if reader.raw[layouts.BYTES_AT : -1] != x:
        raise Disagreement("ob_sval does not hold the bytes")
    reader.stretch("PyBytesObject", "char[]", "ob_sval", layouts.BYTES_AT, len(x), brief(x))
    reader.stretch("PyBytesObject", "char[]", "end", layouts.BYTES_AT + len(x), 1, "a zero that C expects")
    return _counted(len(x), "byte"), (reader.struct("PyBytesObject", nbytes),)


def _tuple(x: tuple[object, ...], labels: Labels, count: tuple[str, bool]) -> Pieces:
    start = tuple.__basicsize__
    nbytes = start + 8 * len(x)
    reader = _opened(x, start + 8 * min(len(x), MOST_ITEMS), labels, count)
    reader.add(layouts.OB_SIZE, len(x), _items(len(x)))
    for i, item in enumerate(x[:MOST_ITEMS]):
        reader.point(Member("PyTupleObject", "PyObject *", f"ob_item[{i}]", start + 8 * i), item)
    left_out = _more(len(x) - MOST_ITEMS, "pointer")
    what = f"{_items(len(x))}{', each a pointer inside the struct' if x else ''}"
    return what, (reader.struct("PyTupleObject", nbytes, left_out),)


def _list(x: list[object], labels: Labels, count: tuple[str, bool]) -> Pieces:
    reader = _opened(x, list.__basicsize__, labels, count)
    size, ob_item, allocated = layouts.LIST
    items = x[:MOST_ITEMS]
    reader.add(size, len(x), _items(len(x)))
    pointer, room = reader.number(ob_item), reader.number(allocated)
    if not len(x) <= room or (room and not pointer):
        raise Disagreement(f"allocated reads {room} for {len(x)} items")
    reader.note(ob_item, "-> the array of its items" if pointer else "NULL: no array yet", stable=not pointer)
    reader.note(allocated, f"room for {room:,}: {room - len(x):,} more before it must grow")
    pieces = [reader.struct("PyListObject", list.__basicsize__)]
    if pointer and items:
        array = Reader(pointer, 8 * len(items), labels)
        for i, item in enumerate(items):
            array.point(Member("ob_item", "PyObject *", f"ob_item[{i}]", 8 * i), item)
        free = [f"{room - len(x):,} places without an item"] if room > len(x) else []
        left_out = " and ".join([*filter(None, [_more(len(x) - MOST_ITEMS, "pointer")]), *free])
        pieces.append(array.struct("the array behind ob_item", 8 * room, left_out))
    what = f"{_items(len(x))}{', in an array of pointers elsewhere' if x else ''}"
    return what, tuple(pieces)


def _dict(x: dict[object, object], labels: Labels, count: tuple[str, bool]) -> Pieces:
    reader = _opened(x, dict.__basicsize__, labels, count)
    used, version, keys, values = layouts.DICT
    reader.add(used, len(x), _counted(len(x), "key"))
    reader.note(version, "a number that rises with every change", stable=False)
    reader.note(keys, "-> hash table with keys and values: its layout is not public", stable=False)
    split = reader.number(values)
    reader.note(
        values, "-> values apart from shared keys" if split else "NULL: values lie beside keys", stable=not split
    )
    return f"{_counted(len(x), 'key')}, in a table elsewhere", (reader.struct("PyDictObject", dict.__basicsize__),)


def _ndarray(x: Any, labels: Labels, count: tuple[str, bool]) -> Pieces:
    nbytes = layouts.of_type(cast("type[object]", type(x)), "__basicsize__")
    reader = _opened(x, nbytes, labels, count)
    data, nd, dimensions, strides, base, descr, flags = layouts.NDARRAY
    shape, steps = x.shape, x.strides
    reader.address(data, x.ctypes.data, "-> the elements")
    reader.add(nd, len(shape), _counted(len(shape), "dimension"))
    for member, found in ((dimensions, shape), (strides, steps)):
        null = not reader.number(member)
        reader.note(member, f"-> {found}" if found else "nothing to point to: no dimensions", stable=null)
    reader.address(base, 0 if x.base is None else id(x.base), _owner(reader, x.base))
    reader.point(descr, x.dtype, f"-> dtype {x.dtype}")
    reader.add(flags, x.flags.num, _flags(x.flags))
    _tail(x, reader)
    pieces = [reader.struct("PyArrayObject_fields", nbytes)]
    if shape:
        for member, found in ((dimensions, shape), (strides, steps)):
            array = Reader(reader.number(member), 8 * len(shape), labels)
            for i, size in enumerate(found):
                words = _counted(size, "element") if member is dimensions else f"{_counted(size, 'byte')} to the next"
                array.add(Member(member.name, "npy_intp", f"{member.name}[{i}]", 8 * i), size, words)
            pieces.append(array.struct(f"the array behind {member.name}", 8 * len(shape)))
    return f"a pointer to {x.nbytes:,} bytes and how to walk over them", tuple(pieces)


def _owner(reader: Reader, base: object) -> str:
    return "NULL: the array owns its elements" if base is None else f"-> {reader.label(base)}, which owns the elements"


def _flags(flags: Any) -> str:
    words = {
        "C_CONTIGUOUS": "C-contiguous", "F_CONTIGUOUS": "F-contiguous", "OWNDATA": "owns its data",
        "WRITEABLE": "writeable", "ALIGNED": "aligned",
    }  # fmt: skip
    return ", ".join(word for flag, word in words.items() if flags[flag]) or "none"


def _torch_tensor(x: Any, labels: Labels, count: tuple[str, bool]) -> Pieces:
    nbytes = layouts.of_type(cast("type[object]", type(x)), "__basicsize__")
    reader = _opened(x, nbytes, labels, count)
    places = [at for at in (16, 24) if reader.number(Member("", "TensorImpl *", "cdata", at)) == x._cdata]
    if not places:
        raise Disagreement("cdata is not where THPVariable had it in any version known")
    *flag, cdata, hooks, after = layouts.torch_members(places[0])
    for member in flag:
        reader.note(member, "whether the handle is borrowed")
    reader.address(cdata, x._cdata, "-> at::TensorImpl: sizes, strides, storage")
    for member in (hooks, after):
        _unused(reader, member)
    _tail(x, reader)
    return "a handle to the tensor in C++", (reader.struct("THPVariable", nbytes),)


def _instance(x: object, labels: Labels, count: tuple[str, bool]) -> Pieces:
    """Any other object: its head, the members that its classes describe, and where its attributes are."""
    kind = type(x)
    nbytes = layouts.of_type(kind, "__basicsize__")
    reader = _opened(x, nbytes, labels, count)
    for owner, name, member in _described(kind):
        _described_member(x, reader, owner, name, member)
    _tail(x, reader)
    slots = [field for field in reader.fields if field.part.startswith(("slots of", "members of"))]
    what = _counted(len(slots), "member") if slots else "nothing that its class describes"
    if slots and all(field.part.startswith("slots of") for field in slots):
        what = f"{_counted(len(slots), 'slot')}, each a pointer to an object"
    if kind is type(None):
        what = "nothing: there is one None, and being it says all"
    return what, (reader.struct(f"struct of {article(kind.__name__)}", nbytes),)


def _described(kind: type) -> list[tuple[type, str, Member]]:
    """Members of C structs and slots, by the descriptors that classes keep for them."""
    found: dict[int, tuple[type, str, Member]] = {}
    if MemberDescriptorType.__basicsize__ != layouts.MEMBER_DESCRIPTOR_NBYTES:
        raise Disagreement("member descriptors have another layout in this Python")
    for owner in reversed(layouts.of_type(kind, "__mro__")):
        for name, descriptor in layouts.of_type(owner, "__dict__").items():
            # One of another class, put here by hand, describes that class's instances.
            if type(descriptor) is not MemberDescriptorType or descriptor.__objclass__ is not owner:
                continue
            # The descriptor ends in a pointer to its PyMemberDef, which is there as long as its class is.
            definition = ctypes.c_uint64.from_address(id(descriptor) + layouts.MEMBER_DEF_AT).value
            raw = ctypes.string_at(definition, layouts.MEMBER_DEF_NBYTES)
            code, offset = int.from_bytes(raw[8:12], "little"), int.from_bytes(raw[16:24], "little")
            ctype = layouts.MEMBER_CTYPES.get(code)
            if ctype is not None and offset >= layouts.HEAD_NBYTES:
                found[offset] = (owner, name, Member(_part(owner), ctype, name, offset))
    return list(found.values())


def _part(owner: type) -> str:
    return (
        f"slots of {owner.__name__}" if layouts.of_type(owner, "__flags__") & 1 << 9 else f"members of {owner.__name__}"
    )


def _described_member(x: object, reader: Reader, owner: type, name: str, member: Member) -> None:
    try:
        value = layouts.of_type(owner, "__dict__")[name].__get__(x)
    except AttributeError:
        reader.address(member, 0, "NULL: not set")
        return
    if not member.is_pointer:
        reader.add(member, value.encode() if member.ctype == "char" else value, brief(value))
    elif value is None and reader.number(member) == 0:
        reader.address(member, 0, "NULL, which reads as None")
    elif member.name == "address" and type(value) is int:  # of our tensors and storages: differs from run to run
        reader.point(member, value, "-> an int, the address of its first byte")
    elif member.ctype == "PyObject *":
        reader.point(member, value)


def _tail(x: object, reader: Reader) -> None:
    """Where weak references and attributes hang, if inside the struct."""
    kind = type(x)
    weak, attributes = (layouts.of_type(kind, name) for name in ("__weakrefoffset__", "__dictoffset__"))
    if weak > 0:
        found = reader.number(Member("", "PyObject *", "", weak))
        words = "-> its weak references" if found else "NULL: no weak reference to it"
        reader.note(Member(_TAIL, "PyObject *", "weakreflist", weak), words, stable=not found)
    if attributes > 0:
        found = reader.number(Member("", "PyObject *", "", attributes))
        words = "-> the dict of its attributes" if found else "NULL: no attributes yet"
        reader.note(Member(_TAIL, "PyObject *", "__dict__", attributes), words, stable=not found)


_TAIL = "kept for all objects of the class"


def _items(count: int) -> str:
    return _counted(count, "item") if count else "no items"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _more(count: int, noun: str) -> str:
    return _counted(count, f"more {noun}") if count > 0 else ""


def kept_before(kind: type) -> tuple[str, ...]:
    """What hangs on pointers before the structs of a class's instances, in words."""
    return layouts.kept_before(VERSION, layouts.of_type(kind, "__flags__"))
