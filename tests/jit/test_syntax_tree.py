"""The record of a syntax tree: fields, places in characters, tokens, and the graph nodes of each piece."""

from __future__ import annotations

import ast
import linecache
from pathlib import Path

import pytest

import tensorlab as tl
from tensorlab.errors import ScriptError
from tensorlab.jit.syntax_of_graph import syntax_of_graph
from tensorlab.jit.syntax_tree import Extent, SyntaxTree, syntax_of_function, syntax_of_text


def kinds(tree: SyntaxTree) -> list[tuple[int, str, str]]:
    return [(node.depth, node.label, node.kind) for node in tree.nodes]


def test_the_talks_expression() -> None:
    tree = syntax_of_text("print(1 + 2)", "print(1 + 2)", "")
    assert kinds(tree) == [
        (0, "", "Module"),
        (1, "body[0]", "Expr"),
        (2, "value", "Call"),
        (3, "func", "Name"),
        (3, "args[0]", "BinOp"),
        (4, "left", "Constant"),
        (4, "right", "Constant"),
    ]
    assert [node.size for node in tree.nodes] == [7, 6, 5, 1, 3, 1, 1]
    assert dict(tree.nodes[3].fields) == {"id": "'print'", "ctx": "Load"}
    assert dict(tree.nodes[4].fields) == {"op": "Add"}
    assert tree.nodes[4].place == Extent(1, 6, 1, 11)
    assert [(t.kind, t.text) for t in tree.tokens][:4] == [
        ("NAME", "print"),
        ("LPAR", "("),
        ("NUMBER", "1"),
        ("PLUS", "+"),
    ]
    assert tree.made is None


def test_every_node_of_pythons_tree_is_there() -> None:
    """Against `ast.walk` over the package's own source: all but words of the grammar."""
    with open(tl.__file__, encoding="utf-8") as file:
        text = file.read()
    words = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
    expected = sorted(type(n).__name__ for n in ast.walk(ast.parse(text)) if not isinstance(n, words))
    assert sorted(node.kind for node in syntax_of_text(text, "tl", "").nodes) == expected


def test_places_are_in_characters() -> None:
    tree = syntax_of_text("s = 'é\u6f22' + x", "s", "")
    (name,) = [node for node in tree.nodes if ("id", "'x'") in node.fields]
    assert name.place == Extent(1, 11, 1, 12)


def test_a_long_sum_needs_no_recursion_of_ours() -> None:
    tree = syntax_of_text(" + ".join(["1"] * 600), "sum", "")
    assert (len(tree.nodes), max(node.depth for node in tree.nodes)) == (1201, 601)


SOURCE = """\
def halves(x, n: int):
    y = x * 0.5
    if n > 3:
        y = y.tanh()
    return helper(y) + 1
"""


def scripted() -> tl.jit.ScriptFunction:
    helper = "def helper(x):\n    return x.exp()\n\n"
    name = "halves_source.py"
    text = helper + SOURCE
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space: dict[str, object] = {"__name__": "halves"}
    exec(compile(text, name, "exec"), space)
    return tl.jit.script(space["halves"])


def test_each_node_of_a_scripted_graph_hangs_at_its_syntax() -> None:
    function = scripted()
    tree = syntax_of_graph(function.graph, "f")
    assert (tree.first_line, tree.last_line, tree.lines[0]) == (4, 8, "def halves(x, n: int):")
    of = {node.kind + ":" + str(node.place): node.made for node in tree.nodes if node.made}
    assert "aten::mul(%x, " in of["BinOp:5:8-15"][-1]
    assert "prim::If" in of["If:6:4-7:20"][-1]
    assert "aten::gt" in of["Compare:6:7-12"][-1]
    assert "aten::tanh" in of["Call:7:12-20"][-1]
    assert sum(len(node.made) for node in tree.nodes) + tree.elsewhere == tree.made
    assert tree.made == len(list(function.graph.nodes()))
    printed = [line.strip().rpartition(" # ")[0] for line in str(function.graph).splitlines()]
    assert {made for node in tree.nodes for made in node.made} <= set(printed)


def test_what_was_inlined_hangs_at_its_call() -> None:
    function = scripted()
    tree = syntax_of_graph(function.graph, "f")
    assert tree.elsewhere == 0
    at = [(node.kind, str(node.place)) for node in tree.nodes if any("aten::exp" in made for made in node.made)]
    assert at == [("Call", "8:11-20")]


def test_a_traced_cell_is_its_statements() -> None:
    name = "traced_source.py"
    text = "import math\nx = 1\n\ny = x + x\nz = y.tanh()\nprint(x)\n"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    code = compile("\n\n\ny = x + x\nz = y.tanh()\n", name, "exec")

    def run(x: tl.Tensor) -> tl.Tensor:
        space = {"x": x}
        exec(code, space)
        return space["z"]

    tree = syntax_of_graph(tl.jit.trace(run, (tl.ones(2),)).graph, "run")
    assert [(n.label, n.kind) for n in tree.nodes if n.depth == 0] == [("body[0]", "Assign"), ("body[1]", "Assign")]
    assert tree.lines == ("y = x + x", "z = y.tanh()")


def test_a_trace_inside_of_a_block_is_its_statements_there(tmp_path: Path) -> None:
    name = str(tmp_path / "inside.py")
    text = "if True:\n    a = 1\n    with b:\n        y = x.exp()\n        z = y + y\n        print(z)\n    c = 2\n"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    code = compile("\n\n\ny = x.exp()\nz = y + y\n", name, "exec")  # as lines 4 and 5 of the text

    def run(x: tl.Tensor) -> tl.Tensor:
        space = {"x": x}
        exec(code, space)
        return space["z"]

    tree = syntax_of_graph(tl.jit.trace(run, (tl.ones(2),)).graph, "run")
    assert tree.label == "inside.py"
    assert tree.lines == ("        y = x.exp()", "        z = y + y")


def test_errors() -> None:
    with pytest.raises(ScriptError) as error:
        syntax_of_text("a = (", "a", "the line")
    assert error.value.message == "'(' was never closed"
    with pytest.raises(ScriptError, match="a lambda cannot be scripted"):
        syntax_of_function(lambda x: x)
    graph = tl.jit.parse_ir("graph(%x : Tensor):\n  %1 : Tensor = aten::exp(%x)\n  return (%1)\n")
    with pytest.raises(ScriptError) as gone:
        syntax_of_graph(graph, "f")
    assert gone.value.message == "the source of f is not to be had"
