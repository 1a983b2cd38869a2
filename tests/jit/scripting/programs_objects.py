"""Programs with magic methods, contexts, comprehensions of dicts, and facts of tensors."""

from tests.jit.scripting.program import INTS, X, program

OBJECTS = (
    program(
        "magic methods",
        """
class Bag:
    def __init__(self, items: List[int]):
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, n: int) -> bool:
        return n in self.items

    def __getitem__(self, i: int) -> int:
        return self.items[i]

    def __setitem__(self, i: int, n: int) -> None:
        self.items[i] = n

    def __add__(self, other: int) -> int:
        return self.items[0] + other

    def __neg__(self) -> int:
        return -self.items[0]

    def __eq__(self, other: int) -> bool:
        return self.items[0] == other

    def __lt__(self, other: int) -> bool:
        return self.items[0] < other

    def __call__(self, n: int) -> int:
        return n * 2

def f(n: int) -> Tuple[int, int, int, int, int, bool, bool, bool]:
    b = Bag([n, 2, 3])
    b[1] = n + 5
    return len(b), b[1], b + 4, -b, b(n), n in b, b == 3, b < 3
""",
        *INTS,
    ),
    program(
        "enter and exit",
        """
class Count:
    def __init__(self, start: int):
        self.count = start

    def __enter__(self) -> int:
        self.count += 1
        return self.count

    def __exit__(self, type: Any, value: Any, tb: Any) -> None:
        self.count *= 10

def f(n: int) -> Tuple[int, int]:
    c = Count(n)
    total = 0
    with c as k:
        total += k
        if n > 3:
            total += 100
    return c.count, total
""",
        *INTS,
    ),
    program(
        "no_grad",
        """
def f(x: Tensor, n: int) -> Tensor:
    y = x
    with tl.no_grad():
        for i in range(n):
            y = y * 2 + i
        z = y.sum()
    return y + z
""",
        (*X, 0),
        (*X, 3),
    ),
    program(
        "no_grad and a return",
        """
def f(x: Tensor, n: int) -> Tensor:
    if n > 1:
        x = x + 1
    with tl.no_grad():
        y = x * n
        return y - x
""",
        (*X, 1),
        (*X, 3),
    ),
    program(
        "dict comprehension",
        """
def f(n: int) -> Tuple[Dict[int, int], Dict[str, int]]:
    names = ["a", "b"]
    return {i: i * n for i in range(n)}, {s: n for s in names}
""",
        *INTS,
    ),
    program(
        "item",
        """
def f(x: Tensor) -> Tuple[float, float, int, bool]:
    top = x.max().item()
    return float(top), float(x.sum().item() * 2.0), int(x.min().item()), x.max().item() > 2
""",
        X,
    ),
    program(
        "facts of tensors",
        """
def f(x: Tensor) -> Tuple[bool, bool, bool, int, int, int, bool, str]:
    strides = x.t().stride(1)
    flags = x.is_floating_point(), x.requires_grad, x.is_cuda
    return (*flags, x.element_size(), strides, x.nbytes, x.t().is_contiguous(), x.device.type)
""",
        X,
    ),
    program(
        "tensors like others",
        """
def f(x: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    y = x.to(tl.float64)
    return y.new_zeros([2]), x.type_as(y), x.cpu().mT, x.data
""",
        X,
    ),
    program(
        "tensors of indices",
        """
def f(x: Tensor, n: int) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    rows = tl.tensor([1, 0])
    y = x.clone()
    y[y > 0] = 0.5
    y[:, rows] = x[:, :2] * n
    return x[rows], x[x > n], x[rows, 1:], y
""",
        (*X, 0),
        (*X, 2),
    ),
    program(
        "bits of tensors",
        """
def f(x: Tensor) -> Tuple[Tensor, Tensor]:
    m = (x > 0) & (x < 3) | (x == -2)
    m ^= x > 1
    return m, ~m
""",
        X,
    ),
    program(
        "stars",
        """
def g(a: int, b: int, c: int) -> int:
    return a - b * c

def f(n: int) -> Tuple[int, int, int]:
    t = (n, 2)
    first, *rest = t + (5,)
    return g(*t, 4), first, rest[1]
""",
        *INTS,
    ),
    program(
        "computed messages",
        """
def f(n: int) -> int:
    assert n != 3, f"n is {n}"
    assert n < 9, n
    if n == 6:
        raise ValueError("six: {}".format(n))
    return n
""",
        *INTS,
    ),
    program(
        "annotated None",
        """
def f(n: int) -> Optional[int]:
    y = tl.jit.annotate(Optional[int], None)
    if n > 1:
        y = n
    return y
""",
        *INTS,
    ),
)
