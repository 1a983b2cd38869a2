"""The magics as functions: names of the caller, values of every kind, views, errors."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from inspect import signature

import pytest

import tensorlab as tl
from tensorlab.errors import ArgumentError, MismatchError, ScriptError, ShapeError


def tone(x: tl.Tensor, gain: tl.Tensor) -> tl.Tensor:
    y = x.transpose(0, 1).transpose(0, 1) * 1
    return tl.sigmoid(y * gain)


x, gain = tl.ones(4, 8), tl.full((8,), 2.0)
f = tl.jit.script(tone)


@pytest.fixture(autouse=True, scope="module")
def _called() -> None:
    f(x, gain)


def test_importing_it_imports_nothing() -> None:
    code = "import sys, tensorlab as tl\ntl.lab\nprint(*{'IPython', 'numpy', 'numba'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_what_there_is() -> None:
    assert dir(tl.lab) == [
        *("allocator", "ast", "autograd", "batching", "bigpicture", "dispatch", "ir", "phases", "pyobject"),
        *("script", "step", "storage", "tensorlab", "trace"),
    ]
    assert tl.lab.ir is tl.lab.ir
    with pytest.raises(AttributeError) as caught:
        tl.lab.irr  # noqa: B018
    assert str(caught.value) == "module 'tensorlab.lab' has no attribute 'irr'"


def test_signature_and_documentation() -> None:
    assert str(signature(tl.lab.step)) == (
        "(expression=None, *, at=None, back=None, until=None, end=False, graph=False) -> tensorlab.view.mime.View"
    )
    assert str(signature(tl.lab.storage)).startswith("(*names, cell=None, addresses=False, why=None, grid=None")
    assert str(signature(tl.lab.bigpicture)).startswith("(tensor, *, addresses=False)")
    text = tl.lab.ir.__doc__
    assert text.startswith("Show the passes that a function went through: ")
    assert "\n    stage: one of graph, python, numba, typed, llvm, asm: instead of the passes, one stage" in text
    assert "\n    pass_: one pass alone" in text


def test_things_and_their_names_are_the_same() -> None:
    assert str(tl.lab.ir(f, value="%y")) == str(tl.lab.ir("f", value="%y"))
    assert tl.lab.storage(x, gain).to_dict() == tl.lab.storage("x", "gain").to_dict()
    assert tl.lab.storage(grid=gain).to_dict() == tl.lab.storage(grid="gain").to_dict()
    assert str(tl.lab.ir(f, compare=(x, gain))) == str(tl.lab.ir(f, compare="x,gain"))


def test_a_call_holds_nothing_that_it_looks_at() -> None:
    """In a module: in a function, names are a copy."""
    module: dict[str, object] = {"tl": tl, "t": tl.ones(3)}
    thing, name = (eval(f"tl.lab.pyobject({how}).to_dict()", module) for how in ("t", "'t'"))
    assert thing == name
    assert thing["count"]["read"] - thing["count"]["ours"] == 1
    shown = eval("tl.lab.storage(why=t).text()", module)
    assert shown.startswith("t holds the 12 B behind t. del t frees them.")


def test_names_are_those_of_the_caller() -> None:
    x = tl.ones(3)
    assert "all 12 B of its storage" in str(tl.lab.bigpicture("x"))
    assert str(tl.lab.bigpicture(tl.ones(5))).startswith("tensor → tensor → storage → memory: it reads all 20 B")
    assert str(tl.lab.dispatch("x + x")).startswith("x + x runs add.Tensor")
    assert str(tl.lab.autograd((tl.ones(2, requires_grad=True) * x[:2]).sum())).startswith("2 nodes behind tensor keep")
    assert "tensor" not in globals()


def test_values_of_each_kind() -> None:
    assert tl.lab.ir(f, why_not="fuse").to_dict() == tl.lab.ir(f, why_not=["fuse"]).to_dict()
    assert str(tl.lab.ir(f, without=["dce", "cse"])) == str(tl.lab.ir(f, without="dce,cse"))
    assert tl.lab.ir(f, all=False, stable=True, pass_="cse").to_dict()["name"] == "f"


def test_a_walk_goes_on() -> None:
    moves = [
        (tl.lab.step("f(x, gain)", at=4), 4),
        (tl.lab.step(), 5),
        (tl.lab.step(back=2), 3),
        (tl.lab.step(back=True), 2),
        (tl.lab.step(3), 5),
        (tl.lab.step(end=False, at=1), 1),
    ]
    assert [int(str(view).partition("after step ")[2].partition(":")[0]) for view, _ in moves] == [n for _, n in moves]
    line = tone.__code__.co_firstlineno + 2
    there = str(tl.lab.step("f(x, gain)", until=f"line {line}"))
    assert there == str(tl.lab.step("f(x, gain)", until=f"line:{line}")) == str(tl.lab.step("f(x, gain)", at=8))


def test_a_recording_and_its_views() -> None:
    before = tl.lab.allocator(record=True)
    kept = tl.ones(10)
    after = tl.lab.allocator(events=slice(0, None), largest=True)
    assert str(tl.lab.allocator(events=(0, 1))) == str(tl.lab.allocator(events="0:1"))
    change = tl.lab.allocator(diff=(before, after)).text()  # other tests' garbage may go at the same time
    assert re.search(r"^\+ +test_lab\.py:\d+ +0 B +64 B +\+64 B +0 > 1$", change, re.MULTILINE)
    tl.lab.allocator(stop=True)
    del kept


def test_cells_bind_where_they_are_called_in_a_module() -> None:
    module: dict[str, object] = {"tl": tl, "x": x, "tone": tone, "gain": gain}
    view = eval("tl.lab.trace('z = tone(x, gain)', name='g', inputs=[x, gain])", module)
    assert str(view).startswith("g · traced · ")
    assert module["g"](x, gain).tolist() == module["z"].tolist() == f(x, gain).tolist()
    assert str(eval("tl.lab.ir(pass_='peephole')", module)).startswith("g · traced · ")  # the one compiled last
    views = eval("tl.lab.script('def a(x):\\n    return x\\n\\n\\ndef b(x):\\n    return -x')", module)
    assert [part["name"] for part in views.to_dict()["views"]] == ["a", "b"]
    assert "b · scripted · 1 operation" in views.text()
    assert views.to_html().count("<!doctype html>") == 1
    assert str(eval("tl.lab.storage('x', watch=True, cell='x += 0')", module)).startswith("The cell wrote to x, and")
    assert str(tl.lab.ast(cell="a = 1\nb = 2")).startswith("cell ")


def test_a_graph_is_edited_as_text() -> None:
    written = tl.lab.ir(f, edit=True)
    assert written.text().startswith("%%ir --edit-of f\ngraph(%x : Float(4, 8),")
    assert written.to_dict()["cell"].rstrip("\n") == written.text() == str(written)
    changed = str(written).replace("aten::sigmoid", "aten::tanh")
    assert str(tl.lab.ir(cell=changed)).startswith("f edited · results different")
    again = tl.lab.ir(cell=changed.partition("\n")[2], edit_of=f, after=None)
    assert str(again) == str(tl.lab.ir(cell=changed))


def test_a_view_is_a_page_and_data() -> None:
    view = tl.lab.ast("'<b>'")
    page = view.to_html(title="<b>")
    assert page.startswith("<!doctype html>\n")
    assert "<title>&lt;b&gt;</title>" in page
    assert view.html() in page
    assert json.loads(view.to_json()) == json.loads(json.dumps(view.to_dict()))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ir(f, stge='asm')", "lab.ir: no option stge; nearest: stage"),
        ("ir(f, style='3')", "lab.ir: style takes 1.0 or 2, got '3'"),
        ("ir(f, f)", "lab.ir: got 2 words, takes function"),
        ("ir(f, function=f)", "lab.ir: function is there twice"),
        ("ir(x)", "lab.ir: x is a Tensor, not a compiled function; compiled functions here: f"),
        ("ir(f, all='yes')", "lab.ir: all takes True or False, got 'yes'"),
        ("ir(f, value=x)", "lab.ir: value takes a text or a number, got a Tensor"),
        ("ir(f, line=0)", "lab.ir: line: takes a positive whole number, got '0'"),
        ("ir(f, edit_of=f)", "lab.ir: edit_of goes with a cell"),
        ("ir(f, cell='graph()')", "lab.ir: function goes without a cell"),
        (
            "ir(cell='graph()')",
            "lab.ir: edit_of is missing; it names the function whose graph was edited; edit writes such a cell",
        ),
        ("ir(cell='%%trace\\nx')", "lab.ir: the cell is one for lab.trace"),
        ("ir(f, output='v')", "lab.ir: output is for notebooks; assign what the function gives: v = lab.ir()"),
        ("ir(f, check=True, stage='asm')", "lab.ir: stage and check are two questions; takes one at a time"),
        ("trace()", "lab.trace: cell is missing"),
        ("trace(3)", "lab.trace: cell takes a text, got an int"),
        ("batching(f)", "lab.batching: inputs is missing"),
        ("bigpicture()", "lab.bigpicture: tensor is missing"),
        ("storage('y')", "lab.storage: nothing is named 'y'; tensors and arrays here: x"),
        ("step(f)", 'lab.step: f is no call; lab.step("f(x)")'),
        ("step('f(x)')", "lab.step: tone: argument 'gain' is missing; takes (Tensor x, Tensor gain)"),
        ("dispatch('1 / 0')", "lab.dispatch: 1 / 0 raised ZeroDivisionError: division by zero"),
    ],
    ids=lambda text: text.partition(":")[0],
)
def test_wrong_calls(call: str, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        eval(f"tl.lab.{call}", {"tl": tl, "f": f, "x": x})
    assert str(caught.value) == message


def test_errors_that_are_not_of_the_call() -> None:
    with pytest.raises(MismatchError, match=r"^lab\.ir: expect: no line shows 'aten::tanh'; nearest:\n    line "):
        tl.lab.ir(f, expect="aten::tanh")
    with pytest.raises(SyntaxError, match=r"^invalid syntax \(<cell \d+>, line 2\)$"):
        tl.lab.trace("a = 1\nb = = 2")
    with pytest.raises(ScriptError, match="does not take int and str"):
        tl.lab.script("def h(n: int):\n    return n + 'a'")
    with pytest.raises(ShapeError):
        tl.lab.trace("x / tl.ones(3)")


def test_in_a_notebook_it_goes_on_with_the_magics() -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    before = InteractiveShell.initialized()
    shell = InteractiveShell.instance(config=config)
    had = dict(shell.user_ns)
    try:
        shell.user_ns.update(tl=tl, f=f, x=x, gain=gain)
        tl.load_ipython_extension(shell)
        shell.run_cell("%step f(x, gain) --at 2", store_history=False).raise_error()
        result = shell.run_cell("tl.lab.step()", store_history=False)
        assert str(result.result) == str(tl.lab.step("f(x, gain)", at=3))
        assert str(shell.run_cell("%step", store_history=False).result) == str(tl.lab.step("f(x, gain)", at=4))
    finally:
        tl.unload_ipython_extension(shell)
        shell.user_ns.clear()
        shell.user_ns.update(had)
        if not before:
            InteractiveShell.clear_instance()
