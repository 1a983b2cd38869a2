"""Numbers of a loop on their way from Python's text to LLVM's: kinds, conversions, arithmetic.

The rules are those by which Numba types and lowers numbers, cut down to what loops do with them; what is outside raises
`UnknownError`, and Numba compiles the loop.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

LLVM = {
    "bool": "i1",
    **dict.fromkeys(("int8", "uint8"), "i8"),
    **dict.fromkeys(("int16", "uint16"), "i16"),
    **dict.fromkeys(("int32", "uint32"), "i32"),
    **dict.fromkeys(("int64", "uint64"), "i64"),
    "float32": "float",
    "float64": "double",
}
FLOATS = ("float32", "float64")
_WIDTH = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "float": 32, "double": 64}
_SIGNED = ("int8", "int16", "int32", "int64")
_UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
_FLOAT_OPERATIONS = {"Add": "fadd", "Sub": "fsub", "Mult": "fmul", "Div": "fdiv"}
_INT_OPERATIONS = {
    "Add": "add nsw",
    "Sub": "sub nsw",
    "Mult": "mul nsw",
    "LShift": "shl",
    "RShift": "ashr",
    "BitAnd": "and",
    "BitOr": "or",
    "BitXor": "xor",
}
_BIT_OPERATIONS = ("BitAnd", "BitOr", "BitXor")
_FLOAT_COMPARISONS = {"Lt": "olt", "LtE": "ole", "Gt": "ogt", "GtE": "oge", "Eq": "oeq", "NotEq": "une"}
_INT_COMPARISONS = {"Lt": "slt", "LtE": "sle", "Gt": "sgt", "GtE": "sge", "Eq": "eq", "NotEq": "ne"}


class UnknownError(Exception):
    """Something in a loop that only Numba knows."""


@dataclass(frozen=True, slots=True)
class Value:
    """A number as LLVM's text names it; ``kind`` is a dtype's name, with a ``*`` behind it for an address of such.

    ``literal`` is the integer that the text itself says.
    """

    kind: str
    text: str
    literal: int | None = None

    @property
    def type(self) -> str:
        """LLVM's type."""
        return "ptr" if self.kind.endswith("*") else LLVM[self.kind]

    def __str__(self) -> str:
        return f"{self.type} {self.text}"


def number(value: float, kind: str) -> Value:
    """A number known beforehand."""
    if kind == "bool":
        return Value(kind, "true" if value else "false")
    if kind in FLOATS:
        bits = struct.unpack("<Q", struct.pack("<d", value))[0]
        return Value(kind, f"0x{bits:016x}")
    return Value(kind, str(int(value)))


class Numbers:
    """Writes instructions into ``lines``, and gives the values that they make."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}  # by name, what is called by name
        self._count = 0

    def name(self) -> str:
        """A name for a value or a block."""
        self._count += 1
        return f"%t{self._count}"

    def make(self, kind: str, instruction: str) -> Value:
        """The value of an instruction."""
        name = self.name()
        self.lines.append(f"{name} = {instruction}")
        return Value(kind, name)

    def call(self, function: str, kind: str, arguments: list[Value], *, attributes: str = "") -> Value:
        """What a function of numbers of one kind gives."""
        type_ = LLVM[kind]
        self.declared[function] = f"declare {type_} @{function}({', '.join(a.type for a in arguments)}){attributes}"
        return self.make(kind, f"call contract {type_} @{function}({', '.join(map(str, arguments))})")

    # Conversions

    def cast(self, value: Value, kind: str) -> Value:
        """A number as one of another kind.

        Raises: `UnknownError` for an address.
        """
        have, want = value.type, LLVM.get(kind)
        if want is None or have == "ptr":
            raise UnknownError(f"{value.kind} as {kind}")
        if value.kind == kind:
            return Value(kind, value.text)
        if value.literal is not None:
            return number(_wrapped(value.literal, kind), kind)
        if kind == "bool":
            zero = number(0, value.kind)
            test = "fcmp contract une" if value.kind in FLOATS else "icmp ne"
            return self.make(kind, f"{test} {value}, {zero.text}")
        if value.kind == "bool":
            wide = self.make("int32", f"zext {value} to i32")
            return self.cast(wide, kind)
        if kind in FLOATS:
            if value.kind in FLOATS:
                return self.make(kind, f"{'fpext' if kind == 'float64' else 'fptrunc'} {value} to {want}")
            return self.make(kind, f"{'sitofp' if value.kind in _SIGNED else 'uitofp'} {value} to {want}")
        if value.kind in FLOATS:
            return self.make(kind, f"{'fptosi' if kind in _SIGNED else 'fptoui'} {value} to {want}")
        if _WIDTH[have] == _WIDTH[want]:
            return Value(kind, value.text)
        if _WIDTH[have] > _WIDTH[want]:
            return self.make(kind, f"trunc {value} to {want}")
        return self.make(kind, f"{'sext' if value.kind in _SIGNED else 'zext'} {value} to {want}")

    def seen_as(self, value: Value, kind: str) -> Value:
        """The bits of a number as one of another kind of the same width."""
        want = LLVM.get(kind)
        if want is None or value.type == "ptr" or "bool" in (kind, value.kind) or _WIDTH[value.type] != _WIDTH[want]:
            raise UnknownError(f"view of {value.kind} as {kind}")
        return self.make(kind, f"bitcast {value} to {want}") if want != value.type else Value(kind, value.text)

    # Arithmetic

    def common(self, a: Value, b: Value) -> str:
        """The kind in which two numbers are computed with: an integer beside a float counts as a float64."""
        kinds = {a.kind, b.kind}
        if len(kinds) == 1 and a.kind in FLOATS:
            return a.kind
        if kinds & set(FLOATS):
            return "float64"
        if kinds <= set(_UNSIGNED):
            return "uint64"
        if "uint64" in kinds or any(k.endswith("*") for k in kinds):
            raise UnknownError(f"{a.kind} and {b.kind}")
        return "int64"

    def binary(self, operation: str, a: Value, b: Value) -> Value:
        """``a + b`` and its like; ``operation`` is the class's name in `ast`."""
        if a.kind == b.kind == "bool" and operation in _BIT_OPERATIONS:
            return self.make("bool", f"{_INT_OPERATIONS[operation]} {a}, {b.text}")
        kind = self.common(a, b)
        known = _FLOAT_OPERATIONS if kind in FLOATS else _INT_OPERATIONS
        if operation not in known:
            raise UnknownError(f"{operation} of {a.kind} and {b.kind}")
        a, b = self.cast(a, kind), self.cast(b, kind)
        name = known[operation]
        if kind in _UNSIGNED:
            name = "lshr" if name == "ashr" else name.removesuffix(" nsw")
        flags = " contract" if kind in FLOATS else ""
        return self.make(kind, f"{name}{flags} {a}, {b.text}")

    def compare(self, operation: str, a: Value, b: Value) -> Value:
        """``a < b`` and its like."""
        kind = a.kind if a.kind == b.kind else self.common(a, b)
        known = _FLOAT_COMPARISONS if kind in FLOATS else _INT_COMPARISONS
        if operation not in known or "ptr" in (a.type, b.type):
            raise UnknownError(f"{operation} of {a.kind} and {b.kind}")
        a, b = self.cast(a, kind), self.cast(b, kind)
        test = "fcmp contract" if kind in FLOATS else "icmp"
        name = known[operation]
        if kind not in (*FLOATS, *_SIGNED) and name.startswith("s"):
            name = f"u{name[1:]}"
        return self.make("bool", f"{test} {name} {a}, {b.text}")

    def negative(self, value: Value) -> Value:
        """``-a``."""
        if value.literal is not None:
            return Value("int64", str(-value.literal), -value.literal)
        if value.kind in FLOATS:
            return self.make(value.kind, f"fsub contract {value.type} -0.0, {value.text}")
        if value.kind in _SIGNED:
            return self.cast(self.make(value.kind, f"sub {value.type} 0, {value.text}"), "int64")
        raise UnknownError(f"-{value.kind}")

    def select(self, test: Value, a: Value, b: Value) -> Value:
        """One of two numbers of one kind."""
        return self.make(a.kind, f"select {test}, {a}, {b}")


def _wrapped(value: int, kind: str) -> float:
    """An integer as one of a kind of fewer bits; any other number as it is."""
    if kind in FLOATS or kind == "bool":
        return value
    width = _WIDTH[LLVM[kind]]
    low = value & ((1 << width) - 1)
    return low - (1 << width) if kind in _SIGNED and low >> (width - 1) else low
