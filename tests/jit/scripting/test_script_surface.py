"""What stands around scripted code: `CompilationUnit`, the marks on functions, classes, and ``TENSORLAB_JIT=0``."""

from __future__ import annotations

import subprocess
import sys
from typing import Dict, List, NamedTuple  # noqa: UP035 - what users write

import pytest

import tensorlab as tl
from tensorlab.errors import ArchiveError, ArgumentError, GraphError, RunError, ScriptError
from tensorlab.jit.verify import verify

SCALE = 2


def test_a_compilation_unit_scripts_a_text_whose_functions_call_each_other() -> None:
    unit = tl.jit.CompilationUnit(
        """
def first(x, n: int = 3):
    return second(x, n) * SCALE + second(x)

def second(x, n: int = 1) -> Tensor:
    values: List[int] = [n]
    return tl.tanh(x) + values[0]
"""
    )
    x = tl.tensor([0.5, -1.0])
    assert unit.first(x).tolist() == ((tl.tanh(x) + 3) * 2 + tl.tanh(x) + 1).tolist()
    assert unit.second(x, 5).tolist() == (tl.tanh(x) + 5).tolist()
    assert [f.name for f in unit.get_functions()] == ["first", "second"]
    unit.define("def third(x):\n    return first(x, 1)\n")
    assert unit.third(x).tolist() == unit.first(x, 1).tolist()
    assert repr(unit) == "<compilation unit of first, second, third>"
    with pytest.raises(AttributeError) as caught:
        _ = unit.fourth
    assert str(caught.value) == "this compilation unit has no function 'fourth'; it has first, second, third"


def test_a_compilation_unit_takes_all_of_a_text_or_nothing() -> None:
    unit = tl.jit.CompilationUnit("def f(x):\n    return x\n")
    with pytest.raises(ScriptError) as caught:
        unit.define("def g(x):\n    return x\n\ndef h(x):\n    return y\n")
    assert caught.value.message == "undefined value y"
    assert (caught.value.filename, caught.value.line) == ("<compilation unit>", 5)
    assert dir(unit)[-1] == "get_functions"
    assert [f.name for f in unit.get_functions()] == ["f"]
    with pytest.raises(ScriptError, match=r"^a calls itself, which cannot be scripted"):
        tl.jit.CompilationUnit("def a(x):\n    return b(x)\n\ndef b(x):\n    return a(x)\n")


@tl.jit.ignore
def plain(x: tl.Tensor, times: int) -> int:
    return len(repr(x)) * 0 + times  # nothing that a script could do


@tl.jit.ignore()
def wrong(x: tl.Tensor) -> int:
    return "no int"  # type: ignore[return-value]


@tl.jit.unused
def never(x: tl.Tensor) -> tl.Tensor:
    raise KeyError


def calls_ignored(x: tl.Tensor, n: int) -> tl.Tensor:
    return x * plain(x, n)


def calls_wrong(x: tl.Tensor) -> int:
    return wrong(x)


def calls_unused(x: tl.Tensor, n: int) -> tl.Tensor:
    if n > 3:
        return never(x)
    return x + 1


def test_an_ignored_function_is_called_in_python(tmp_path) -> None:
    scripted = tl.jit.script(calls_ignored)
    verify(scripted.graph)
    assert 'prim::PythonOp[name="plain"](%x, %n)' in str(scripted.graph)
    x = tl.ones(2)
    assert scripted(x, 3).tolist() == scripted.interpret(x, 3).tolist() == [3.0, 3.0]
    with pytest.raises((ArchiveError, GraphError), match=r"an archive does not hold Python's function plain"):
        scripted.save(tmp_path / "f.zip")


def test_an_ignored_function_that_breaks_its_word_is_told_at_the_line_of_the_call() -> None:
    scripted = tl.jit.script(calls_wrong)
    for run in (scripted, scripted.interpret):
        with pytest.raises(RunError) as caught:
            run(tl.ones(2))
        assert "wrong: is annotated to return int, but returned a value of type str" in str(caught.value)


def test_an_unused_function_raises_where_it_would_run() -> None:
    scripted = tl.jit.script(calls_unused)
    assert scripted(tl.ones(2), 1).tolist() == [2.0, 2.0]
    for run in (scripted, scripted.interpret):
        with pytest.raises(RunError) as caught:
            run(tl.ones(2), 4)
        line = calls_unused.__code__.co_firstlineno + 2
        assert str(caught.value) == (
            "RuntimeError: never is marked unused, and a script cannot run it\n"
            f"  {__file__}, line {line}, column 16\n"
            "      return never(x)\n"
            "             ^^^^^^^^"
        )


def test_marks_do_nothing_in_python() -> None:
    assert plain(tl.ones(1), 3) == 3
    assert not tl.jit.is_scripting()
    assert tl.jit.annotate(List[int], [1]) == [1]  # noqa: UP006
    assert tl.jit.export(plain) is plain
    tl.jit.ignore(plain)


@tl.jit.script
class Counter:
    """A class with a state."""

    def __init__(self, start: int):
        self.count = start
        self.seen: Dict[str, int] = {}  # noqa: UP006

    def add(self, name: str) -> int:
        self.count += 1
        self.seen[name] = self.count
        return self.count


def counts(names: List[str]) -> int:  # noqa: UP006
    counter = Counter(10)
    for name in names:
        counter.add(name)
    return counter.count * 100 + len(counter.seen)


def changes(counter: Counter, name: str) -> Counter:
    counter.add(name)
    return counter


def test_a_scripted_class_stays_a_class_of_pythons() -> None:
    assert Counter(1).add("a") == 2
    assert tl.jit.script(counts)(["a", "b", "a"]) == counts(["a", "b", "a"]) == 1302


def test_objects_go_in_and_come_out() -> None:
    scripted = tl.jit.script(changes)
    counter = Counter(5)
    assert scripted(counter, "x") is counter
    assert (counter.count, counter.seen) == (6, {"x": 6})
    with pytest.raises(ArgumentError, match="argument 'counter' takes Counter, got int"):
        scripted(3, "x")


def test_a_class_that_cannot_be_scripted_is_told_when_it_is_decorated() -> None:
    with pytest.raises(ScriptError) as caught:

        @tl.jit.script
        class Late:
            def __init__(self):
                self.n = 1

            def grow(self):
                self.m = 2

    assert caught.value.message == "Late has no attribute 'm'"
    assert caught.value.hint == "__init__ makes n"


class Point(NamedTuple):
    """A named tuple."""

    x: int
    y: float = 0.5


def moved(p: Point) -> Point:
    return Point(p.x + 1, p.y)


def test_named_tuples_go_in_and_come_out() -> None:
    scripted = tl.jit.script(moved)
    for run in (scripted, scripted.interpret):
        found = run(Point(1))
        assert (found, type(found)) == (Point(2, 0.5), Point)
    assert "p : NamedTuple(x : int, y : float)" in str(scripted.graph)


def test_without_the_compiler_everything_runs_as_python() -> None:
    program = """
import tensorlab as tl

@tl.jit.script
def f(n):
    return {k: k for k in range(n)}  # outside the language

@tl.jit.script
class C:
    def m(self):
        yield 1

@tl.jit.ignore
def g():
    return 1

assert f(2) == {0: 0, 1: 1} and list(C().m()) == [1] and g() == 1
assert tl.jit.trace(f, (tl.ones(1),)) is f
"""
    subprocess.run([sys.executable, "-c", program], check=True, env={"TENSORLAB_JIT": "0", "PATH": "/usr/bin"})


def test_a_comment_for_a_checker_is_no_type() -> None:
    unit = tl.jit.CompilationUnit("def f(\n    x,  # type: ignore[no-untyped-def]\n):\n    return x + 1\n")
    assert unit.f(tl.tensor([1.0])).tolist() == [2.0]


def test_a_function_without_a_module_is_called() -> None:
    def twice(x: tl.Tensor) -> tl.Tensor:
        return x * 2

    twice.__module__ = None  # type: ignore[assignment] - as for text that `exec` ran

    def call(x: tl.Tensor) -> tl.Tensor:
        return twice(x) + 1

    assert tl.jit.script(call)(tl.tensor([1.5])).tolist() == [4.0]
