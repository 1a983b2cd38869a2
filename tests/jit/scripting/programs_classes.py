"""Programs with classes and with functions that stay with Python."""

from tests.jit.scripting.program import INTS, X, program

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
