"""``%ast`` in a real shell."""

from __future__ import annotations

import textwrap

import pytest

from tensorlab.view.syntax_tree import SyntaxTreeView
from tensorlab.view.tokens import TokensView

TALK = """\
print(1 + 2) · 7 syntax nodes · 7 tokens

Module
└ body[0]: Expr                        1:0-12
  └ value: Call                        1:0-12
    ├ func: Name  id='print' ctx=Load  1:0-5
    └ args[0]: BinOp  op=Add           1:6-11
      ├ left: Constant  value=1        1:6-7
      └ right: Constant  value=2       1:10-11

Places are line:column-column, columns from 0, as Python's ast counts them but in characters."""


def test_the_talks_expression(lab) -> None:
    view = lab.value("%ast print(1 + 2)")
    assert isinstance(view, SyntaxTreeView)
    assert repr(view) == TALK
    assert '<img alt="the syntax tree of print(1 + 2), from the root: Module over body[0]: Expr;' in view.html()


def test_quotation_marks_and_options_at_either_end(lab) -> None:
    for line in ("""%ast --tokens "a b" + 'c'""", """%ast "a b" + 'c' --tokens -o kept"""):
        view = lab.value(line)
        assert isinstance(view, TokensView)
        assert [token.text for token in view.tree.tokens] == ['"a b"', "+", "'c'", ""]
    assert lab.names["kept"] is view


def test_a_cell_is_parsed_and_not_run(lab) -> None:
    lab.run("%%ast -o kept\nseen = 1\nfor i in range(3):\n    seen += i\n")
    tree = lab.names["kept"].tree
    assert [(n.kind, n.place and n.place.line) for n in tree.nodes if n.depth == 1] == [("Assign", 2), ("For", 3)]
    assert tree.lines[0] == "seen = 1"
    assert "seen" not in lab.names


def test_functions(lab) -> None:
    lab.run("%%script\ndef half(x):\n    y = x * 0.5\n    return y\n")
    view = lab.value("%ast half")
    assert view.tree.made == len(list(lab.names["half"].graph.nodes()))
    assert "value: BinOp  op=Mult" in view.text()
    assert "aten::mul(%x, " in view.text()
    lab.names["plain"] = textwrap.dedent
    assert lab.value("%ast plain").tree.name == "dedent"
    assert lab.value("%ast plain + 1").tree.nodes[0].kind == "Module"


def test_errors(lab) -> None:
    lab.run("def here(): pass")
    assert lab.error("%ast (1 +").splitlines() == [
        "MagicError: %ast: '(' was never closed in line 1",
        "  (1 +",
        "  see %ast?",
    ]
    assert lab.error("%ast") == (
        "MagicError: %ast: an expression is missing; functions here: here\n  %ast print(1 + 2)\n  see %ast?"
    )
    assert lab.error("%ast x --tokenz").splitlines()[:2] == [
        "MagicError: %ast: no option --tokenz",
        "  nearest: --tokens",
    ]
    assert lab.error("%%ast x\n1").splitlines()[0] == "MagicError: %%ast: takes options alone above a cell, got 'x'"
    assert lab.error("%%ast\n\nif:\n").splitlines()[0] == "MagicError: %%ast: invalid syntax in line 3"
    assert lab.error("%%ast\n# no more\n").splitlines()[0] == "MagicError: %%ast: there are comments alone"
    assert lab.error("%%ast --bogus\n1").splitlines() == [
        "MagicError: %%ast: no option --bogus",
        "  nearest: --tokens",
        "  see %%ast?",
    ]
    lab.run("lonely = lambda: 0")
    assert lab.error("%ast lonely").splitlines()[0] == "MagicError: %ast: a lambda cannot be scripted in line 1"


def test_help_and_completion(lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.value("%ast --help") is None
    assert capsys.readouterr().out.startswith("%ast [-h] [--tokens] [-o NAME] [expression]")
    assert set(lab.completions("%ast --")) == {"--help", "--tokens", "--output"}
    lab.run("def here(): pass")
    assert "here" in lab.completions("%ast he")
