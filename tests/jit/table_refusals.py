"""Programs that PyTorch refuses: when they run, whatever the way, or when they are to be compiled."""

from tests.jit.scripting.program import Program, program
from tests.jit.table_rows import rows

# Each is a program of one line that fails, and both say so when it runs.
WHEN_RUN = rows(
    "refused",
    """
shapes that do not broadcast: x + v[:2]
product of wrong sizes: x @ v[:2]
mm of wrong sizes: tl.mm(x, x)
view of a wrong size: x.view(4, 2)
view of what has no strides for it: x.t().view(6)
index outside: x[2]
index outside from the end: x[:, -4]
dim outside: x.sum(2)
transpose of a dim outside: x.transpose(0, 3)
unsqueeze outside: x.unsqueeze(4)
cat of wrong sizes: tl.cat([x, v.view(1, 3), m[:, :2]])
stack of wrong sizes: tl.stack([x, m])
cat of nothing: tl.cat(xs[:0])
expand of more than one: x.expand(4, 3)
chunk into none: x.chunk(0)[0]
truth of many: x * 2 if bool(x > 0) else x
number of many: x * float(x)
write of a wrong size: x[0] = v[:2]; x
add_ that would grow: v.add_(x); v
result of another kind: i += x; i
add_ on repeated elements: v.expand(2, 3).add_(1)
gather outside: x.gather(1, tl.tensor([[3, 0], [0, 0]]))
index select outside: x.index_select(0, tl.tensor([2]))
division of ints by zero: i // 0
division of numbers by zero: x + n // (n - 2)
list index outside: xs[n]
max of nothing: e.max()
argmax of nothing: e.argmax()
linear of wrong sizes: tl.nn.functional.linear(x, x.t(), v)
conv of wrong channels: tl.nn.functional.conv2d(p, q[:, :1])
nll of a class outside: tl.nn.functional.nll_loss(x, tl.tensor([5, 0]))
embedding outside: tl.nn.functional.embedding(tl.tensor([3]), m)
layer norm of a wrong size: tl.nn.functional.layer_norm(x, [2])
negative size: tl.zeros(n - 3, 2)
squared with a wrong matrix: tl.bmm(p[0], m.view(1, 3, 3))
topk of too many: x.topk(5, 1)
unknown rounding: tl.div(i, j, rounding_mode="up")
""",
)

# Neither can compile these. The first text is the line that ours must show.
WHEN_COMPILED: tuple[tuple[str, Program], ...] = tuple(
    (line, program(f"refused: {name}", source))
    for name, line, source in (
        (
            "recursion",
            "return f(n - 1) * n",
            "\ndef f(n: int) -> int:\n    if n < 2:\n        return 1\n    return f(n - 1) * n\n",
        ),
        (
            "recursion of two",
            "return f(n - 1)",
            "\ndef g(n: int) -> int:\n    return f(n - 1)\n\ndef f(n: int) -> int:\n    if n < 2:\n        return 1\n"
            "    return g(n)\n",
        ),
        (
            "types in branches",
            "c = 2.0",
            "\ndef f(n: int):\n    if n > 1:\n        c = 1\n    else:\n        c = 2.0\n    return c\n",
        ),
        ("another type", "n = 2.5", "\ndef f(n: int):\n    if n > 1:\n        n = 2.5\n    return n\n"),
        ("undefined", "return x + w", "\ndef f(x: Tensor):\n    return x + w\n"),
        ("defined on one way", "return u", "\ndef f(x: Tensor, n: int):\n    if n > 1:\n        u = x\n    return u\n"),
        ("try", "try:", "\ndef f(x: Tensor):\n    try:\n        return x\n    except ValueError:\n        return x\n"),
        ("yield", "yield x", "\ndef f(x: Tensor):\n    yield x\n"),
        ("lambda", "g = lambda", "\ndef f(x: Tensor):\n    g = lambda t: t + 1\n    return g(x)\n"),
        ("function inside", "def g", "\ndef f(x: Tensor):\n    def g(t: Tensor):\n        return t\n    return g(x)\n"),
        ("global", "global counter", "\ndef f(x: Tensor):\n    global counter\n    counter = 1\n    return x\n"),
        ("import", "import math", "\ndef f(x: Tensor):\n    import math\n    return x\n"),
        ("keywords", "**options", "\ndef f(x: Tensor, **options: int):\n    return x\n"),
        ("unknown method", "x.shapes()", "\ndef f(x: Tensor):\n    return x.shapes()\n"),
        ("too many arguments", "x.relu(1, 2)", "\ndef f(x: Tensor):\n    return x.relu(1, 2)\n"),
        ("wrong annotation of a result", "return n", "\ndef f(n: int) -> str:\n    return n\n"),
        ("no return on one way", "def f", "\ndef f(n: int) -> int:\n    if n > 1:\n        return n\n"),
        ("list of kinds", "l.append(x)", "\ndef f(x: Tensor):\n    l = [1]\n    l.append(x)\n    return l\n"),
        ("tuple index outside", "(x, x)[2]", "\ndef f(x: Tensor):\n    return (x, x)[2]\n"),
        ("unpacking too many", "a, b = x, x, x", "\ndef f(x: Tensor):\n    a, b = x, x, x\n    return a\n"),
        (
            "loop variable of another type",
            "n = i * 0.5",
            "\ndef f(n: int):\n    for i in range(3):\n        n = i * 0.5\n    return n\n",
        ),
        ("None where there is a number", "n + 1", "\ndef f(n: Optional[int]):\n    return n + 1\n"),
        ("string times float", "s * 0.5", "\ndef f(s: str):\n    return s * 0.5\n"),
        (
            "star arguments",
            "g(*t)",
            "\ndef g(x: Tensor, y: Tensor):\n    return x\n\ndef f(t: List[Tensor]):\n    return g(*t)\n",
        ),
    )
)

# Where plain calls raise another category of error than PyTorch's, and why.
CATEGORIES: dict[str, str] = {
    "refused: nll of a class outside": "a class is a value here, not an index",
}
