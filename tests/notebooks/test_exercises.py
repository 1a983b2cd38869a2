"""The exercises that end a notebook: each has a folded solution, and the solution runs."""

from __future__ import annotations

import json
import linecache
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("0[1-9]_*.ipynb"))
FOLDED = re.compile(r"<details><summary>Solution</summary>\n\n(.*?)\n\n</details>", re.DOTALL)
CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def exercises(path: Path) -> str:
    """The text of the last cell, which holds them all."""
    last = json.loads(path.read_text(encoding="utf-8"))["cells"][-1]
    assert last["cell_type"] == "markdown"
    return "".join(last["source"])


def solutions(path: Path) -> list[str]:
    return [code for folded in FOLDED.findall(exercises(path)) for code in CODE.findall(folded)]


CASES = [(p.stem, i, code) for p in NOTEBOOKS for i, code in enumerate(solutions(p), 1)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_each_exercise_has_a_solution(path: Path) -> None:
    text = exercises(path)
    assert text.startswith("## Exercises\n")
    numbers = [int(n) for n in re.findall(r"^\*\*(\d+)\.\*\*", text, re.MULTILINE)]
    assert numbers == list(range(1, len(solutions(path)) + 1))
    assert len(numbers) >= 3


@pytest.mark.parametrize(("notebook", "number", "code"), CASES, ids=[f"{n}-{i}" for n, i, _ in CASES])
def test_a_solution_runs(notebook: str, number: int, code: str) -> None:
    assert re.search(r"^assert ", code, re.MULTILINE)
    name = f"{notebook}, solution {number}"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)  # scripting reads the source
    exec(compile(code, name, "exec"), {"__name__": "solution"})
