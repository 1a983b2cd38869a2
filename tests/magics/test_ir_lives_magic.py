"""``%ir --value``, ``--line`` and ``--why-not`` in a real shell."""

from __future__ import annotations

import re

import pytest

from tensorlab.view.line_life import LineLifeView
from tensorlab.view.refusals import VectorsView, WhyNotView
from tensorlab.view.value_life import ValueLifeView

CELL = """\
%%trace --name f
a = x.t().t()
b = (a + y) * 1
m = b @ y.t()
m.tanh();
"""


@pytest.fixture
def compiled(lab):
    """A traced function ``f`` that was called once."""
    lab.value("x = tl.ones(2, 3)\ny = tl.ones(2, 3)")
    lab.value(CELL)
    lab.value("f(x, y);")
    return lab


def named(compiled, start: str) -> str:
    """The printed name of the first value that a node of a kind gives."""
    from tensorlab.jit.text import Names, format_graph

    names = Names()
    graph = compiled.names["f"].records[0].before
    format_graph(graph, names=names)
    return next(names.of(n.output) for n in graph.nodes() if n.kind == start)


def test_a_value_from_its_line_to_the_machine_code(compiled) -> None:
    name = named(compiled, "aten::add")
    view = compiled.value(f"%ir f --value {name} -o kept")
    assert isinstance(view, ValueLifeView)
    assert compiled.names["kept"] is view
    life = view.life
    assert (life.kind, life.name) == ("loop", name)
    assert life.source is not None
    (number, text, first, end) = life.source.lines[0]
    assert (number, text[first:end]) == (3, "a + y")
    (told,) = life.ends
    assert told.place is not None
    assert told.place.loop in told.place.text
    stages = {excerpt.stage: excerpt for excerpt in told.place.excerpts}
    assert list(stages) == ["loop", "llvm", "asm"]
    assert [code.strip() for _, code in stages["loop"].lines][-1].startswith("v0 = ")
    assert any(" fadd " in code for _, code in stages["llvm"].lines)
    assert not any(word in code for _, code in stages["llvm"].lines for word in (" fdiv ", "icmp "))
    assert re.search(r": \d+ instructions of its own, \d+ in the hot block, vectors of \d+ bits$", stages["llvm"].title)
    assert any("addps" in code for _, code in stages["asm"].lines)
    assert all(excerpt.left_out > 0 for excerpt in stages.values())
    assert repr(view).startswith(f"f · {name} · computed in ")


def test_a_value_that_is_gone_has_a_tombstone(compiled) -> None:
    view = compiled.value("%ir f --value b")
    assert view.life.ends[0].words.endswith("by peephole: x * 1 is x")
    assert view.life.kind == "merged"


def test_a_number_in_its_place_is_no_other_name(compiled) -> None:
    compiled.value("@tl.jit.script\ndef g(x):\n    n = 2 * 3\n    return x * n")
    compiled.value("g(x);")
    view = compiled.value("%ir g --value n")
    assert view.life.ends[0].words == "folded to 6 by constant: everything it takes is constant"
    assert "Others of this name" not in repr(view)


def test_a_line(compiled) -> None:
    view = compiled.value("%ir f --line 3")
    assert isinstance(view, LineLifeView)
    assert view.line.kinds == {"loop": 1, "merged": 1}
    assert [excerpt.stage for excerpt in view.line.excerpts] == ["llvm", "asm"]
    assert any(" fadd " in code for _, code in view.line.excerpts[0].lines)
    assert view.line.to_dict()["excerpts"] == [excerpt.to_dict() for excerpt in view.line.excerpts]
    assert compiled.error("%ir f --line 9") == (
        "MagicError: %ir: --line: line 9 made nothing in f; lines that did: 2, 3, 4, 5\n  nearest: 5\n  see %ir?"
    )


def test_why_not(compiled) -> None:
    view = compiled.value("%ir f --why-not fuse")
    assert isinstance(view, WhyNotView)
    reasons = {refused.reason for refused in view.why.refused}
    assert "aten::mm is not pointwise" in reasons or "aten::matmul is not pointwise" in reasons
    view = compiled.value("%ir f --why-not fuse m")
    assert view.why.refused[0].in_the_way
    view = compiled.value("%ir f --why-not unroll")
    assert (view.why.ran, view.why.refused) == ((), ())


def test_why_not_vectorize_has_the_remarks_of_llvm(compiled) -> None:
    view = compiled.value(f"%ir f --why-not vectorize {named(compiled, 'aten::add')}")
    assert isinstance(view, VectorsView)
    (loop,) = view.loops
    assert loop.vectorized
    assert loop.remarks is not None
    assert any(remark.startswith("vectorized loop (vectorization width: ") for remark in loop.remarks)


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("--why-not fues", "--why-not takes fuse, cse, unroll or vectorize, got 'fues'", "nearest: fuse"),
        ("--why-not fuse a b", "--why-not takes one value, got a b", "--why-not fuse a"),
        ("--value a --line 3", "--value and --line ask for different things", "leave --line out"),
        ("--value a --without dce", "--value and --without ask for different things", "leave --without out"),
        ("--value a --all", "--value takes no --stage, --pass, --all or --stable", "see %ir?"),
        ('--value ""', "--value: takes the name of a value, got ''", "%ir f --value %7"),
        ("--why-not fuse %", "--why-not: takes the name of a value, got '%'", "%ir f --why-not fuse %7"),
        ("f", "nothing takes 'f'", "an option's values are joined by commas: --without PASS,PASS"),
        ("--line 0", "--line: takes a positive whole number, got '0'", "see %ir?"),
    ],
)
def test_wrong_lines(compiled, line: str, message: str, hint: str) -> None:
    shown = compiled.error(f"%ir f {line}").splitlines()
    assert (shown[0], shown[1].strip()) == (f"MagicError: %ir: {message}", hint)


def test_wrong_values(compiled) -> None:
    shown = compiled.error("%ir f --value %mm").splitlines()
    assert shown[0].startswith("MagicError: %ir: --value: f has no value %mm; its values: ")
    assert shown[1:] == ["  nearest: %m", "  see %ir?"]


def test_nothing_runs_yet(compiled) -> None:
    compiled.value("from tensorlab.jit.function import ScriptFunction\nnew = ScriptFunction(f.graph, kind='traced')")
    assert compiled.value("%ir new --value m").life.ends[0].place is None
    assert compiled.error("%ir new --why-not vectorize") == (
        "MagicError: %ir: new has not been called yet, and is compiled for the arguments of a call\n"
        "  call new(...) once\n"
        "  see %ir?"
    )


def test_completion(compiled) -> None:
    assert compiled.completions("%ir f --why-not un") == ["unroll"]
    assert compiled.completions("%ir f --value m") == ["m"]
    assert {"%a", "%m"} <= set(compiled.completions("%ir f --value %"))
