"""A module of ours in a process of its own: some of LLVM's options hold for a whole process."""

from __future__ import annotations

import os
import subprocess
import sys


def run_module(module: str, asked: str, *, seconds: float) -> subprocess.CompletedProcess[str] | None:
    """What a module answers to its input, in a process that imports from where this one does.

    `None` where no process can be had, where it takes longer than so many seconds, and where it fails.

    Cost: the start of Python, and what the module imports.
    """
    try:
        return subprocess.run(
            [sys.executable, "-m", module],
            input=asked,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except (OSError, subprocess.SubprocessError):
        return None
