"""Programs with dicts."""

from tests.jit.scripting.program import INTS, X, program

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
