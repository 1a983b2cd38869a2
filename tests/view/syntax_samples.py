"""Views of syntax trees, over texts alone: nothing of them is compiled or run."""

from __future__ import annotations

import linecache
from collections.abc import Callable

from tensorlab.jit.parse import parse_graph
from tensorlab.jit.syntax_of_graph import syntax_of_graph
from tensorlab.jit.syntax_tree import SyntaxTree, syntax_of_text
from tensorlab.view.mime import View
from tensorlab.view.syntax_tree import SyntaxTreeView
from tensorlab.view.tokens import TokensView

TALK = "print(1 + 2)"
HOSTILE = 's = \'<script>alert("x")</script>&\\u202e\'; é = "\u202e"\n'
SCALE = """\
def scale(x, n: int):
    y = x * 2
    if n > 3:
        y = y.tanh()
    return y
"""
SCALE_GRAPH = """\
graph(%x : Tensor,
      %n : int):
  %2 : int = prim::Constant[value=2]() # scale.py:2:12
  %3 : int = prim::Constant[value=3]() # scale.py:3:11
  %y : Tensor = aten::mul(%x, %2) # scale.py:2:8
  %5 : bool = aten::gt(%n, %3) # scale.py:3:7
  %y.1 : Tensor = prim::If(%5) # scale.py:3:4
    block0():
      %y.2 : Tensor = aten::tanh(%y) # scale.py:4:12
      -> (%y.2)
    block1():
      -> (%y)
  return (%y.1)
"""


def talk() -> SyntaxTree:
    return syntax_of_text(TALK, TALK, "")


def scale() -> SyntaxTree:
    """A function and its graph, parsed: spans know where pieces begin, not where they end."""
    linecache.cache["scale.py"] = (len(SCALE), None, SCALE.splitlines(keepends=True), "scale.py")
    graph = parse_graph(SCALE_GRAPH)
    graph.name = "scale"
    return syntax_of_graph(graph, "scale")


def large(count: int = 300) -> SyntaxTree:
    """More statements than are shown, one of them with a deep sum in it."""
    text = f"total = {' + '.join(['1'] * 100)}\n" + "f(x, [1, 2], y=3)\n" * count
    return syntax_of_text(text, "the cell", "cell 7")


SYNTAX_SAMPLES: dict[str, Callable[[], View]] = {
    "ast": lambda: SyntaxTreeView(talk()),
    "ast_function": lambda: SyntaxTreeView(scale()),
    "ast_large": lambda: SyntaxTreeView(large()),
    "ast_hostile": lambda: SyntaxTreeView(syntax_of_text(HOSTILE, HOSTILE, HOSTILE)),
    "tokens": lambda: TokensView(talk()),
    "tokens_large": lambda: TokensView(large()),
    "tokens_hostile": lambda: TokensView(syntax_of_text(HOSTILE, HOSTILE, HOSTILE)),
}
