"""Programs with types: optionals, tuples, annotations, calls, exceptions, named tuples, enumerations."""

from tests.jit.scripting.program import INTS, X, program

KINDS = (
    program(
        "ellipsis",
        """
def f(x: Tensor) -> Tensor:
    y = x.view(2, 1, 3)
    z = y[..., 0] + y[0, ..., 1:2] + y[..., None][..., 0, 0, None].sum(0, keepdim=True)[..., 0]
    return z + y[:, ..., -1] + x[..., None, 0].sum()
""",
        X,
    ),
    program(
        "no return on one way",
        """
def f(n: int):
    if n > 3:
        return n * 2
""",
        *INTS,
    ),
    program(
        "no return after a loop",
        """
def f(n: int):
    for i in range(n):
        if i == 4:
            return i
""",
        *INTS,
    ),
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
