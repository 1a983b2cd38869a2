"""``%%script`` in a real shell, ours and IPython's."""

from __future__ import annotations

import pytest

from tensorlab.jit.function import ScriptFunction

BRANCHES = """
def my_function(x):
    if x.mean() > 1.0:
        r = 1
    else:
        r = 2
    return r
"""


@pytest.fixture
def cells(lab):
    lab.value("x = tl.ones(2, 2)")
    return lab


def test_control_flow_is_kept(cells) -> None:
    assert cells.value(f"%%script{BRANCHES}\n(my_function(x), my_function(x + 1))\n") == (2, 1)
    function = cells.names["my_function"]
    assert isinstance(function, ScriptFunction)
    assert "prim::If" in str(function.graph)


def test_the_graph_is_shown_beside_the_function_alone(cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells.value(f"%%script{BRANCHES}\nmy_function(x);\n")
    shown = capsys.readouterr().out
    assert shown.startswith("my_function · scripted · ")
    assert "   2  def my_function(x):" in shown
    assert "my_function(x);" not in shown


def test_blank_lines_at_the_top_keep_the_places(cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells.value("%%script\n\n\ndef f(x):\n    return x + 1\n")
    assert "   4  def f(x):" in capsys.readouterr().out


def test_functions_that_call_each_other(cells) -> None:
    cells.value("%%script\ndef outer(x):\n    return inner(x) + 1\n\ndef inner(x):\n    return x * 2\n")
    assert cells.value("outer(x)").tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert isinstance(cells.names["inner"], ScriptFunction)


def test_the_rest_of_the_cell_runs_between(cells) -> None:
    cells.value("%%script\nk = 3\ndef f(x):\n    return x + 1\ny = f(x)\ndef g(x):\n    return x * 2\nz = g(y)\n")
    assert cells.names["z"].tolist() == [[4.0, 4.0], [4.0, 4.0]]
    assert cells.names["k"] == 3


def test_name(cells) -> None:
    cells.value("%%script --name twice\ndef f(x):\n    return x * 2\n")
    assert cells.names["twice"] is cells.names["f"]


def test_the_function_scripted_last_is_the_one_that_ir_shows(cells) -> None:
    cells.value("%%script\ndef f(x):\n    return x * 2\n")
    assert cells.value("%ir").name == "f"


def test_outside_the_language(cells) -> None:
    shown = cells.error("%%script\na = 1\ndef f(v):\n    return {x for x in v}\n").splitlines()
    assert shown[0] == "ScriptError: a set comprehension cannot be scripted"
    assert shown[1].endswith("line 4, column 12")
    assert shown[2:] == [
        "     2  a = 1",
        "     3  def f(v):",
        "     4      return {x for x in v}",
        "                   ^^^^^^^^^^^^^^",
        "  hint: write a for loop over a range",
    ]
    assert cells.names["a"] == 1
    assert cells.value("callable(f)") is True


def test_refused(cells, capsys: pytest.CaptureFixture[str]) -> None:
    source = "def f(v):\n    if v.sum() > 0:\n        r = 1\n    else:\n        r = 'no'\n    return r\n"
    assert cells.value(f"%%script --refused -o why\n{source}") is None
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "f · does not compile",
        "",
        "ScriptError: Type mismatch: r is set to type int in the true branch and type str in the false branch",
        "  cell 1, line 7, column 12",
    ]
    assert lines[6:8] == ["     4          r = 1", "                ^ type int in the true branch"]
    facts = cells.value("why.to_dict()")
    assert (facts["line"], facts["column"]) == (7, 11)
    assert [(d["said"], d["line"]) for d in facts["derivations"]] == [
        ("type int in the true branch", 4),
        ("type str in the false branch", 6),
    ]
    assert cells.value("why.html()").count("^ type") == 2
    assert cells.value("callable(f)") is True


@pytest.mark.parametrize("source", ["def f(x):\n    return x\n", "b = x + 1\n"], ids=["a function", "statements"])
def test_refused_of_a_cell_that_compiles(cells, source: str) -> None:
    assert cells.error(f"%%script --refused\n{source}").splitlines() == [
        "MagicError: %%script: --refused: the cell compiles",
        "  leave the option out",
        "  see %%script?",
    ]
    assert "b" not in cells.names


def test_refused_statements(cells) -> None:
    assert cells.value("%%script --refused -o why\nb = x + missing\n") is None
    assert cells.value("why.to_dict()['message']") == "undefined value missing"
    assert "b" not in cells.names


def test_syntax_error(cells) -> None:
    assert "Cell In[1], line 3\n" in cells.error("%%script\ndef f(x):\n    return = x\n")


def test_error_half_way(cells) -> None:
    shown = cells.error("%%script\ndef f(x):\n    return x * 2\ny = 1 / 0\n")
    assert "----> 4 y = 1 / 0" in shown
    assert isinstance(cells.names["f"], ScriptFunction)


STATEMENTS = """
s = x * 0
for i in range(k):
    if s.sum() > 100:
        old = 2
    s = s + rows[i]
(s - x).sum()
"""


def test_a_cell_of_statements_becomes_a_function_of_the_names_that_it_uses(cells) -> None:
    """``k`` and the list are values of the notebook, ``old`` is one that the cell may leave as it is."""
    cells.value("k = 3\nold = 1\nrows = [x, x + 1, x + 2]\nunused = tl.zeros(1)")
    assert cells.value(f"%%script --name f{STATEMENTS}").item() == 20.0
    f = cells.names["f"]
    assert [f"{v.name}: {v.type}" for v in f.graph.inputs] == ["x: Tensor", "k: int", "rows: Tensor[]", "old: int"]
    assert (cells.names["s"].tolist(), cells.names["old"], "i" in cells.names) == ([[6.0, 6.0], [6.0, 6.0]], 1, False)
    assert cells.value("[v if isinstance(v, int) else v.tolist() for v in f(x * 100, 1, rows, 7)]") == [
        [[1.0, 1.0], [1.0, 1.0]],
        7,
        -396.0,
    ]
    assert cells.value("%ir").name == "f"


def test_a_cell_of_statements_does_what_python_does(cells, capsys: pytest.CaptureFixture[str]) -> None:
    """Writes reach the notebook's tensor, one result is no tuple, a semicolon silences."""
    cells.value("y = x\ndef half(t: 'tl.Tensor'):\n    return t * 0.5")
    assert cells.value("%%script\nx.add_(1)\nb = half(x)") is None
    assert (cells.names["y"].tolist(), cells.names["b"].tolist()) == (
        [[2.0, 2.0], [2.0, 2.0]],
        [[1.0, 1.0], [1.0, 1.0]],
    )
    assert cells.value("_scripted(x)").tolist() == [[1.5, 1.5], [1.5, 1.5]]
    assert cells.value("%%script\nb = x - 1\nb").tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert cells.value("_scripted(x)").tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert cells.value("%%script\nx * 2;") is None
    assert "_scripted · scripted · " in capsys.readouterr().out


def test_a_cell_of_statements_that_fails_binds_nothing(cells) -> None:
    assert cells.error("%%script --name f\nb = x + 1\nc = b[k]\n").splitlines() == [
        "ScriptError: undefined value k",
        "  cell 1, line 3, column 7",
        "     2  b = x + 1",
        "     3  c = b[k]",
        "              ^",
    ]
    assert not {"b", "c", "f"} & set(cells.names)
    for line, message in (
        ("--name b", "--name b: the cell uses the name b itself"),
        ("-o x", "-o x: the cell uses the name x itself"),
        ("-o _scripted", "-o _scripted: the function takes that name already"),
    ):
        shown = cells.error(f"%%script {line}\nb = x + 1\n")
        assert shown == f"MagicError: %%script: {message}\n  take another name\n  see %%script?"


def test_a_type_error_shows_the_cell_with_both_derivations(cells) -> None:
    assert cells.error("%%script\nk = 1\nif x.sum() > 0:\n    r = 1.5\nelse:\n    r = 'a'\ny = r\n").splitlines() == [
        "ScriptError: Type mismatch: r is set to type float in the true branch and type str in the false branch",
        "  cell 1, line 7, column 5",
        "     2  k = 1",
        "     3  if x.sum() > 0:",
        "     4      r = 1.5",
        "            ^ type float in the true branch",
        "     5  else:",
        "     6      r = 'a'",
        "            ^ type str in the false branch",
        "     7  y = r",
        "            ^ here",
    ]
    far = "\n".join(f"b{i} = x" for i in range(9))
    assert cells.error(f"%%script\nr = 1\n{far}\nif x.sum() > 0:\n    r = 1.5\nr\n").splitlines()[2:] == [
        "     2  r = 1",
        "        ^ r has type int since here",
        "     3  b0 = x",
        "     4  b1 = x",
        "     …",
        "    11  b8 = x",
        "    12  if x.sum() > 0:",
        "    13      r = 1.5",
        "            ^ here",
        "    14  r",
        "  hint: let r begin as a float",
    ]
    shown = cells.error("%%script\ndef g(x):\n    if x.sum() > 0:\n        return 1\n    return 'a'\n").splitlines()
    assert shown[3:] == [
        "     3      if x.sum() > 0:",
        "            ^^^^^^^^^^^^^^ here",
        "     4          return 1",
        "                       ^ type int in the true branch",
        "     5      return 'a'",
        "                   ^^^ type str in the false branch",
    ]


def test_types_stand_at_their_lines_with_why(cells, capsys: pytest.CaptureFixture[str]) -> None:
    cells.value("k = 2")
    cells.value("%%script --types --name f\nn = k + 1\ny = x * n\n")
    shown = capsys.readouterr().out.split("f · types of 4 variables\n")[1]
    assert [" ".join(line.split()) for line in shown.splitlines()[3:]] == [
        "2 n = k + 1 n : int",
        "- aten::add.int(int a, int b) -> int",
        "- k is int",
        "- the notebook gives it as int",
        "- the literal 1 is int",
        "k : int",
        "- the notebook gives it as int",
        "3 y = x * n y : Tensor",
        "- aten::mul.Scalar(Tensor self, Scalar other) -> Tensor",
        "x : Tensor",
        "- the notebook gives it as Tensor",
        "Below each variable, the reason for its type; further in, the reason for that reason.",
    ]
    cells.value("%%script --types\ndef g(x, n: int):\n    return x * n\n\ndef h(x):\n    y = g(x, 3)\n    return y\n")
    shown = capsys.readouterr().out
    assert "g · types of 2 variables" in shown
    assert "- the parameter is annotated as int" in shown
    assert "h · types of 2 variables" in shown
    cells.value("%%script --types -o view\nx * 2")
    assert cells.names["view"].to_dict()["variables"][0]["name"] == "x"
    cells.value("%%script -o view\nx * 2")
    assert cells.names["view"].to_dict()["how"] == "scripted"


def test_empty_cell(cells) -> None:
    assert cells.error("%%script").splitlines()[0] == "MagicError: %%script: the cell is empty"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-o f", "-o f: the cell uses the name f itself"),
        ("-o g --name g", "-o g: the function takes that name already"),
        ("--types f", "nothing takes 'f'"),
        ("--nmae f", "no option --nmae"),
        ("--name 1", "--name: '1' is not a name"),
        ("--name f g", "nothing takes 'g'"),
    ],
)
def test_wrong_lines(cells, line: str, message: str) -> None:
    assert (
        cells.error(f"%%script {line}\ndef f(x):\n    return x\n").splitlines()[0] == f"MagicError: %%script: {message}"
    )


def test_help(cells, capsys: pytest.CaptureFixture[str]) -> None:
    assert cells.value("%%script --help") is None
    assert capsys.readouterr().out.startswith("%%script [-h] [--name NAME] [-o NAME] [--types]")


def test_completion(cells) -> None:
    assert cells.completions("%%script --n") == ["--name"]


def test_programs_are_run_as_before(cells, capfd: pytest.CaptureFixture[str]) -> None:
    cells.value("%%script bash\necho from $0\n")
    assert capfd.readouterr().out == "from bash\n"
    cells.names["program"] = "bash"
    cells.value("%%script {program} --norc\necho again\n")
    assert capfd.readouterr().out == "again\n"
    cells.value("%%script false --no-raise-error\nx\n")
    cells.value("%%script --out kept bash\necho kept\n")
    assert cells.names["kept"] == "kept\n"
    cells.value("%%bash\necho bash\n")
    assert capfd.readouterr().out == "bash\n"


def test_a_program_that_fails_is_an_error_as_before(cells) -> None:
    assert "CalledProcessError" in cells.error("%%script false\nx\n")


def test_unloading_gives_ipythons_own_back(fresh, capfd: pytest.CaptureFixture[str]) -> None:
    from tensorlab.magics import load, unload

    load(fresh.ip)
    fresh.value("%%script bash\necho ours lets it through\n")
    unload(fresh.ip)
    fresh.value("%%script bash\necho its own\n")
    fresh.run("%%script --name f\ndef f(x): return x\n")
    assert capfd.readouterr().out == "ours lets it through\nits own\nCouldn't find program: '--name'\n"


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        ("import math", "an import", "import in a cell above"),
        ("class A: pass", "a class", "define the class in a cell above, and script it there"),
    ],
    ids=["import", "class"],
)
def test_statements_that_belong_into_another_cell(lab, code: str, kind: str, hint: str) -> None:
    lab.run("x = tl.ones(2)")
    error = lab.error(f"%%script\ny = x + 1\nif x.sum() > 0:\n    {code}\n")
    holds = "assignments, expressions, if, for, while, with, assert, raise, del and pass"
    assert error.splitlines() == [
        f"ScriptError: a cell of statements cannot hold {kind}; it holds {holds}",
        "  cell 1, line 4, column 5",
        "     2  y = x + 1",
        "     3  if x.sum() > 0:",
        f"     4      {code}",
        f"            {'^' * len(code)}",
        f"  hint: {hint}",
    ]
