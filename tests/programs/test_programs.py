"""Programs as users of torch write them, run with `import torch` and with `import tensorlab as torch`."""

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

import tensorlab as tl

torch = pytest.importorskip("torch", reason="compares with PyTorch 2.13, which is not installed")
pytestmark = pytest.mark.torch
CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))


# What torch has in places that tensorlab has not.
MOVED = {"torch.utils.checkpoint": "tensorlab.autograd.checkpoint", "torch.utils.data": "tensorlab.nn.data"}


def with_tensorlab(source: str) -> str:
    """The program with its imports of torch replaced."""
    for there, here in MOVED.items():
        source = source.replace(f"from {there} import", f"from {here} import")
    source = re.sub(r"^import torch$", "import tensorlab as torch", source, flags=re.M)
    return re.sub(r"^(import|from) torch\b", r"\1 tensorlab", source, flags=re.M)


def run(source: str, path: Path) -> tuple[str, dict]:
    """What a program prints, and its results."""
    names: dict = {"__name__": path.stem}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, str(path), "exec"), names)
    return printed.getvalue(), names["RESULTS"]


def words(text: str) -> list[str]:
    """Printed text without its line breaks, which depend on how long the package's name is."""
    return re.sub(r"\s+", " ", text.replace("tensorlab", "torch")).split(" ")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_program_gives_the_same_under_both_names(path):
    source = path.read_text(encoding="utf-8")
    wanted, reference = run(source, path)
    printed, results = run(with_tensorlab(source), path)
    assert words(printed) == words(wanted)
    assert results.keys() == reference.keys()
    for name, b in reference.items():
        a = results[name]
        assert isinstance(a, tl.Tensor)
        assert (str(a.dtype).replace("tensorlab", "torch"), tuple(a.shape)) == (str(b.dtype), tuple(b.shape)), name
        exact = 1e-4 if b.dtype is torch.float32 else 1e-9
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=exact, atol=exact, err_msg=name)


def test_the_programs_use_the_library_that_is_asked_for():
    source = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\nprint(torch, F, nn)"
    assert with_tensorlab(source).count("tensorlab") == 3
    assert len(CASES) >= 15
