"""The lines of a loop's text behind its instructions, told only of code that is the same as what runs."""

from __future__ import annotations

import re

import pytest

from tensorlab.core import located as module
from tensorlab.core.compile import compile_loop
from tensorlab.core.located import locate
from tensorlab.core.loop_files import loop_files

SOURCE = '''\
"""A product, its sum with another, a quotient; told by lines."""

import numpy as np

from tensorlab.core.intrinsics import float32_at


def loop(n, o0_at, a0_at, a1_at):
    o0 = float32_at(o0_at)
    a0 = float32_at(a0_at)
    a1 = float32_at(a1_at)
    for i0 in range(n):
        v0 = np.float32(a0[i0] * a1[i0])
        v1 = np.float32(v0 + a0[i0])
        v2 = np.float32(a1[i0] / v1)
        o0[i0] = v2
'''
DEF, FOR, PRODUCT, SUM, QUOTIENT, STORE = 8, 12, 13, 14, 15, 16


@pytest.fixture(scope="module")
def loop():
    return compile_loop(SOURCE, "void(int64, int64, int64, int64)", label="located")


@pytest.fixture(scope="module")
def located(loop):
    (found,) = locate([loop])
    return found


def lines_behind(text: str, behind: tuple, word: str) -> set:
    """The lines behind all instructions with a word."""
    lines = text.splitlines()
    assert len(lines) == len(behind)
    found = [chains for line, chains in zip(lines, behind, strict=True) if re.search(word, line)]
    assert found
    return set(found)


def test_it_is_the_code_that_runs(located) -> None:
    assert (located.compared, located.reason, located.asm_reason) == ("object", "", "")


def test_lines_of_llvm(loop, located) -> None:
    text = loop.llvm()
    for word, line in ((r"= fmul ", PRODUCT), (r"= fadd ", SUM), (r"= fdiv ", QUOTIENT)):
        assert lines_behind(text, located.llvm, word) == {((line,),)}
    assert lines_behind(text, located.llvm, r"  store (float|<)") == {((STORE,),)}
    assert ((FOR,),) in lines_behind(text, located.llvm, r"  br i1 ")
    code = [chains for line, chains in zip(text.splitlines(), located.llvm, strict=True) if not line.startswith("  ")]
    assert set(code) == {()}


def test_lines_of_machine_code(loop, located) -> None:
    assert lines_behind(loop.asm(), located.asm, r"\tv?div[ps]s\t") == {((QUOTIENT,),)}
    behind = {chain for chains in located.asm for chain in chains}
    assert {(FOR,), (PRODUCT,), (SUM,), (QUOTIENT,), (STORE,)} <= behind
    for line, chains in zip(loop.asm().splitlines(), located.asm, strict=True):
        if re.match(r"\tpush", line):  # registers kept for the caller
            assert chains in ((), ((DEF,),))
        if re.match(r"\tvfmadd", line):  # where the processor has it, one instruction does both
            assert chains == ((SUM,), (PRODUCT,))


def test_nothing_is_told_of_other_code(loop, monkeypatch) -> None:
    other = compile_loop(SOURCE.replace("/ v1", "- v1"), loop.signature, label="located")
    path = loop_files().object_path(loop.name)
    kept = path.read_bytes()
    path.write_bytes(loop_files().object_path(other.name).read_bytes())
    try:
        (found,) = locate([loop], asm=False)
    finally:
        path.write_bytes(kept)
    assert (found.llvm, found.compared) == ((), "")
    assert found.reason.startswith("the machine code with places differs from what runs: ")
    placed = module._placed(other)
    monkeypatch.setattr(module, "_placed", lambda _: placed)
    (found,) = locate([loop], asm=False)
    assert found.llvm == ()
    assert found.reason.startswith("LLVM's code with places ")


def test_no_process_for_the_machine_code(loop, monkeypatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    (found,) = locate([loop])
    assert found.llvm
    assert (found.asm, found.asm_reason) == ((), "no process could be had for it")
