"""A cell's body runs as the notebook runs it."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from tensorlab.magics.cell import read_cell, run_cell
from tensorlab.magics.errors import CellError, MagicError


def run(shell, body, line=""):
    return run_cell(shell.ip, read_cell(shell.ip, "%%trace", line, body))


@pytest.fixture
def magic(plain):
    """``%%body`` runs its cell through ours."""
    plain.ip.register_magic_function(lambda line, cell: run(plain, cell, line), "cell", "body")
    yield plain
    del plain.ip.magics_manager.magics["cell"]["body"]


def test_names_and_value(plain) -> None:
    plain.names["x"] = 2
    assert run(plain, "y = x + 1\nz = y * 2\n(y, z)\n") == (3, 6)
    assert (plain.names["y"], plain.names["z"]) == (3, 6)


@pytest.mark.parametrize("body", ["a = 1\n", "def f():\n    return 1\n", "if True:\n    a = 1\n"])
def test_a_cell_that_ends_in_no_expression_has_no_value(plain, body: str) -> None:
    assert run(plain, body) is None


def test_functions_and_comprehensions_see_the_cells_names(plain) -> None:
    assert run(plain, "w = 3\ndef f(i):\n    return w * i\n[f(i) * w for i in range(3)]\n") == [0, 9, 18]


def test_names_before_an_error_stay(magic) -> None:
    assert "ZeroDivisionError" in magic.error("%%body\nfirst = 1\nsecond = 1 / 0\nthird = 3\n")
    assert magic.names["first"] == 1
    assert "second" not in magic.names
    assert magic.value("first + 1") == 2


@pytest.mark.parametrize("blank", [0, 1, 3])
def test_traceback_has_the_users_line(magic, blank: int) -> None:
    shown = magic.error("%%body\n" + "\n" * blank + "a = 1\nb = a / 0\n")
    assert f"----> {3 + blank} b = a / 0" in shown
    assert "magics/cell.py" not in shown


def test_error_in_the_last_expression_has_the_users_line(magic) -> None:
    assert "----> 3 a / 0" in magic.error("%%body\na = 1\na / 0\n")


def test_syntax_error_has_the_users_line(magic) -> None:
    result = magic.run("%%body\na = 1\nb = = 2\n")
    assert isinstance(result.error_in_exec, CellError)
    assert str(result.error_in_exec) == "%%trace: invalid syntax in line 3 of the cell"
    assert "\n".join(magic.shown) == "  Cell In[1], line 3\n    b = = 2\n        ^\nSyntaxError: invalid syntax\n"


def test_indentation_error_has_the_users_line(magic) -> None:
    shown = magic.error("%%body\n\ndef f():\n    a = 1\n   b = 2\n")
    assert "Cell In[1], line 5\n" in shown
    assert shown.rstrip().endswith("IndentationError: unindent does not match any outer indentation level")


def test_magics_in_the_body(plain, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(plain, "%env HOME\nkept = %env HOME\nlen(kept) > 0\n") is True


@pytest.mark.parametrize("body", ["", "  \n\n"])
def test_empty(plain, body: str) -> None:
    with pytest.raises(MagicError, match=r"^%%trace: the cell is empty$") as caught:
        run(plain, body)
    assert isinstance(caught.value, UsageError)


def test_comments_alone(plain) -> None:
    with pytest.raises(MagicError, match=r"^%%trace: the cell holds comments alone$"):
        run(plain, "# nothing\n")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("x = 1\ny = await f()\n", 3),
        ("async for i in f():\n    pass\n", 2),
        ("async with f():\n    pass\n", 2),
        ("x = [i async for i in f()]\n", 2),
    ],
)
def test_await(plain, body: str, line: int) -> None:
    with pytest.raises(MagicError) as caught:
        run(plain, body)
    message = f"%%trace: 'await' in line {line} of the cell: it runs at once, and cannot wait"
    assert str(caught.value) == message
    assert caught.value._render_traceback_() == [
        f"MagicError: {message}",
        "  await the value in a cell above, and use it here",
        "  see %%trace?",
    ]


def test_await_in_a_function_is_the_functions(plain) -> None:
    run(plain, "async def f():\n    await g()\n")
    assert callable(plain.names["f"])


@pytest.mark.parametrize(("body", "silent"), [("x = 1\nx;\n", True), ("x = 1\nx; # no\n", True), ("x = 1; x\n", False)])
def test_semicolon(plain, body: str, silent: bool) -> None:
    assert read_cell(plain.ip, "%%trace", "", body).silent is silent


def test_tree_transformers_of_the_user_apply(plain) -> None:
    import ast

    class Twice(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.copy_location(ast.Constant(node.value * 2), node)

    twice = Twice()
    plain.ip.ast_transformers.append(twice)
    try:
        assert run(plain, "21\n") == 42
    finally:
        plain.ip.ast_transformers.remove(twice)
