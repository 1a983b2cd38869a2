# ruff: noqa: B007, RUF021, SIM300, UP006, UP045 - the functions below are what users write
"""Scripted functions run as Python runs them: the interpreter on the graph against the function itself."""

import math
from typing import List, Optional, Tuple  # noqa: UP035

import numpy as np
import pytest

import tensorlab as tl
from tensorlab import Tensor
from tensorlab.errors import RunError
from tensorlab.jit.code import graph_to_code, name_constants
from tensorlab.jit.interpret import run
from tensorlab.jit.scripting import compile_function, compile_source
from tensorlab.jit.scripting.names import text_namespace
from tensorlab.jit.verify import verify

HALF = 0.5
SIZES = (2, 3)


def matrix():
    return tl.tensor([[1.0, -2.0, 3.0], [0.5, 0.25, -4.0]])


def same(a, b) -> bool:
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and a.dtype is b.dtype and np.array_equal(a.numpy(), b.numpy())
    return type(a) is type(b) and a == b


def check(function, *args):
    """The function, its graph, and the graph of its graph's code give the same for copies of the arguments."""
    graph = compile_function(function)
    verify(graph)
    code = graph_to_code(graph)
    again = compile_source(code, "forward", text_namespace(name_constants(graph)))
    copies = [[a.clone() if isinstance(a, Tensor) else a for a in args] for _ in range(3)]
    expected = function(*copies[0])
    for found, given in ((run(graph, copies[1])[0], copies[1]), (run(again, copies[2])[0], copies[2])):
        assert same(found, expected)
        assert all(map(same, given, copies[0]))  # what was written in place, too


def arithmetic(x: Tensor) -> Tensor:
    return 2 - x * 3 / (4 + abs(x)) - -x + 1 / (x + 10) + x**2 + 2**x


def compared(x: Tensor) -> Tensor:
    return tl.where((x > 0) == (1 < x), x, tl.where(0.5 >= x, -x, x * 2))


def reduced(x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    values, indices = tl.max(x, dim=1)
    return x.sum(dim=(0, 1), keepdim=True), values.float() + indices, tl.softmax(x, -1).argmax(1)


def shaped(x: Tensor) -> Tensor:
    rows, columns = x.shape[0], x.size(1)
    y = x.reshape(columns, rows).t().unsqueeze(0).expand(2, rows, columns)
    return y.permute(2, 0, 1).contiguous().view(-1)[1:5:2]


def joined(x: Tensor) -> Tensor:
    return tl.cat([x, x.transpose(0, 1).reshape(2, 3)], dim=1) @ tl.ones(6, 1)


def changed(x: Tensor) -> Tensor:
    y = x[0]
    y += 1
    x[1, 1:] *= 2.0
    x[:, 0] = 7.0
    x[0] = x[1]
    x.mul_(0.5)
    return y


def captured(x: Tensor) -> Tensor:
    return x * HALF + math.pi + tl.zeros(SIZES) + math.sqrt(4) + float("1.5")


def made(x: Tensor, n: int) -> Tensor:
    table = tl.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    table += x
    return table + tl.arange(3) * n + tl.full((3,), 1.5) + tl.zeros_like(x) + tl.ones_like(x, dtype=tl.float64)


def typed(x: Tensor) -> Tensor:
    y = x.to(tl.int64)
    if y.dtype == tl.int64:
        y = y * 2
    return y.double() + x.bool()


def looped(x: Tensor, n: int) -> Tensor:
    for i in range(n):
        if i % 2 == 0:
            x = x + i
        elif i == 3:
            continue_sum = x.sum()
            x = x - continue_sum
        else:
            x = tl.tanh(x)
    return x


def until_small(x: Tensor) -> Tuple[Tensor, int]:
    steps = 0
    while x.abs().max() > 0.1 and steps < 20:
        x = x / 2
        steps += 1
    return x, steps


def fibonacci(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def nested(n: int) -> int:
    total = 0
    for i in range(1, n):
        for j in range(i, n, 2):
            if i * j % 3:
                total += i * j
    return total


def early(x: Tensor, n: int) -> Tensor:
    if n < 0:
        return -x
    y = x * 2
    if n == 0:
        return y
    elif n > 5:
        if n > 10:
            return y + 10
        y = y + 5
    return y - 1


def after_loop(n: int) -> Tuple[int, int]:
    i = -1
    for i in range(n):
        pass
    return i, n


def falsy(a: int, b: int) -> int:
    return a or b and a + 1


def words(n: int) -> str:
    name = "few" if n < 3 else "many"
    if name == "few":
        return name
    return "not few"


def maybe(n: Optional[int], m: Optional[int] = None) -> int:
    if n is not None and n > 3:
        return n
    if m is None:
        m = 1
    best: Optional[int] = None
    for i in range(m):
        if i == 2:
            best = i
    return 100 if best is None else best + m


def reset(n: Optional[int], c: bool) -> int:
    if c:
        n = None
    else:
        n = 3 if n is None else n
    if n is None:
        n = 10
    for i in range(3):
        n = n + i
    last: Optional[int] = n
    while last is not None and last > 4:
        last = last - 5 if last > 9 else None
    return -1 if last is None else last


def perhaps(n: int):
    if n < 0:
        return None
    half = n / 2 if n % 2 == 0 else None
    if half is None:
        return 0.0
    return half


def summed(values: List[int], weights: Tuple[float, float]) -> float:
    total = 0.0
    for v in values:
        total += v * weights[0]
    for w in weights:
        total += w
    return total + len(values) + values[-1]


def rounded(x: float) -> Tuple[int, int, int, int, float]:
    return round(x), int(x), math.floor(x), math.ceil(x), abs(x) ** 0.5


def booleans(a: bool, n: int) -> int:
    return a + n + (not a) + int(a == (n > 2)) + (a and n > 1) * 10 + min(a, n) + (-a)


def bits(a: int, b: int) -> int:
    return (a & b) | (a ^ 5) << 1 | (~b >> 1)


def powers(n: int, x: float) -> Tuple[int, float, float, float]:
    return n**2, n**-1, x**2, pow(x, 3)


def nothing(x: Tensor):
    """Only writes."""
    x += 1


CASES = [
    *((f, (matrix(),)) for f in (arithmetic, compared, reduced, shaped, joined, changed, captured, typed, nothing)),
    *((looped, (matrix(), n)) for n in (0, 1, 5)),
    (made, (matrix(), 3)),
    (until_small, (matrix(),)),
    *((fibonacci, (n,)) for n in (-1, 0, 1, 10)),
    *((gcd, pair) for pair in ((12, 18), (0, 5), (7, 0))),
    *((nested, (n,)) for n in (0, 1, 7)),
    *((early, (matrix(), n)) for n in (-1, 0, 3, 7, 11)),
    *((after_loop, (n,)) for n in (0, 3)),
    *((falsy, pair) for pair in ((0, 0), (0, 3), (2, 0), (-1, 1))),
    *((words, (n,)) for n in (1, 5)),
    *((maybe, pair) for pair in ((None, None), (5, None), (2, 7), (None, 2))),
    *((reset, pair) for pair in ((None, True), (5, False), (1, False), (7, True))),
    *((perhaps, (n,)) for n in (-1, 3, 4)),
    (summed, ([1, 2, 3], (0.5, 2.0))),
    *((rounded, (x,)) for x in (2.5, -1.25, 3.0)),
    *((booleans, pair) for pair in ((True, 1), (True, 3), (False, 0), (False, 9))),
    *((bits, pair) for pair in ((6, 3), (-5, 12))),
    *((powers, pair) for pair in ((3, 2.5), (-2, -1.5))),
]


@pytest.mark.parametrize(("function", "args"), CASES, ids=lambda v: v.__name__ if callable(v) else "")
def test_as_python_does(function, args):
    check(function, *args)


def guarded(x: Tensor, n: int) -> Tensor:
    assert n > 0, "n is not positive"
    if n > 100:
        raise ValueError("n is too large")
    elif x.ndim != 2:
        print("odd", n)
        raise TypeError
    return x / n


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((matrix(), 0), "AssertionError: n is not positive"),
        ((matrix(), 101), "ValueError: n is too large"),
        ((tl.ones(3), 1), "TypeError"),
    ],
)
def test_exceptions_stop_the_run_at_the_users_line(args, expected, capsys):
    graph = compile_function(guarded)
    for form in (graph, compile_source(graph_to_code(graph), "forward", text_namespace({}))):
        with pytest.raises(RunError) as caught:
            run(form, args)
        assert str(caught.value).splitlines()[0] == expected
    with pytest.raises(RunError) as caught:
        run(graph, args)
    assert __file__ in str(caught.value)
    assert capsys.readouterr().out == ("odd 1\n" * 3 if expected == "TypeError" else "")
    check(guarded, matrix(), 4)


def short_circuit(a: int, b: int) -> bool:
    return a != 0 and b // a > 2 or 1 < b < 10 // b


@pytest.mark.parametrize("pair", [(0, 1), (1, 3), (0, 20), (2, 3)])
def test_what_is_not_needed_is_not_computed(pair):
    check(short_circuit, *pair)


def prints(n: int) -> int:
    for i in range(n):
        print("turn", i, i * 0.5, i > 1)
    return n


def test_print(capsys):
    prints(3)
    expected = capsys.readouterr().out
    assert run(compile_function(prints), [3]) == (3,)
    assert capsys.readouterr().out == expected


def closure_over(factor, function):
    def scaled(x):
        return function(x) * factor

    return scaled


def test_names_of_a_closure():
    check(closure_over(3, tl.tanh), matrix())
    check(closure_over(0.5, abs), matrix())


def divides(n: int) -> int:
    return 10 // n


def test_a_division_by_zero_tells_its_line():
    line = divides.__code__.co_firstlineno + 1
    with pytest.raises(RunError) as caught:
        run(compile_function(divides), [0])
    assert str(caught.value) == (
        "integer division or modulo by zero\n"
        f"  {__file__}, line {line}, column 12\n"
        "      return 10 // n\n"
        "             ^^^^^^^"
    )
