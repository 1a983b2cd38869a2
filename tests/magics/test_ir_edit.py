"""``%ir f --edit`` and the cell that it writes, in a real shell."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def compiled(lab):
    lab.value("x = tl.ones(2, 3)\ny = tl.ones(2, 3)")
    lab.value("%%trace --name f\n((x + y * 2) * 1).tanh();\n")
    lab.ip.rl_next_input = None
    return lab


def written(shell, line: str) -> str:
    shell.value(line)
    return shell.ip.rl_next_input


def test_the_cell_runs_as_it_is(compiled) -> None:
    cell = written(compiled, "%ir f --edit")
    first, second, *_ = cell.splitlines()
    assert (first, second) == ("%%ir --edit-of f", "graph(%x : Float(2, 3),")
    view = compiled.value(cell)
    assert repr(view).startswith("f edited · results equal · every pass did the same · the same last graph\n")


def test_an_edit_goes_on_behind_its_pass(compiled) -> None:
    cell = written(compiled, "%ir f --edit --pass peephole")
    assert cell.startswith("%%ir --edit-of f --after peephole\n")
    view = compiled.value(cell.replace("aten::tanh", "aten::exp", 1))
    assert repr(view).startswith("f edited after peephole · results different: result on the inputs: element 0 is ")
    edited = compiled.names["_edited"]
    assert edited.pipeline.passes == compiled.names["f"].pipeline.passes[-len(edited.pipeline.passes) :]
    assert edited(compiled.names["x"], compiled.names["y"]).tolist()[0][0] == pytest.approx(20.0855369)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%ir --edit-of f\ngraph(%x : Float(2)):\n  return (%q)\n", "line 2, column 11: "),
        ("%%ir --edit-of f --after fues\ngraph():\n  return ()\n", "f goes through no pass 'fues'; its passes: "),
        ("%%ir --edit-of f\ngraph(%x : Float(2)):\n  return (%x)\n", "what_if: got a graph of 1 inputs; f has 2"),
        ("%%ir\ngraph(%x : Float(2)):\n  return (%x)\n", "--edit-of is missing"),
    ],
    ids=["text", "pass", "inputs", "function"],
)
def test_wrong_cells(compiled, cell: str, message: str) -> None:
    assert compiled.error(cell).splitlines()[0].startswith(f"MagicError: %%ir: {message}")


def test_wrong_lines(compiled) -> None:
    assert compiled.error("%%ir\ngraph():\n") == (
        "MagicError: %%ir: --edit-of is missing\n"
        "  it names the function whose graph was edited; --edit writes such a cell\n  see %%ir?"
    )
    assert compiled.error("%ir f --edit --pass fues").splitlines()[:2] == [
        "MagicError: %ir: f goes through no pass 'fues'; its passes: shapes, tuples, lists, dce, cse, constant, "
        "functional, peephole, ... (3 more)",
        "  nearest: fuse",
    ]


def test_a_graph_that_holds_weights_is_refused_with_a_way_out(lab) -> None:
    lab.value("x = tl.ones(350)\nw = tl.zeros(350, 350)")
    lab.value("g = tl.jit.trace(lambda x: w @ x, (x,), check_trace=False)")
    first, hint, _ = lab.error("%ir g --edit").splitlines()
    assert re.fullmatch(
        r"MagicError: %ir: --edit: the graph of g is \d{3},\d{3} characters long, with all that its constants hold; "
        r"takes 300,000",
        first,
    )
    assert hint == (
        "  format_graph(g.graph, spans=False, elide=False) of tensorlab.jit.text gives the text, tl.jit.parse_ir(text) "
        "the graph; or give what it holds as arguments, and trace again"
    )
