"""Stages cut down to what is hot: the block, its vectors, the user's lines; of loops and of a native function."""

from __future__ import annotations

import inspect
import json
import re

import pytest

import tensorlab as tl
from tensorlab.core.located import Located
from tensorlab.errors import ArgumentError, RangeError
from tensorlab.jit.code_parts import CODE_STAGES, CodeLine
from tensorlab.jit.hot_block import hot_block
from tensorlab.jit.stage_code import stage_code

ASM = """\
loop:
\ttestq\t%rdx, %rdx
.LBB0_2:
\tvmovss\t(%r8), %xmm0
\tvmulss\t%xmm0, %xmm1, %xmm0
\tincq\t%rax
\tincq\t%rbx
\tincq\t%rcx
\tjne\t.LBB0_2
.LBB0_6:
\tvmovups\t(%r8,%rsi,4), %ymm0
\tvaddps\t%ymm0, %ymm0, %ymm3
\t.p2align\t4
\tjne\t.LBB0_6
\tretq
"""
LLVM = """\
; a remark
entry:
  br label %body
body:                                             ; preds = %entry, %tail
  %a = fadd <4 x double> %x, %y
  %c = icmp ult <4 x i1> %p, %q
  br i1 %z, label %tail, label %end
tail:
  br label %body
end:
  ret void
"""


def test_the_vector_loop_is_the_hot_one() -> None:
    found = hot_block(ASM, "asm")
    assert (found.lines[0], len(found.lines), found.bits, found.lanes) == (".LBB0_6:", 4, 256, 8)
    scalar = hot_block(ASM.partition(".LBB0_6")[0], "asm")
    assert (scalar.lines[0], scalar.bits) == (".LBB0_2:", 0)


def test_a_loop_of_two_blocks() -> None:
    found = hot_block(LLVM, "llvm")
    assert [line.split(":")[0] for line in found.lines if ":" in line] == ["body", "tail"]
    assert (found.bits, found.lanes) == (256, 4)


def test_without_a_loop_all_is_shown() -> None:
    found = hot_block("f:\n\tmovq\t%rax, %rbx\n\tretq\n", "asm")
    assert (len(found.lines), found.bits) == (3, 0)


def test_numbers_of_the_hot_lines() -> None:
    found = hot_block(ASM, "asm")
    lines = ASM.splitlines()
    assert [lines[number] for number in found.numbers] == list(found.lines)


def test_what_is_an_instruction() -> None:
    llvm = "  switch i64 %n, label %a [\n    i64 0, label %b\n  ], !dbg !7\nvector.body:\n  ret i32 0"
    assert [CodeLine(text).is_instruction for text in llvm.splitlines()] == [True, False, False, False, True]
    asm = "\tvaddps\t%ymm0, %ymm1, %ymm2\n\t.p2align\t4\n.LBB0_3:\n\t# in a loop"
    assert [CodeLine(text).is_instruction for text in asm.splitlines()] == [True, False, False, False]


def tone(x, y):
    a = x + y * 2
    return a.tanh() @ y.t()


def twice(x, y):
    a = x * y
    b = x * y
    c = a + b.abs()
    return c.tanh()


def rows(x, y):
    a = x.exp()
    b = a / a.sum(1, keepdim=True)
    return b * y


@tl.jit.script
def again(x, n: int):
    y = x
    for _ in range(n):
        y = y * 0.5 + x
        y = y.tanh()
    return y


def line_of(function, text: str) -> int:
    """The number of the line of a function with a text."""
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


def behind(part, word: str) -> set:
    """The lines and operations behind the instructions with a word."""
    found = [line for line in part.all_lines if line.is_instruction and re.search(word, line.text)]
    assert found
    return {tuple((o.span.line if o.span else None, o.op) for o in line.origins) for line in found}


def marked(part) -> set:
    """The operations and lines of what is marked."""
    return {(o.span.line, o.op) for line in part.all_lines if line.marked for o in line.origins}


@pytest.fixture(scope="module")
def traced_twice():
    x = tl.ones(2, 3)
    traced = tl.jit.trace(twice, (x, x))
    traced(x, x)
    return traced


@pytest.mark.parametrize("calls", [1, 5], ids=["program", "native"])
def test_stages(calls: int) -> None:
    x = tl.ones(2, 3)
    traced = tl.jit.trace(tone, (x, x))
    for _ in range(calls):
        traced(x, x)
    python = stage_code(traced, "python")
    around = python.parts[0]
    assert (python.native, around.name) == (calls == 5, "native" if calls == 5 else "program")
    loop = next(part for part in python.parts if any("tanh_size = " in line.text for line in part.lines))
    assert "for i0 in range(n):" in loop.lines[0].text
    tanh = next(line for line in loop.lines if "tanh_size = " in line.text)
    assert (tanh.span.line, tanh.origins[0].op) == (line_of(tone, "tanh"), "tanh")
    for stage in ("llvm", "asm"):
        part = next(p for p in stage_code(traced, stage).parts if p.name == loop.name)
        assert part.bits >= 128
        assert part.lanes == part.bits // 32
        assert len(part.lines) < part.total == len(part.all_lines)
        assert (part.compared, part.reason) == ("object", "")
        assert {line_of(tone, "y * 2"), line_of(tone, "tanh")} <= {line.span.line for line in part.lines if line.span}
    assert json.loads(json.dumps(python.to_dict()))["stage"] == "python"


def test_each_instruction_has_its_line(traced_twice) -> None:
    product, total, tanh = (line_of(twice, text) for text in ("a = x * y", "a + b", "tanh"))
    code = stage_code(traced_twice, "llvm")
    (part,) = code.parts
    quotients = behind(part, " fdiv ")
    assert quotients == {((tanh, "tanh"),)}
    assert ((product, "mul"),) in behind(part, " fmul ")
    assert behind(part, " fmul ") == {((product, "mul"),), ((tanh, "tanh"),)}
    assert ((total, "add"),) in behind(part, " fadd ")
    assert {o.role for line in part.all_lines if " load <" in line.text for o in line.origins} == {"reads"}
    assert {o.role for line in part.all_lines if " store <" in line.text for o in line.origins} == {"writes"}
    assert [(line.span.line, line.ops) for line in code.user_lines] == [
        (product, ("mul",)),
        (total, ("abs", "add")),
        (tanh, ("tanh",)),
    ]
    assert all(line.total >= line.hot > 0 for line in code.user_lines)
    assert code.user_lines[0].text == "a = x * y"
    (machine,) = stage_code(traced_twice, "asm").parts
    assert behind(machine, r"\tv?div[ps]s\t") == quotients


@pytest.mark.parametrize("stage", CODE_STAGES)
def test_a_line_is_marked_in_each_stage(traced_twice, stage) -> None:
    """The second product is not computed: the first one stands for it."""
    product = line_of(twice, "a = x * y")
    part = stage_code(traced_twice, stage, line_of(twice, "b = x * y")).parts[-1]
    assert marked(part) >= {(product, "mul")}
    assert all(
        (product, "mul") in {(o.span.line, o.op) for o in line.origins} for line in part.all_lines if line.marked
    )
    if stage == "python":
        assert not any(line.marked for line in stage_code(traced_twice, stage).parts[-1].all_lines)


def test_the_lines_of_a_scripts_loop() -> None:
    x = tl.ones(2, 3)
    for _ in range(5):
        again(x, 3)
    code = stage_code(again, "llvm")
    assert code.native
    part = code.parts[0]
    lines = {line.text: line for line in code.user_lines}
    turns, work = lines["for _ in range(n):"], lines["y = y * 0.5 + x"]
    assert (turns.ops, work.ops) == (("Loop",), ("mul", "add"))
    assert behind(part, " fdiv ") == {((work.span.line + 1, "tanh"),)}
    assert ((work.span.line, "mul"),) in behind(part, " fmul ")


def test_the_lines_of_a_loop_over_rows() -> None:
    x = tl.ones(2, 3)
    traced = tl.jit.trace(rows, (x, x))
    traced(x, x)
    (python,) = [part for part in stage_code(traced, "python").parts if part.name != "program"]
    again = next(line for line in python.lines if line.text.strip().startswith("v0 = o0["))
    assert (again.span.line, again.origins[0].role) == (line_of(rows, "b ="), "reads")  # for the quotient
    (part,) = stage_code(traced, "llvm").parts
    assert part.reason == ""
    assert behind(part, " fdiv ") == {((line_of(rows, "b ="), "div"),)}
    assert ((line_of(rows, "b ="), "sum"),) in behind(part, " fadd reassoc ")


def test_no_lines_of_code_that_is_not_what_runs(traced_twice, monkeypatch) -> None:
    other = Located((), (), "", "it is another one")
    monkeypatch.setattr("tensorlab.jit.stage_code.locate", lambda loops, *, asm: [other for _ in loops])
    code = stage_code(traced_twice, "llvm")
    (part,) = code.parts
    assert (part.reason, part.compared) == ("it is another one", "")
    assert code.user_lines == ()
    assert not any(line.origins for line in part.all_lines)
    assert [span.line for span in part.spans] == [line_of(twice, t) for t in ("a = x * y", "a + b", "tanh")]


def test_types_of_lines(traced_twice) -> None:
    (typed,) = stage_code(traced_twice, "typed").parts
    assert any(line.text.endswith("# x0: float32") for line in typed.lines)
    (numba,) = stage_code(traced_twice, "numba").parts
    assert len(typed.lines) < len(numba.lines) < numba.total


def test_errors() -> None:
    traced = tl.jit.CompilationUnit("def f(x):\n    return x + 1\n").f
    with pytest.raises(ArgumentError, match=r"^f has not been called yet, so nothing is compiled: call it once$"):
        stage_code(traced, "asm")
    traced(tl.ones(0))
    with pytest.raises(ArgumentError) as error:
        stage_code(traced, "asm")
    said = "the latest call of f ran no loop, so none is compiled: its tensors had no elements, or its branches no loop"
    assert str(error.value) == said
    with pytest.raises(RangeError, match=r"^f: no stage 'graph'; takes python, numba, typed, llvm, asm$"):
        stage_code(traced, "graph")
