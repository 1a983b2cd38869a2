"""C structs behind Python objects as tables: which member lies at which offset, by the version of CPython.

What a table says is what the public headers of CPython, NumPy and PyTorch declare, for 64-bit builds with the global
lock; `pyobject_structs` reads memory by them and compares what it finds with what Python answers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

# C types with what `struct` calls them; every pointer is an address of 8 bytes.
_FORMATS = {
    "Py_ssize_t": "<q",
    "Py_hash_t": "<q",
    "npy_intp": "<q",
    "uintptr_t": "<Q",
    "uint64_t": "<Q",
    "uint32_t": "<I",
    "digit": "<I",
    "int": "<i",
    "double": "<d",
    "float": "<f",
    "short": "<h",
    "long": "<q",
    "unsigned int": "<I",
    "bool": "<?",
    "char": "<c",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a C struct: ``part`` is the struct that declares it, as ``PyObject_HEAD``.

    Units: ``offset`` in bytes from the object's address.
    """

    part: str
    ctype: str
    name: str
    offset: int

    @property
    def is_pointer(self) -> bool:
        return self.ctype.endswith("*")

    @property
    def nbytes(self) -> int:
        return 8 if self.is_pointer else struct.calcsize(_FORMATS[self.ctype])

    def decoded(self, raw: bytes) -> Any:
        """The bytes as a Python value; a pointer is the address."""
        return struct.unpack("<Q" if self.is_pointer else _FORMATS[self.ctype], raw)[0]


HEAD = (Member("PyObject_HEAD", "Py_ssize_t", "ob_refcnt", 0), Member("PyObject_HEAD", "PyTypeObject *", "ob_type", 8))
HEAD_NBYTES = 16
OB_SIZE = Member("PyVarObject", "Py_ssize_t", "ob_size", 16)
DIGIT_BITS = 30
DIGITS_AT = 24
FLOAT = (Member("PyFloatObject", "double", "ob_fval", 16),)
COMPLEX = (Member("PyComplexObject", "double", "cval.real", 16), Member("PyComplexObject", "double", "cval.imag", 24))
BYTES = (OB_SIZE, Member("PyBytesObject", "Py_hash_t", "ob_shash", 24))
BYTES_AT = 32
LIST = (
    OB_SIZE,
    Member("PyListObject", "PyObject **", "ob_item", 24),
    Member("PyListObject", "Py_ssize_t", "allocated", 32),
)
DICT = (
    Member("PyDictObject", "Py_ssize_t", "ma_used", 16),
    Member("PyDictObject", "uint64_t", "ma_version_tag", 24),
    Member("PyDictObject", "PyDictKeysObject *", "ma_keys", 32),
    Member("PyDictObject", "PyDictValues *", "ma_values", 40),
)
NDARRAY = (
    Member("PyArrayObject_fields", "char *", "data", 16),
    Member("PyArrayObject_fields", "int", "nd", 24),
    Member("PyArrayObject_fields", "npy_intp *", "dimensions", 32),
    Member("PyArrayObject_fields", "npy_intp *", "strides", 40),
    Member("PyArrayObject_fields", "PyObject *", "base", 48),
    Member("PyArrayObject_fields", "PyArray_Descr *", "descr", 56),
    Member("PyArrayObject_fields", "int", "flags", 64),
)


def long_size(version: tuple[int, int]) -> Member:
    """How many digits an int has, and its sign: ``ob_size`` up to 3.11, a tag with three low bits after that."""
    return OB_SIZE if version < (3, 12) else Member("PyLongObject", "uintptr_t", "lv_tag", 16)


def long_digits(version: tuple[int, int], size: int) -> tuple[int, int]:
    """Sign (-1, 0, 1) and number of digits, from what `long_size` holds."""
    if version < (3, 12):
        return (size > 0) - (size < 0), abs(size)
    return 1 - (size & 3), size >> 3


def long_value(sign: int, digits: list[int]) -> int:
    """The number that digits of 30 bits make, the lowest first."""
    return sign * sum(digit << DIGIT_BITS * i for i, digit in enumerate(digits))


def ascii_members(version: tuple[int, int]) -> tuple[Member, ...]:
    """PyASCIIObject, the head of every str; up to 3.11 with a pointer to wide characters that nothing uses any more."""
    part = "PyASCIIObject"
    members = (
        Member(part, "Py_ssize_t", "length", 16),
        Member(part, "Py_hash_t", "hash", 24),
        Member(part, "uint32_t", "state", 32),
    )
    return (*members, Member(part, "wchar_t *", "wstr", 40)) if version < (3, 12) else members


def compact_members(version: tuple[int, int]) -> tuple[Member, ...]:
    """What PyCompactUnicodeObject adds for a str that is not ASCII alone: the same text in UTF-8, once it was asked."""
    part = "PyCompactUnicodeObject"
    start = text_at(version, ascii=True)
    members = (Member(part, "Py_ssize_t", "utf8_length", start), Member(part, "char *", "utf8", start + 8))
    return (*members, Member(part, "Py_ssize_t", "wstr_length", start + 16)) if version < (3, 12) else members


def text_at(version: tuple[int, int], *, ascii: bool) -> int:
    """Offset of a compact str's characters, right behind its head."""
    if version < (3, 12):
        return 48 if ascii else 72
    return 40 if ascii else 56


@dataclass(frozen=True, slots=True)
class TextState:
    """The bits of a str's ``state``: bytes of a character, whether it is compact and ASCII, how far it is interned."""

    interned: int
    kind: int
    compact: bool
    ascii: bool

    @classmethod
    def of(cls, bits: int) -> TextState:
        return cls(bits & 3, bits >> 2 & 7, bool(bits >> 5 & 1), bool(bits >> 6 & 1))


def counted(version: tuple[int, int], ob_refcnt: int) -> int:
    """The reference count in the field: the whole of it up to 3.11, its low 32 bits after that."""
    return ob_refcnt if version < (3, 12) else ob_refcnt & 0xFFFFFFFF


def is_immortal(version: tuple[int, int], ob_refcnt: int) -> bool:
    """Whether the object is never freed and not counted: from 3.12 on, bit 31 of the count says so."""
    return version >= (3, 12) and bool(ob_refcnt & 0x80000000)


# What instances of a class have in front of them, ahead of the collector's links: two pointers where the type's flags
# say one of these (Py_TPFLAGS_MANAGED_WEAKREF and Py_TPFLAGS_MANAGED_DICT of Include/object.h). 3.11 keeps a dict and
# values there; from 3.12 on it is the list of weak references and a dict (Include/internal/pycore_object.h).
POINTERS_BEFORE_NBYTES = 16
_BEFORE_3_12 = ((1 << 4, "attributes"),)
_BEFORE = ((1 << 3, "weak references"), (1 << 4, "attributes"))


def kept_before(version: tuple[int, int], flags: int) -> tuple[str, ...]:
    """What the pointers before instances lead to, in words, by the ``__flags__`` of their class."""
    table = _BEFORE_3_12 if version < (3, 12) else _BEFORE
    return tuple(words for bit, words in table if flags & bit)


# What a member descriptor is, by which a class's __slots__ and the members of C types are found: PyMemberDescrObject
# ends in a pointer to a PyMemberDef, static or owned by the type, that holds name, type code, offset and flags.
MEMBER_DESCRIPTOR_NBYTES = 48
MEMBER_DEF_AT = 40
MEMBER_DEF_NBYTES = 40
MEMBER_CTYPES = {
    0: "short",
    1: "int",
    2: "long",
    3: "float",
    4: "double",
    6: "PyObject *",
    7: "char",
    11: "unsigned int",
    14: "bool",
    16: "PyObject *",
    19: "Py_ssize_t",
}


def of_type(kind: type, name: str) -> Any:
    """What the type object itself says, as ``__basicsize__``; a metaclass may have its own answer."""
    return vars(type)[name].__get__(kind)


def torch_members(cdata_at: int) -> tuple[Member, ...]:
    """THPVariable: the handle to the tensor in C++ (in some versions behind a flag, owned or borrowed)."""
    part = "THPVariable"
    flag = (Member(part, "bool", "cdata.isBorrowed", 16),) if cdata_at > HEAD_NBYTES else ()
    return (
        *flag,
        Member(part, "TensorImpl *", "cdata", cdata_at),
        Member(part, "PyObject *", "backward_hooks", cdata_at + 8),
        Member(part, "PyObject *", "post_accumulate_grad_hooks", cdata_at + 16),
    )
