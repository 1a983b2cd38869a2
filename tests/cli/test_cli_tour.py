"""The command as a person runs it: statuses, streams, files."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

import tensorlab
from tensorlab.cli import main
from tensorlab.tour import MIME, Summary
from tensorlab.tour.errors import TourError, TourInputError
from tensorlab.tour.run import find_summary, notebook_path, report_html

SUMMARY = {
    "function": "f",
    "graph_before": "graph(%x : Tensor):\n  return (%x)",
    "graph_after": "graph(%x : Tensor):\n  return (%x)",
    "passes": [],
    "times": {
        "eager_seconds": 0.002,
        "interpreted_seconds": 0.004,
        "compiled_seconds": 0.001,
        "copy_seconds": 0.001,
        "nbytes": 12,
    },
    "batching": [{"batch": 1, "seconds": 0.001, "items_per_second": 1000.0}],
    "image": "photo.png",
}
LAST_CELL = f"from tensorlab.tour import Summary\nSummary.from_dict({SUMMARY!r} | {{'image': image_path().name}})"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (2, 2), "red").save(path)
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "report.html"


@pytest.fixture(autouse=True)
def _own_ipython_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


def notebook(folder: Path, *cells: str) -> Path:
    """A notebook of code cells, with a text cell and an empty one that take no number."""
    path = folder / "a.ipynb"
    nodes = [new_markdown_cell("# A tour"), new_code_cell("  \n"), *map(new_code_cell, cells)]
    nbformat.write(new_notebook(cells=nodes), path)
    return path


def run(*arguments: object) -> int:
    """`main`, with argparse's way out turned into its status."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as leaving:
        return int(leaving.code or 0)


def test_tour(photo: Path, output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(
        tmp_path,
        "from tensorlab.tour import image_path, load_image\npixels = load_image(image_path())",
        "import os\nassert not os.listdir()\nopen('left-behind', 'w').close()\npixels.shape",
        LAST_CELL,
    )
    assert run("tour", "--image", photo, "--output", output, "--notebook", path) == 0
    streams = capsys.readouterr()
    lines = re.sub(r" +\d+\.\d\d s$", " TIME", streams.err, flags=re.MULTILINE).splitlines()
    assert lines == [
        "[1/3] from tensorlab.tour import image_path, load_image TIME",
        "[2/3] import os TIME",
        "[3/3] from tensorlab.tour import Summary TIME",
    ]
    assert streams.out.startswith("tensorlab tour · f · photo.png\n\ngraph before\n")
    assert "compiled takes 1.00x a plain copy of the same bytes" in streams.out
    assert streams.out.endswith(f"\n\nreport: {output}\n")
    assert list(output.parent.iterdir()) == [output]
    html = output.read_text(encoding="utf-8")
    assert "<title>tensorlab tour</title>" in html
    assert "(2, 2, 3)" in html


def test_failing_cell_is_named(photo: Path, output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failing = "x = 1\nraise ValueError('first line\\nsecond line')"
    path = notebook(tmp_path, "1 + 1", failing, LAST_CELL)
    assert run("tour", "--image", photo, "--output", output, "--notebook", path) == 1
    streams = capsys.readouterr()
    assert streams.out == ""
    lines = streams.err.splitlines()
    assert lines[1].split() == ["[2/3]", "x", "=", "1", "failed"]
    assert lines[2:] == [
        "tensorlab tour: cell 2 of 3 (x = 1) failed: ValueError: first line",
        "  second line",
    ]
    assert list(output.parent.iterdir()) == []


def test_wrong_use_of_a_magic_fails(
    photo: Path, output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(tmp_path, "%no_such_magic", "1")
    assert run("tour", "--image", photo, "--output", output, "--notebook", path) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "tensorlab tour: cell 1 of 2 (%no_such_magic) failed: "
        "UsageError: Line magic function `%no_such_magic` not found."
    )
    assert list(output.parent.iterdir()) == []


def test_dead_kernel_is_named(photo: Path, output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path, "import os; os._exit(3)")
    assert run("tour", "--image", photo, "--output", output, "--notebook", path) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "tensorlab tour: cell 1 of 1 (import os; os._exit(3)) killed the kernel"
    assert list(output.parent.iterdir()) == []


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that wrong use leaves on the error stream, with status 2 and nothing else."""
    assert run(*arguments) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1
    return streams.err.rstrip("\n")


def test_missing_image(tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "nothing.jpg"
    line = refused(capsys, "tour", "--image", path, "--output", output)
    assert line == f"tensorlab tour: {path}: no such file"
    assert list(output.parent.iterdir()) == []


def test_bad_image(tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("not a picture")
    line = refused(capsys, "tour", "--image", path, "--output", output)
    assert line == f"tensorlab tour: {path}: not an image that can be read"
    assert list(output.parent.iterdir()) == []


def test_unwritable_output(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "missing" / "report.html"
    line = refused(capsys, "tour", "--image", photo, "--output", target)
    assert line == f"tensorlab tour: {target}: there is no folder {target.parent}"


def test_missing_notebook(photo: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(capsys, "tour", "--image", photo, "--output", output, "--notebook", "no.ipynb")
    assert line == "tensorlab tour: no.ipynb: no such file or directory"


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"[]", b"{}", b"3", b'{"nbformat": 4}', b'{"nbformat": 9, "nbformat_minor": 0}', b"\xff\xfe\x00"],
)
def test_file_that_is_no_notebook(
    content: bytes, photo: Path, output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    line = refused(capsys, "tour", "--image", photo, "--output", output, "--notebook", path)
    assert line == f"tensorlab tour: {path}: not a notebook"


def test_missing_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("tensorlab.cli.tour.find_spec", lambda name: None if name == "nbclient" else object())
    assert refused(capsys, "tour") == "tensorlab tour: needs nbclient: install the extra, 'tensorlab[lab]'"


def test_missing_extra_of_the_server(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def find_spec(name: str) -> object:
        if name.startswith("google"):
            raise ModuleNotFoundError
        return None if name == "grpc" else object()

    monkeypatch.setattr("tensorlab.cli.tour.find_spec", find_spec)
    assert refused(capsys, "tour") == (
        "tensorlab tour: needs grpc, google.protobuf: install the extra, 'tensorlab[serve]'"
    )


def test_image_too_small(photo: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(capsys, "tour", "--image", photo, "--output", output)
    assert line == f"tensorlab tour: {photo}: 2 x 2 pixels; the tour takes images of 16 x 16 or more"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("tour", "--picture", "a"), "tensorlab tour: unrecognized arguments: --picture a"),
        (("tour", "--image"), "tensorlab tour: argument --image: expected one argument"),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, *arguments) == line


def test_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(**options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tensorlab.cli.tour.tour", interrupted)
    assert run("tour") == 130
    assert capsys.readouterr().err == "\ntensorlab tour: interrupted; nothing was written\n"


def test_interrupt_while_a_cell_runs(photo: Path, output: Path, tmp_path: Path) -> None:
    path = notebook(tmp_path, "import time; time.sleep(600)")
    command = [sys.executable, "-m", "tensorlab", "tour", "--image", photo, "--output", output, "--notebook", path]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, bufsize=0) as process:
        assert process.stderr is not None
        shown = b""
        while b"sleep(600)" not in shown:
            more = process.stderr.read(1000)
            assert more, shown.decode()
            shown += more
        process.send_signal(signal.SIGINT)
        shown += process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert [line.rstrip() for line in shown.decode().splitlines()] == [
        "[1/1] import time; time.sleep(600)",
        "tensorlab tour: interrupted; nothing was written",
    ]
    assert list(output.parent.iterdir()) == []


def test_version_of_the_module_and_of_the_command() -> None:
    for command in ([sys.executable, "-m", "tensorlab"], [str(Path(sys.prefix) / "bin" / "tensorlab")]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"tensorlab {tensorlab.__version__}\n"
        assert done.stderr == ""


def output_of(data: dict[str, Any]) -> Any:
    return new_output("execute_result", data=data, execution_count=1)


def test_last_summary_wins() -> None:
    cells = [new_code_cell("a"), new_code_cell("b"), new_code_cell("c")]
    cells[0].outputs = [output_of({MIME: SUMMARY | {"function": "g"}})]
    cells[1].outputs = [output_of({MIME: SUMMARY}), output_of({"text/plain": "x"})]
    assert find_summary(new_notebook(cells=cells)) == Summary.from_dict(SUMMARY)


def test_notebook_without_a_summary() -> None:
    with pytest.raises(TourError) as caught:
        find_summary(new_notebook(cells=[new_markdown_cell("text"), new_code_cell("1")]))
    assert str(caught.value) == f"the notebook leaves no summary ({MIME})"


def test_report_needs_no_network() -> None:
    cell = new_code_cell("x")
    cell.outputs = [output_of({"text/html": "<b>bold</b>", "text/plain": "bold"})]
    html = report_html(new_notebook(cells=[new_markdown_cell("# Head"), cell]), title="a title")
    assert "<title>a title</title>" in html
    assert "<b>bold</b>" in html
    fetched = re.findall(
        r"""(?:src|href)=["']?(?!#|data:)[^"'> ]+|@import[^;]+|url\((?!["']?(?:data:|#))[^)]+\)""", html
    )
    assert fetched == []
    assert "<script" not in html


def test_notebook_of_a_clone_and_of_a_wheel(tmp_path: Path) -> None:
    package = tmp_path / "tensorlab"
    with pytest.raises(TourInputError) as caught:
        notebook_path(package)
    assert str(caught.value) == "00_tour.ipynb is not in this installation of tensorlab"
    beside, inside = tmp_path / "notebooks" / "00_tour.ipynb", package / "_notebooks" / "00_tour.ipynb"
    for path in (beside, inside):
        path.parent.mkdir(parents=True)
        path.touch()
        assert notebook_path(package) == path
