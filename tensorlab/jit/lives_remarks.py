"""Compiles loops once more and lets LLVM say which it made vector code of, and why not: run as a module of its own.

LLVM's options hold for a whole process, and its remarks go to the error output: so this runs in a process that does
nothing else. Its input is JSON, a list of ``[source, path, signature, name]``; before the remarks of each loop stands a
line ``loop NUMBER``.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

MARK = "loop "
OPTIONS = ("-pass-remarks", "-pass-remarks-missed", "-pass-remarks-analysis")


def main() -> None:
    """Compile what is asked for on the input; remarks go to the error output."""
    llvm: Any = import_module("llvmlite.binding")  # which declares no types
    for option in OPTIONS:
        llvm.set_option("tensorlab", f"{option}=loop-vectorize")
    from tensorlab.core.lowering import lower

    for number, (source, path, signature, name) in enumerate(json.load(sys.stdin)):
        if not Path(path).exists():
            linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
        os.write(2, f"{MARK}{number}\n".encode())
        lower(source, path, signature, name).llvm()


if __name__ == "__main__":
    main()
