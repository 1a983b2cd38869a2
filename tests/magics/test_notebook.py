"""All five magics in a real kernel, as a notebook runner sees them."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = {
    "load": "%load_ext tensorlab",
    "names": "import tensorlab as tl\nx = tl.ones(4, 3)\nw = x.t()",
    "trace": "%%trace --name f\ny = (x * 2 + 1).tanh()\ny.sum()",
    "use": "f(x)[1].item() == y.sum().item(), tuple(y.shape)",
    "script": "%%script\ndef g(x):\n    if x.mean() > 0:\n        return x + 1\n    return x\n",
    "ir": "%ir f",
    "storage": "%storage x w",
    "batching": "%config Tensorlab.batching_seconds = 0.0\n%batching g -i x --sizes 1,2 --server",
    "wrong": "%storage --ouput x",
    "raises": "%%trace\n\na = x + 1\nb = a / 0 + q",
    "unread": "%%trace\na = = x",
    "unscripted": "%%script\ndef h(v):\n    return {x for x in v}\n",
    "after": "1 + 1",
}
_ESCAPES = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(scope="module")
def outputs() -> dict[str, list[dict]]:
    """The outputs of each cell."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=120).execute()
    return dict(zip(CELLS, (cell["outputs"] for cell in notebook.cells), strict=True))


def kinds(outputs: list[dict]) -> list[str]:
    return [output["output_type"] for output in outputs]


def test_loading_says_nothing(outputs) -> None:
    assert outputs["load"] == []


def test_trace_shows_the_graph_and_then_the_value(outputs) -> None:
    shown, value = outputs["trace"]
    assert kinds(outputs["trace"]) == ["display_data", "execute_result"]
    assert shown["data"]["text/plain"].startswith("f · traced · ")
    assert "<table" in shown["data"]["text/html"]
    assert "cell:2" in shown["data"]["text/plain"]
    assert value["data"]["text/plain"].startswith("tensor(")
    assert outputs["use"][0]["data"]["text/plain"] == "(True, (4, 3))"


def test_script_shows_the_graph(outputs) -> None:
    assert kinds(outputs["script"]) == ["display_data"]
    assert "prim::If" in outputs["script"][0]["data"]["text/plain"]


@pytest.mark.parametrize(
    ("magic", "start"), [("ir", "f · traced"), ("storage", "x and w share 48 B"), ("batching", "g · ")]
)
def test_line_magics_give_a_view(outputs, magic: str, start: str) -> None:
    assert kinds(outputs[magic]) == ["execute_result"]
    assert outputs[magic][0]["data"]["text/plain"].startswith(start)
    assert "text/html" in outputs[magic][0]["data"]


def test_a_wrong_line_is_an_error(outputs) -> None:
    assert outputs["wrong"] == [
        {
            "output_type": "error",
            "ename": "MagicError",
            "evalue": "%storage: no option --ouput",
            "traceback": ["MagicError: %storage: no option --ouput", "  nearest: --output", "  see %storage?"],
        }
    ]


def test_errors_in_a_cell_have_the_users_line(outputs) -> None:
    (error,) = outputs["raises"]
    assert error["ename"] == "NameError"
    shown = _ESCAPES.sub("", "\n".join(error["traceback"]))
    number = list(CELLS).index("raises") + 1
    assert re.findall(r"In\[(\d+)\], line (\d)", shown) == [(str(number), "1"), (str(number), "4")]
    assert "----> 4 b = a / 0 + q" in shown
    (unread,) = outputs["unread"]
    assert unread["ename"] == "CellError"
    assert f"In[{number + 1}], line 2" in _ESCAPES.sub("", "\n".join(unread["traceback"]))


def test_script_errors_name_the_cell(outputs) -> None:
    (error,) = outputs["unscripted"]
    number = list(CELLS).index("unscripted") + 1
    assert (error["ename"], error["evalue"]) == ("CellError", "%%script: h: a set comprehension cannot be scripted")
    assert error["traceback"][0].splitlines() == [
        "ScriptError: a set comprehension cannot be scripted",
        f"  cell {number}, line 3, column 12",
        "     2  def h(v):",
        "     3      return {x for x in v}",
        "                   ^^^^^^^^^^^^^^",
        "  hint: write a for loop over a range",
    ]


def test_the_kernel_goes_on(outputs) -> None:
    assert outputs["after"][0]["data"]["text/plain"] == "2"
