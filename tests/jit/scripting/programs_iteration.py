"""Programs that go over things, with loops and comprehensions."""

from tests.jit.scripting.program import INTS, X, program

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
