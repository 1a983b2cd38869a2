"""Programs with strings."""

from tests.jit.scripting.program import program

STRINGS = (
    program(
        "percent",
        """
def f(n: int, s: str) -> str:
    return "%s has %d" % (s, n) + "%s!" % s
""",
        (5, "x"),
    ),
    program(
        "percent with widths",
        """
def f(n: int, x: float, s: str) -> str:
    return "{%5d|%-5d|%05.2f|%+d|%x|%%} %5s|%-5s|" % (n, n, x, n, n, s, s) + "%.3e" % x
""",
        (27, 3.14159, "ab"),
    ),
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
