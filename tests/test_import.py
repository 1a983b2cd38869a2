"""What importing and loading must not pull in, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

LOADED = """
import sys
print(*sorted({name.partition(".")[0] for name in sys.modules} & {%s}))
"""
IMPORT = "import tensorlab"
LOAD_EXTENSION = """
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
InteractiveShell.instance(config=config).run_cell("%load_ext tensorlab").raise_error()
"""
HEAVY = ["numba", "llvmlite", "numpy", "matplotlib", "PIL", "grpc", "google", "torch"]


@pytest.mark.parametrize(
    ("program", "absent"),
    [(IMPORT, [*HEAVY, "IPython", "ipykernel"]), (LOAD_EXTENSION, HEAVY)],
    ids=["import tensorlab", "%load_ext tensorlab"],
)
def test_nothing_heavy_is_loaded(program: str, absent: list[str], tmp_path) -> None:
    """Nothing is printed either, and no warning is raised."""
    code = program + LOADED % ", ".join(map(repr, absent))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_public_names_resolve() -> None:
    """Each name of the lazy table is in the module that the table names, and `dir` tells of it."""
    import tensorlab

    for module, names in tensorlab._NAMES.items():
        for name in names:
            home = import_module(module)
            held = getattr(home, "FUNCTIONS", {})
            assert getattr(tensorlab, name) is (held[name] if name in held else getattr(home, name))
            assert name in dir(tensorlab)
    with pytest.raises(AttributeError) as caught:
        tensorlab.no_such_name  # noqa: B018
    assert str(caught.value) == "module 'tensorlab' has no attribute 'no_such_name'"
