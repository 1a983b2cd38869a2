"""Types of a script's variables, with the way back to annotations, literals and schemas."""

from __future__ import annotations

import tensorlab as tl
from tensorlab.jit.scripting.derivations import Derivations
from tensorlab.jit.scripting.frontend import compile_function

LIMIT = 3


def twice(v: int) -> int:
    w = v * 2
    return w


def everything(x: tl.Tensor, n: int, y):
    a: int | None = None
    b = n * 2 + LIMIT
    if n > 1:
        d = 1
    else:
        d = None
    s = x + y
    for i in range(b):
        s = s + i
    z, t = s, (n, 1.5)
    q = twice(n)
    return z, d, t, a, q


def found(function: object) -> dict[tuple[int, str], tuple[str, list[str]]]:
    """Types and reasons, by the line in the function and the name; reasons further back are indented."""
    derivations = Derivations()
    compile_function(function, derivations=derivations)
    return {
        (v.span.line - everything.__code__.co_firstlineno, v.name): (
            v.type,
            ["  " * r.depth + f"{r.kind}: {r.said}" for r in v.why],
        )
        for v in derivations.variables
        if v.span.function == "everything"
    }


def test_every_kind_of_reason() -> None:
    add = "schema: aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor"
    assert found(everything) == {
        (0, "x"): ("Tensor", ["annotation: the parameter is annotated as Tensor"]),
        (0, "n"): ("int", ["annotation: the parameter is annotated as int"]),
        (0, "y"): ("Tensor", ["parameter: a parameter without an annotation is a Tensor"]),
        (1, "a"): ("NoneType", ["annotation: a is annotated as int?", "literal: the literal None is NoneType"]),
        (2, "b"): (
            "int",
            [
                "schema: aten::add.int(int a, int b) -> int",
                "  schema: aten::mul.int(int a, int b) -> int",
                "    variable: n is int",
                "      annotation: the parameter is annotated as int",
                "    literal: the literal 2 is int",
                "  outside: LIMIT is known when the function is compiled, as int",
            ],
        ),
        (3, "d"): (
            "int?",
            [
                "branch: int in the true branch",
                "  variable: d is int",
                "    literal: the literal 1 is int",
                "branch: NoneType in the false branch",
                "  variable: d is NoneType",
                "    literal: the literal None is NoneType",
            ],
        ),
        (4, "d"): ("int", ["literal: the literal 1 is int"]),
        (6, "d"): ("NoneType", ["literal: the literal None is NoneType"]),
        (7, "s"): ("Tensor", [add]),
        (8, "i"): ("int", ["loop: the number of the turn is an int"]),
        (9, "s"): ("Tensor", ["schema: aten::add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor"]),
        (10, "z"): ("Tensor", ["loop: the loop carries it as Tensor", "  variable: s is Tensor", f"    {add}"]),
        (10, "t"): (
            "(int, float)",
            [
                "parts: a tuple of its parts, (int, float)",
                "  variable: n is int",
                "    annotation: the parameter is annotated as int",
                "  literal: the literal 1.5 is float",
            ],
        ),
        (11, "q"): (
            "int",
            [
                "schema: aten::mul.int(int a, int b) -> int",
                "  variable: n is int",
                "    annotation: the parameter is annotated as int",
                "  literal: the literal 2 is int",
            ],
        ),
    }


def test_functions_that_are_called_are_noted_too_and_nothing_else_changes() -> None:
    derivations = Derivations()
    graph = compile_function(everything, derivations=derivations)
    assert str(graph) == str(compile_function(everything))
    assert [v.name for v in derivations.variables if v.span.function == "twice"] == ["v", "w"]
    (first, *_) = [v.to_dict() for v in derivations.variables if v.name == "w"]
    assert [reason["depth"] for reason in first["why"]] == [0, 1, 2, 1]
