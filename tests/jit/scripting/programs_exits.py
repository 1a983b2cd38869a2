"""Programs that leave loops and functions early."""

from tests.jit.scripting.program import INTS, X, program

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
