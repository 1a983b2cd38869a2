"""A process that does what a notebook does first, and writes the seconds of each step to its output as JSON.

Run as a script: the cache folder of loops comes from ``TENSORLAB_CACHE_DIR``.
"""

from __future__ import annotations

import contextlib
import io
import json
from time import perf_counter

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

CELLS = {
    "load": "%load_ext tensorlab\nimport tensorlab as tl",
    "tensors": "a, b, c = tl.rand(1000), tl.rand(1000), tl.rand(1000)",
    "trace": "%%trace\ny = tl.tanh(a * b + c)",
    "again": "%%trace\nz = tl.tanh(a * b + c)",
}


def main() -> None:
    """Run the cells in a shell of this process."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    seconds = {}
    for name, cell in CELLS.items():
        with contextlib.redirect_stdout(io.StringIO()):
            start = perf_counter()
            result = shell.run_cell(cell)
            seconds[name] = perf_counter() - start
        result.raise_error()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
