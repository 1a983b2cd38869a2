"""%ir of a graph of 5,000 nodes: text and HTML of every answer are at most 300 kB, and what was left out is counted."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

import tensorlab as tl

_MOST = 300_000  # bytes of text and HTML together
_KINDS = ("relu", "abs", "neg", "square")
_LINES = "".join(f"    x{i + 1} = tl.{_KINDS[i % 4]}(x{i})\n" for i in range(5000))
_BLOCKS = """\
def blocks(x, w):
    for i in range(1250):
        a = tl.mm(x, w)
        b = tl.relu(a)
        c = tl.mm(b, w)
        x = x + c
    return x
"""


def _function(name: str, source: str) -> Any:
    filename = f"<{name} of 5,000 nodes>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"tl": tl}
    exec(compile(source, filename, "exec"), namespace)
    return namespace[name]


@pytest.fixture(scope="module")
def functions() -> dict[str, Any]:
    """A straight line of 5,000 lines of source, and a block of four lines that ran 1,250 times."""
    x, w = tl.ones(4, 4), tl.full((4, 4), 0.1)
    line = tl.jit.trace(_function("line", f"def line(x0):\n{_LINES}    return x5000\n"), (x,), check_trace=False)
    blocks = tl.jit.trace(_function("blocks", _BLOCKS), (x, w), check_trace=False)
    line(x)
    blocks(x, w)
    return {"line": line, "blocks": blocks}


def shown(lab: Any, functions: dict[str, Any], question: str) -> str:
    """The text of an answer, which is small together with its HTML."""
    lab.names.update(functions)
    view = lab.value(question)
    text, page = view.text(), view.html()
    assert len(text.encode()) + len(page.encode()) < _MOST
    return text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("%ir line", "times more, but for names: "),
        ("%ir blocks", "times more, but for names: "),
        ("%ir line --value %7", "step 3 of 3 of loop1_relu_abs_neg"),
        ("%ir blocks --value %7", "Where it ended: a call of aten::mm"),
        ("%ir line --line 4", "vectors of"),
        ("%ir blocks --line 4", "that line 1,249 times more, but for names: 1,249 alike"),
        ("%ir line --why-not fuse", "these 2 lines 1,248 times more, but for names: 2,496 alike"),
        ("%ir line --stage python", "these 4 lines 1,248 times more, but for names: 4,992 alike"),
        ("%ir blocks --stage python", "these 7 lines 1,247 times more, but for names: 8,729 alike"),
        ("%ir line --stage python --full", "more lines; the source of this result has all of them"),
        ("%ir line --stage numba", "called by 1,250 nodes"),
        ("%ir line --stage typed", "2 reads + 1,249 more"),
        ("%ir line --stage llvm --line 4", "… 3,710 more lines of yours"),
        ("%ir blocks --stage asm", "called by 1,250 nodes"),
        ("%ir blocks --without dce", "fuse"),
        ("%ir line --compare blocks", "blocks"),
        ("%ir line --check", "ran on 4 of 11 inputs: not on zeros, ones, minus ones, nan, inf, negative and flipped."),
        ("%ir blocks --measure", "6,250 nodes became 8,750"),
    ],
    ids=lambda p: p if p.startswith("%") else "",
)
def test_an_answer_is_small_and_counts_what_it_leaves_out(
    lab: Any, functions: dict[str, Any], question: str, said: str
) -> None:
    text = shown(lab, functions, question)
    assert said in " ".join(text.split()), text
