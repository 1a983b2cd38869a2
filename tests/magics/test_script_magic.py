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
    assert "line 4, column 12" in shown[1]
    assert shown[2:] == [
        "      return {x for x in v}",
        "             ^^^^^^^^^^^^^^",
        "  hint: write a for loop over a range",
    ]
    assert cells.names["a"] == 1
    assert cells.value("callable(f)") is True


def test_syntax_error(cells) -> None:
    assert "Cell In[1], line 3\n" in cells.error("%%script\ndef f(x):\n    return = x\n")


def test_error_half_way(cells) -> None:
    shown = cells.error("%%script\ndef f(x):\n    return x * 2\ny = 1 / 0\n")
    assert "----> 4 y = 1 / 0" in shown
    assert isinstance(cells.names["f"], ScriptFunction)


def test_no_function(cells) -> None:
    assert cells.error("%%script\na = 1\n") == (
        "MagicError: %%script: the cell defines no function\n"
        "  define one with def, or trace the cell with %%trace\n"
        "  see %%script?"
    )
    assert "a" not in cells.names


def test_empty_cell(cells) -> None:
    assert cells.error("%%script").splitlines()[0] == "MagicError: %%script: the cell is empty"


@pytest.mark.parametrize(
    ("line", "message"),
    [("--nmae f", "no option --nmae"), ("--name 1", "--name: '1' is not a name"), ("--name f g", "nothing takes 'g'")],
)
def test_wrong_lines(cells, line: str, message: str) -> None:
    assert (
        cells.error(f"%%script {line}\ndef f(x):\n    return x\n").splitlines()[0] == f"MagicError: %%script: {message}"
    )


def test_help(cells, capsys: pytest.CaptureFixture[str]) -> None:
    assert cells.value("%%script --help") is None
    assert capsys.readouterr().out.startswith("%%script [-h] [--name NAME]")


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
