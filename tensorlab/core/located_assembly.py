"""LLVM's text as assembly with a ``.loc`` before each instruction whose place is another one: a module of its own.

By itself LLVM lets an instruction without a place count among those before it. The option that says so of each holds
for a whole process: so this runs in a process that does nothing else. Its input is JSON, a list of texts; its output
that of their assembly.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any


def main() -> None:
    """Make assembly of the texts on the input."""
    llvm: Any = import_module("llvmlite.binding")  # which declares no types
    llvm.set_option("tensorlab", "-use-unknown-locations=Enable")
    from tensorlab.core.native import assembly

    json.dump([assembly(text) for text in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
