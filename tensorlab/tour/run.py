"""Execute the tour's notebook on the `tensorlab` kernel and turn it into a report."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tensorlab.tour.errors import TourError, TourInputError
from tensorlab.tour.summary import MIME, Summary

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

KERNEL = "tensorlab"
PACKAGE = Path(__file__).parents[1]
NOTEBOOK = "00_tour.ipynb"
CELL_SECONDS = 600
LINE = 64

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
# The page loads nothing from elsewhere: what the stock template fetches (require.js, MathJax, Mermaid) is left out.
_TEMPLATE = """{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""


def notebook_path(package: Path = PACKAGE) -> Path:
    """The tour's notebook: inside the package in a wheel, beside it in a clone.

    Raises: `TourInputError` if neither is there.
    """
    for path in (package / "_notebooks" / NOTEBOOK, package.parent / "notebooks" / NOTEBOOK):
        if path.is_file():
            return path
    raise TourInputError(f"{NOTEBOOK} is not in this installation of tensorlab")


def read_notebook(path: Path) -> NotebookNode:
    """The notebook in a file.

    Raises: `TourInputError` if the file is missing or holds no notebook.
    """
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except OSError as error:
        raise TourInputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, AttributeError, KeyError, ValueError):
        raise TourInputError(f"{path}: not a notebook") from None


def execute(notebook: NotebookNode, *, image: Path, report: Callable[[str], object]) -> None:
    """Run every cell in place, in an empty folder, and call ``report`` with pieces of one progress line a cell.

    Raises: `TourError` that names the cell if one fails, dies or takes more than ten minutes; `KeyboardInterrupt`
            when the user stops it.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    stopped = _Stopped()

    class Client(NotebookClient):
        async def async_start_new_kernel(self, **kwargs: Any) -> None:
            stopped.listen(self)
            await super().async_start_new_kernel(**kwargs)

    progress = _Progress(notebook, report)
    with _folder() as folder, _folder() as sockets:
        # Sockets in a folder of our own, not open ports: nobody else on the machine can listen in or join.
        private = {"transport": "ipc", "connection_file": f"{sockets}/kernel.json"}
        client = Client(
            notebook,
            config=Config(KernelManager=private),
            kernel_name=KERNEL,
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": folder}},
            on_cell_execute=progress.start,
            on_cell_executed=progress.done,
        )
        try:
            client.execute(env={**os.environ, "TENSORLAB_TOUR_IMAGE": str(image.resolve())})
        except NoSuchKernel:
            raise TourError(f"the {KERNEL!r} kernel is not installed beside this Python; install the package") from None
        except CellExecutionError as error:
            raise TourError(f"{progress.fail()} failed: {_message(error.ename, error.evalue)}") from None
        except CellTimeoutError:
            raise TourError(f"{progress.fail()} took more than {CELL_SECONDS} s") from None
        except (DeadKernelError, asyncio.CancelledError):
            if stopped.by_user:
                raise KeyboardInterrupt from None
            raise TourError(f"{progress.fail()} killed the kernel") from None


class _Stopped:
    """Whether the user has pressed Ctrl-C. nbclient's own way with it ends in an error that speaks of a dead kernel."""

    def __init__(self) -> None:
        self.by_user = False

    def listen(self, client: NotebookClient) -> None:
        """Take the signal over from nbclient, from within the task that executes the notebook."""
        task = asyncio.current_task()

        def stop() -> None:
            self.by_user = True
            client.shutdown_kernel = "immediate"  # a kernel that is asked to end finishes its cell, and complains
            if task is not None:
                task.cancel()

        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop)


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="tensorlab-tour-")


def find_summary(notebook: NotebookNode) -> Summary:
    """The summary that the notebook left: the last output with its MIME type.

    Raises: `TourError` if there is none, or if it does not follow the schema.
    """
    for cell in reversed(notebook.cells):
        for output in reversed(cell.get("outputs", [])):
            if MIME in output.get("data", {}):
                return Summary.from_dict(output["data"][MIME])
    raise TourError(f"the notebook leaves no summary ({MIME})")


def report_html(notebook: NotebookNode, *, title: str) -> str:
    """The executed notebook as one HTML page that needs no other file and no network."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(raw_template=_TEMPLATE, embed_images=True)
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    return html


class _Progress:
    """One line a code cell: its number and first line when it starts, its time when it is done."""

    def __init__(self, notebook: NotebookNode, report: Callable[[str], object]) -> None:
        self._report = report
        self._number = 0
        self._open = False
        self._began = 0.0
        self._cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]

    def start(self, cell: Any, cell_index: int) -> None:
        self._number += 1
        total = len(self._cells)
        self._report(f"[{self._number:>{len(str(total))}}/{total}] {_first_line(cell.source):<{LINE}} ")
        self._open = True
        self._began = time.perf_counter()

    def done(self, cell: Any, cell_index: int, execute_reply: dict[str, Any]) -> None:
        if execute_reply["content"]["status"] == "ok":
            self._close(f"{time.perf_counter() - self._began:7.2f} s")

    def fail(self) -> str:
        """End the line and return the cell's name."""
        self._close("failed")
        if not self._number:
            return "the kernel's start"
        return f"cell {self._number} of {len(self._cells)} ({_first_line(self._cells[self._number - 1].source)})"

    def _close(self, text: str) -> None:
        if self._open:
            self._report(f"{text}\n")
        self._open = False


def _first_line(source: str) -> str:
    line = source.strip().splitlines()[0]
    return line if len(line) <= LINE else f"{line[: LINE - 3]}..."


def _message(name: str, value: str) -> str:
    """The error as Python prints it: a first line, and the rest of its message under it."""
    first, *rest = _ANSI.sub("", value).strip().splitlines() or [""]
    return "\n".join([f"{name}: {first}" if first else name, *(f"  {line}" for line in rest)])
