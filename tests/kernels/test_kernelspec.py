"""The kernelspec that the package installs: what it holds, and that a kernel started from it knows the magics."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel

SOURCE = Path(__file__).parents[2] / "kernels" / "tensorlab"
LOGO_SIZES = {"logo-32x32.png": 32, "logo-64x64.png": 64}


@pytest.fixture(scope="module")
def installed() -> Path:
    return Path(KernelSpecManager().get_kernel_spec("tensorlab").resource_dir)


def test_spec_comes_from_the_environment(installed: Path) -> None:
    assert installed == Path(sys.prefix) / "share" / "jupyter" / "kernels" / "tensorlab"


def test_installed_files_are_those_of_the_repository(installed: Path) -> None:
    expected = {path.name: path.read_bytes() for path in SOURCE.iterdir()}
    assert {path.name: path.read_bytes() for path in installed.iterdir()} == expected


def test_spec_preloads_the_extension(installed: Path) -> None:
    spec = json.loads((installed / "kernel.json").read_text())
    assert spec["argv"] == ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}", "--ext=tensorlab"]
    assert (spec["display_name"], spec["language"]) == ("tensorlab", "python")


@pytest.mark.parametrize("name", LOGO_SIZES)
def test_logo_has_the_size_that_its_name_says(name: str) -> None:
    header = (SOURCE / name).read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(header[16:20]) == int.from_bytes(header[20:24]) == LOGO_SIZES[name]


def test_vector_logo_is_square_and_titled() -> None:
    root = ElementTree.parse(SOURCE / "logo-svg.svg").getroot()
    assert root.get("viewBox") == "0 0 64 64"
    assert [child.text for child in root if child.tag.endswith("title")] == ["tensorlab: two tensors over one storage"]


def test_started_kernel_knows_the_magics(tmp_path: Path) -> None:
    """The extension is loaded without ``%load_ext``: an extension that fails to import is only a line in the log."""
    own = {"TENSORLAB_CACHE_DIR": str(tmp_path / "cache"), "IPYTHONDIR": str(tmp_path / "ipython")}
    manager, client = start_new_kernel(kernel_name="tensorlab", env=os.environ | own)
    outputs: list[dict[str, object]] = []
    try:
        reply = client.execute_interactive(
            "import tensorlab as tl\nx = tl.ones(2, 3)\n%storage x\n",
            timeout=60,
            output_hook=lambda message: outputs.append(message["content"] | {"type": message["msg_type"]}),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert reply["content"]["status"] == "ok", reply["content"]
    shown = [output["data"] for output in outputs if output["type"] in ("execute_result", "display_data")]
    assert len(shown) == 1
    assert "24 B" in shown[0]["text/plain"]
    assert "text/html" in shown[0]
