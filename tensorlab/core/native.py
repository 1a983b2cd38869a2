"""Machine code: LLVM's text of a loop in, an object file out; an object file in, a Python callable out.

Numba makes the text (see `core.compile`). From there on this is LLVM alone: the loop gets an entry that CPython calls
directly, and the object file with both is what the disk cache keeps. So a process whose loops are all in the cache does
without Numba, whose import and first use take longer than everything else in a short session, and a call costs half of
what it costs through Numba's own wrapper.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

Entry = Callable[..., int]

_METH_FASTCALL = 0x80
_PLAIN = "_plain"  # behind an entry's name: that of the loop itself
_DECLARATIONS = """
@PyExc_RuntimeError = external global ptr
@loop.failed = private constant [17 x i8] c"the loop failed.\\00"
declare i64 @PyLong_AsLongLong(ptr)
declare double @PyFloat_AsDouble(ptr)
declare ptr @PyLong_FromLong(i64)
declare ptr @PyErr_Occurred()
declare void @PyErr_SetString(ptr, ptr)
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
"""
_FUNCTIONS = tuple(re.findall(r"declare \w+ @(\w+)", _DECLARATIONS))


class _MethodDef(ctypes.Structure):
    """CPython's ``PyMethodDef``; a function object points to it as long as it lives."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_methods: list[_MethodDef] = []  # loops are never unloaded
_plain: dict[Entry, int] = {}  # the addresses of the loops themselves, by their entries
_serial = count()


def host() -> str:
    """What the machine code is for: triple, processor, and what the processor can do."""
    binding = llvm()
    return f"{binding.get_process_triple()} {binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"


@lru_cache(maxsize=1)
def has_half_conversion() -> bool:
    """Whether this processor converts between float16 and float32 in one instruction."""
    binding = llvm()
    if not binding.get_process_triple().startswith("x86_64"):
        return False
    return bool(binding.get_host_cpu_features().get("f16c"))


def emit_object(text: str, function: str, symbol: str, arguments: Sequence[str]) -> bytes:
    """Machine code of the LLVM function ``function`` with an entry ``symbol`` for CPython.

    ``arguments`` are ``int64`` or ``float64``, one an argument.
    """
    own = entry_text(function, symbol, arguments) + plain_text(function, symbol, arguments)
    module = parsed(text + _DECLARATIONS + own)
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration and value.name not in (symbol, symbol + _PLAIN):
            value.linkage = "internal"
    return machine().emit_object(module)


def assembly(text: str) -> str:
    """LLVM's text as assembly for this machine."""
    return machine().emit_assembly(parsed(text))


def load_object(code: bytes, symbol: str) -> Entry:
    """Link an object file into this process, and make its entry a built-in function of Python.

    Raises: `RuntimeError` from LLVM where a name that the object refers to is not to be found.
    """
    binding = llvm()
    library = binding.JITLibraryBuilder().add_object_img(code).add_current_process().export_symbol(symbol)
    library.export_symbol(symbol + _PLAIN)
    for name, address in _c_api():
        library.import_symbol(name, address)
    tracker = library.link(_linker(), f"{symbol}.{next(_serial)}")
    start: int = tracker[symbol]
    plain: int = tracker[symbol + _PLAIN]
    tracker.detach()  # nothing is unloaded: not when the tracker dies, not while the interpreter shuts down
    method = _MethodDef(symbol.encode(), start, _METH_FASTCALL, None)
    _methods.append(method)
    entry: Entry = _new_function()(ctypes.addressof(method), None, None)
    _plain[entry] = plain
    return entry


def address(entry: Entry) -> int:
    """Where the loop of an entry is, for machine code that calls it: it takes the same numbers, and gives a status."""
    return _plain[entry]


def plain_text(function: str, symbol: str, arguments: Sequence[str]) -> str:
    """The loop in LLVM's language as C calls it: without the two places, and without the interpreter's lock."""
    values = [f"{'i64' if kind == 'int64' else 'double'} %v{i}" for i, kind in enumerate(arguments)]
    lines = [f"define i32 @{symbol}{_PLAIN}({', '.join(values)}) {{", "  %result = alloca ptr", "  %error = alloca ptr"]
    lines += [f"  %status = call i32 @{function}({', '.join(['ptr %result', 'ptr %error', *values])})"]
    return "\n".join([*lines, "  ret i32 %status", "}", ""])


def entry_text(function: str, symbol: str, arguments: Sequence[str]) -> str:
    """The entry in LLVM's language: takes the Python numbers apart, lets go of the interpreter's lock, calls the loop.

    It gives the loop's status, which is 0. Numba's functions take two places first: for a result, and for an error.
    """
    n = len(arguments)
    lines = [f"define ptr @{symbol}(ptr %self, ptr %args, i64 %count) {{", "start:"]
    lines += ["  %result = alloca ptr", "  %error = alloca ptr"]
    lines += [f"  %fits = icmp eq i64 %count, {n}", "  br i1 %fits, label %take0, label %failed"]
    values: list[str] = []
    for i, kind in enumerate(arguments):
        whole = kind == "int64"
        type_, convert = ("i64", "PyLong_AsLongLong") if whole else ("double", "PyFloat_AsDouble")
        compare = f"icmp eq i64 %v{i}, -1" if whole else f"fcmp oeq double %v{i}, -1.0"
        values.append(f"{type_} %v{i}")
        lines += [f"take{i}:", f"  %p{i} = getelementptr ptr, ptr %args, i64 {i}", f"  %o{i} = load ptr, ptr %p{i}"]
        # -1 may be a number or the sign of an error.
        lines += [f"  %v{i} = call {type_} @{convert}(ptr %o{i})", f"  %odd{i} = {compare}"]
        lines += [f"  br i1 %odd{i}, label %look{i}, label %take{i + 1}", f"look{i}:"]
        lines += [f"  %raised{i} = call ptr @PyErr_Occurred()", f"  %fine{i} = icmp eq ptr %raised{i}, null"]
        lines += [f"  br i1 %fine{i}, label %take{i + 1}, label %stop"]
    lines += [f"take{n}:", "  %thread = call ptr @PyEval_SaveThread()"]
    lines += [f"  %status = call i32 @{function}({', '.join(['ptr %result', 'ptr %error', *values])})"]
    lines += ["  call void @PyEval_RestoreThread(ptr %thread)", "  %done = icmp eq i32 %status, 0"]
    lines += ["  br i1 %done, label %finish, label %failed", "finish:"]
    lines += ["  %zero = call ptr @PyLong_FromLong(i64 0)", "  ret ptr %zero"]
    lines += ["failed:", "  %kind = load ptr, ptr @PyExc_RuntimeError"]
    lines += ["  call void @PyErr_SetString(ptr %kind, ptr @loop.failed)", "  br label %stop"]
    return "\n".join([*lines, "stop:", "  ret ptr null", "}", ""])


@lru_cache(maxsize=1)
def llvm() -> Any:
    """LLVM, ready for this machine."""
    import llvmlite.binding  # pyright: ignore[reportMissingTypeStubs] - it carries none

    llvmlite.binding.initialize_native_target()
    llvmlite.binding.initialize_native_asmprinter()
    return llvmlite.binding


@lru_cache(maxsize=1)
def machine() -> Any:
    """What LLVM makes machine code for: this very processor."""
    binding = llvm()
    options: dict[str, Any] = {"opt": 3, "reloc": "pic", "codemodel": "default"}
    options |= {"cpu": binding.get_host_cpu_name(), "features": binding.get_host_cpu_features().flatten()}
    return binding.Target.from_triple(binding.get_process_triple()).create_target_machine(**options)


@lru_cache(maxsize=1)
def _linker() -> Any:
    return llvm().create_lljit_compiler(suppress_errors=True)


@lru_cache(maxsize=1)
def _c_api() -> tuple[tuple[str, int], ...]:
    """Addresses of what entries use of CPython: an interpreter inside another program may not export them by name."""
    api = ctypes.pythonapi
    found = [(name, ctypes.cast(getattr(api, name), ctypes.c_void_p).value or 0) for name in _FUNCTIONS]
    error = ctypes.c_void_p.in_dll(api, "PyExc_RuntimeError")
    return (*found, ("PyExc_RuntimeError", ctypes.addressof(error)))


@lru_cache(maxsize=1)
def _new_function() -> Any:
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p,) * 3
    return new


def parsed(text: str) -> Any:
    """LLVM's module of a text, looked through.

    Raises: `RuntimeError` from LLVM for a text that is none.
    """
    module = llvm().parse_assembly(text)
    module.verify()
    return module
