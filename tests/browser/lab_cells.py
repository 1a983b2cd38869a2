"""A notebook with an output of each magic, run once; and the same outputs in a notebook with another signature."""

from __future__ import annotations

import copy
from typing import Any

CELLS = (
    "%load_ext tensorlab\nimport numpy as np, tensorlab as tl\n%config Tensorlab.batching_seconds = 0.0",
    "x = tl.ones(2, 3)\ny = tl.ones(2, 3)\nw = tl.ones(3, requires_grad=True)\nz = (w * 3).sum()",
    "%%trace --name f\n((x + y * 2) * 1).tanh();",
    "%%script\ndef half(x, n: int):\n    for i in range(n):\n        x = x * 0.5\n    return x",
    "half(x, 2);",
    "%%script --refused\ndef sign(x):\n    if x.sum() > 0:\n        r = 1\n    else:\n        r = 'no'\n    return r",
    "%ir f",
    "%ir f --all",
    "%ir f --stage python",
    "%ir f --stage asm --line 2",
    "%ir f --without dce",
    "%ir f --value %x",
    "%phases f",
    "%step half(x, 2) --at 3",
    "%ast half",
    "%ast --tokens price = '$a_1$ and $b^2$'",  # words, and no formulas
    "big = np.zeros((60, 48, 3), np.uint8)\nred = tl.from_numpy(big)[..., 0]\n%storage",
    "%storage --grid x",
    "%storage --why big",
    "%%storage --watch\nx.mul_(2.0);",
    "%bigpicture x",
    "%pyobject x",
    "%allocator",
    "%autograd z",
    "%dispatch x + y",
    "%batching f -i x,y --sizes 1,2",
    # 5,000 nodes: what repeats is shown once.
    "def tall(x, w):\n    for _ in range(1250):\n        x = (x @ w).relu() - x\n    return x\n\n"
    "m = tl.ones(2, 2)\ntower = tl.jit.trace(tall, (m, m), check_trace=False)\ntower(m, m);",
    "%ir tower",
    "%tensorlab",
)


def names() -> list[str]:
    """What the outputs are called: the first line of their cells."""
    return [cell.partition("\n")[0] if cell.startswith("%%") else cell.splitlines()[-1] for cell in CELLS]


def run() -> Any:
    """A notebook of the cells with their outputs."""
    from nbclient import NotebookClient

    notebook = unrun(*CELLS)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return notebook


def unrun(*cells: str) -> Any:
    """A notebook of these cells; without any, of one that loads the magics and an empty one."""
    from nbformat.v4 import new_code_cell, new_notebook

    written = cells or ("%load_ext tensorlab", "")
    notebook = new_notebook(cells=[new_code_cell(cell, id=f"cell-{i}") for i, cell in enumerate(written)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def resigned(notebook: Any) -> Any:
    """The same outputs in a notebook with one cell more: notebooks that are equal share a signature."""
    from nbformat.v4 import new_markdown_cell

    other = copy.deepcopy(notebook)
    other.cells.append(new_markdown_cell("Nobody has signed this one.", id="unsigned"))
    return other


def htmls(notebook: Any) -> dict[str, list[str]]:
    """The HTML of the outputs of each code cell, by its name, in order."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {
        name: [output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})]
        for name, cell in zip(names(), cells, strict=True)
    }
