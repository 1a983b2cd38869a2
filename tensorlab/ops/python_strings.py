"""Ops on strings, and those between strings and numbers: Python's own, under ATen's names."""

from __future__ import annotations

import math
from typing import Any

from tensorlab.errors import DimError, RangeError
from tensorlab.ops.number import declare_number


def str_getitem(s: str, index: int) -> str:
    """One character.

    Raises: `DimError` if ``index`` is outside the string.
    """
    if not -len(s) <= index < len(s):
        raise DimError(f"__getitem__: got index {index} into a string of {len(s)}")
    return s[index]


def str_slice(string: str, start: int | None, end: int | None, step: int) -> str:
    """``s[start:end:step]``.

    Raises: `RangeError` for a step of 0.
    """
    if step == 0:
        raise RangeError("slice: got step 0; takes a step that is not 0")
    return string[start:end:step]


def str_index(self: str, substr: str, start: int, end: int) -> int:
    """Where a part begins first.

    Raises: `RangeError` where it is not.
    """
    found = self.find(substr, start, None if end == -1 else end)
    if found < 0:
        raise RangeError(f"index: {substr!r} is not in {self!r}")
    return found


def str_chr(i: int) -> str:
    """The character of a code.

    Raises: `RangeError` outside of what Unicode has.
    """
    if not 0 <= i < 0x110000:
        raise RangeError(f"chr: got {i}; takes 0 to {0x10FFFF}")
    return chr(i)


def str_ord(string: str) -> int:
    """The code of a character.

    Raises: `RangeError` for another number of characters than one.
    """
    if len(string) != 1:
        raise RangeError(f"ord: got {len(string)} characters; takes one")
    return ord(string)


def _end(end: int) -> int | None:
    return None if end == -1 else end


for _name in ("isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower", "isdecimal", "isnumeric", "istitle"):
    declare_number(f"{_name}(str self) -> bool", getattr(str, _name))
for _name in ("upper", "lower", "capitalize", "title", "swapcase"):
    declare_number(f"{_name}(str self) -> str", getattr(str, _name))
for _schema, _rule in {
    'strip(str self, str chars=" \\n\\t\\f\\v") -> str': str.strip,
    'lstrip(str self, str chars=" \\n\\t\\f\\v") -> str': str.lstrip,
    'rstrip(str self, str chars=" \\n\\t\\f\\v") -> str': str.rstrip,
    "split.str(str self, str? separator=None, int max=-1) -> str[]": str.split,
    "rsplit.str(str self, str? separator=None, int max=-1) -> str[]": str.rsplit,
    "splitlines(str self, bool keepends=False) -> str[]": str.splitlines,
    "join(str self, str[] values) -> str": str.join,
    "replace(str self, str old, str new, int max=-1) -> str": str.replace,
    "startswith(str self, str substr) -> bool": str.startswith,
    "endswith(str self, str substr) -> bool": str.endswith,
    "find(str self, str substr, int start=0, int end=-1) -> int": lambda s, part, a, b: s.find(part, a, _end(b)),
    "rfind(str self, str substr, int start=0, int end=-1) -> int": lambda s, part, a, b: s.rfind(part, a, _end(b)),
    "count.str(str self, str substr) -> int": str.count,
    "index.str(str self, str substr, int start=0, int end=-1) -> int": str_index,
    'center(str self, int width, str fillchar=" ") -> str': str.center,
    'ljust(str self, int width, str fillchar=" ") -> str': str.ljust,
    'rjust(str self, int width, str fillchar=" ") -> str': str.rjust,
    "zfill(str self, int width) -> str": str.zfill,
    "add.str(str a, str b) -> str": lambda a, b: a + b,
    "mul.str(str a, int n) -> str": lambda a, n: a * n,
    "__contains__.str_in_str(str self, str item) -> bool": lambda self, item: item in self,
    "__getitem__.char(str s, int index) -> str": str_getitem,
    "slice.str(str string, int? start=None, int? end=None, int step=1) -> str": str_slice,
    "len.str(str s) -> int": len,
    "list.str(str s) -> str[]": list,
    "lt.str(str a, str b) -> bool": lambda a, b: a < b,
    "le.str(str a, str b) -> bool": lambda a, b: a <= b,
    "gt.str(str a, str b) -> bool": lambda a, b: a > b,
    "ge.str(str a, str b) -> bool": lambda a, b: a >= b,
    "Bool.str(str a) -> bool": bool,
    "ord(str string) -> int": str_ord,
    "chr(int i) -> str": str_chr,
    "hex.int(int i) -> str": hex,
    "oct.int(int i) -> str": oct,
    "bin(int i) -> str": bin,
    "str(t elem) -> str": str,
}.items():
    declare_number(_schema, _rule)


# -- Python's module of mathematics, where it is not in `number`


def guarded(name: str, function: Any) -> Any:
    """A function of `math`, its refusals as ours."""

    def call(*args: Any) -> Any:
        try:
            return function(*args)
        except (ValueError, OverflowError) as error:
            raise RangeError(f"{name}: got {', '.join(map(str, args))}: {error}") from None

    return call


MATH_FLOATS = ("acos", "asin", "atan", "cosh", "sinh", "tan", "acosh", "asinh", "atanh", "log10", "log2", "log1p")
MATH_MORE = ("expm1", "erf", "erfc", "gamma", "lgamma", "degrees", "radians", "fabs")
for _name in (*MATH_FLOATS, *MATH_MORE):
    for _type in ("int", "float"):
        declare_number(f"{_name}.{_type}({_type} a) -> float", guarded(_name, getattr(math, _name)))
for _name in ("isnan", "isinf", "isfinite"):
    declare_number(f"{_name}.float(float a) -> bool", getattr(math, _name))
for _name in ("atan2", "fmod", "copysign"):
    declare_number(f"{_name}.float(float a, float b) -> float", guarded(_name, getattr(math, _name)))
declare_number("factorial.int(int a) -> int", guarded("factorial", math.factorial))
declare_number("gcd.int(int a, int b) -> int", math.gcd)
declare_number("trunc.float(float a) -> int", math.trunc)
declare_number("modf(float a) -> (float, float)", math.modf)
declare_number("divmod.int(int x, int y) -> (int, int)", divmod)
declare_number("divmod.float(float x, float y) -> (float, float)", divmod)
