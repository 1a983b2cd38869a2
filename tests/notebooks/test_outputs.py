"""Committed notebooks: executed in order, with outputs and without errors, so that comparing them means something."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(path: Path) -> list[dict]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [c for c in notebook["cells"] if c["cell_type"] == "code"]


def shows_something(source: str) -> bool:
    """Whether a cell has to have an output: it ends in an expression, prints, or is a magic."""
    if source.lstrip().startswith("%%"):
        return True
    source = "\n".join(line for line in source.splitlines() if not line.startswith("%load_ext "))  # which is silent
    if any(line.lstrip().startswith(("%", "!")) for line in source.splitlines()):
        return True
    tree = ast.parse(TransformerManager().transform_cell(source))  # x = %magic becomes Python
    prints = any(isinstance(n, ast.Call) and getattr(n.func, "id", "") == "print" for n in ast.walk(tree))
    return prints or (bool(tree.body) and isinstance(tree.body[-1], ast.Expr))


def test_there_is_a_tour() -> None:
    assert "00_tour.ipynb" in [p.name for p in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_cell_has_run_in_order(path: Path) -> None:
    counts = [c["execution_count"] for c in cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_cells_that_show_something_have_outputs(path: Path) -> None:
    empty = ["".join(c["source"]) for c in cells(path) if shows_something("".join(c["source"])) and not c["outputs"]]
    assert empty == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_no_output_is_an_error_or_a_grumble(path: Path) -> None:
    for cell in cells(path):
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert not "".join(output.get("text", [])).startswith("UsageError:")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_nothing_in_it_belongs_to_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert str(Path.home()) + "/" not in text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1", False),
        ("x = 1\nx", True),
        ("print(3)", True),
        ("%ir f", True),
        ("%%trace\ny = x", True),
        ("import os", False),
        ("x = 1\n%storage x", True),
        ("%load_ext tensorlab\nimport os", False),
        ("y = %storage x\nassert y", False),
        ("y = %storage x\ny", True),
    ],
)
def test_what_has_to_have_an_output(source: str, expected: bool) -> None:
    assert shows_something(source) is expected
