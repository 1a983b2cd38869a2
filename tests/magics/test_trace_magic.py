"""``%%trace`` in a real shell."""

from __future__ import annotations

import warnings

import pytest

from tensorlab.errors import TracerWarning
from tensorlab.jit.function import ScriptFunction
from tensorlab.view.trace import TraceView

ARRAYS = "NumPy's arrays are no tensors: tensorlab.from_numpy(array) makes one over an array's memory"
LISTS = "lists and dicts are not looked into: end the cell in a tensor, or in a tuple of them"


@pytest.fixture
def cells(lab):
    lab.value("x = tl.tensor([1.0, 2.0, 3.0])\ny = tl.tensor([10.0, 20.0, 30.0])\nk = 2\narray = np.ones(3)")
    return lab


def trace(shell, body: str, line: str = ""):
    """Run a traced cell; gives its value, and the function."""
    value = shell.value(f"%%trace {line}\n{body}")
    return value, shell.names["f" if "--name f" in line else "_traced"]


def inputs(function: ScriptFunction) -> list[str]:
    return [value.name for value in function.graph.inputs]


def kinds(function: ScriptFunction) -> list[str]:
    return [node.kind for node in function.graph.nodes() if not node.kind.startswith("prim::")]


def test_value_names_and_function(cells) -> None:
    value, f = trace(cells, "a = x + y\nb = a * k\n(b - x).sum()\n", "--name f")
    assert value.item() == 126.0
    assert cells.names["a"].tolist() == [11.0, 22.0, 33.0]
    assert cells.names["b"].tolist() == [22.0, 44.0, 66.0]
    assert isinstance(f, ScriptFunction)
    assert inputs(f) == ["x", "y"]
    assert kinds(f) == ["aten::add", "aten::mul", "aten::sub", "aten::sum"]
    assert [t.tolist() for t in cells.value("f(y, y)")] == [[20.0, 40.0, 60.0], [40.0, 80.0, 120.0], 180.0]
    assert cells.value("f(x[:1], y[:1])")[2].item() == 21.0


def test_results_are_those_of_the_compiled_function(cells) -> None:
    """The recording's own tensors are gone; what is bound came out of the function."""
    cells.value("kept = []")
    trace(cells, "a = x + y\nkept.append(a)\n")
    assert cells.names["kept"][0] is not cells.names["a"]
    assert cells.names["kept"][0].tolist() == cells.names["a"].tolist()


def test_one_result_is_no_tuple(cells) -> None:
    assert trace(cells, "a = x + y\na\n", "--name f")[0] is cells.names["a"]
    assert cells.value("f(x, x)").tolist() == [2.0, 4.0, 6.0]


def test_value_that_is_a_tuple(cells) -> None:
    value, _ = trace(cells, "x + y, 'sum', x * y\n")
    assert [part if isinstance(part, str) else part.tolist() for part in value] == [
        [11.0, 22.0, 33.0],
        "sum",
        [10.0, 40.0, 90.0],
    ]


def test_what_is_no_tensor_is_bound_as_it_is(cells) -> None:
    value, f = trace(cells, "n = k + 1\na = x * n\nn\n")
    assert (value, cells.names["n"], kinds(f)) == (3, 3, ["aten::mul"])


def test_rebinding_an_input(cells) -> None:
    _, f = trace(cells, "x = x + y\n", "--name f")
    assert cells.names["x"].tolist() == [11.0, 22.0, 33.0]
    assert inputs(f) == ["x", "y"]


def test_assigned_before_and_not_on_this_path(cells) -> None:
    cells.value("old = x")
    trace(cells, "if k > 5:\n    old = x * 2\na = x + y\n", "--name f")
    assert cells.names["old"] is cells.names["x"]
    assert cells.value("f(x, x)").tolist() == [2.0, 4.0, 6.0]


def test_inputs_in_the_order_of_the_option(cells) -> None:
    _, f = trace(cells, "a = x - y\n", "-i y,x --name f")
    assert inputs(f) == ["y", "x"]
    assert cells.value("f(x, y)").tolist() == [9.0, 18.0, 27.0]


def test_other_tensors_are_constants(cells) -> None:
    _, f = trace(cells, "a = x - y\n", "-i x --name f")
    assert inputs(f) == ["x"]
    assert cells.value("f(y)").tolist() == [0.0, 0.0, 0.0]


def test_values_print_under_their_names(cells) -> None:
    _, f = trace(cells, "a = x + y\nb = a * 2\n")
    assert "%a : Float(3)" in str(f.graph)
    assert "%b : Float(3)" in str(f.graph)


def test_graph_is_shown(cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells.value("%%trace --name f -o view\na = x + y\nb = a * 2;\n")
    shown = capsys.readouterr().out
    assert shown.startswith("f · traced · ")
    assert "2  a = x + y" in shown
    assert isinstance(cells.names["view"], TraceView)
    assert cells.names["view"].source == "a = x + y\nb = a * 2;"


def test_semicolon_silences_the_value_alone(cells, capsys: pytest.CaptureFixture[str]) -> None:
    assert cells.value("%%trace\nx + y;\n") is None
    assert "traced" in capsys.readouterr().out


def test_functions_of_the_notebook_are_traced_through(cells) -> None:
    cells.value("def twice(t):\n    return t + t")
    value, f = trace(cells, "def thrice(t):\n    return twice(t) + t\nthrice(x)\n")
    assert value.tolist() == [3.0, 6.0, 9.0]
    assert inputs(f) == ["x"]
    assert callable(cells.names["thrice"])


def test_control_flow_is_baked_in_with_a_warning_at_its_line(cells) -> None:
    with pytest.warns(TracerWarning, match="a Python boolean") as caught:
        cells.value("%%trace --name f\ns = x\nif x.sum() > 1:\n    s = x * 2\ns\n")
    assert [w.lineno for w in caught] == [3]
    assert cells.value("f(x * 0)").tolist() == [0.0, 0.0, 0.0]


def test_a_warning_is_told_once_and_in_the_view(cells, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.resetwarnings()
        cells.value("%%trace -o view\nif x.sum() > 1:\n    s = x * 2\n")
    text = cells.names["view"].text()
    assert "! warning x.sum() > 1: Converting a tensor to a Python boolean" in text
    assert text.count("Converting") == 1
    assert "TracerWarning" not in capsys.readouterr().err


PIECES = """
n = x.shape[0]
if x.sum() > k:
    a = x * 2 + y
else:
    a = y
for i in range(n):
    a = a + i
a.sum()
"""


@pytest.mark.filterwarnings("ignore::tensorlab.errors.TracerWarning")
def test_what_became_of_each_piece_stands_at_its_line(cells) -> None:
    """The statements and the last expression run one after the other, and are one source all the same."""
    cells.value(f"%%trace -o view{PIECES}")
    view = cells.names["view"]
    shown = view.text().split("What runs")[0].split("─\n")[1].split("\n\n")[0]
    assert " ".join(shown.split()) == " ".join(
        [
            "2 n = x.shape[0] ■ baked in: 3, as a size",
            "3 if x.sum() > k: ● recorded x.sum(): %3 : Float() = aten::sum(%x, None)",
            "● recorded x.sum() > k: %5 : Bool() = aten::gt(%3, 2)",
            "■ baked in x.sum() > k: True, as a Python boolean",
            "◆ branch x.sum() > k: True taken, a tensor's value decided; False",
            "never seen (line 6)",
            "! warning x.sum() > k: Converting a tensor to a Python boolean might",
            "make the trace wrong: a trace can't record the data flow of Python",
            "values, so the value is baked in as a constant",
            "4 a = x * 2 + y ● recorded x * 2: %7 : Float(3) = aten::mul(%x, 2)",
            "● recorded x * 2 + y: %9 : Float(3) = aten::add(%7, %y, 1)",
            "5 else:",
            "6 a = y – never run",
            "7 for i in range(n): ◆ loop: unrolled, 3 turns, a size decided",
            "8 a = a + i ● recorded: %12 : Float(3) = aten::add(%9, 0, 1)",
            "%15 : Float(3) = aten::add(%12, 1, 1)",
            "%a : Float(3) = aten::add(%15, 2, 1)",
            "9 a.sum() ● recorded: %20 : Float() = aten::sum(%a, None)",
            "A sign tells of the piece of the line that is named behind it; of the whole line where none is.",
        ]
    )
    page = view.html()
    assert 'title="recorded: %7 : Float(3) = aten::mul(%x, 2)">x * 2</span> + y</span>' in page
    (own,) = view.to_dict()["explained"]["functions"]
    assert [m["kind"] for m in own["marks"]].count("never") == 1


@pytest.mark.filterwarnings("ignore::tensorlab.errors.TracerWarning")
def test_an_explanation_is_drawn_as_the_cell_is(cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells.value("def twice(t):\n    return t + t if t.sum() > 0 else t")
    cells.value("g = tl.jit.trace(twice, x)\nexplained = tl.jit.explain(g)")
    drawn, _ = cells.ip.display_formatter.format(cells.names["explained"])
    assert "◆ branch t.sum() > 0: True taken" in drawn["text/plain"]
    assert "! warning t.sum() > 0: Converting" in drawn["text/plain"]
    assert "<table" in drawn["text/html"]
    assert "◆" not in str(cells.names["explained"])


def test_a_warning_that_is_to_be_an_error_is_one(cells) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", TracerWarning)
        assert "TracerWarning: Converting" in cells.error("%%trace\nif x.sum() > 1:\n    s = x * 2\n")


def test_names_that_the_cell_needs_are_not_bound(cells) -> None:
    for line, body, message in (
        ("--name a", "a = x + y", "--name a: the cell assigns a itself"),
        ("--name x", "a = x + y", "--name x: the cell reads x itself"),
        ("--name tl", "a = tl.exp(x)", "--name tl: the cell reads tl itself"),
        ("--name y -i x,y", "a = x + 1", "--name y: the cell reads y itself"),
        ("-o a", "a = x + y", "-o a: the cell assigns a itself"),
        ("-o x", "a = x + y", "-o x: the cell reads x itself"),
        ("-o f --name f", "a = x + y", "-o f: --name takes that name already"),
    ):
        assert cells.error(f"%%trace {line}\n{body}\n") == (
            f"MagicError: %%trace: {message}\n  take another name\n  see %%trace?"
        )


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("array * 2", ARRAYS),
        ("b = array * 2", ARRAYS),
        ("[x + y]", LISTS),
        ("d = {1: x + y}", LISTS),
        ("print()", "assign the result to a name, or write it in the last line"),
    ],
)
def test_a_cell_without_a_tensor_says_what_would_do(cells, body: str, hint: str) -> None:
    assert cells.error(f"%%trace\n{body}\n") == (
        "MagicError: %%trace: the cell has run, but it assigns no tensor and does not end in one: there is nothing to "
        f"compile\n  {hint}\n  see %%trace?"
    )


def test_a_cell_that_only_writes_to_its_input_says_what_would_do(cells) -> None:
    cells.value("w = tl.ones(2)")
    assert cells.error("%%trace\nw += 1\n") == (
        "MagicError: %%trace: the cell has run and wrote to w in place, but it gives no tensor\n  end the cell in w\n"
        "  see %%trace?"
    )
    assert cells.names["w"].tolist() == [2.0, 2.0]


def test_a_cell_that_writes_to_its_input_runs_once(cells, capsys: pytest.CaptureFixture[str]) -> None:
    value, _ = trace(cells, "x.add_(1)\na = x * 2\na\n", "--name f")
    assert cells.names["x"].tolist() == [2.0, 3.0, 4.0]
    assert value.tolist() == [4.0, 6.0, 8.0]
    shown = " ".join(capsys.readouterr().out.split())
    assert "aten::add_ writes to memory that the cell did not make: the cell ran once, as Python" in shown
    assert cells.value("f(x)").tolist() == [6.0, 8.0, 10.0]
    assert cells.names["x"].tolist() == [3.0, 4.0, 5.0]


def test_a_cell_that_writes_to_what_it_made_runs_compiled(cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells.value("kept = []")
    trace(cells, "a = x * 2\na.add_(1)\nkept.append(a)\na\n")
    assert cells.names["a"].tolist() == [3.0, 5.0, 7.0]
    assert cells.names["kept"][0] is not cells.names["a"]
    assert "ran once" not in capsys.readouterr().out


def test_random_numbers_are_drawn_once(cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells.value("tl.manual_seed(0)\nfirst = tl.rand(3).tolist()\ntl.manual_seed(0)\nseen = []")
    trace(cells, "r = tl.rand(3)\nseen.append(r)\na = x + r\n")
    assert cells.names["r"].tolist() == cells.names["first"]
    assert cells.names["r"] is cells.names["seen"][0]
    assert "aten::rand draws random numbers" in " ".join(capsys.readouterr().out.split())


def test_a_cell_that_raises_half_way(cells) -> None:
    shown = cells.error("%%trace --name f\na = x + y\nb = a + tl.ones(7)\nc = b\n")
    assert "----> 3 b = a + tl.ones(7)" in shown
    assert "ShapeError: add: " in shown
    assert "tensorlab/" not in shown
    assert cells.names["a"].tolist() == [11.0, 22.0, 33.0]
    assert "b" not in cells.names
    assert "f" not in cells.names
    assert cells.value("(a + 1).tolist()") == [12.0, 23.0, 34.0]


def test_syntax_error(cells) -> None:
    shown = cells.error("%%trace\na = x\nb = = y\n")
    assert "line 3" in shown
    assert "b = = y" in shown


def test_nothing_to_compile(cells) -> None:
    assert cells.error("%%trace\nn = k + 1\n") == (
        "MagicError: %%trace: the cell has run, but it assigns no tensor and does not end in one: "
        "there is nothing to compile\n"
        "  assign the result to a name, or write it in the last line\n"
        "  see %%trace?"
    )
    assert cells.names["n"] == 3


@pytest.mark.parametrize("cell", ["%%trace", "%%trace --name f\n", "%%trace\n   \n"])
def test_empty_cell(cells, cell: str) -> None:
    assert cells.error(cell) == (
        "MagicError: %%trace: the cell is empty\n  write what to run below the line that says %%trace\n  see %%trace?"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-i k", "-i: k is an int, not a tensor; tensors here: x, y"),
        ("-i q", "-i: nothing is named 'q'; tensors here: x, y"),
        ("-i x,x", "-i: x is there twice"),
        ("-i array", "-i: array is an ndarray, not a tensor; tensors here: x, y"),
        ("--name a", "--name a: the cell assigns a itself"),
        ("--name 1f", "--name: '1f' is not a name"),
        ("--nmae f", "no option --nmae"),
        ("f", "nothing takes 'f'"),
    ],
)
def test_wrong_lines(cells, line: str, message: str) -> None:
    shown = cells.error(f"%%trace {line}\na = x\n").splitlines()
    assert shown[0] == f"MagicError: %%trace: {message}"
    assert shown[-1] == "  see %%trace?"
    assert len(shown) <= 3
    assert "a" not in cells.names


def test_help(cells, capsys: pytest.CaptureFixture[str]) -> None:
    assert cells.value("%%trace --help") is None
    assert capsys.readouterr().out.startswith("%%trace [-h] [-o NAME] [-i x,y] [--name NAME]")
    assert cells.value("%%trace --help\na = x\n") is None
    assert "a" not in cells.names


def test_completion(cells) -> None:
    assert cells.completions("%%trace -i ") == ["x", "y"]
    assert cells.completions("%%trace --na") == ["--name"]
