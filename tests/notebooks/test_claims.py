"""Each claim of the talk has a cell that shows it and an assert that checks it; this is the list of them."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

# claim, notebook, cell
CLAIMS = [
    (1, "01_tensors", "tensors-03"),  # a type, a shape, a device
    (2, "01_tensors", "tensors-09"),  # Python's face is thin
    (3, "01_tensors", "tensors-17"),  # differentiation on top; one type
    (4, "01_tensors", "tensors-21"),  # a float is a head and a double
    (5, "01_tensors", "tensors-28"),  # a tensor is such an object, with a handle
    (6, "01_tensors", "tensors-32"),  # small integers are cached
    (7, "02_zero_copy", "copies-03"),  # tensor copies
    (8, "02_zero_copy", "copies-14"),  # from_numpy does not
    (9, "02_zero_copy", "copies-19"),  # a = a + 1 and a += 1
    (10, "02_zero_copy", "copies-07"),  # a batch of 74 MiB
    (11, "02_zero_copy", "copies-25"),  # the array is kept alive, and let go
    (12, "02_zero_copy", "copies-29"),  # the pointer is shared
    (13, "03_storage_and_allocators", "storage-03"),  # the storage has the data, and no type
    (14, "03_storage_and_allocators", "storage-08"),  # a view is another reading of the same storage
    (15, "03_storage_and_allocators", "storage-18"),  # allocate and deleter hide where bytes come from
    (16, "03_storage_and_allocators", "storage-31"),  # the big picture
    (17, "05_trace", "trace-09"),  # eager is easy to look into, and hard to improve
    (18, "05_trace", "trace-25"),  # control flow is not recorded
    (19, "05_trace", "trace-44"),  # the check, and dropout
    (20, "06_script", "script-03"),  # control flow is kept
    (21, "06_script", "script-05"),  # the type, and an If with two blocks
    (22, "06_script", "script-17"),  # from text to native code, which runs without the GIL
    (23, "06_script", "script-20"),  # Python's tree
    (23, "06_script", "script-22"),  # and the graph that is built from it
    (3, "04_autograd", "autograd-03"),  # once more, with the graph
    (34, "04_autograd", "autograd-18"),  # copies on the way, and in-place operations
    (35, "04_autograd", "autograd-20"),  # in place against gradients: versions
    (24, "07_passes", "passes-03"),  # phases, in their order
    (26, "07_passes", "passes-09"),  # unrolling, with a remainder loop
    (27, "07_passes", "passes-13"),  # a peephole: x.t().t() is x, in graph_for
    (28, "07_passes", "passes-20"),  # constants, dead code, fusion, inlining
    (24, "08_machine_code", "machine-05"),  # phases once more, with what each made
    (25, "08_machine_code", "machine-09"),  # an interpreter: registers and a stack
    (22, "08_machine_code", "machine-39"),  # native code runs without the GIL
]


def cell(notebook: str, name: str) -> dict[str, Any]:
    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    return next(c for c in cells if c["id"] == name)


def assertions(source: str) -> list[ast.Assert]:
    """The asserts that run whenever the cell does, and that could fail: those about a name or a call."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    asserts = [statement for statement in tree.body if isinstance(statement, ast.Assert)]
    return [a for a in asserts if any(isinstance(node, ast.Name) for node in ast.walk(a.test))]


def tags() -> list[tuple[int, str, str]]:
    found = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for c in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            marks = [tag for tag in c["metadata"].get("tags", []) if tag.startswith("claim-")]
            found += [(int(mark.removeprefix("claim-")), path.stem, c["id"]) for mark in marks]
    return found


def test_the_list_is_whole() -> None:
    assert {claim for claim, _, _ in CLAIMS} == {*range(1, 29), 34, 35}
    assert sorted(tags()) == sorted(CLAIMS)


@pytest.mark.parametrize(("claim", "notebook", "name"), CLAIMS, ids=[f"{c[0]}-{c[1]}" for c in CLAIMS])
def test_a_claim_is_shown_and_checked(claim: int, notebook: str, name: str) -> None:
    found = cell(notebook, name)
    assert found["cell_type"] == "code"
    assert not {"nbval-skip", "nbval-ignore-output", "raises-exception"} & set(found["metadata"]["tags"])
    assert found["outputs"]
    assert assertions("".join(found["source"]))


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("x = 1\nassert x == 1", 1),
        ("y = %storage x\nassert y", 1),
        ("assert True", 0),
        ("if x:\n    assert x", 0),
        ("# assert x", 0),
        ("%storage x", 0),
    ],
)
def test_what_counts_as_an_assertion(source: str, count: int) -> None:
    assert len(assertions(source)) == count
