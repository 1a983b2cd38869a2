"""Programs drawn at random: the graph computes what Python computes, and its code reads back as the same graph."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tensorlab.errors import RunError
from tensorlab.jit.code import graph_to_code, name_constants
from tensorlab.jit.interpret import run
from tensorlab.jit.scripting import compile_source
from tensorlab.jit.scripting.names import text_namespace
from tensorlab.jit.text import format_graph
from tensorlab.jit.verify import verify

VARIABLES = ["a", "b", "c", "n"]


@st.composite
def numbers(draw, depth=2):
    """An expression of type int."""
    kind = draw(st.integers(0, 9)) if depth else 0
    if kind <= 3:
        return draw(st.sampled_from([*VARIABLES, "0", "1", "2", "-3", "5"]))
    left, right = draw(numbers(depth - 1)), draw(numbers(depth - 1))
    if kind == 8:
        return f"({left} if {draw(truths(depth - 1))} else {right})"
    if kind == 9:
        return draw(st.sampled_from(["-{0}", "abs({0})", "min({0}, {1})", "int({0} < {1})"])).format(f"({left})", right)
    operator = draw(st.sampled_from(["+", "-", "*", "//", "%"]))
    return f"(({left} {operator} {right}) % 97)" if operator == "*" else f"({left} {operator} {right})"


@st.composite
def truths(draw, depth=2):
    """An expression of type bool."""
    kind = draw(st.integers(0, 5)) if depth else 0
    if kind <= 2:
        parts = [draw(numbers(min(depth, 1))) for _ in range(draw(st.integers(2, 3)))]
        signs = [draw(st.sampled_from(["<", "<=", ">", "==", "!="])) for _ in parts[1:]]
        return "(" + parts[0] + "".join(f" {s} {p}" for s, p in zip(signs, parts[1:], strict=True)) + ")"
    if kind == 3:
        return f"(not {draw(truths(depth - 1))})"
    word = draw(st.sampled_from(["and", "or"]))
    return f"({draw(truths(depth - 1))} {word} {draw(truths(depth - 1))})"


@st.composite
def statements(draw, depth, in_loop, counter):
    """Lines of a block; a return only outside of loops."""
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["=", "=", "+=", "swap", "if", "if", "for", "while", "return", "assert"]))
        if not depth and kind in ("if", "for", "while"):
            kind = "="
        name = draw(st.sampled_from(VARIABLES))
        if kind == "=":
            lines.append(f"{name} = {draw(numbers())}")
        elif kind == "+=":
            lines.append(f"{name} {draw(st.sampled_from(['+=', '-=']))} {draw(numbers(1))}")
        elif kind == "swap":
            lines.append("a, b, c = c, a, b")
        elif kind == "if":
            lines += [f"if {draw(truths())}:", *draw(block(depth - 1, in_loop, counter))]
            if draw(st.booleans()):
                lines += [f"elif {draw(truths())}:", *draw(block(depth - 1, in_loop, counter))]
            if draw(st.booleans()):
                lines += ["else:", *draw(block(depth - 1, in_loop, counter))]
        elif kind == "for":
            bounds = draw(st.sampled_from(["3", "n % 4", "1, 4", "n % 3, 4", "6, 0, -2", "0, n % 5, 1 + n % 2"]))
            variable = draw(st.sampled_from(["i", "j", "a"]))
            lines += [f"for {variable} in range({bounds}):", *draw(block(depth - 1, True, counter))]
        elif kind == "while":
            counter[0] += 1
            k = f"k{counter[0]}"
            lines += [f"{k} = 0", f"while {k} < 3 and {draw(truths(1))}:", f"    {k} += 1"]
            lines += draw(block(depth - 1, True, counter))
        elif kind == "assert":
            lines.append(f"assert {draw(truths(1))}, 'no'")
        elif not in_loop:
            lines.append(f"return {draw(numbers())}")
            break
    return lines


def block(depth, in_loop, counter):
    return statements(depth, in_loop, counter).map(lambda lines: [f"    {line}" for line in lines] or ["    pass"])


@st.composite
def programs(draw):
    """A function of two ints."""
    lines = [
        "def f(a: int, n: int) -> int:",
        "    b = 1",
        "    c = 2",
        *draw(block(2, False, [0])),
        "    return a + b * c",
    ]
    return "\n".join(lines) + "\n"


def outcome(function, *args):
    try:
        return function(*args)
    except (ZeroDivisionError, AssertionError, RunError) as error:
        return f"stopped: {str(error).splitlines()[0].removeprefix('AssertionError: ')}"


def anonymous(graph) -> str:
    """A graph's text with its values numbered, whatever they are called."""
    names = {}
    return re.sub(r"%[\w.]+", lambda m: names.setdefault(m[0], f"%{len(names)}"), format_graph(graph, spans=False))


SLOW_TO_DRAW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=SLOW_TO_DRAW)
@given(source=programs())
def test_a_program_does_what_python_does_and_survives_its_code(source):
    names = {}
    exec(source, names)
    graph = compile_source(source, "f", {})
    verify(graph)
    code = graph_to_code(graph)
    again = compile_source(code, "forward", text_namespace(name_constants(graph)))
    assert anonymous(again) == anonymous(graph)
    for a, n in ((0, 0), (1, 3), (-4, 7), (12, -5)):
        expected = outcome(names["f"], a, n)
        found = outcome(run, graph, [a, n])
        assert found == (expected if isinstance(expected, str) else (expected,))
