"""The guard of notebooks/conftest.py: a cell whose magic only grumbles is a failed cell."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

CONFTEST = Path(__file__).parents[2] / "notebooks" / "conftest.py"


@pytest.mark.parametrize(
    ("source", "passes"), [("1 + 1", True), ("%no_such_magic_here", False)], ids=["a good cell", "a grumbling cell"]
)
def test_a_usage_error_fails_the_cell(tmp_path: Path, source: str, passes: bool) -> None:
    cell = nbformat.v4.new_code_cell(source, execution_count=1, metadata={"tags": ["nbval-ignore-output"]})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.write(notebook, tmp_path / "one.ipynb")
    shutil.copy(CONFTEST, tmp_path / "conftest.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-current-env", "--nbval"]
    run = subprocess.run(
        [*command, "one.ipynb"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (run.returncode == 0) is passes, run.stdout
    assert ("UsageError" in run.stdout) is not passes
