"""Machine code of the native entries for shared memory: from LLVM's text, by way of the disk cache, to functions.

The texts name objects, functions of CPython and NumPy, and places of fields. Places are numbers, asked of this
interpreter and checked on objects whose fields are known; objects and functions are external names, so that the code
is the same in each process and stays in the cache.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.metadata
import re
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from types import MemberDescriptorType
from typing import Any

import numpy as np

from tensorlab.core import array_head, native, pyobject_layouts
from tensorlab.core.config import config
from tensorlab.core.foreign import MOST_WHOLES, ImportedStorage, imports, wholes
from tensorlab.core.layout import Layout
from tensorlab.core.lending import Loan, loans
from tensorlab.core.loop_files import LoopFiles
from tensorlab.core.sharing_native import ENTRIES, Entry
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.memory import current
from tensorlab.memory.default import Current

_FOLDER = Path(__file__).with_name("entries")


class _MethodDef(ctypes.Structure):
    """CPython's ``PyMethodDef``; a function object points to it as long as it lives."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_METH_FASTCALL = 0x80
_methods: list[_MethodDef] = []  # for good, as the functions are


def _llvm() -> Any:
    import llvmlite.binding  # pyright: ignore[reportMissingTypeStubs] - it carries none

    native.host()  # which makes LLVM ready
    return llvmlite.binding


def made(tables: Mapping[str, object]) -> dict[str, Entry]:
    """The entries as built-in functions of Python, over tables that are theirs and Python's.

    Raises: `LookupError` where objects do not look as the texts take them to; `RuntimeError` from LLVM.
    """
    llvm, objects = _llvm(), {**_OBJECTS, **tables}
    text, pointers = _text(_places()), _pointers(objects)
    made_by = f"{text}\0{importlib.metadata.version('llvmlite')}\0{native.host()}"
    name = f"sharing_{hashlib.sha256(made_by.encode()).hexdigest()[:12]}"
    files = LoopFiles(config().cache_dir / "entries")
    code = files.read_object(name)
    if code is None:
        code = _compiled(text)
        files.write_object(name, code)
    library: Any = llvm.JITLibraryBuilder().add_object_img(code)
    for pointer, address in pointers.items():
        library.import_symbol(f"tl.{pointer}", address)
    for entry in ENTRIES:
        library.export_symbol(entry)
    linker: Any = llvm.create_lljit_compiler(suppress_errors=True)
    tracker = library.link(linker, name)
    methods = [_MethodDef(entry.encode(), tracker[entry], _METH_FASTCALL, None) for entry in ENTRIES]
    _methods.extend(methods)
    # What is freed while the interpreter ends still finds the code, and the objects that it names.
    tracker.detach()
    linker.detach()
    for value in objects.values():
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(
        ("PyCFunction_NewEx", ctypes.pythonapi)
    )
    return {entry: new(ctypes.addressof(method), None, None) for entry, method in zip(ENTRIES, methods, strict=True)}


def _text(places: dict[str, int]) -> str:
    """All texts, with numbers for the places of fields and one external name for each object and function."""
    texts = _texts()
    names = sorted(set(re.findall(r"\$(\w+)", texts)) - places.keys())
    declared = "".join(f"@{_external(name)} = external global i8\n" for name in names)
    known = {name: f"@{_external(name)}" for name in names} | {name: str(at) for name, at in places.items()}
    return Template(texts).substitute(known) + declared


def _texts() -> str:
    return "\n".join((_FOLDER / f"{part}.ll").read_text(encoding="utf-8") for part in ("common", "storage", *ENTRIES))


def _external(name: str) -> str:
    return f'"tl.{name}"'


def _compiled(text: str) -> bytes:
    llvm = _llvm()
    module: Any = llvm.parse_assembly(text)
    module.verify()
    machine: Any = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        opt=2, reloc="pic", codemodel="default"
    )
    passes: Any = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes.getModulePassManager().run(module, passes)
    return machine.emit_object(module)


def _pointers(objects: Mapping[str, object]) -> dict[str, int]:
    """Addresses of the objects and functions that the texts name."""
    functions = {name: _address(name) for name in re.findall(r"\$(Py\w+)\(", _texts())}
    return functions | _numpy_functions() | {name: id(value) for name, value in objects.items()}


def _address(function: str) -> int:
    return ctypes.cast(getattr(ctypes.pythonapi, function), ctypes.c_void_p).value or 0


_OBJECTS: dict[str, object] = {
    "False": False,
    "ImportedStorage": ImportedStorage,
    "Loan": Loan,
    "None": None,
    "Storage": Storage,
    "Tensor": Tensor,
    "True": True,
    "address": sys.intern("address"),
    "bytearray": bytearray,
    "current": current,
    "int": int,
    "lending": loans,
    "loans": loans.by_storage,
    "ndarray": np.ndarray,
    "regions": imports.regions,
    "wholes": wholes,
    "zero": 0,
}


def _numpy_functions() -> dict[str, int]:
    """Two functions out of NumPy's C interface, whose numbers stay the same."""
    api: Any = ctypes.pythonapi
    pointer_in = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", api))
    capsule = importlib.import_module("numpy._core.multiarray")._ARRAY_API
    table = ctypes.cast(pointer_in(capsule, None), ctypes.POINTER(ctypes.c_void_p))
    if table[2] != id(np.ndarray):
        raise LookupError("NumPy's C interface begins in another way")
    return {"new_array": table[94] or 0, "set_base": table[282] or 0}


def _places() -> dict[str, int]:
    """Offsets of fields, in bytes, and other numbers."""
    head = object.__basicsize__
    pair, row, word = (1, 2), [1, 2], b"12345678"
    looks = (
        sys.implementation.name == "cpython" and head == 16 and ctypes.sizeof(ctypes.c_void_p) == 8,
        sys.byteorder == "little",
        _pointer(pair, 8) == id(tuple),
        _pointer(pair, tuple.__basicsize__ + 8) == id(pair[1]),
        _pointer(row, 16) == 2 and ctypes.c_size_t.from_address(_pointer(row, 24) + 8).value == id(row[1]),
        ctypes.string_at(id(word) + bytes.__basicsize__ - 1, 8) == word,
        array_head.is_known(),
    )
    if not all(looks):
        raise LookupError("objects look otherwise")
    fields = {f"array_{name}": getattr(array_head.Head, name).offset for name, *_ in array_head.Head._fields_[1:]}
    slots = {f"tensor_{name}": _slot(Tensor, name) for name in ("address", "base", "layout", "offset", "tape")}
    slots["tensor_storage"] = _slot(Tensor, "_storage")
    slots["current_allocate"], slots["current_allocator"] = _slot(Current, "allocate"), _slot(Current, "allocator")
    slots["layout_nbytes"] = _slot(Layout, "nbytes")
    for name in ("address", "allocator", "nbytes", "pointer", "readonly", "version", "writes"):
        slots[f"storage_{name}"] = _slot(Storage, name)
    slots["storage_keeper"] = _slot(ImportedStorage, "keeper")
    slots["loan_storage"] = _slot(Loan, "storage")
    slots["lending_sorted"] = _slot(type(loans), "is_sorted")
    numbers = {
        "bytes": bytes.__basicsize__ - 1,
        "class": 8,
        "first_item": tuple.__basicsize__,
        "in_one_piece": array_head.IN_ONE_PIECE,
        "items": 24,
        "length": 16,
        "most_loans": loans.ROOM,
        "most_wholes": MOST_WHOLES,
        "plain": array_head.PLAIN,
        "second_item": tuple.__basicsize__ + 8,
        "writeable": array_head.WRITEABLE,
    }
    return fields | slots | numbers


def _pointer(thing: object, offset: int) -> int:
    return ctypes.c_size_t.from_address(id(thing) + offset).value


def _slot(owner: type, name: str) -> int:
    """Where a slot lies in instances of a class: written in the descriptor that the class keeps for it."""
    descriptor = vars(owner)[name]
    if type(descriptor) is not MemberDescriptorType:
        raise LookupError(f"{owner.__name__}.{name} is no slot")
    definition = _pointer(descriptor, pyobject_layouts.MEMBER_DEF_AT)
    kind, offset = struct.unpack_from("=iq", ctypes.string_at(definition + 8, 4) + ctypes.string_at(definition + 16, 8))
    if pyobject_layouts.MEMBER_CTYPES.get(kind) is None or not object.__basicsize__ <= offset < owner.__basicsize__:
        raise LookupError(f"{owner.__name__}.{name} lies elsewhere")
    return offset
