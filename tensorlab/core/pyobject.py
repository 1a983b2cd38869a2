"""The C struct behind a Python object, read from memory, with its reference count, its size and who refers to it.

>>> examine(2.5).structs[0].name
'PyFloatObject'
"""

from __future__ import annotations

import gc
import platform
import struct
import sys
import sysconfig
from collections.abc import Mapping
from ctypes import c_ssize_t, string_at
from dataclasses import dataclass, replace
from types import BuiltinFunctionType, ModuleType
from typing import Any

from tensorlab.core import pyobject_layouts as layouts
from tensorlab.core.pyobject_fields import Disagreement, Struct
from tensorlab.core.pyobject_structs import VERSION, kept_before, read
from tensorlab.core.referrers import Referrers, find_referrers, names_of
from tensorlab.core.tensor import Tensor
from tensorlab.errors import ArgumentError

_COLLECTOR_NBYTES = 16  # two links before each object that the garbage collector tracks
_ALONE_SECONDS = 5.0
_HEAP_TYPE = 1 << 9  # set of classes that Python code made


@dataclass(frozen=True, slots=True)
class ReferenceCount:
    """``ob_refcnt`` as read, of which the look itself holds ``ours``; ``getrefcount`` is what `sys` said then.

    ``shared``: the object belongs to the whole process (a small int, None, interned text, a type), so that its count
    is nobody's in particular. ``immortal``: from Python 3.12 on, such objects are not counted at all.
    """

    read: int
    ours: int
    getrefcount: int
    shared: bool
    immortal: bool

    @property
    def outside(self) -> int:
        """References that others hold."""
        return self.read - self.ours

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        facts: dict[str, object] = {"shared": self.shared, "immortal": self.immortal}
        if self.shared and not addresses:
            return facts
        counts = {"read": self.read, "ours": self.ours, "outside": self.outside, "getrefcount": self.getrefcount}
        return facts | counts


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """What lies behind an expression's value.

    ``what``: in words, what the struct holds beyond the head. ``problem``: why there are no structs, where memory does
    not hold what Python says. ``beside``: of a tensor of ours, the record of a torch tensor, where torch is loaded.
    ``kept_before``: what the pointers before the struct lead to, in words: attributes, weak references.
    Units: ``basicsize``, ``sizeof`` (`sys.getsizeof`), and what lies before the struct: ``collector_nbytes``
    for the garbage collector, ``pointers_nbytes`` to find what is kept elsewhere by; in bytes.
    """

    label: str
    kind: str
    address: int
    what: str
    structs: tuple[Struct, ...]
    problem: str
    count: ReferenceCount
    referrers: Referrers
    sizeof: int
    collector_nbytes: int
    pointers_nbytes: int
    kept_before: tuple[str, ...] = ()
    is_tensor: bool = False
    beside: ObjectRecord | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the struct at the object's address."""
        return self.structs[0].nbytes if self.structs else 0

    @property
    def is_temporary(self) -> bool:
        """Whether nobody but the look refers to the object."""
        return not self.count.shared and not self.count.immortal and self.count.outside == 0

    def to_dict(self, *, addresses: bool = False) -> dict[str, object]:
        facts: dict[str, object] = {
            "label": self.label,
            "kind": self.kind,
            "what": self.what,
            "structs": [piece.to_dict(addresses=addresses) for piece in self.structs],
            "problem": self.problem,
            "count": self.count.to_dict(addresses=addresses),
            "temporary": self.is_temporary,
            "referrers": self.referrers.to_dict(),
            "sizeof": self.sizeof,
            "collector_nbytes": self.collector_nbytes,
            "pointers_nbytes": self.pointers_nbytes,
            "kept_before": list(self.kept_before),
        }
        if self.beside is not None:
            facts["beside"] = self.beside.to_dict(addresses=addresses)
        return facts | ({"address": self.address} if addresses else {})


def examine(x: object, *, label: str = "", namespace: Mapping[str, Any] | None = None) -> ObjectRecord:
    """Read the struct behind ``x``; ``namespace`` holds the names that are looked through for who refers to it.

    Call it with the object itself, as ``examine(a)``: what the caller's names hold is then told from what the look
    holds. Nothing is changed, and nothing read beyond the bytes that the layout guarantees.
    Raises: `ArgumentError` where objects are no structs of this layout: another interpreter than CPython, a build of
            32 bits or without the global lock.
    """
    _check_interpreter()
    found, getrefcount = _counts(x)
    names: Mapping[str, Any] = {} if namespace is None else namespace
    immortal, shared = layouts.is_immortal(VERSION, found), _is_shared(x)
    count = ReferenceCount(layouts.counted(VERSION, found), _own_count() + 1, getrefcount, shared, immortal)
    called = names_of(x, names)
    referrers = Referrers(called, 0, ()) if shared or immortal else find_referrers(x, names)
    labels = {id(value): name for name, value in list(names.items()) if not name.startswith("_")}
    counted = _in_words(count)
    what, structs, problem = _read_undisturbed(x, labels, counted)
    if not shared:
        structs = _with_count(structs, found, counted)
    tracked = gc.is_tracked(x)
    before = kept_before(type(x))
    return ObjectRecord(
        label=label or "the object",
        kind=type(x).__name__,
        address=id(x),
        what=what,
        structs=structs,
        problem=problem,
        count=count,
        referrers=referrers,
        sizeof=sys.getsizeof(x),
        collector_nbytes=_COLLECTOR_NBYTES if tracked else 0,
        pointers_nbytes=layouts.POINTERS_BEFORE_NBYTES if before else 0,
        kept_before=before,
        is_tensor=isinstance(x, Tensor),
        beside=_torch_beside(x),
    )


def _read_undisturbed(x: object, labels: Mapping[int, str], counted: str) -> tuple[str, tuple[Struct, ...], str]:
    """The structs, or why there are none; other threads, which might free an array between two looks, have to wait."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_ALONE_SECONDS)
    try:
        return *read(x, labels, counted, stable=False), ""
    except Disagreement as error:
        return "", (), str(error)
    finally:
        sys.setswitchinterval(interval)


def _counts(x: object) -> tuple[int, int]:
    """The field as it lies in memory, and what `sys.getrefcount` says at the same moment."""
    return c_ssize_t.from_address(id(x)).value, sys.getrefcount(x)


def _own_count() -> int:
    """How many references the call of `_counts` holds itself: those of an object with one name, less that name."""
    probe = object()
    return _counts(probe)[0] - 1


def _in_words(count: ReferenceCount) -> str:
    if count.immortal:
        return "immortal: never counted, never freed"
    if count.shared:
        return "shared by the whole process"
    return f"{count.read}, of which {count.ours} by this look"


def _with_count(structs: tuple[Struct, ...], found: int, words: str) -> tuple[Struct, ...]:
    """The count as it was when the look began: while it reads, it holds a few references more."""
    if not structs:
        return structs
    first, *rest = structs
    head = replace(first.fields[0], raw=struct.pack("<q", found), value=words, exact="", stable=True)
    return (replace(first, fields=(head, *first.fields[1:])), *rest)


def _is_shared(x: object) -> bool:
    """Whether all of the process uses this one object, so that its count says nothing about the notebook."""
    if x is None or x is ... or x is NotImplemented or type(x) in (bool, BuiltinFunctionType, ModuleType):
        return True
    if isinstance(x, type):
        return not layouts.of_type(x, "__flags__") & _HEAP_TYPE
    if type(x) is int:
        return int(str(x)) is x if x.bit_length() < 16 else False
    if type(x) in (str, bytes):
        return _is_shared_text(x)
    return type(x) is tuple and not x


def _is_shared_text(x: object) -> bool:
    if isinstance(x, bytes):
        return len(x) < 2
    state = layouts.ascii_members(VERSION)[2]
    bits = layouts.TextState.of(state.decoded(string_at(id(x) + state.offset, state.nbytes)))
    return isinstance(x, str) and (len(x) < 2 or bits.interned > 0)


def _torch_beside(x: object) -> ObjectRecord | None:
    """A torch tensor of the same shape, where torch is loaded, made to be looked at."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(x, Tensor):
        return None
    shape = tuple(x.shape)
    # Expanded from one element: it has the shape, and next to no bytes.
    return examine(torch.zeros(()).expand(shape), label=f"torch.Tensor of shape {shape}")


def _check_interpreter() -> None:
    if platform.python_implementation() != "CPython":
        raise ArgumentError(
            f"examine: got {platform.python_implementation()}; takes CPython, whose objects are structs"
        )
    if struct.calcsize("P") != 8 or sysconfig.get_config_var("Py_GIL_DISABLED") or sys.byteorder != "little":
        raise ArgumentError("examine: takes a little-endian build of 64 bits with the global lock")
