"""The questions of ``%ir`` in a real shell: what another pipeline would do, and wrong options."""

from __future__ import annotations

import re

import pytest

from tensorlab.view.comparison import ComparisonView
from tensorlab.view.ledger import LedgerView
from tensorlab.view.stage_code import StageCodeView
from tensorlab.view.stages import StageView
from tensorlab.view.what_if import WhatIfView


@pytest.fixture
def compiled(lab):
    lab.value("x = tl.ones(2, 3)\ny = tl.ones(2, 3)")
    lab.value("%%trace --name f\n((x + y * 2) * 1).tanh();\n")
    return lab


def test_without(compiled) -> None:
    view = compiled.value("%ir f --without dce --without fuse,cse -o kept")
    assert isinstance(view, WhatIfView)
    assert repr(view).startswith("f without dce, fuse, cse · results equal · parts at cse · last graph: 3 changed\n")
    assert compiled.names["kept"] is view
    assert "dce" not in view.answer.other


def test_rewrites_are_counted_as_only_counts_them(lab) -> None:
    """The types of a script's values hang together: given in one rewrite, a decision for each of them."""
    lab.value("x = tl.ones(2, 3)")
    lab.value(
        "%%script --name h\ndef h(x, n: int):\n    for i in range(n):\n        x = (x * 2).tanh()\n    return x + 0\n"
    )
    lab.value("h(x, 2);")
    records = lab.names["h"].records
    total = sum(record.count for record in records)
    assert any(record.count < len(record.rewrites) for record in records)
    strip = repr(lab.value("%ir h")).split("\n\n")[1]
    assert sum(map(int, re.findall(r"(\d+) rewrites?\b", strip))) == total
    assert lab.value(f"%ir h --only {total}").answer.parted is None
    assert lab.value(f"%ir h --only {total - 1}").answer.parted is not None


def test_order_and_only(compiled) -> None:
    view = compiled.value('%ir f --order "shapes,(cse,dce)*2" --only 1')
    assert view.answer.other == "shapes,cse,dce,cse,dce first 1"
    assert view.change == "in another order, with 1 rewrite"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("--without dec", "--without: f goes through no pass 'dec'; its passes: ", "nearest: dce"),
        ("--order cse,fues", "--order: pipeline: no pass 'fues'; takes ", "nearest: fuse"),
        ("--only some", "--only: takes a number of rewrites, got 'some'", "see %ir?"),
        ("--times", "--times measures what --without, --order or --only change", "%ir f --without dce --times"),
    ],
    ids=["without", "order", "only", "times"],
)
def test_wrong_lines(compiled, line: str, message: str, hint: str) -> None:
    first, second, *_ = compiled.error(f"%ir f {line}").splitlines()
    assert first.startswith(f"MagicError: %ir: {message}")
    assert second == f"  {hint}"


def test_check(compiled) -> None:
    view = compiled.value("%ir f --check")
    facts = "equal after every pass · 4 passes of 15 changed the graph · each run on 11 inputs"
    assert repr(view).startswith(f"f · {facts}")
    assert compiled.error("%ir f --check --only 1").splitlines()[0] == (
        "MagicError: %ir: --without, --order or --only and --check are two questions; takes one at a time"
    )


def test_stage(compiled) -> None:
    view = compiled.value("%ir f --stage asm")
    assert isinstance(view, StageCodeView)
    (loop,) = view.code.parts
    assert loop.lanes * 32 == loop.bits
    assert "numbers at once" in repr(view)
    assert [span.line for span in loop.spans] == [2]
    typed = compiled.value("%ir f --stage typed")
    assert any("# x0: float32" in line.text and line.span.line == 2 for line in typed.code.parts[0].lines)
    whole = compiled.value("%ir f --stage typed --full")
    assert isinstance(whole, StageView)
    assert len(whole.source.splitlines()) > typed.code.parts[0].total
    assert compiled.error("%ir f --full").splitlines()[:2] == [
        "MagicError: %ir: --full shows all of a stage of code",
        "  %ir f --stage asm --full",
    ]


@pytest.mark.parametrize("stage", ["python", "numba", "typed", "llvm", "asm"])
def test_a_line_stays_marked_through_the_stages(compiled, stage: str) -> None:
    compiled.value("%%trace --name g\na = x + y * 2\na.tanh();\n")
    view = compiled.value(f"%ir g --stage {stage} --line 3")
    assert isinstance(view, StageCodeView)
    (part,) = [p for p in view.code.parts if p.name != "program"]
    marked = [line for line in part.lines if line.marked]
    assert marked
    assert {origin.op for line in marked for origin in line.origins} == {"tanh"}
    assert f"◆ {'3 tanh':<8}" in repr(view)
    assert "◆ 3  a.tanh();" in repr(view)
    assert [line.marked for line in view.code.user_lines] == [False, True]
    whole = compiled.value(f"%ir g --stage {stage} --line 3 --full")
    assert isinstance(whole, StageView)
    assert whole.source == view.code.whole
    assert len(whole.marked) >= len(marked)
    assert whole.to_dict()["marked"] == sorted(whole.marked)


def test_a_line_of_nothing_has_no_stage(compiled) -> None:
    assert compiled.error("%ir f --stage asm --line 9") == (
        "MagicError: %ir: --line: line 9 made nothing in f; lines that did: 2\n  nearest: 2\n  see %ir?"
    )


def test_measure(compiled) -> None:
    view = compiled.value("%ir f --measure")
    assert isinstance(view, LedgerView)
    assert [row.name for row in view.ledger.rows] == ["(as recorded)", "cse", "peephole", "fuse", "dce"]
    assert view.ledger.compiling is not None


def test_compare(compiled) -> None:
    compiled.value("%%trace --name g\n((x + y * 2) * 1 * 1).tanh();\n")
    view = compiled.value("%ir f --compare g")
    assert isinstance(view, ComparisonView)
    assert repr(view).startswith("f and g · are not the same as recorded and meet after peephole · results equal · ")
    compiled.value("d = tl.ones(2, 3, dtype=tl.float64)")
    dtypes = compiled.value("%ir f --compare d,d")
    assert repr(dtypes).startswith("f, for two kinds of inputs · are not the same as recorded")
    assert compiled.error("%ir f --compare gg").splitlines() == [
        "MagicError: %ir: nothing is named 'gg'; compiled functions here: f, g",
        "  nearest: g",
        "  see %ir?",
    ]
    assert compiled.completions("%ir f --compare ") == ["f", "g"]


def test_passes_complete(compiled) -> None:
    assert compiled.completions("%ir f --without pee") == ["peephole"]
