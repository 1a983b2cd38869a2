"""Stages cut down to what is hot: the block, its vectors, the user's lines; of loops and of a native function."""

from __future__ import annotations

import json

import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, RangeError
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


def tone(x, y):
    a = x + y * 2
    return a.tanh() @ y.t()


def places(part) -> list[int]:
    first = tone.__code__.co_firstlineno
    return [span.line - first for span in part.spans]


@pytest.mark.parametrize("calls", [1, 5], ids=["program", "native"])
def test_stages(calls: int) -> None:
    x = tl.ones(2, 3)
    traced = tl.jit.trace(tone, (x, x))
    for _ in range(calls):
        traced(x, x)
    python = stage_code(traced, "python")
    around, loop = python.parts
    assert (python.native, around.name) == (calls == 5, "native" if calls == 5 else "program")
    assert "for i0 in range(n):" in loop.lines[0].text
    tanh = next(line for line in loop.lines if "tanh_size = " in line.text)
    assert tanh.span.line == tone.__code__.co_firstlineno + 2
    assert places(loop) == [1, 2]
    for stage in ("llvm", "asm"):
        (part,) = stage_code(traced, stage).parts
        assert part.bits >= 128
        assert part.lanes == part.bits // 32
        assert len(part.lines) < part.total
    assert json.loads(json.dumps(python.to_dict()))["stage"] == "python"


def test_types_of_lines() -> None:
    x = tl.ones(2, 3)
    traced = tl.jit.trace(tone, (x, x))
    traced(x, x)
    (typed,) = stage_code(traced, "typed").parts
    assert any(line.text.endswith("# x0: float32") for line in typed.lines)
    (numba,) = stage_code(traced, "numba").parts
    assert len(typed.lines) < len(numba.lines) < numba.total


def test_errors() -> None:
    traced = tl.jit.CompilationUnit("def f(x):\n    return x + 1\n").f
    with pytest.raises(ArgumentError, match=r"^f has not been called yet, so nothing is compiled: call it once$"):
        stage_code(traced, "asm")
    with pytest.raises(RangeError, match=r"^f: no stage 'graph'; takes python, numba, typed, llvm, asm$"):
        stage_code(traced, "graph")
