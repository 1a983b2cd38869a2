"""Small programs in the scripted language: a source, and the arguments of its calls.

``f`` is what runs. ``tl`` is tensorlab, or PyTorch where that runs the program. A call is a tuple of arguments; a
nested list of floats under `T` is a tensor. ``DIFFERS`` names the programs on which we and TorchScript differ, and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class T:
    """A tensor among the arguments."""

    data: Any


@dataclass(frozen=True, slots=True)
class Program:
    """One program and its calls."""

    name: str
    source: str
    calls: tuple[tuple[Any, ...], ...]


def program(name: str, source: str, *calls: tuple[Any, ...]) -> Program:
    """A program of a source that is written as Python is, with a first empty line."""
    return Program(name, source.lstrip("\n"), calls)


INTS = tuple((n,) for n in (-2, 0, 1, 3, 6, 9, 13))
X = (T([[1.0, -2.0, 3.0], [0.5, 0.25, -4.0]]),)

EXITS = (
    program(
        "break and continue",
        """
def f(n: int) -> int:
    s = 0
    for i in range(n):
        if i == 3:
            continue
        if i == 7:
            break
        s += i
    return s
""",
        *INTS,
    ),
    program(
        "return from a for",
        """
def f(n: int) -> int:
    for i in range(n):
        if i * i > 20:
            return i
    return -1
""",
        *INTS,
    ),
    program(
        "while true with a return",
        """
def f(n: int) -> int:
    while True:
        n += 1
        if n % 7 == 0:
            return n
    return 0
""",
        *INTS,
    ),
    program(
        "endless without an end",
        """
def f(n: int) -> int:
    while True:
        n += 1
        if n % 7 == 0:
            return n
""",
        *INTS,
    ),
    program(
        "loops in loops",
        """
def f(n: int) -> int:
    t = 0
    for i in range(n):
        for j in range(i):
            if j == 4:
                break
            if i * j == 6:
                return 100 + t
            if (i + j) % 2 == 1:
                continue
            t += j
        if i == 5:
            y = 1
        elif i == 6:
            continue
        else:
            y = 2
        t += y
    return t
""",
        *INTS,
    ),
    program(
        "while with a break",
        """
def f(x: Tensor) -> Tensor:
    while bool(x.sum() < 10):
        x = x * 2 + 1
        if bool(x.max() > 8):
            break
    return x
""",
        *(X,),
    ),
    program(
        "continue in a while",
        """
def f(n: int) -> int:
    k = 0
    s = 0
    while k < n:
        k += 1
        if k % 3 == 0:
            continue
        s += k
        if s > 12:
            break
    return s
""",
        *INTS,
    ),
    program(
        "a variable from one way",
        """
def f(n: int) -> int:
    s = 0
    for i in range(n):
        if i % 2 == 0:
            if i > 4:
                break
            step = i
        else:
            step = 2 * i
        s += step
    return s
""",
        *INTS,
    ),
    program(
        "returns in branches",
        """
def f(n: int) -> int:
    if n < 0:
        return -n
    if n == 0:
        return 100
    else:
        if n > 10:
            return 7
    n += 1
    if n == 4:
        return 44
    return n
""",
        *INTS,
    ),
    program(
        "return of an inferred type",
        """
def f(n: int):
    for i in range(n):
        if i == 5:
            return i * 0.5
    return 1.0
""",
        *INTS,
    ),
    program(
        "return out of three loops",
        """
def f(n: int) -> Tuple[int, int, int]:
    for a in range(1, n):
        for b in range(a, n):
            c = b
            while c < n:
                if a * a + b * b == c * c:
                    return a, b, c
                c += 1
    return 0, 0, 0
""",
        *INTS,
    ),
    program(
        "break in both branches",
        """
def f(n: int) -> int:
    s = 0
    while True:
        s += 1
        if s > n:
            break
        else:
            if s == 5:
                break
            continue
    return s
""",
        *INTS,
    ),
    program(
        "a loop after a loop",
        """
def f(n: int) -> int:
    for i in range(n):
        if i == 2:
            break
    s = 0
    for j in range(n):
        if j == 8:
            return 1000
        s += j
    for k in range(n):
        if k == 5:
            return s
    return -s
""",
        *INTS,
    ),
    program(
        "optional result",
        """
def f(n: int) -> Optional[int]:
    for i in range(n):
        if i == 4:
            return i
        if i * n == 6:
            return None
    return None
""",
        *INTS,
    ),
    program(
        "return nothing early",
        """
def f(x: Tensor, n: int) -> None:
    for i in range(n):
        x += 1
        if i == 2:
            return
""",
        (*X, 2),
        (*X, 5),
    ),
)

ITERATION = (
    program(
        "enumerate",
        """
def f(v: List[int]) -> int:
    s = 0
    for i, x in enumerate(v):
        s += i * x
    for j, y in enumerate(v, 10):
        s += j - y
    return s
""",
        ([3, 1, 2],),
        ([],),
    ),
    program(
        "zip",
        """
def f(a: List[int], b: List[float]) -> float:
    s = 0.0
    for x, y in zip(a, b):
        s += x * y
    return s
""",
        ([3, 1, 2], [0.5, 2.0]),
        ([], [1.0]),
    ),
    program(
        "enumerate of zip",
        """
def f(a: List[int], b: List[int]) -> int:
    s = 0
    for i, (x, y) in enumerate(zip(a, b)):
        s += i * x - y
    return s
""",
        ([3, 1, 2], [5, 2, 8]),
    ),
    program(
        "ranges with steps",
        """
def f(n: int) -> int:
    s = 0
    for i in range(n, 20, 3):
        s += i
    for i in range(10, n, -2):
        s = s * 2 + i
    return s
""",
        *INTS,
    ),
    program(
        "over a tensor",
        """
def f(x: Tensor) -> Tensor:
    s = tl.zeros(3)
    for row in x:
        s = s * 2 + row
    return s
""",
        X,
    ),
    program(
        "over a string",
        """
def f(s: str) -> str:
    out = ""
    for c in s:
        if c == "a":
            continue
        out = c + out
    return out
""",
        ("abcabd",),
        ("",),
    ),
    program(
        "over a tuple of kinds",
        """
def f(x: Tensor) -> Tensor:
    for w in (1, 2.5, x):
        x = x * w
    return x
""",
        X,
    ),
    program(
        "enumerate a tuple",
        """
def f(n: int) -> int:
    s = 0
    for i, w in enumerate((5, 7, n)):
        s += i * w
    return s
""",
        *INTS,
    ),
    program(
        "over the shape",
        """
def f(x: Tensor) -> int:
    n = 1
    for s in x.shape:
        n *= s + 1
    return n
""",
        X,
    ),
    program(
        "unpacked shape",
        """
def f(x: Tensor) -> int:
    a, b = x.shape
    return a * 10 + b
""",
        X,
    ),
    program(
        "comprehension",
        """
def f(v: List[int]) -> List[int]:
    return [x * x for x in v]
""",
        ([3, 1, 2],),
        ([],),
    ),
    program(
        "comprehension over a range",
        """
def f(n: int) -> List[float]:
    half = 0.5
    return [i * half for i in range(n)]
""",
        *INTS,
    ),
    program(
        "comprehension of tensors",
        """
def f(x: Tensor) -> Tensor:
    return tl.stack([row.sum() * i for i, row in enumerate(x)])
""",
        X,
    ),
    program(
        "comprehension with an if",
        """
def f(v: List[int]) -> List[int]:
    return [x + 1 for x in v if x % 2 == 0 if x > 2]
""",
        ([3, 1, 2, 4, 6],),
        ([],),
    ),
    program(
        "comprehension in a comprehension",
        """
def f(n: int) -> List[List[int]]:
    return [[i * j for j in range(i)] for i in range(n)]
""",
        *INTS,
    ),
    program(
        "a comprehension's own variable",
        """
def f(x: Tensor, v: List[int]) -> Tensor:
    y = [x for x in v]
    return x * y[0]
""",
        (*X, [3, 1]),
    ),
    program(
        "reversed",
        """
def f(v: List[int]) -> List[int]:
    out: List[int] = []
    for x in reversed(v):
        out.append(x)
    for i in reversed(range(3)):
        out.append(i)
    return out
""",
        ([3, 1, 2],),
    ),
    program(
        "list of a range",
        """
def f(n: int) -> List[int]:
    return list(range(n)) + list(range(2, n))
""",
        *INTS,
    ),
)

LISTS = (
    program(
        "append and extend",
        """
def f(n: int) -> List[int]:
    v = [1]
    for i in range(n):
        v.append(i * i)
    v.extend([7, 8])
    v += [9]
    return v
""",
        *INTS,
    ),
    program(
        "a list of tensors",
        """
def f(x: Tensor) -> Tensor:
    v = []
    for i in range(3):
        v.append(x * i)
    return tl.cat(v)
""",
        X,
    ),
    program(
        "insert and pop",
        """
def f(v: List[int]) -> Tuple[int, int, List[int]]:
    v.insert(1, 100)
    v.insert(-1, 200)
    a = v.pop()
    b = v.pop(0)
    return a, b, v
""",
        ([3, 1, 2],),
    ),
    program(
        "remove reverse sort",
        """
def f(v: List[int]) -> List[int]:
    v.remove(3)
    w = v.copy()
    v.reverse()
    w.sort()
    w.extend(v)
    w.sort(reverse=True)
    return w + v
""",
        ([3, 1, 2, 3, 9],),
        ([1],),
    ),
    program(
        "index count in",
        """
def f(v: List[int], n: int) -> Tuple[int, int, bool, bool]:
    return v.index(n), v.count(n), n in v, n + 1 not in v
""",
        ([3, 1, 2, 3], 3),
        ([3, 1], 7),
    ),
    program(
        "slices",
        """
def f(v: List[int]) -> Tuple[List[int], List[int], List[int], int]:
    return v[1:], v[:-1], v[::2], v[-1]
""",
        ([3, 1, 2, 3],),
        ([],),
    ),
    program(
        "set items",
        """
def f(v: List[int]) -> List[int]:
    v[0] = 10
    v[-1] += 5
    del v[1]
    return v
""",
        ([3, 1, 2, 3],),
        ([],),
    ),
    program(
        "set slices",
        """
def f(v: List[int]) -> List[int]:
    v[1:2] = [7, 8, 9]
    return v
""",
        ([3, 1, 2, 3],),
    ),
    program(
        "one list by two names",
        """
def f(n: int) -> Tuple[List[int], int]:
    a = [1, 2]
    b = a
    b.append(n)
    a[0] = 5
    c = [a, [n]]
    c[0].append(9)
    return a, len(b)
""",
        *INTS,
    ),
    program(
        "a list whose length is asked twice",
        """
def f(n: int) -> int:
    v = [n]
    a = len(v)
    v.append(n)
    b = len(v)
    v.clear()
    return a * 100 + b * 10 + len(v)
""",
        *INTS,
    ),
    program(
        "a list as sizes",
        """
def f(x: Tensor) -> Tensor:
    s = [3, 2]
    y = x.view(s)
    s[0] = 6
    s[1] = 1
    return x.view(s) + y.view(s)
""",
        X,
    ),
    program(
        "a list read where it was written",
        """
def f(x: Tensor) -> Tensor:
    v = [x, x * 2]
    v[0] = x * 3
    return v[0] + v[1]
""",
        X,
    ),
    program(
        "two empty lists",
        """
def f(n: int) -> Tuple[List[int], List[int]]:
    a: List[int] = []
    b: List[int] = []
    a.append(n)
    return a, b
""",
        *INTS,
    ),
    program(
        "lists from branches",
        """
def f(n: int) -> List[int]:
    a = [1]
    b = [2]
    if n > 3:
        c = a
    else:
        c = b
    c.append(n)
    return a + b
""",
        *INTS,
    ),
    program(
        "list arithmetic",
        """
def f(n: int) -> Tuple[List[int], bool, bool]:
    v = [n] * 3 + [1, 2]
    return v, v == [n, n, n, 1, 2], v != [1]
""",
        *INTS,
    ),
    program(
        "list of strings",
        """
def f(n: int) -> str:
    v = ["a", "b"]
    v.append("c" if n > 0 else "d")
    return "-".join(v)
""",
        *INTS,
    ),
    program(
        "nested list",
        """
def f(n: int) -> int:
    v = [[1, 2], [3]]
    v[1].append(n)
    s = 0
    for row in v:
        for x in row:
            s = s * 10 + x
    return s
""",
        *INTS,
    ),
    program(
        "list of tuples",
        """
def f(n: int) -> int:
    v = [(1, 2.0), (n, 3.0)]
    s = 0.0
    for a, b in v:
        s += a * b
    return int(s)
""",
        *INTS,
    ),
    program(
        "a written list of tensors in a loop",
        """
def f(x: Tensor, n: int) -> Tensor:
    v = [x, x]
    for i in range(n):
        v[i % 2] = v[0] + v[1]
        v.append(v.pop(0))
    return v[0] - v[1] * 2
""",
        (*X, 0),
        (*X, 5),
    ),
    program(
        "unpacked list",
        """
def f(v: List[int]) -> int:
    a, b = v
    return a - b
""",
        ([3, 1],),
        ([3],),
    ),
)

NUMBERS = (
    program(
        "invert and log2",
        """
def f(n: int, x: float) -> Tuple[int, float]:
    return ~n, math.log2(x)
""",
        (5, 3.0),
    ),
    program(
        "casts",
        """
def f(n: int, x: float) -> Tuple[int, float, bool, int, float]:
    return int(x), float(n), bool(n), int("12") + int(True), float("1.5")
""",
        (3, 2.75),
        (0, -2.75),
    ),
    program(
        "builtins of numbers",
        """
def f(n: int, x: float) -> Tuple[int, float, float, int, int]:
    return abs(n), abs(x), max(x, 1.5), min(n, 2), max(n, 1, 4)
""",
        (3, 2.75),
        (-7, -2.75),
    ),
    program(
        "builtins of lists",
        """
def f(v: List[int], w: List[float]) -> Tuple[int, float, int, float, List[int], int]:
    return sum(v), sum(w), max(v), min(w), sorted(v), len(w)
""",
        ([3, 1, 2], [0.5, 0.25]),
    ),
    program(
        "any and all",
        """
def f(v: List[bool], n: List[int]) -> Tuple[bool, bool, bool]:
    return any(v), all(v), any([x > 2 for x in n])
""",
        ([True, False], [1, 2]),
        ([True], [1, 3]),
    ),
    program(
        "generators",
        """
def f(v: List[int]) -> Tuple[int, bool]:
    return sum(x * x for x in v), all(x > 0 for x in v)
""",
        ([3, 1, 2],),
        ([3, -1],),
    ),
    program(
        "math",
        """
def f(x: float) -> List[float]:
    return [math.sqrt(x), math.exp(x), math.log(x), math.sin(x), math.cos(x), math.tan(x), math.atan2(x, 2.0),
            math.log10(x), math.pi, math.e, math.degrees(x), math.fabs(-x), math.copysign(x, -1.0)]
""",
        (0.75,),
        (3.0,),
    ),
    program(
        "math to ints",
        """
def f(x: float) -> Tuple[int, int, bool, bool, int]:
    return math.floor(x), math.ceil(x), math.isnan(x), math.isinf(x), math.factorial(5) + math.gcd(12, 18)
""",
        (0.75,),
        (-3.5,),
    ),
    program(
        "divmod and powers",
        """
def f(a: int, b: int) -> Tuple[int, int, int, float, int]:
    q, r = divmod(a, b)
    return q, r, a // b, a / b, a % b
""",
        (7, 3),
        (-7, 3),
        (7, -3),
    ),
    program(
        "chained comparisons",
        """
def f(n: int) -> bool:
    return -2 < n <= 6 and 0 != n < 100 or n == 13
""",
        *INTS,
    ),
    program(
        "rounding",
        """
def f(x: float) -> float:
    return float(round(x)) + x // 1.0 + x % 1.0
""",
        (0.75,),
        (-3.25,),
    ),
    program(
        "bits",
        """
def f(a: int, b: int) -> int:
    return (a & b) + (a | b) * 2 + (a ^ b) * 3 + (a << 2) + (b >> 1)
""",
        (5, 3),
        (12, 10),
    ),
    program(
        "bools",
        """
def f(a: bool, b: bool) -> Tuple[bool, bool, bool, int]:
    return a and b, a or b, not a, int(a) + int(b)
""",
        (True, False),
        (True, True),
        (False, False),
    ),
    program(
        "ternary",
        """
def f(n: int) -> float:
    x = 1.5 if n > 3 else -1.5 if n < 0 else 0.0
    return x * 2
""",
        *INTS,
    ),
)

STRINGS = (
    program(
        "f-string with braces",
        """
def f(n: int) -> str:
    return f"{{{n}}} {{}}"
""",
        (5,),
    ),
    program(
        "string methods",
        """
def f(s: str) -> List[str]:
    return [s.upper(), s.lower(), s.strip(), s.replace("a", "bb"), s.capitalize(), s.title(), s[1:], s[-1], s[::2]]
""",
        (" a Cat ",),
        ("ab",),
    ),
    program(
        "string questions",
        """
def f(s: str) -> Tuple[bool, bool, bool, int, int, bool]:
    return s.startswith("a"), s.endswith("t"), s.isdigit(), s.find("a"), s.count("a"), "Ca" in s
""",
        ("a Cat",),
        ("123",),
    ),
    program(
        "split and join",
        """
def f(s: str) -> List[str]:
    v = s.split(",")
    return v + ["+".join(v)] + s.split(",", 1)
""",
        ("a,b,,c",),
        ("",),
    ),
    program(
        "string operators",
        """
def f(a: str, b: str) -> Tuple[str, bool, bool, int]:
    return a + b, a == b, a != b, len(a)
""",
        ("ab", "cd"),
        ("x", "x"),
    ),
    program(
        "f-string",
        """
def f(n: int, s: str) -> str:
    return f"{n} and {s}, {n + 1}"
""",
        (3, "x"),
    ),
    program(
        "format",
        """
def f(n: int, s: str) -> str:
    return "{} is {}".format(s, n) + "%d" .replace("d", "s")
""",
        (3, "x"),
    ),
    program(
        "f-string with a format",
        """
def f(x: float) -> str:
    return f"{x:.2f}|{x!r:>8}"
""",
        (3.14159,),
    ),
    program(
        "str of values",
        """
def f(n: int, b: bool) -> str:
    return str(n) + str(b) + str([n, 2])
""",
        (3, True),
    ),
    program(
        "ord and chr",
        """
def f(s: str) -> str:
    out = ""
    for c in s:
        out += chr(ord(c) + 1)
    return out + hex(255) + oct(8) + bin(5)
""",
        ("abc",),
    ),
    program(
        "string comparison",
        """
def f(a: str, b: str) -> bool:
    return a < b
""",
        ("ab", "b"),
        ("b", "ab"),
    ),
    program(
        "padding",
        """
def f(s: str) -> List[str]:
    return [s.ljust(6), s.rjust(6), s.center(6), s.zfill(6), s.lstrip(), s.rstrip("b")]
""",
        ("ab",),
    ),
    program(
        "print",
        """
def f(n: int, x: float) -> int:
    print("n", n, n > 2, "done")
    return n
""",
        (3, 1.5),
    ),
)

DICTS = (
    program(
        "dict literal",
        """
def f(n: int) -> int:
    d = {"a": n, "b": 2}
    d["c"] = 5
    d["a"] += 1
    return d["a"] * 100 + d["b"] * 10 + d["c"] + len(d)
""",
        *INTS,
    ),
    program(
        "dict order",
        """
def f(n: int) -> List[str]:
    d = {"z": 1, "a": 2}
    d["m"] = n
    d["z"] = 7
    out: List[str] = []
    for k in d:
        out.append(k)
    for k in d.keys():
        out.append(k)
    return out
""",
        (1,),
    ),
    program(
        "dict items",
        """
def f(n: int) -> int:
    d = {1: 10, 2: 20}
    d[n] = 30
    s = 0
    for k, v in d.items():
        s = s * 3 + k * v
    for v in d.values():
        s += v
    return s
""",
        *INTS,
    ),
    program(
        "dict get",
        """
def f(k: str) -> Tuple[int, bool, bool]:
    d = {"a": 1, "b": 2}
    x = d.get(k)
    if x is None:
        y = -1
    else:
        y = x
    return y + d.get(k, 10), k in d, k not in d
""",
        ("a",),
        ("q",),
    ),
    program(
        "dict del and pop",
        """
def f(k: str) -> Tuple[int, int]:
    d = {"a": 1, "b": 2, "c": 3}
    del d["a"]
    p = d.pop(k)
    return p, len(d)
""",
        ("b",),
        ("a",),
    ),
    program(
        "missing key",
        """
def f(k: str) -> int:
    d = {"a": 1}
    return d[k]
""",
        ("a",),
        ("b",),
    ),
    program(
        "empty dict",
        """
def f(n: int) -> Dict[int, str]:
    d: Dict[int, str] = {}
    for i in range(n):
        d[i] = str(i * i)
    return d
""",
        *INTS,
    ),
    program(
        "dict of tensors",
        """
def f(x: Tensor) -> Tensor:
    d = {"x": x}
    d["y"] = x * 2
    d.update({"z": x + 1})
    s = tl.zeros(3)
    for v in d.values():
        s = s + v.sum(0)
    return s
""",
        X,
    ),
    program(
        "dict argument",
        """
def f(d: Dict[str, int]) -> int:
    s = 0
    for k in d.keys():
        s += d[k] * len(k)
    return s
""",
        ({"a": 1, "bb": 5},),
        ({},),
    ),
    program(
        "dict of lists",
        """
def f(v: List[str]) -> Dict[int, List[str]]:
    d: Dict[int, List[str]] = {}
    for s in v:
        if len(s) not in d:
            d[len(s)] = []
        d[len(s)].append(s)
    return d
""",
        (["a", "bb", "c", "dd", "eee"],),
    ),
    program(
        "dict setdefault clear",
        """
def f(n: int) -> Tuple[int, int, int]:
    d = {"a": 1}
    a = d.setdefault("a", n)
    b = d.setdefault("b", n)
    e = d.copy()
    d.clear()
    return a, b, len(d) * 10 + len(e)
""",
        *INTS,
    ),
)

KINDS = (
    program(
        "a tuple from outside unpacked",
        """
SIZES = (2, 3)

def f(n: int) -> int:
    a, b = SIZES
    return a * b + n + SIZES[0]
""",
        (5,),
    ),
    program(
        "optional refinement",
        """
def f(n: Optional[int]) -> int:
    if n is None:
        return -1
    return n + 1
""",
        (None,),
        (4,),
    ),
    program(
        "optional with and",
        """
def f(n: Optional[int], m: Optional[int]) -> int:
    if n is not None and m is not None:
        return n * m
    if n is None or n < 3:
        return 0
    return n
""",
        (None, 1),
        (4, 2),
        (1, None),
        (5, None),
    ),
    program(
        "optional string",
        """
def f(s: Optional[str]) -> str:
    t = "none" if s is None else s
    return t + "!"
""",
        (None,),
        ("a",),
    ),
    program(
        "optional list",
        """
def f(v: Optional[List[int]]) -> int:
    if v is not None:
        v.append(1)
        return len(v)
    return 0
""",
        (None,),
        ([4, 5],),
    ),
    program(
        "isinstance",
        """
def f(n: Optional[int]) -> int:
    if isinstance(n, int):
        return n + 1
    return 0
""",
        (None,),
        (4,),
    ),
    program(
        "isinstance that types decide",
        """
def f(x: Tensor, n: int) -> int:
    if isinstance(n, float):
        return -1
    if isinstance(x, Tensor) and isinstance(n, int):
        return n
    return 7
""",
        (*X, 3),
    ),
    program(
        "tuples",
        """
def f(n: int) -> Tuple[int, Tuple[int, float]]:
    t = (n, (n + 1, 0.5))
    a, (b, c) = t
    return a + t[1][0], (b, c + t[-1][1])
""",
        *INTS,
    ),
    program(
        "tuple slices",
        """
def f(n: int) -> Tuple[int, float]:
    t = (1, n, 0.5, "a")
    return t[1:3]
""",
        *INTS,
    ),
    program(
        "swaps",
        """
def f(a: int, b: int) -> Tuple[int, int]:
    a, b = b, a
    b, a = a + b, b
    return a, b
""",
        (1, 2),
    ),
    program(
        "type comment",
        """
def f(x, n, v):
    # type: (Tensor, int, List[int]) -> Tensor
    return x * n + v[0]
""",
        (*X, 3, [4, 5]),
    ),
    program(
        "type comments of parameters",
        """
def f(x,  # type: Tensor
      n,  # type: int
      ):
    # type: (...) -> Tensor
    m = []  # type: List[int]
    m.append(n)
    return x * m[0]
""",
        (*X, 3),
    ),
    program(
        "new annotations",
        """
def f(v: list[int], d: dict[str, int], t: tuple[int, float], n: int | None) -> list[int]:
    if n is None:
        return v
    v.append(n + d["a"] + t[0])
    return v
""",
        ([1], {"a": 2}, (3, 0.5), 4),
        ([1], {"a": 2}, (3, 0.5), None),
    ),
    program(
        "called function",
        """
def double(x: Tensor, n: int = 2) -> Tensor:
    if n > 2:
        return x
    return x * n

def f(x: Tensor) -> Tensor:
    return double(x) + double(x, 3) + double(n=1, x=x)
""",
        X,
    ),
    program(
        "called function that appends",
        """
def add(v: List[int], n: int) -> None:
    for i in range(n):
        if i == 3:
            return
        v.append(i)

def f(n: int) -> List[int]:
    v = [7]
    add(v, n)
    add(v, 1)
    return v
""",
        *INTS,
    ),
    program(
        "assert",
        """
def f(n: int) -> int:
    assert n > 0, "n is too small"
    assert n < 9, f"{n} is too large"
    return n
""",
        *INTS,
    ),
    program(
        "raise",
        """
def f(n: int) -> int:
    if n == 3:
        raise ValueError("three")
    elif n > 3:
        raise RuntimeError("large: " + str(n))
    return n
""",
        *INTS,
    ),
    program(
        "raise in a loop",
        """
def f(n: int) -> int:
    for i in range(n):
        if i == 5:
            raise ValueError("five")
        if i == 4 and n < 9:
            break
    return n
""",
        *INTS,
    ),
    program(
        "named tuple",
        """
class Point(NamedTuple):
    x: Tensor
    n: int

def f(x: Tensor) -> Tensor:
    p = Point(x, 3)
    q = Point(n=p.n + 1, x=p.x * 2)
    a, b = q
    return p.x * p.n + a * b + q[0]
""",
        X,
    ),
    program(
        "named tuple result",
        """
class Point(NamedTuple):
    x: int
    y: float

def f(n: int) -> Point:
    return Point(n, n * 0.5)
""",
        *INTS,
    ),
    program(
        "enum",
        """
class Color(Enum):
    RED = 1
    GREEN = 2

def f(n: int) -> int:
    c = Color.RED if n > 3 else Color.GREEN
    if c == Color.RED:
        return c.value * 10
    return len(c.name) + c.value
""",
        *INTS,
    ),
    program(
        "constants from outside",
        """
SIZES = (2, 3)
SCALE = 0.5
NAME = "half"

def f(x: Tensor) -> Tensor:
    return tl.zeros(SIZES) + x * SCALE + len(NAME)
""",
        X,
    ),
    program(
        "is scripting",
        """
def f(x: Tensor) -> Tensor:
    if tl.jit.is_scripting():
        y = x + 1
    else:
        y = eval("x + 1")
    return y
""",
        X,
    ),
    program(
        "annotate",
        """
def f(n: int) -> List[Optional[int]]:
    v = tl.jit.annotate(List[Optional[int]], [])
    v.append(n)
    v.append(None)
    return v
""",
        *INTS,
    ),
    program(
        "del a variable",
        """
def f(n: int) -> int:
    a = n
    b = a + 1
    del a
    return b
""",
        *INTS,
    ),
    program(
        "augmented tensors",
        """
def f(x: Tensor) -> Tensor:
    y = x.clone()
    y += 1
    y *= 2
    y[0] -= 3
    y[:, 1] = 0.5
    return y
""",
        X,
    ),
)

CLASSES = (
    program(
        "static method",
        """
class Tools:
    @staticmethod
    def shift(x: Tensor, n: int = 3) -> Tensor:
        return x + n

def f(x: Tensor) -> Tensor:
    t = Tools()
    return t.shift(x) + t.shift(x, n=1)
""",
        X,
    ),
    program(
        "class with state",
        """
class Counter:
    def __init__(self, start: int):
        self.count = start
        self.seen: List[int] = []

    def add(self, n: int = 1) -> int:
        if n > 5:
            return self.count
        self.count += n
        self.seen.append(n)
        return self.count

def f(n: int) -> Tuple[int, int, List[int]]:
    c = Counter(10)
    c.add(n)
    c.add()
    d = c
    d.count = d.count * 2
    return c.count, len(c.seen), c.seen
""",
        *INTS,
    ),
    program(
        "class with tensors",
        """
class Scale:
    def __init__(self, w: Tensor, times: int):
        self.w = w
        self.times = times

    def apply(self, x: Tensor) -> Tensor:
        for i in range(self.times):
            x = x * self.w
        return x

    @property
    def twice(self) -> int:
        return self.times * 2

def f(x: Tensor) -> Tensor:
    s = Scale(x, 2)
    s.w = s.w + 1
    return s.apply(x) + s.twice
""",
        X,
    ),
    program(
        "objects in objects",
        """
class Inner:
    def __init__(self, n: int):
        self.n = n

class Outer:
    def __init__(self, n: int):
        self.inner = Inner(n)

    def bump(self) -> int:
        self.inner.n += 1
        return self.inner.n

def f(n: int) -> int:
    o = Outer(n)
    i = o.inner
    o.bump()
    return i.n * 10 + o.bump()
""",
        *INTS,
    ),
    program(
        "ignored function",
        """
@tl.jit.ignore
def odd(x: Tensor, n: int = 1) -> int:
    return int(eval("x.sum()")) + n

def f(x: Tensor) -> int:
    return odd(x, 2) * 10 + odd(x, 5)
""",
        X,
    ),
    program(
        "ignored function of nothing",
        """
@tl.jit.ignore
def note(n: int) -> None:
    [n for n in range(3)].__len__()

def f(n: int) -> int:
    note(n)
    return n
""",
        *INTS,
    ),
    program(
        "unused function",
        """
@tl.jit.unused
def never(x: Tensor) -> Tensor:
    raise ValueError("not here")

def f(x: Tensor, n: int) -> Tensor:
    if n > 3:
        x = never(x)
    return x * 2
""",
        (*X, 1),
        (*X, 5),
    ),
    program(
        "final",
        """
SIZE: int = 3

def f(x: Tensor) -> Tensor:
    n: Final[int] = 2
    return x * n + SIZE
""",
        X,
    ),
)

PROGRAMS = (*EXITS, *ITERATION, *LISTS, *NUMBERS, *STRINGS, *DICTS, *KINDS, *CLASSES)

DIFFERS: dict[str, str] = {
    "comprehension with an if": "TorchScript has no ifs in comprehensions",
    "a comprehension's own variable": "in TorchScript a comprehension's variable is one of the function's",
    "reversed": "TorchScript has no reversed of lists and ranges",
    "set slices": "TorchScript cannot assign to a slice of a list",
    "invert and log2": "TorchScript has neither for numbers",
    "f-string with braces": "TorchScript does not put braces back when it formats",
    "f-string with a format": "TorchScript has no formats in f-strings",
    "dict of lists": "TorchScript takes the empty list for one of tensors",
    "a tuple from outside unpacked": "TorchScript has no tuples from outside",
    "constants from outside": "TorchScript has no tuples from outside",
    "type comments of parameters": "TorchScript overlooks the comment behind the assignment beside those of parameters",
    "static method": "TorchScript has static methods only by the name of the class",
    "final": "TorchScript has Final for attributes alone",
    "loops in loops": "TorchScript asks for a value of y in the branch that continues too",
    "endless without an end": "TorchScript does not see that control never gets behind a `while True` without a break",
}

# Programs whose graphs have no form in code that reads back, and why.
WITHOUT_CODE: dict[str, str] = {
    "enum": "the text of a graph has no names for the user's own classes",
    "class with state": "as enum",
    "static method": "as enum",
    "class with tensors": "as enum",
    "objects in objects": "as enum",
    "ignored function": "Python's own functions stay with Python",
    "ignored function of nothing": "as ignored function",
}
