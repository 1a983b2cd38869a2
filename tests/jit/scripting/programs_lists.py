"""Programs with lists."""

from tests.jit.scripting.program import INTS, X, program

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
