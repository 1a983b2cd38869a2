"""Programs with numbers and Python's functions of them."""

from tests.jit.scripting.program import INTS, program

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
