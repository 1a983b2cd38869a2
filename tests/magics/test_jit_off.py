"""With the compiler turned off, the magics that compile say so."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell("%load_ext tensorlab")
shell.run_cell({cell!r})
"""


@pytest.mark.parametrize(
    ("magic", "body"), [("%%trace", "1 + 1"), ("%%script", "def f(x):\n    return x")], ids=["trace", "script"]
)
def test_a_magic_that_compiles_says_that_it_cannot(magic: str, body: str) -> None:
    code = CODE.format(cell=f"{magic}\n{body}")
    env = {**os.environ, "TENSORLAB_JIT": "0"}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True)
    assert f"{magic}: TENSORLAB_JIT=0 turns the compiler off\n  start the kernel without it" in run.stdout + run.stderr
